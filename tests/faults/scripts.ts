/** Scripts of users, run as processes of their own under the runtime that runs the tests. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { onDeno } from "../go/fixtures.js";

/** The library as scripts import it. */
export const SKEIN = new URL("../../../dist/library/index.js", import.meta.url).href;

/** How a script ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `body` with an empty folder. */
export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "skein-faults-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a module's text in a folder, which it is a file of; `skein` in it stands for the library's URL. */
export function runScript(source: string, folder?: string, flags: readonly string[] = []): Promise<Ended> {
  if (folder === undefined) return withFolder((made) => runScript(source, made, flags));
  const file = path.join(folder, "script.mjs");
  writeFileSync(file, source.replaceAll('from "skein"', `from ${JSON.stringify(SKEIN)}`));
  return runArgs(onDeno ? ["run", "-A", ...flags, file] : [...flags, file], folder);
}

/** Runs this runtime with arguments. */
export async function runArgs(args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.on("close", (code, signal) => resolve([code, signal]));
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, signal, stdout, stderr };
}
