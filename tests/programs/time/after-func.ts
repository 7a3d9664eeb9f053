// afterFunc runs a call as a goroutine of its own after a duration; stop prevents it, reset runs it again.

import {
  go,
  now,
  sleep,
  goid,
  gosched,
  afterFunc,
  Atomic,
  Chan,
  Timer,
  WaitGroup,
  Millisecond,
  Second,
  println,
} from "skein";
import { check, same } from "../expect";

const called = new Chan<string>(10000);

function call(name: string, n: i32): void {
  called.send(`${name} ${n}`);
}

class Alarm {
  constructor(public name: string) {}

  ring(n: i32): void {
    called.send(`${this.name} rings ${n}`);
  }

  set(): Timer {
    return afterFunc(Millisecond, this.ring(3));
  }
}

function itTakesTheFormsOfGo(): void {
  let n = 1;
  let name = "call";
  const start = now();
  afterFunc(5 * Millisecond, call(name, n));
  n = 2;
  name = "changed";
  same(called.recv(), "call 1", "a call, with the arguments of the moment");
  check(now() - start >= 5 * Millisecond, "not early");
  let alarm = new Alarm("one");
  afterFunc(Millisecond, alarm.ring(n));
  alarm = new Alarm("two");
  same(called.recv(), "one rings 2", "a method, with the object of the moment");
  alarm.set();
  same(called.recv(), "two rings 3", "a method of this");
  afterFunc(Millisecond, () => {
    called.send(`body ${n}`);
  });
  n = 3;
  same(called.recv(), "body 3", "a body, with the variable that it shares");
  afterFunc(0, call("zero", 0));
  same(called.recv(), "zero 0", "no duration");
  afterFunc(-Second, call("negative", 0));
  same(called.recv(), "negative 0", "a negative duration");
}

function itRunsInAGoroutineOfItsOwn(): void {
  const ids = new Chan<i64>();
  afterFunc(Millisecond, () => {
    ids.send(goid());
  });
  check(ids.recv() > 1, "not in main");
  const gate = new Chan<bool>();
  const order = new Chan<i32>(2);
  afterFunc(Millisecond, () => {
    gate.recv();
    order.send(1);
  });
  afterFunc(5 * Millisecond, () => {
    order.send(2);
  });
  same(order.recv(), 2, "one that blocks keeps no other from running");
  gate.send(true);
  same(order.recv(), 1, "and goes on later");
}

function stopPreventsIt(): void {
  // A thread that the system keeps from running may come too late, but not every time.
  let timer = afterFunc(10 * Millisecond, call("stopped", 0));
  for (let i = 0; !timer.stop(); i++) {
    check(i < 20, "stop in time");
    called.recv();
    timer = afterFunc(10 * Millisecond, call("stopped", 0));
  }
  check(!timer.stop(), "stop twice");
  sleep(30 * Millisecond);
  same(called.length, 0, "calls");
  const late = afterFunc(Millisecond, call("late", 0));
  called.recv();
  check(!late.stop(), "stop too late");
}

function resetRunsItAgain(): void {
  const timer = afterFunc(Millisecond, call("again", 7));
  same(called.recv(), "again 7", "the first run");
  for (let i = 0; i < 5; i++) {
    check(!timer.reset(Millisecond), "reset of one that has run");
    same(called.recv(), "again 7", "another run, with the same arguments");
  }
  check(!timer.reset(60 * Second), "reset once more");
  check(timer.reset(60 * Second), "reset while it runs");
  check(timer.stop(), "stop");
  sleep(5 * Millisecond);
  same(called.length, 0, "calls after stop");
  timer.reset(Millisecond);
  same(called.recv(), "again 7", "reset of a stopped one");
}

class Heartbeat {
  beats: i32 = 0;
  timer: Timer | null = null;
  done: Chan<bool> = new Chan<bool>();

  beat(): void {
    this.beats++;
    if (this.beats == 10) this.done.send(true);
    else this.timer!.reset(Millisecond / 2);
  }

  start(): void {
    this.timer = afterFunc(Millisecond, this.beat());
    this.done.recv();
  }
}

function aCallMayResetItsOwnTimer(): void {
  const heart = new Heartbeat();
  heart.start();
  same(heart.beats, 10, "beats");
}

let sink = "";

function itsArgumentsLiveAsLongAsItDoes(): void {
  const timers: Timer[] = [];
  for (let i = 0; i < 100; i++) timers.push(afterFunc(5 * Millisecond, call(`text number ${i}, made on the way`, i)));
  for (let i = 0; i < 20000; i++) sink = `garbage ${i}`;
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const said = called.recv();
    check(!seen.has(said), `"${said}" came twice`);
    seen.add(said);
  }
  for (let i = 0; i < 100; i++) {
    const want = `text number ${i}, made on the way ${i}`;
    check(seen.has(want), `"${want}" did not come, but ${seen.values().join("; ")}`);
  }
}

function eachRunsOnce(): void {
  const count = new Atomic<i32>();
  const wg = new WaitGroup();
  wg.add(5000);
  for (let i = 0; i < 5000; i++) {
    afterFunc((i % 20) * Millisecond, () => {
      count.add(1);
      wg.done();
    });
    if (i % 100 == 0) gosched();
  }
  wg.wait();
  sleep(5 * Millisecond);
  same(count.load(), 5000, "runs");
}

/** A timer that is stopped by one goroutine while it fires either runs or was stopped, never both. */
function stopOrRun(): void {
  const runs = new Atomic<i32>();
  const stops = new Atomic<i32>();
  const wg = new WaitGroup();
  for (let g = 0; g < 10; g++) {
    wg.add();
    go(() => {
      for (let i = 0; i < 50; i++) {
        const timer = afterFunc(Millisecond / 20, () => {
          runs.add(1);
        });
        if (i % 2 == 0) sleep(Millisecond / 20);
        if (timer.stop()) stops.add(1);
      }
      wg.done();
    });
  }
  wg.wait();
  for (let i = 0; i < 20000 && runs.load() + stops.load() < 500; i++) sleep(Millisecond);
  same(runs.load() + stops.load(), 500, "runs and stops");
}

export function main(): void {
  itTakesTheFormsOfGo();
  itRunsInAGoroutineOfItsOwn();
  stopPreventsIt();
  resetRunsItAgain();
  aCallMayResetItsOwnTimer();
  itsArgumentsLiveAsLongAsItDoes();
  eachRunsOnce();
  stopOrRun();
  println("ok");
}
