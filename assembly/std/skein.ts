/**
 * `import { … } from "skein"`: everything a goroutine program may use, and nothing else.
 *
 * go(f(a)) is an ordinary function whose parameter is a deferred call: the compiler evaluates `f`'s arguments now and makes a
 * record of the call itself (`runtime/goroutine/task.ts`), wherever a parameter's type is `Task`. `Once.do`, `Pool.submit` and
 * `afterFunc` take calls in the same way.
 *
 * On a goroutine, as all that programs call.
 */

// Goroutines.
export { newproc as go, gosched, goid, numGoroutine, numCPU, threadId } from "./skein/runtime/goroutine/proc";
export { defer, goexit, recover } from "./skein/runtime/goroutine/unwind";
export { gomaxprocs, lockOSThread, unlockOSThread } from "./skein/runtime/goroutine/proc";
export { setMaxThreads } from "./skein/runtime/sched/newm";
export { blocking, sleepBlocking } from "./skein/runtime/goroutine/syscall";

// Channels.
export { Chan, ChanRange, ok, Received } from "./skein/runtime/chan/chan";
export { Select } from "./skein/runtime/chan/select";
export { select, SelectStatement } from "./skein/runtime/chan/statement";

// Synchronisation.
export { Mutex } from "./skein/runtime/sync/mutex";
export { RWMutex } from "./skein/runtime/sync/rwmutex";
export { WaitGroup } from "./skein/runtime/sync/waitgroup";
export { Once } from "./skein/runtime/sync/once";
export { Cond } from "./skein/runtime/sync/cond";
export { Semaphore } from "./skein/runtime/sync/semaphore";
export { Atomic } from "./skein/runtime/sync/atomic";
export { Pool } from "./skein/runtime/sync/pool";

// Memory.
export {
  addCleanup,
  gc,
  MemStats,
  memStats,
  setGCPercent,
  setMemoryLimit,
  WeakRef,
} from "./skein/runtime/goroutine/memory";

// Time.
export { now, sleep, after, afterFunc, Timer, Ticker } from "./skein/runtime/goroutine/time";
export { Nanosecond, Microsecond, Millisecond, Second } from "./skein/runtime/goroutine/time";

// The program and its surroundings.
export { print, println, eprint, eprintln } from "./skein/runtime/goroutine/print";
export { args, env, exit, readFile, readText, memoryUsed } from "./skein/runtime/goroutine/program";
export { readLine } from "./skein/runtime/goroutine/stdin";
