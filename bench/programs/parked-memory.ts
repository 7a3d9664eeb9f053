/**
 * Parked-memory: bytes of memory for each of a million goroutines parked in a receive. One measurement a process, since
 * a second one would find the first one's goroutines free to use again.
 *
 * Counted is what the runtime has taken for its heap, in whole pages of 64 KiB, against the same before the first was
 * started: Gs, saved stacks, the channel's waiting records and the allocator's unused remainders.
 */
import { Atomic, Chan, go, gosched, memoryUsed, Millisecond, sleep } from "skein";
import { arg, result } from "./harness";

function park(ch: Chan<i64>, started: Atomic<i32>): void {
  started.add(1);
  ch.recv();
}

export function main(): void {
  const n = arg(0, 1_000_000);
  const ch = new Chan<i64>();
  const started = new Atomic<i32>();
  const before = memoryUsed();
  for (let i = 0; i < n; i++) go(park(ch, started));
  while (started.load() < n) gosched();
  // The last few are on their way from the counter into the receive.
  sleep(10 * Millisecond);
  result("B/goroutine", <f64>(memoryUsed() - before) / <f64>n);
}
