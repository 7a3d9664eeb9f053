/**
 * `import { … } from "skein"`: everything a goroutine program may use, and nothing else.
 *
 * go(f(a)) is an ordinary function whose parameter is a deferred call: the compiler evaluates `f`'s arguments now and makes a
 * record of the call itself (`runtime/task.ts`), wherever a parameter's type is `Task`. `Once.do`, `Pool.submit` and
 * `afterFunc` take calls in the same way.
 */

// Goroutines.
export { newproc as go, gosched, goexit, goid, numGoroutine, numCPU, threadId } from "./skein/runtime/proc";
export { gomaxprocs } from "./skein/runtime/world";
export { setMaxThreads } from "./skein/runtime/newm";
export { lockOSThread, unlockOSThread } from "./skein/runtime/osthread";
export { blocking, sleepBlocking } from "./skein/runtime/syscall";

// Channels.
export { Chan, ChanRange, ok } from "./skein/runtime/chan";
export { Select } from "./skein/runtime/select";

// Synchronisation.
export { Mutex } from "./skein/runtime/sync/mutex";
export { RWMutex } from "./skein/runtime/sync/rwmutex";
export { WaitGroup } from "./skein/runtime/sync/waitgroup";
export { Once } from "./skein/runtime/sync/once";
export { Cond } from "./skein/runtime/sync/cond";
export { Semaphore } from "./skein/runtime/sync/semaphore";
export { Atomic } from "./skein/runtime/sync/atomic";
export { Pool } from "./skein/runtime/sync/pool";

// Time.
export { now, sleep, after, afterFunc, Timer, Ticker } from "./skein/runtime/time";
export { Nanosecond, Microsecond, Millisecond, Second } from "./skein/runtime/time";

// The program and its surroundings.
export { print, println, eprint, eprintln } from "./skein/runtime/print";
export { args, env, exit, readFile, readText, memoryUsed } from "./skein/runtime/program";
export { readLine } from "./skein/runtime/stdin";
