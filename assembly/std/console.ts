/**
 * AssemblyScript's `console`, printing as goroutines print (`runtime/goroutine/print.ts`): whole lines, in order. `log`, `debug` and
 * `info` go to standard output, `warn`, `error` and failed assertions to standard error, as in Node and Deno.
 *
 * On a goroutine.
 */
import { nanotime } from "./skein/runtime/base/clock";
import { eprintln, println } from "./skein/runtime/goroutine/print";
import { Mutex } from "./skein/runtime/sync/mutex";

/** When each label of `console.time` was started; all goroutines share them. Under `timersLock`. */
const timers = new Map<string, i64>();
const timersLock = new Mutex();

/** Nanoseconds since `console.time(label)`, or -1 if that was never called. */
function elapsed(label: string, end: bool): i64 {
  const now = nanotime();
  timersLock.lock();
  const since = timers.has(label) ? timers.get(label) : -1;
  if (end) timers.delete(label);
  timersLock.unlock();
  return since < 0 ? -1 : now - since;
}

function reportTime(label: string, end: bool): void {
  const ns = elapsed(label, end);
  if (ns < 0) eprintln(`console.time('${label}') was not called`);
  else println(`${label}: ${<f64>(ns / 1000) / 1000.0}ms`);
}

export namespace console {
  export function assert<T>(condition: T, message: string = ""): void {
    if (!condition) eprintln(message.length > 0 ? `Assertion failed: ${message}` : "Assertion failed");
  }

  export function log(message: string = ""): void {
    println(message);
  }

  export function debug(message: string = ""): void {
    println(message);
  }

  export function info(message: string = ""): void {
    println(message);
  }

  export function warn(message: string = ""): void {
    eprintln(message);
  }

  export function error(message: string = ""): void {
    eprintln(message);
  }

  export function time(label: string = "default"): void {
    const now = nanotime();
    timersLock.lock();
    timers.set(label, now);
    timersLock.unlock();
  }

  export function timeLog(label: string = "default"): void {
    reportTime(label, false);
  }

  export function timeEnd(label: string = "default"): void {
    reportTime(label, true);
  }
}
