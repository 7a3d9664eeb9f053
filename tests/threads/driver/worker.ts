/** A thread of a `Machine`: calls one function, together with all others, and posts its result. */
import { parentPort, workerData } from "node:worker_threads";
import { instantiate } from "./instance.js";

export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly call: string;
  readonly args: readonly number[];
  /** How many threads are at the gate, and how many it takes to open it. */
  readonly gate: Int32Array;
}

const { module, memory, call, args, gate } = workerData as Start;
const exports = instantiate(module, memory);

Atomics.add(gate, 0, 1);
Atomics.notify(gate, 0);
for (let here = 0; (here = Atomics.load(gate, 0)) < Atomics.load(gate, 1);) Atomics.wait(gate, 0, here);

parentPort?.postMessage(exports[call]?.(...args));
