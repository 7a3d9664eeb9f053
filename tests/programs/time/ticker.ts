// A Ticker fires again and again, keeps one tick for a slow receiver, and is quiet after stop.

import { now, sleep, ok, Ticker, Timer, Select, Millisecond, Second, println } from "skein";
import { check, same, within } from "../expect";

function ticksComeInTime(): void {
  const start = now();
  const ticker = new Ticker(5 * Millisecond);
  let last = start;
  for (let i = 1; i <= 6; i++) {
    const t = ticker.chan.recv();
    check(t - start >= i * 5 * Millisecond, `tick ${i} is not early`);
    check(t > last, "ticks carry their own times");
    last = t;
  }
  ticker.stop();
}

function aSlowReceiverGetsOneTick(): void {
  const ticker = new Ticker(2 * Millisecond);
  sleep(50 * Millisecond);
  same(ticker.chan.capacity, 0, "the tick that waits is not to be seen");
  same(ticker.chan.length, 0, "the tick that waits is not counted");
  ticker.chan.tryRecv();
  check(ok(), "one tick waits");
  let waiting = 0;
  for (;;) {
    ticker.chan.tryRecv();
    if (!ok()) break;
    waiting++;
  }
  within(waiting, 0, 3, "the others were dropped");
  ticker.stop();
}

function aStoppedTickerIsQuiet(): void {
  const ticker = new Ticker(2 * Millisecond);
  ticker.chan.recv();
  sleep(10 * Millisecond);
  ticker.stop();
  ticker.chan.tryRecv();
  check(!ok(), "no stale tick after stop");
  sleep(10 * Millisecond);
  ticker.chan.tryRecv();
  check(!ok(), "no tick after stop");
}

function resetChangesThePeriod(): void {
  const ticker = new Ticker(60 * Second);
  const start = now();
  ticker.reset(3 * Millisecond);
  for (let i = 1; i <= 3; i++) check(ticker.chan.recv() - start >= i * 3 * Millisecond, "the new period");
  check(now() - start < 30 * Second, "not the old period");
  ticker.stop();
  ticker.reset(2 * Millisecond);
  ticker.chan.recv();
  check(ok(), "reset starts a stopped ticker");
  sleep(10 * Millisecond);
  ticker.reset(60 * Second);
  ticker.chan.tryRecv();
  check(!ok(), "no stale tick after reset");
  ticker.stop();
}

function twoTickersInASelect(): void {
  const start = now();
  const fast = new Ticker(2 * Millisecond);
  const slow = new Ticker(10 * Millisecond);
  const stop = new Timer(100 * Millisecond);
  const select = new Select();
  select.recv<i64>(fast.chan);
  select.recv<i64>(slow.chan);
  select.recv<i64>(stop.chan);
  const counts = new StaticArray<i32>(3);
  while (counts[0] < 2 || counts[1] < 1 || counts[2] == 0) {
    const index = select.wait();
    counts[index]++;
  }
  const passed = now() - start;
  check(counts[0] <= passed / (2 * Millisecond), `no more fast ticks than there was time for, not ${counts[0]}`);
  check(counts[1] <= passed / (10 * Millisecond), `no more slow ticks than there was time for, not ${counts[1]}`);
  fast.stop();
  slow.stop();
}

function theEndOfTime(): void {
  const ticker = new Ticker(i64.MAX_VALUE);
  sleep(5 * Millisecond);
  ticker.chan.tryRecv();
  check(!ok(), "has not come");
  ticker.stop();
  same(ticker.chan.tryRecv(), 0, "and will not");
}

export function main(): void {
  ticksComeInTime();
  aSlowReceiverGetsOneTick();
  aStoppedTickerIsQuiet();
  resetChangesThePeriod();
  twoTickersInASelect();
  theEndOfTime();
  println("ok");
}
