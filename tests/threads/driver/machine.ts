/**
 * Drives the core's structures from several threads, without the scheduler around them.
 *
 * A program of `programs/` imports what it drives from `assembly/runtime` and is compiled by AssemblyScript as it stands,
 * so globals are per instance. Only the registers may be such: every other mutable global would be shared in a real
 * program. A `Machine` is that program's memory: functions run on this thread (`call`), or on threads of their own that
 * begin together (`run`).
 *
 * Nothing is inlined but what says so itself: V8 loses locals around a futex wait that is (see `lock.ts`).
 */
import assert from "node:assert/strict";
import path from "node:path";
import { Worker } from "node:worker_threads";
import asc from "assemblyscript/asc";
import { buildSync } from "esbuild";
import { STATIC_BASE } from "../../../assembly/layout.js";
import { installAddressOf } from "../../../host/compiler/addressof.js";
import { Hooks } from "../../../host/compiler/hooks.js";
import { root } from "../../programs/driver/process.js";
import { instantiate, type Exports } from "./instance.js";
import type { Start } from "./worker.js";

/** A run that takes longer hangs: each is a matter of a second or so on a machine of its own. */
const TIMEOUT_MS = 30_000;

/** Pages of 64 KiB, all of them there from the beginning, as in a real program. */
const PAGES = 4096;
const REGISTERS = "assembly/runtime/base/registers/";

// What the core has of Skein's own compiler, for as long as the process.
installAddressOf(new Hooks());

/** A function's name, then its arguments. */
export type Call = readonly [name: string, ...args: number[]];

const modules = new Map<string, Promise<WebAssembly.Module>>();
let threadSource: string | undefined;

/** A new memory, with one of the programs in it. */
export async function machine(program: string): Promise<Machine> {
  let module = modules.get(program);
  if (module === undefined) {
    module = compile(`tests/threads/programs/${program}.ts`);
    modules.set(program, module);
  }
  return new Machine(await module);
}

async function compile(entry: string): Promise<WebAssembly.Module> {
  const outputs = new Map<string, string | Uint8Array>();
  const options = "--outFile p.wasm --textFile p.wat --runtime stub --debug --enable threads,bulk-memory";
  const memory = `--importMemory --sharedMemory --initialMemory ${PAGES} --maximumMemory ${PAGES}`;
  let messages = "";
  const { error } = await asc.main(
    [entry, "--baseDir", root, ...`${options} ${memory} --memoryBase ${STATIC_BASE}`.split(" ")],
    {
      writeFile: (name, contents) => void outputs.set(name, contents),
      stderr: { write: (text) => void (messages += String(text)) },
    },
  );
  if (error) throw new Error(`${entry}: ${error.message}\n${messages}`);
  const mutable = [...String(outputs.get("p.wat")).matchAll(/\(global \$(\S+) \(mut /g)].map((match) => match[1] ?? "");
  assert.deepEqual(
    mutable.filter((name) => !name.startsWith(REGISTERS)),
    [],
    `${entry} has globals that its threads would not share`,
  );
  return WebAssembly.compile(outputs.get("p.wasm") as Uint8Array<ArrayBuffer>);
}

/** The source of a thread, in one piece. */
function thread(): string {
  threadSource ??= buildSync({
    entryPoints: [path.join(root, "tests", "threads", "driver", "worker.ts")],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
  }).outputFiles[0]?.text;
  return threadSource ?? "";
}

export class Machine {
  private readonly memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  private readonly exports: Exports;

  constructor(private readonly module: WebAssembly.Module) {
    this.exports = instantiate(module, this.memory);
  }

  /** Calls a function on this thread. */
  call(name: string, ...args: number[]): number {
    const result = this.exports[name]?.(...args);
    assert.ok(name in this.exports, `the program exports ${name}`);
    return result ?? 0;
  }

  /** Makes the calls at the same time, on a thread each; their results. Fails if one throws or never returns. */
  async run(calls: readonly Call[]): Promise<number[]> {
    const gate = new Int32Array(new SharedArrayBuffer(8));
    gate[1] = calls.length;
    const threads = calls.map(([call, ...args]) => {
      assert.ok(call in this.exports, `the program exports ${call}`);
      const start: Start = { module: this.module, memory: this.memory, call, args, gate };
      return new Worker(thread(), { eval: true, workerData: start });
    });
    try {
      return await Promise.all(threads.map((worker, i) => resultOf(worker, calls[i]!)));
    } finally {
      await Promise.all(threads.map((worker) => worker.terminate()));
    }
  }
}

function resultOf(worker: Worker, [name, ...args]: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = `${name}(${args.join(", ")})`;
    const timer = setTimeout(() => reject(new Error(`${call} still runs after ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
    worker.on("message", (result: number | undefined) => {
      clearTimeout(timer);
      resolve(result ?? 0);
    });
    worker.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`${call}: ${error.message}`, { cause: error }));
    });
  });
}
