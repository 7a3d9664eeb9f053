// The program of host.test.ts: it waits, prints or computes, as it is told.

import { go, args, println, now, sleep, Chan, Select, Mutex, WaitGroup, Second, Millisecond, afterFunc } from "skein";

let sink: i64 = 0;

function compute(): void {
  for (;;) sink++;
}

/** A time in which nobody has anything to do, until somebody ends the program. */
function idle(how: string): void {
  const never = new Chan<i32>();
  const mutex = new Mutex();
  mutex.lock();
  // Some work on all Ps first, so that every M has begun.
  const wg = new WaitGroup();
  for (let i = 0; i < 8; i++) {
    wg.add();
    go(() => {
      const until = now() + 20 * Millisecond;
      while (now() < until) {}
      wg.done();
    });
  }
  wg.wait();
  for (let i = 0; i < 100; i++) {
    if (how == "sleep") go(sleep(3600 * Second));
    if (how == "timers") afterFunc(3600 * Second, println("not reached"));
    if (how == "blocked") {
      go(() => {
        if (i % 2 == 0) never.recv();
        else mutex.lock();
      });
    }
    if (how == "select") {
      go(() => {
        const select = new Select();
        select.recv<i32>(never);
        select.send<i32>(never, 1);
        select.wait();
      });
    }
  }
  println("asleep");
  sleep(3600 * Second);
}

export function main(): void {
  const list = args();
  if (list[0] == "idle") idle(list[1]);
  if (list[0] == "lines") {
    const n = I32.parseInt(list[1]);
    for (let i = 0; i != n; i++) println(`line ${i}`);
  }
  if (list[0] == "interrupt") {
    println("ready");
    if (list[1] == "sleep") sleep(3600 * Second);
    if (list[1] == "compute") {
      for (let i = 0; i < 4; i++) go(compute());
      compute();
    }
    // A timer far away keeps this from being a deadlock.
    afterFunc(3600 * Second, println("not reached"));
    new Chan<i32>().recv();
  }
}
