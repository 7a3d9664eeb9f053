/**
 * A thread's instance of the program: what a thread is given, what the core imports, what it exports.
 *
 * The functions given to the core throw only `StopThread`, `ProgramPanic` and `BrokenPipe`, all of them out of `mstart`
 * to the thread's own loop.
 */
import type * as Crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { clockOf, type ClockBase } from "../base/clock.js";
import type { Control } from "../base/control.js";
import { Report } from "../base/control.js";
import { formatFrames, SkeinError } from "../base/errors.js";
import { Memory } from "../base/memory.js";
import { readAvailable, writeFully } from "../base/stdio.js";
import { bindCore, type Core } from "../abi/core.js";
import { bindCoreImports, type CoreImports } from "../abi/imports.js";
import { ProgramPanic, StopThread } from "./stops.js";
import { Stacks, type SymbolSource } from "./stacks.js";
import { ThreadTimes } from "../base/threadtime.js";
import { thrownText } from "./panics.js";
import { writeText } from "./notes.js";
import { callStack } from "../base/thrown.js";
import type { ThreadOptions } from "./threadoptions.js";

/** For what takes long to load and few programs need, as `node:crypto`, a tenth of what a thread takes to start. */
const require = createRequire(import.meta.url);

/** What every thread of a program is given; travels in `workerData`. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  readonly clock: ClockBase;
  /** What a panic ends: the goroutine or the program. */
  readonly panic: "isolate" | "exit";
  /** What its sockets are to be made of; `"auto"` where undefined. */
  readonly poller?: "auto" | "epoll" | "stdlib";
  /** The program's environment; the process's own where undefined. */
  readonly env: Readonly<Record<string, string>> | undefined;
  /** The directories that its files are in: none where undefined. */
  readonly preopens?: readonly Preopen[] | undefined;
  readonly symbols: SymbolSource;
  /** The number of the M whose thread this is; undefined for the other threads. */
  readonly mid?: number;
  /** How the threads of Ms are made. */
  readonly worker?: ThreadOptions | undefined;
}

/** A directory that a program is given. */
export interface Preopen {
  /** Its path here, without symbolic links. */
  readonly host: string;
  /** The program's name for it. */
  readonly guest: string;
}

/** A program on one thread. */
export interface Instance {
  readonly core: Core;
  readonly memory: Memory;
  readonly stacks: Stacks;
}

/** What an M's thread does when the core has a JavaScript goroutine to run; see `run_js` in `docs/internals.md`. */
export type RunJs = (record: number) => number;

/** What C imports for files, on a memory. */
export type FilesOf = (memory: Memory) => CoreImports["file"];

/** What a thread imports for sockets: `netImports`. */
export type NetImports = (
  data: ThreadData,
  memory: Memory,
  control: Control,
  isPrograms: boolean,
) => WebAssembly.ModuleImports;

/** What a thread has besides; `isPrograms` as in `netImports`. */
export interface InstanceOptions {
  readonly isPrograms?: boolean;
  /** Where goroutines run. */
  readonly runJs?: RunJs;
  /** What C imports for files. */
  readonly files?: FilesOf | undefined;
  /** Has the main thread write bytes to a descriptor; false if it cannot, for want of memory. */
  readonly send?: (fd: number, bytes: Uint8Array) => boolean;
}

/** Instantiates the program on this thread. */
export function instantiate(
  data: ThreadData,
  control: Control,
  net: NetImports,
  { isPrograms = true, runJs, files, send }: InstanceOptions = {},
): Instance {
  const memory = new Memory(data.memory);
  const stacks = new Stacks(data.symbols);
  const host: CoreImports = {
    ...programImports(data, control, memory, stacks, () => core),
    write: writing(control, memory, send),
    ...fileImports(memory),
    file: files?.(memory) ?? noGoroutines,
    run_js: runJs ?? noGoroutines,
  };
  const { exports } = new WebAssembly.Instance(data.module, {
    ...libraryImports(data),
    skein: { ...bindCoreImports(host), ...net(data, memory, control, isPrograms) },
  });
  const core = bindCore(exports, (message) => new SkeinError(message));
  return { core, memory, stacks };
}

function noGoroutines(): never {
  throw new Error("no goroutine runs on this thread");
}

