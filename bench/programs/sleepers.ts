/**
 * Sleepers: ten thousand goroutines, each in one sleep of 1 ms after another. Prints now and then how often they have woken
 * up; what that took of the processors is measured from outside.
 */
import { Atomic, go, Millisecond, sleep } from "skein";
import { arg, count } from "./harness";

const interval: i64 = 500 * Millisecond;

/** The wake-ups of each, apart from the others': a counter for all would be what is measured. */
const wakeups: Atomic<i64>[] = [];

function wakeAgainAndAgain(mine: Atomic<i64>): void {
  for (;;) {
    sleep(Millisecond);
    mine.add(1);
  }
}

function all(): i64 {
  let sum: i64 = 0;
  for (let i = 0; i < wakeups.length; i++) sum += wakeups[i].load();
  return sum;
}

export function main(): void {
  for (let i = 0, n = arg(0, 10_000); i < n; i++) {
    const mine = new Atomic<i64>();
    wakeups.push(mine);
    go(wakeAgainAndAgain(mine));
  }
  for (let i = 0, n = arg(1, 6); i <= n; i++) {
    sleep(interval);
    count(all());
  }
}
