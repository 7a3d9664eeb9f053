/**
 * Compiles test programs, each once, into a directory that is removed in the end.
 *
 * By `skein build`'s own function, one after the other on one thread: a compiler that has warmed up takes half of the time that a
 * process of its own needs for each. What compiles is the same under every runtime; tests of the command line compile under each.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { root } from "./process.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-programs-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

const script = `
import { parentPort } from "node:worker_threads";
import { buildCommand } from ${JSON.stringify(new URL("dist/cli/build.js", `file://${root}/`).href)};
parentPort.on("message", async ({ file, output }) => {
  try {
    await buildCommand(file, [], { output, preempt: true, optimize: "2" });
    parentPort.postMessage({ output });
  } catch (error) {
    parentPort.postMessage({ output, error: String(error.message) });
  }
});
`;

/** Those who wait for a build, by its output. */
const waiting = new Map<string, { resolve: (output: string) => void; reject: (error: Error) => void }>();
let compiler: Worker | undefined;

function startCompiler(): Worker {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  worker.on("message", ({ output, error }: { output: string; error?: string }) => {
    const build = waiting.get(output);
    waiting.delete(output);
    if (error === undefined) build?.resolve(output);
    else build?.reject(new Error(`${path.basename(output)} is not built: ${error}`));
    if (waiting.size === 0) worker.unref();
  });
  worker.on("error", (error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    compiler = undefined;
  });
  return worker;
}

const built = new Map<string, Promise<string>>();

/** The compiled program of a source file, given from the top of the repository. */
export function buildOf(file: string): Promise<string> {
  let build = built.get(file);
  if (build === undefined) {
    build = compile(file);
    // Who asked beforehand looks later.
    build.catch(() => {});
    built.set(file, build);
  }
  return build;
}

function compile(file: string): Promise<string> {
  const output = path.join(directory, file.replaceAll(/[\\/]/g, "-").replace(/\.ts$/, ".wasm"));
  compiler ??= startCompiler();
  compiler.ref();
  const build = new Promise<string>((resolve, reject) => waiting.set(output, { resolve, reject }));
  compiler.postMessage({ file: path.join(root, file), output });
  return build;
}
