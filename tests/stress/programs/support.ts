// What the jobs of the mixture share: random numbers, checks, counts, and ways to disturb each other.

import { gosched, sleep, Atomic, Microsecond } from "skein";

/** The generator of a job: its own, so that a seed gives the same jobs whatever the scheduling. */
export class Random {
  constructor(private state: u64) {
    this.next();
  }

  next(): u32 {
    this.state = this.state * 6364136223846793005 + 1442695040888963407;
    return <u32>(this.state >> 33);
  }

  below(n: i32): i32 {
    return <i32>(this.next() % <u32>n);
  }

  child(): Random {
    return new Random(((<u64>this.next()) << 31) ^ this.next());
  }
}

export function fail(what: string, got: i64, want: i64): void {
  throw new Error(`${what}: got ${got}, want ${want}`);
}

export function expect(what: string, got: i64, want: i64): void {
  if (got != want) fail(what, got, want);
}

/** What a job has done, for the report at the end. */
export class Totals {
  jobs: Atomic<i64> = new Atomic<i64>();
  goroutines: Atomic<i64> = new Atomic<i64>();
  messages: Atomic<i64> = new Atomic<i64>();
  selects: Atomic<i64> = new Atomic<i64>();
  timers: Atomic<i64> = new Atomic<i64>();
  locks: Atomic<i64> = new Atomic<i64>();
  objects: Atomic<i64> = new Atomic<i64>();
  blockingCalls: Atomic<i64> = new Atomic<i64>();
}

export const totals = new Totals();

/** Lets others run in one of several ways, or does not. */
export function disturb(random: Random): void {
  const n = random.below(64);
  if (n == 0) sleep(random.below(300) * Microsecond);
  else if (n < 6) gosched();
}
