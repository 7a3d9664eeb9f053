// Nobody who can run is kept from it: not by two who wake each other, not by recursion, not by many who yield.
// procs: 1,2

import { go, gosched, sleep, now, println, afterFunc, Atomic, Chan, Ticker, Millisecond, Second } from "skein";
import { check, same } from "../expect";

const over = new Atomic<i32>();

function relay(from: Chan<i32>, to: Chan<i32>): void {
  while (over.load() == 0) to.send(from.recv() + 1);
}

/** Two who wake each other inherit each other's slice: the third waits no longer than for one of them. */
function aPairThatWakesEachOtherDoesNotStarveAThird(): void {
  const a = new Chan<i32>(1);
  const b = new Chan<i32>(1);
  a.send(0);
  go(relay(a, b));
  go(relay(b, a));
  const third = new Chan<bool>(1);
  for (let i = 0; i < 20; i++) {
    go(() => {
      third.send(true);
    });
    third.recv();
  }
  sleep(Millisecond);
  over.store(1);
}

function fibonacci(n: i32): i64 {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

let sink: i64 = 0;

/** Calls without a loop. */
function recurse(): void {
  sink += fibonacci(48);
}

/** Loops inside of recursion: each is short, and all of them together are not. */
function search(depth: i32): i64 {
  if (depth == 0) return 1;
  let sum: i64 = 0;
  for (let i = 0; i < 4; i++) sum += search(depth - 1);
  return sum;
}

function searchForLong(): void {
  sink += search(20);
}

function othersRun(what: string): void {
  const start = now();
  const ch = new Chan<i32>();
  for (let i = 0; i < 10; i++) {
    go(() => {
      ch.send(i);
    });
  }
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += ch.recv();
  same(sum, 45, what);
  sleep(Millisecond);
  check(now() - start < 10 * Second, what + ": within reason");
}

function yieldForEver(): void {
  for (;;) gosched();
}

/** Timers fire although there is always somebody to run, and a ticker keeps ticking. */
function timersAreNotStarvedByGoroutinesThatYield(): void {
  for (let i = 0; i < 8; i++) go(yieldForEver());
  const fired = new Chan<bool>(1);
  afterFunc(2 * Millisecond, fired.send(true));
  fired.recv();
  const ticker = new Ticker(Millisecond);
  for (let i = 0; i < 20; i++) ticker.chan.recv();
  ticker.stop();
}

/** Goroutines run although there is always a timer to fire. */
function goroutinesAreNotStarvedByTimers(): void {
  const fired = new Atomic<i32>();
  for (let i = 0; i < 4; i++) {
    const ticker = new Ticker(1000);
    go(() => {
      for (let r = ticker.chan.range(); r.next();) fired.add(1);
    });
  }
  othersRun("beside tickers of a microsecond");
  while (fired.load() < 100) gosched();
}

export function main(): void {
  aPairThatWakesEachOtherDoesNotStarveAThird();
  go(recurse());
  othersRun("beside recursion");
  go(searchForLong());
  othersRun("beside loops in recursion");
  timersAreNotStarvedByGoroutinesThatYield();
  goroutinesAreNotStarvedByTimers();
  println("ok");
}
