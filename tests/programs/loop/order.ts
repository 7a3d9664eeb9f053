// The event loop makes calls first in, first out, turn by turn, and timers in the order of their times.

import { EventLoop } from "skein/loop";
import { Chan, go, Millisecond, now, println, sleep, WaitGroup } from "skein";
import { check, same } from "../expect";

const seen: string[] = [];

function note(text: string): void {
  seen.push(text);
}

function all(): string {
  const text = seen.join(" ");
  seen.length = 0;
  return text;
}

function turn(loop: EventLoop): void {
  loop.stop();
  loop.runForever();
}

function again(loop: EventLoop, text: string): void {
  note(text);
  loop.callSoon(note(text + "'"));
}

function callsAreMadeInTheirOrderTurnByTurn(): void {
  const loop = new EventLoop();
  let text = "a";
  loop.callSoon(again(loop, text));
  text = "b";
  loop.callSoon(() => {
    note(text);
  });
  text = "c";
  turn(loop);
  same(all(), "a c", "one turn, if it was stopped before");
  turn(loop);
  same(all(), "a'", "what a turn has scheduled is for the next");
  for (let i = 0; i < 1000; i++) loop.callSoon(note(i.toString()));
  turn(loop);
  same(seen.length, 1000, "all of them");
  for (let i = 0; i < 1000; i++) check(seen[i] == i.toString(), "in their order");
  all();
  loop.close();
}

function whatIsCancelledIsNotCalled(): void {
  const loop = new EventLoop();
  const handle = loop.callSoon(note("no"));
  check(!handle.done && !handle.cancelled, "not yet");
  check(handle.cancel(), "cancelled");
  check(!handle.cancel(), "once only");
  check(handle.done && handle.cancelled, "done");
  const made = loop.callSoon(note("yes"));
  const timer = loop.callLater(0, note("no"));
  timer.cancel();
  turn(loop);
  same(all(), "yes", "only what was not cancelled");
  check(!made.cancel(), "too late");
  check(made.done && !made.cancelled, "made, not cancelled");
  check(timer.cancelled, "timers too");
  loop.close();
}

function finish(loop: EventLoop, start: i64, d: i64): void {
  check(now() - start >= d, "not early");
  loop.stop();
}

function timersFireInTheOrderOfTheirTimes(): void {
  const loop = new EventLoop();
  const start = loop.time();
  loop.callLater(300 * Millisecond, note("3"));
  loop.callLater(100 * Millisecond, note("1"));
  loop.callAt(start + 200 * Millisecond, note("2"));
  loop.callLater(-5, note("0"));
  for (let i = 0; i < 5; i++) loop.callAt(start + 400 * Millisecond, note("t" + i.toString()));
  loop.callLater(500 * Millisecond, finish(loop, start, 500 * Millisecond));
  loop.runForever();
  same(all(), "0 1 2 3 t0 t1 t2 t3 t4", "in the order of their times");
  loop.close();
}

let fired = 0;

function fire(when: i64): void {
  check(now() >= when, "not early");
  fired++;
}

function manyCancelledTimersAreForgotten(): void {
  const loop = new EventLoop();
  const start = loop.time();
  for (let i = 0; i < 5000; i++) {
    const when = start + ((i * 7919) % 5000) * 1000;
    const timer = loop.callAt(when, fire(when));
    if (i % 5 != 0) timer.cancel();
  }
  loop.callLater(6 * Millisecond, loop.stop());
  loop.runForever();
  same(fired, 1000, "those that were not cancelled");
  loop.close();
}

function count(loop: EventLoop, n: i32): void {
  if (n == 0) loop.stop();
  else loop.callSoon(count(loop, n - 1));
}

function itRunsUntilACallHasReturned(): void {
  const loop = new EventLoop();
  loop.callSoon(note("before"));
  loop.runUntilComplete(note("it"));
  same(all(), "before it", "then it stops");
  check(!loop.isRunning, "stopped");
  loop.callSoon(count(loop, 10000));
  loop.runForever();
  loop.close();
  check(loop.isClosed, "closed");
}

function send(loop: EventLoop, from: i32, n: i32, wg: WaitGroup): void {
  for (let i = 0; i < n; i++) loop.callSoonThreadsafe(receive(from, i));
  wg.done();
}

const next: i32[] = [0, 0, 0, 0];
let received = 0;

function receive(from: i32, i: i32): void {
  same(next[from], i, "one goroutine's calls in their order");
  next[from] = i + 1;
  received++;
}

function stopWhenDone(loop: EventLoop, wg: WaitGroup): void {
  wg.wait();
  loop.callSoonThreadsafe(loop.stop());
}

function otherGoroutinesReachIt(): void {
  const loop = new EventLoop();
  const wg = new WaitGroup();
  for (let from = 0; from < 4; from++) {
    wg.add(1);
    go(send(loop, from, 5000, wg));
  }
  go(stopWhenDone(loop, wg));
  loop.runForever();
  same(received, 20000, "all of them");
  loop.close();
}

function wake(loop: EventLoop): void {
  sleep(3 * Millisecond);
  loop.callSoonThreadsafe(note("woken"));
  sleep(3 * Millisecond);
  loop.callSoonThreadsafe(loop.stop());
}

function aSleepingLoopIsWoken(): void {
  const loop = new EventLoop();
  go(wake(loop));
  loop.runForever();
  same(all(), "woken", "without timers");
  const start = now();
  loop.callLater(60000 * Millisecond, note("a minute"));
  go(wake(loop));
  loop.runForever();
  same(all(), "woken", "and with one");
  check(now() - start < 30000 * Millisecond, "long before it");
  loop.close();
}

function give(ch: Chan<i32>, loop: EventLoop): void {
  ch.send(5);
}

function aCallMayBlock(): void {
  const loop = new EventLoop();
  const ch = new Chan<i32>();
  loop.callSoon(() => {
    note(ch.recv().toString());
    loop.stop();
  });
  go(give(ch, loop));
  loop.runForever();
  same(all(), "5", "it waited");
  loop.close();
}

export function main(): void {
  callsAreMadeInTheirOrderTurnByTurn();
  whatIsCancelledIsNotCalled();
  timersFireInTheOrderOfTheirTimes();
  manyCancelledTimersAreForgotten();
  itRunsUntilACallHasReturned();
  otherGoroutinesReachIt();
  aSleepingLoopIsWoken();
  aCallMayBlock();
  println("ok");
}
