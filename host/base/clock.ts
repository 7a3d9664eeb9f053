/**
 * The clock of a program: monotonic nanoseconds since its epoch, the same on all of its threads.
 *
 * On Node, `process.hrtime` is the system's monotonic clock in every thread, so the epoch is all that threads share.
 * On Deno its origin differs from worker to worker. There each thread relates its `performance.now()` to the wall clock
 * once, at its start, which is right to some microseconds; a shared cell that holds the latest time that anybody has
 * seen makes sure that no thread ever reads less than another has read before.
 */
import process from "node:process";

/** What threads share of the clock; travels in `workerData`. */
export interface ClockBase {
  /** Node: `process.hrtime.bigint()` at the epoch. Deno: wall-clock milliseconds at the epoch. */
  readonly epoch: bigint | number;
  /** Deno: the latest time read, in nanoseconds. */
  readonly latest: SharedArrayBuffer | undefined;
}

const onDeno = "deno" in process.versions;

/** Starts a clock: its epoch is now. */
export function newClock(): ClockBase {
  if (!onDeno) return { epoch: process.hrtime.bigint(), latest: undefined };
  return { epoch: performance.timeOrigin + performance.now(), latest: new SharedArrayBuffer(8) };
}

/** This thread's way to read the clock. */
export function clockOf(base: ClockBase): () => number {
  if (typeof base.epoch === "bigint") {
    const epoch = base.epoch;
    const { hrtime } = process;
    return () => Number(hrtime.bigint() - epoch);
  }
  const offset = performance.timeOrigin - base.epoch;
  const latest = new BigInt64Array(base.latest ?? new SharedArrayBuffer(8));
  return () => {
    const mine = Math.floor((offset + performance.now()) * 1e6);
    let seen = Atomics.load(latest, 0);
    for (;;) {
      if (Number(seen) >= mine) return Number(seen);
      const before = Atomics.compareExchange(latest, 0, seen, BigInt(mine));
      if (before === seen) return mine;
      seen = before;
    }
  };
}
