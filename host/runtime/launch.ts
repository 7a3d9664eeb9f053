/**
 * From checked options to a running scheduler. Apart from `start.ts` since it is most of the library: it is loaded while the first thread
 * comes up.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { SkeinError } from "../base/errors.js";
import { isCheckedRun } from "../compiler/options.js";
import { loadProgram, programOf, type Program } from "../program/program.js";
import { checkPoller } from "../sockets/poller.js";
import { mainStartsThreads } from "./boot.js";
import { loadFile } from "./load.js";
import type { RuntimeOptions } from "./machine.js";
import { Runtime } from "./runtime.js";
import { settingsOf, type StartOptions } from "./start.js";

/** A runtime of a program; of none, where `program` is undefined. */
export async function launch(program: StartOptions["program"], options: RuntimeOptions): Promise<Runtime> {
  checkPoller(options.poller);
  return new Runtime(await load(program), options);
}

/**
 * @internal The same for JavaScript goroutines alone, at once: its threads come up although this one blocks right after it.
 *
 * @param onUnwatched told of what goroutines leave rejected, in place of the process
 */
export function startNow(options: Omit<StartOptions, "program">, onUnwatched?: (error: unknown) => void): Runtime {
  const settings = settingsOf(options);
  checkPoller(settings.poller);
  if (core === undefined) {
    const bytes = isCheckedRun() ? checkedCore() : readCore();
    core = programOf(bytes, new WebAssembly.Module(bytes), "the core");
  }
  return new Runtime(core, { ...settings, onUnwatched });
}

/** The program of runtimes that have none: an empty main, and the core. */
const CORE = "../core.wasm";
const EMPTY = "../../assembly/empty.ts";
let noProgram: Promise<Program> | undefined;
let core: Program | undefined;

/** The program that `start` was given. */
async function load(program: string | URL | Uint8Array | undefined): Promise<Program> {
  if (program === undefined) {
    noProgram ??= isCheckedRun()
      ? loadFile(fileURLToPath(new URL(EMPTY, import.meta.url))).then(({ program }) => program)
      : loadProgram(readCore(), "the core");
    return noProgram;
  }
  if (program instanceof Uint8Array) return loadProgram(new Uint8Array(program), "the program");
  if (typeof program !== "string" && !(program instanceof URL)) {
    throw new SkeinError("a program is given as the path or URL of a .wasm or .ts file, or the bytes of a .wasm");
  }
  const url = URL.canParse(program) ? new URL(program) : undefined;
  const isPath = url === undefined || /^[a-z]:$/.test(url.protocol); // C:\\program.ts
  if (!isPath && url.protocol !== "file:") {
    throw new SkeinError(`a program is a file, and ${url.href} is none: fetch it, and give its bytes`);
  }
  return (await loadFile(isPath ? String(program) : fileURLToPath(url))).program;
}

/** The core, at once: each step of reading a file apart from this thread would wait for its turn beside the threads that come up. */
function readCore(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(CORE, import.meta.url)));
}

/** The core with its assertions, at once: the compiler, which takes its time, runs in a process of its own. */
function checkedCore(): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(path.join(tmpdir(), "skein-core-"));
  try {
    const [skein, empty] = ["../../bin/skein.js", EMPTY].map((file) => fileURLToPath(new URL(file, import.meta.url)));
    const output = path.join(folder, "core.wasm");
    const run = mainStartsThreads ? ["run", "-A", "--quiet"] : [];
    execFileSync(process.execPath, [...run, skein!, "build", empty!, "-o", output], { stdio: "pipe" });
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
