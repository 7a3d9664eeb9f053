/** Compiles test programs, each once, into a directory that is removed in the end. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { described, root, runSkein } from "./process.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-programs-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

const built = new Map<string, Promise<string>>();

/** The compiled program of a source file, given from the top of the repository. */
export function buildOf(file: string): Promise<string> {
  let build = built.get(file);
  if (build === undefined) {
    build = compile(file);
    built.set(file, build);
  }
  return build;
}

async function compile(file: string): Promise<string> {
  const output = path.join(directory, file.replaceAll(/[\\/]/g, "-").replace(/\.ts$/, ".wasm"));
  // What compiles is the same under every runtime; tests of the command line compile under each.
  const result = await runSkein(["build", path.join(root, file), "-o", output], {
    runtime: "node",
    timeoutMs: 120_000,
  });
  assert.equal(result.code, 0, described(result));
  return output;
}
