// gomaxprocs(n) while everything is in use: what runs, waits, sleeps, blocks, is locked or queued goes on, and is counted.
// timeout: 60

import {
  afterFunc,
  blocking,
  go,
  gomaxprocs,
  gosched,
  lockOSThread,
  now,
  println,
  sleep,
  sleepBlocking,
  threadId,
  unlockOSThread,
  Atomic,
  Chan,
  Mutex,
  Ticker,
  WaitGroup,
  Microsecond,
  Millisecond,
} from "skein";
import { check, same, settle } from "../expect";

/** The same numbers in every run. */
class Random {
  constructor(private state: u64) {}

  below(n: i32): i32 {
    this.state = this.state * 6364136223846793005 + 1442695040888963407;
    return <i32>((this.state >> 33) % n);
  }
}

const counted = new Atomic<i64>();
const wg = new WaitGroup();
const mutex = new Mutex();
let guarded: i64 = 0;
let sink: u64 = 0;

function yieldAndCount(turns: i32): void {
  for (let i = 0; i < turns; i++) {
    counted.add(1);
    gosched();
  }
  wg.done();
}

function computeAndCount(turns: i32): void {
  let x: u64 = 1;
  for (let i = 0; i < turns; i++) {
    for (let k = 0; k < 20000; k++) x = x * 6364136223846793005 + 1;
    sink = x;
    counted.add(1);
  }
  wg.done();
}

function sleepAndCount(turns: i32): void {
  for (let i = 0; i < turns; i++) {
    const until = now() + 300 * Microsecond;
    sleep(300 * Microsecond);
    check(now() >= until, "no sleep ends early");
    counted.add(1);
  }
  wg.done();
}

function blockAndCount(turns: i32): void {
  for (let i = 0; i < turns; i++) {
    if (i % 2 == 0) sleepBlocking(Millisecond);
    else blocking(sleepBlocking(200 * Microsecond));
    counted.add(1);
  }
  wg.done();
}

function lockThreadAndCount(turns: i32): void {
  lockOSThread();
  const thread = threadId();
  for (let i = 0; i < turns; i++) {
    if (i % 3 == 0) sleep(100 * Microsecond);
    else gosched();
    same(threadId(), thread, "the thread of a locked goroutine");
    counted.add(1);
  }
  unlockOSThread();
  wg.done();
}

function lockAndCount(turns: i32): void {
  for (let i = 0; i < turns; i++) {
    mutex.lock();
    guarded++;
    if (i % 10 == 0) gosched();
    mutex.unlock();
    counted.add(1);
  }
  wg.done();
}

function relay(from: Chan<i32>, to: Chan<i32>): void {
  for (let r = from.range(); r.next();) to.send(r.value + 1);
  to.close();
}

/** A chain whose ends are held by goroutines too: everyone in it waits most of the time. */
function chain(length: i32, values: i32): void {
  const first = new Chan<i32>();
  let last = first;
  for (let i = 0; i < length; i++) {
    const next = new Chan<i32>(i % 3);
    go(relay(last, next));
    last = next;
  }
  go(() => {
    for (let i = 0; i < values; i++) first.send(i);
    first.close();
  });
  let next = length;
  for (let r = last.range(); r.next(); next++) same(r.value, next, "values in order");
  counted.add(next - length);
  wg.done();
}

function nothingIsLost(): void {
  const random = new Random(3);
  const timers = 200;
  wg.add(40 + timers);
  for (let i = 0; i < 10; i++) go(yieldAndCount(400));
  for (let i = 0; i < 4; i++) go(computeAndCount(100));
  for (let i = 0; i < 10; i++) go(sleepAndCount(30));
  for (let i = 0; i < 4; i++) go(blockAndCount(12));
  for (let i = 0; i < 3; i++) go(lockThreadAndCount(60));
  for (let i = 0; i < 8; i++) go(lockAndCount(300));
  go(chain(12, 200));
  for (let i = 0; i < timers; i++) {
    afterFunc(random.below(30000) * Microsecond, () => {
      counted.add(1);
      wg.done();
    });
  }
  for (let i = 0; i < 60; i++) {
    const n = 1 + random.below(8);
    gomaxprocs(n);
    same(gomaxprocs(0), n, "the number just set");
    if (i % 4 != 0) sleep(random.below(800) * Microsecond);
  }
  wg.wait();
  same<i64>(counted.load(), 4000 + 400 + 300 + 48 + 180 + 2400 + 200 + timers, "turns of all");
  same<i64>(guarded, 2400, "turns under the mutex");
}

function manyMayChangeItAtOnce(): void {
  wg.add(4);
  for (let i = 0; i < 4; i++) {
    go(() => {
      for (let k = 0; k < 10; k++) {
        const before = gomaxprocs(1 + ((i + k) % 8));
        check(before >= 1 && before <= 8, "the previous number is one that somebody set");
        gosched();
      }
      wg.done();
    });
  }
  wg.wait();
}

/** A timer set on a P that then goes away fires all the same, and a ticker ticks on. */
function timersSurviveTheirP(): void {
  gomaxprocs(8);
  const fired = new Chan<i32>(8);
  const begun = new WaitGroup();
  for (let i = 0; i < 8; i++) {
    begun.add();
    go(() => {
      afterFunc(20 * Millisecond, fired.send(i));
      begun.done();
      const until = now() + 2 * Millisecond;
      while (now() < until) {}
    });
  }
  begun.wait();
  const ticker = new Ticker(2 * Millisecond);
  gomaxprocs(1);
  let sum = 0;
  for (let i = 0; i < 8; i++) sum += fired.recv();
  same(sum, 28, "all timers fired");
  for (let i = 0; i < 3; i++) ticker.chan.recv();
  ticker.stop();
}

/** With one P again, goroutines run one at a time. */
function onePMeansOneAtATime(): void {
  gomaxprocs(4);
  settle();
  gomaxprocs(1);
  const inside = new StaticArray<i32>(1);
  wg.add(6);
  for (let i = 0; i < 6; i++) {
    go(() => {
      for (let k = 0; k < 20000; k++) {
        // Nobody can be stopped between these lines, where there is no loop and no call.
        same(atomic.add<i32>(changetype<usize>(inside), 1), 0, "goroutines at once");
        atomic.sub<i32>(changetype<usize>(inside), 1);
        if (k % 100 == 0) gosched();
      }
      wg.done();
    });
  }
  wg.wait();
}

export function main(): void {
  const given = gomaxprocs(0);
  nothingIsLost();
  manyMayChangeItAtOnce();
  timersSurviveTheirP();
  onePMeansOneAtATime();
  same(gomaxprocs(given), 1, "the last number set");
  println("ok");
}
