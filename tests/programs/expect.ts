// What the test programs check with: the first sentence that does not hold ends the program with a panic that says so.

import { Millisecond, gosched, sleep } from "skein";

/** Panics with `sentence` unless it holds. */
export function check(holds: bool, sentence: string): void {
  if (!holds) throw new Error(sentence);
}

/** Panics unless the two are equal. */
export function same<T>(got: T, want: T, what: string): void {
  if (got != want) throw new Error(`${what}: got ${got}, want ${want}`);
}

/** Panics unless `got` is between `low` and `high`, both included. */
export function within<T>(got: T, low: T, high: T, what: string): void {
  if (got < low || got > high) throw new Error(`${what}: got ${got}, want ${low} to ${high}`);
}

/** Gives every goroutine that can run the time to run until it blocks. */
export function settle(): void {
  for (let i = 0; i < 10; i++) gosched();
  sleep(100 * Millisecond);
}
