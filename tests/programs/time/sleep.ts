// sleep lasts at least as long as it is told, and sleepers wake in the order of their times.

import {
  go,
  now,
  sleep,
  after,
  numGoroutine,
  Chan,
  WaitGroup,
  Mutex,
  Nanosecond,
  Microsecond,
  Millisecond,
  Second,
  println,
} from "skein";
import { check, same, within } from "../expect";

function theUnits(): void {
  same<i64>(Nanosecond, 1, "a nanosecond");
  same<i64>(Microsecond, 1000, "a microsecond");
  same<i64>(Millisecond, 1000000, "a millisecond");
  same<i64>(Second, 1000000000, "a second");
}

function nowGoesForward(): void {
  let last = now();
  for (let i = 0; i < 10000; i++) {
    const t = now();
    check(t >= last, "now does not go back");
    last = t;
  }
  const results = new Chan<i64>();
  go(() => {
    results.send(now());
  });
  const other = results.recv();
  check(other >= last, "it is one clock for all goroutines");
  check(now() >= other, "both ways");
}

function sleepLastsLongEnough(): void {
  const durations: i64[] = [0, 1, 1000, 100000, Millisecond, 3 * Millisecond, 20 * Millisecond, -5, i64.MIN_VALUE];
  for (let i = 0; i < durations.length; i++) {
    const start = now();
    sleep(durations[i]);
    const took = now() - start;
    check(took >= durations[i], `a sleep of ${durations[i]} lasted ${took}`);
    check(took < 2 * Second, `a sleep of ${durations[i]} lasted ${took}`);
  }
}

/** Whether five wake one after the other that sleep for `gap` longer each. */
function wakeInOrder(gap: i64): bool {
  const order = new Chan<i32>(5);
  for (let i = 4; i >= 0; i--) {
    go(() => {
      sleep(10 * Millisecond + i * gap);
      order.send(i);
    });
  }
  let inOrder = true;
  for (let i = 0; i < 5; i++) if (order.recv() != i) inOrder = false;
  return inOrder;
}

/** A thread that the system keeps from running for longer than a gap puts them out of order, but not again and again. */
function sleepersWakeInOrder(): void {
  let gap = 60 * Millisecond;
  while (!wakeInOrder(gap)) {
    gap *= 3;
    check(gap < 6 * Second, "who sleeps less wakes first");
  }
}

function nobodyWakesEarly(): void {
  const wg = new WaitGroup();
  for (let i = 0; i < 500; i++) {
    wg.add();
    go(() => {
      for (let k = 0; k < 3; k++) {
        const d = <i64>((i * 7919 + k * 104729) % 20000) * Microsecond;
        const start = now();
        sleep(d);
        const took = now() - start;
        check(took >= d, `a sleep of ${d} lasted ${took}`);
      }
      wg.done();
    });
  }
  wg.wait();
}

function manySleepAtOnce(): void {
  const n = 20000;
  const wg = new WaitGroup();
  wg.add(n);
  const start = now();
  for (let i = 0; i < n; i++) {
    go(() => {
      sleep((50 + (i % 50)) * Millisecond);
      wg.done();
    });
  }
  check(numGoroutine() > 1, "some sleep");
  wg.wait();
  const took = (now() - start) / Millisecond;
  within<i64>(took, 50, 20000, "milliseconds that 20000 sleepers took together");
}

function afterSendsTheTimeOnce(): void {
  const start = now();
  const ch = after(5 * Millisecond);
  const fired = ch.recv();
  check(fired - start >= 5 * Millisecond, "not early");
  check(now() >= fired, "not in the future");
  sleep(10 * Millisecond);
  same(ch.tryRecv(), 0, "and only once");
  const past = after(-Second).recv();
  check(now() - past < 2 * Second, "a time in the past fires at once");
}

function farAwayTimesAreNotNear(): void {
  // Those of before may have said that they are done, and not have ended yet.
  for (let i = 0; i < 20000 && numGoroutine() > 1; i++) sleep(Millisecond);
  const never = after(i64.MAX_VALUE);
  const almost = after(i64.MAX_VALUE - 1);
  go(sleep(i64.MAX_VALUE));
  go(sleep(i64.MAX_VALUE - now()));
  const goroutines = numGoroutine();
  sleep(20 * Millisecond);
  never.tryRecv();
  same(never.length, 0, "the end of time");
  same<i64>(almost.tryRecv(), 0, "nearly the end of time");
  same(numGoroutine(), goroutines, "those that sleep for ever");
}

/** Sleeping goroutines hold no lock of each other's. */
function sleepInsideALock(): void {
  const mutex = new Mutex();
  const wg = new WaitGroup();
  const start = now();
  for (let i = 0; i < 5; i++) {
    wg.add();
    go(() => {
      mutex.lock();
      sleep(2 * Millisecond);
      mutex.unlock();
      wg.done();
    });
  }
  wg.wait();
  check(now() - start >= 10 * Millisecond, "one after the other");
}

export function main(): void {
  theUnits();
  nowGoesForward();
  sleepLastsLongEnough();
  sleepersWakeInOrder();
  nobodyWakesEarly();
  manySleepAtOnce();
  afterSendsTheTimeOnce();
  sleepInsideALock();
  farAwayTimesAreNotNear();
  println("ok");
}
