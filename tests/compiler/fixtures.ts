/** Programs from texts: written to a directory of their own, compiled, run. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { compile, CompileError } from "../../host/compiler/index.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-compiler-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

let count = 0;

/** Writes files, given by relative paths, into a new directory, and returns its path. */
export function place(files: Readonly<Record<string, string>>): string {
  const folder = path.join(directory, String(count++));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}

/** Writes a program of one file, and returns that file's path. */
export function program(text: string): string {
  return path.join(place({ "program.ts": text }), "program.ts");
}

/** A program with declarations, and an export that gives an `i32` for each body. */
export function exporting(
  declarations: string,
  bodies: Readonly<Record<string, readonly [string, ...unknown[]]>>,
): string {
  const functions = Object.entries(bodies).map(([name, [body]]) => `export function ${name}(): i32 { ${body} }\n`);
  return `${declarations}export function main(): void {}\n${functions.join("")}`;
}

/** The bytes of a program, compiled anew. */
export async function bytesOf(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return (await compile(file, { cache: false })).wasm;
}

/** What the compiler says about a program that does not compile. */
export async function errorOf(file: string): Promise<string> {
  try {
    await compile(file, { cache: false });
  } catch (error) {
    assert.ok(error instanceof CompileError, `an error for the user, not ${String((error as Error).stack)}`);
    assert.ok(error.message.split("\n").length <= 24, `more than a screen: ${error.message}`);
    assert.doesNotMatch(error.message, /internal compiler error/);
    return error.message;
  }
  assert.fail(`${file} compiles`);
}