function programImports(
  data: ThreadData,
  control: Control,
  memory: Memory,
  stacks: Stacks,
  core: () => Core,
): Omit<CoreImports, "run_js" | "file" | "write" | keyof ReturnType<typeof fileImports>> {
  const env = data.env ?? process.env;
  let ending = false;
  return {
    nanotime: clockOf(data.clock),
    thread_time: new ThreadTimes().get,

    exit() {
      throw new StopThread();
    },

    panic(address, length) {
      throw new ProgramPanic(memory.utf8(address, length));
    },

    rethrow(address, length, trace, traceLength) {
      const panic = new ProgramPanic(memory.utf8(address, length));
      panic.stack = memory.utf8(trace, traceLength);
      throw panic;
    },

    attempt(record) {
      try {
        core().invoke(record);
        return 0;
      } catch (thrown) {
        const text = core().catches() ? thrownText(thrown) : undefined;
        if (text === undefined) throw thrown;
        return writeText(core(), memory, text);
      }
    },

    fatal(address, length) {
      const text = memory.utf8(address, length);
      // It comes a second time if this thread fails while it ends the program.
      const isEnding = ending;
      ending = true;
      if (isEnding || core().beginExit()) control.report(Report.Fatal, text);
      throw new StopThread();
    },

    traceback(address, capacity) {
      const text = formatFrames(stacks.frames(callStack()));
      const bytes = Buffer.from(text, "utf8").subarray(0, capacity);
      memory.write(address, bytes);
      return bytes.byteLength;
    },

    args(address, capacity) {
      const args = control.args;
      if (args.length <= capacity) memory.write(address, memory.copy(args.address, args.length));
      return args.length;
    },

    env(name, nameLength, address, capacity) {
      const key = memory.utf16(name, nameLength);
      const value: unknown = Object.hasOwn(env, key) ? env[key] : undefined;
      if (typeof value !== "string") return -1;
      const bytes = Buffer.from(value, "utf16le");
      if (bytes.byteLength <= capacity) memory.write(address, bytes);
      return bytes.byteLength;
    },

    environ(address, capacity) {
      const entries = Object.entries(env).flatMap(([name, value]: [string, unknown]) =>
        typeof value === "string" ? [`${name}=${value}\0`] : [],
      );
      const bytes = Buffer.from(entries.join(""), "utf8");
      if (bytes.byteLength <= capacity) memory.write(address, bytes);
      return bytes.byteLength;
    },

    random(address, length) {
      const { randomBytes } = require("node:crypto") as typeof Crypto;
      memory.write(address, randomBytes(length));
    },
  };
}

function writing(control: Control, memory: Memory, send: InstanceOptions["send"]): CoreImports["write"] {
  const line = new Uint8Array(16 * 1024);
  return (fd, address, length) => {
    if (control.reported) throw new StopThread();
    if (!control.beginWrite()) return;
    const { bytes } = memory;
    // Other threads may write to this memory; the system call gets a copy that is this thread's own.
    const own = length <= line.byteLength ? line.subarray(0, length) : new Uint8Array(length);
    own.set(bytes.subarray(address, address + length));
    try {
      if (control.isCaptured(fd) && send?.(fd, own) === true) return;
      const errno = writeFully(fd, own);
      if (fd === 1 && errno !== 0) control.outputFailed(errno);
    } finally {
      control.endWrite();
    }
  };
}

function fileImports(memory: Memory): Pick<CoreImports, "read" | "readFile" | "readFileTake"> {
  let file: Uint8Array | undefined;
  return {
    read(address, length) {
      const bytes = readAvailable(0, length);
      memory.write(address, bytes);
      return bytes.byteLength;
    },

    readFile(path, pathLength) {
      try {
        file = readFileSync(memory.utf16(path, pathLength));
      } catch {
        return -1;
      }
      return file.byteLength > 0x7fff_ffff ? -1 : file.byteLength;
    },

    readFileTake(address, length) {
      if (file !== undefined) memory.write(address, file.subarray(0, length));
      file = undefined;
    },
  };
}

/** What AssemblyScript's own library imports. */
function libraryImports(data: ThreadData): WebAssembly.Imports {
  return {
    env: {
      memory: data.memory,
      seed: () => Math.random() * 2 ** 53,
      "Date.now": Date.now,
      "performance.now": () => performance.now(),
      "Date#getTimezoneOffset": (date: Date) => date.getTimezoneOffset(),
    },
  };
}
