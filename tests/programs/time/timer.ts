// A Timer fires once, after its duration; after stop or reset no stale value is received, as in Go 1.23.

import { go, now, sleep, ok, Chan, Select, Timer, WaitGroup, Millisecond, Second, println } from "skein";
import { check, same } from "../expect";

function aTimerSendsTheTime(): void {
  const start = now();
  const timer = new Timer(5 * Millisecond);
  const fired = timer.chan.recv();
  check(ok(), "a value");
  check(fired - start >= 5 * Millisecond, "not early");
  check(now() >= fired, "not in the future");
  check(!timer.stop(), "stop of a timer that was received");
}

function aStoppedTimerDoesNotFire(): void {
  const timer = new Timer(10 * Millisecond);
  check(timer.stop(), "stop of a timer that runs");
  check(!timer.stop(), "stop of a stopped timer");
  sleep(30 * Millisecond);
  timer.chan.tryRecv();
  check(!ok(), "nothing to receive");
}

function stopTakesBackAValueThatNobodyReceived(): void {
  const timer = new Timer(Millisecond);
  sleep(20 * Millisecond);
  check(timer.stop(), "nobody has seen it fire");
  timer.chan.tryRecv();
  check(!ok(), "no stale value after stop");
  check(!timer.reset(5 * Millisecond), "reset of a stopped timer");
  const start = now();
  check(timer.chan.recv() >= start, "a fresh value after reset");
}

function resetTakesBackAValueThatNobodyReceived(): void {
  const timer = new Timer(Millisecond);
  sleep(20 * Millisecond);
  const start = now();
  check(timer.reset(10 * Millisecond), "nobody has seen it fire");
  timer.chan.tryRecv();
  check(!ok(), "no stale value after reset");
  const fired = timer.chan.recv();
  check(fired - start >= 10 * Millisecond, "the new time");
  timer.chan.tryRecv();
  check(!ok(), "and only once");
}

function resetMovesATimer(): void {
  const timer = new Timer(60 * Second);
  const start = now();
  check(timer.reset(5 * Millisecond), "reset of a timer that runs");
  timer.chan.recv();
  check(now() - start < 30 * Second, "sooner");
  check(!timer.reset(5 * Millisecond), "reset of a timer that has fired");
  timer.chan.recv();
  check(!timer.reset(10 * Millisecond), "reset again");
  for (let i = 0; i < 5; i++) {
    sleep(Millisecond);
    check(timer.reset(60 * Second), "later, and later again");
  }
  timer.chan.tryRecv();
  check(!ok(), "not yet");
  check(timer.stop(), "it still runs");
}

function zeroAndNegativeFireAtOnce(): void {
  const start = now();
  new Timer(0).chan.recv();
  new Timer(-Second).chan.recv();
  const timer = new Timer(60 * Second);
  timer.reset(-1);
  timer.chan.recv();
  check(now() - start < 10 * Second, "no waiting");
}

function theEndOfTime(): void {
  const timer = new Timer(i64.MAX_VALUE);
  sleep(5 * Millisecond);
  timer.chan.tryRecv();
  check(!ok(), "has not come");
  check(timer.reset(i64.MAX_VALUE), "reset");
  check(timer.stop(), "stop");
}

function anUnreceivedTimerKeepsItsValue(): void {
  const timer = new Timer(Millisecond);
  sleep(30 * Millisecond);
  const fired = timer.chan.recv();
  check(now() - fired >= 10 * Millisecond, "the time of firing, not of receiving");
}

function inASelect(): void {
  const work = new Chan<i32>();
  const timer = new Timer(60 * Second);
  const select = new Select();
  select.recv<i32>(work);
  select.recv<i64>(timer.chan);
  go(() => {
    for (let i = 0; i < 5; i++) {
      sleep(Millisecond);
      work.send(i);
    }
  });
  let count = 0;
  while (select.wait() == 0) {
    count++;
    timer.reset(count < 5 ? 60 * Second : 10 * Millisecond);
  }
  same(count, 5, "values before the quiet time");
}

function timersOfManyGoroutines(): void {
  const wg = new WaitGroup();
  for (let g = 0; g < 20; g++) {
    wg.add();
    go(() => {
      const timer = new Timer(Second);
      for (let i = 0; i < 20; i++) {
        const d = ((g * 31 + i * 17) % 5) * Millisecond;
        const start = now();
        timer.reset(d);
        if (i % 3 == 2) {
          if (timer.stop()) {
            timer.chan.tryRecv();
            check(!ok(), "no stale value");
          }
        } else check(timer.chan.recv() - start >= d, "not early");
      }
      timer.stop();
      wg.done();
    });
  }
  wg.wait();
}

function aTimerIsStoppedByAnotherGoroutine(): void {
  const timers: Timer[] = [];
  for (let i = 0; i < 200; i++) timers.push(new Timer((i % 10) * Millisecond));
  const wg = new WaitGroup();
  const stopped = new Chan<bool>(400);
  for (let g = 0; g < 2; g++) {
    wg.add();
    go(() => {
      for (let i = 0; i < 200; i++) {
        if (timers[i].stop()) stopped.send(true);
      }
      wg.done();
    });
  }
  wg.wait();
  same(stopped.length, 200, "each was stopped once, before anyone received");
  for (let i = 0; i < 200; i++) {
    timers[i].chan.tryRecv();
    check(!ok(), "no stale value");
  }
}

export function main(): void {
  aTimerSendsTheTime();
  aStoppedTimerDoesNotFire();
  stopTakesBackAValueThatNobodyReceived();
  resetTakesBackAValueThatNobodyReceived();
  resetMovesATimer();
  zeroAndNegativeFireAtOnce();
  theEndOfTime();
  anUnreceivedTimerKeepsItsValue();
  inASelect();
  timersOfManyGoroutines();
  aTimerIsStoppedByAnotherGoroutine();
  println("ok");
}
