/**
 * Goroutines on every core from inside WebAssembly.
 *
 * ```ts
 * import { start } from "skein";
 * await using rt = await start({ program: new URL("./primes.ts", import.meta.url) });
 * console.log(await rt.call("countPrimes", 1_000_000));
 * ```
 */
export { start, type StartOptions } from "./runtime/start.js";
export type { CloseOptions, Runtime } from "./runtime/runtime.js";
export type { HeapProfile, HeapSite, HeapType } from "./runtime/heapprofile.js";
export type { LeakedGoroutine } from "./runtime/leaks.js";
export type { Go, Scope } from "./go/thread.js";
export type { GoOptions } from "./go/starter.js";
export type { Arrived } from "./sync/arrival.js";
export type { GoTask, GoTasks } from "./go/tasks.js";
export type { Goroutine, GoroutineStatus, ResultOf, YieldOf } from "./go/goroutine.js";
export { context, current, type GoroutineContext } from "./go/current.js";
export { carry } from "./go/carry.js";
export { after, otherwise, recv, send, type SelectCase, type Selected } from "./sync/cases.js";
export { AbandonedError, ChanError } from "./sync/syncerrors.js";
export type {
  Bytes,
  Chan,
  ChanOptions,
  Cond,
  Context,
  Guard,
  Mutex,
  Once,
  Pool,
  Received,
  RWMutex,
  Semaphore,
  SendOptions,
  WaitGroup,
  WaitOptions,
} from "./sync/index.js";
export { transfer } from "./go/moved.js";
export type { MStats, RuntimeStats } from "./top/stats.js";
export type { Trace, TraceOptions, TraceResult } from "./trace/index.js";
export type { CallArgument, CallValue } from "./runtime/calls.js";
export {
  DeadlockError,
  ExitError,
  FatalError,
  GoPanic,
  SkeinError,
  WorkerError,
  type StackFrame,
} from "./base/errors.js";
export * from "./loop/index.js";
export * from "./serve/index.js";
