// A goroutine that computes without end does not keep the others from running.
// procs: 1,2

import {
  go,
  gosched,
  sleep,
  now,
  goid,
  println,
  Chan,
  Atomic,
  Mutex,
  Select,
  Millisecond,
  Second,
  after,
  threadId,
} from "skein";
import { check, same } from "../expect";

let sink: i64 = 0;

function loopForEver(): void {
  for (let i: i64 = 0; ; i++) sink += i;
}

function nestedLoopsForEver(): void {
  while (true) {
    for (let i = 0; i < 1000; i++) {
      let k = i;
      do {
        sink ^= k;
      } while (k-- > 0);
    }
  }
}

function step(x: i64): i64 {
  return (x * 6364136223846793005 + 1442695040888963407) >> 1;
}

function callsForEver(): void {
  let x: i64 = 1;
  for (;;) x = step(x);
}

function allocatesForAWhile(): void {
  for (let i = 0; i < 300000; i++) {
    const list = new Array<i32>(4);
    sink += list.length;
  }
}

function locksForEver(mutex: Mutex): void {
  for (;;) {
    mutex.lock();
    sink++;
    mutex.unlock();
  }
}

function othersRun(): void {
  const ch = new Chan<i32>();
  const start = now();
  for (let i = 0; i < 8; i++) {
    go(() => {
      ch.send(i);
    });
  }
  let sum = 0;
  for (let i = 0; i < 8; i++) sum += ch.recv();
  same(sum, 28, "what the others sent");
  sleep(Millisecond);
  const timeout = after(2 * Millisecond);
  timeout.recv();
  check(now() - start < 20 * Second, "and within reason");
}

/** Ends when another goroutine says so, and does not yield while it waits. */
function spinUntil(flag: Atomic<i32>): void {
  while (flag.load() == 0) {}
}

function aSpinningGoroutineLetsTheOneItWaitsForRun(): void {
  const flag = new Atomic<i32>();
  const done = new Chan<bool>();
  go(() => {
    flag.store(1);
  });
  go(() => {
    spinUntil(flag);
    done.send(true);
  });
  spinUntil(flag);
  done.recv();
}

function pollUntil(ch: Chan<i32>): i32 {
  const select = new Select();
  select.recv<i32>(ch);
  while (select.poll() != 0) {}
  return select.value<i32>();
}

function aPollingGoroutineLetsTheSenderRun(): void {
  const ch = new Chan<i32>();
  go(() => {
    ch.send(3);
  });
  same(pollUntil(ch), 3, "what the poll got");
}

/** A computation whose result depends on every turn, to see that being stopped in the middle changes nothing. */
function digest(seed: u32, turns: i32): u32 {
  let h = seed;
  let f: f64 = seed;
  let wide: u64 = seed;
  for (let i = 0; i < turns; i++) {
    h ^= <u32>i;
    h *= 16777619;
    wide = wide * 31 + h;
    f = f * 0.5 + <f64>(h & 0xff);
  }
  return h ^ (<u32>wide) ^ (<u32>(<i64>f));
}

function beingStoppedChangesNoResult(): void {
  const results = new Chan<u32>();
  const turns = 6000000;
  for (let i = 0; i < 6; i++) {
    go(() => {
      results.send(digest(i % 3, turns));
    });
  }
  const seen = new Map<u32, i32>();
  for (let i = 0; i < 6; i++) {
    const r = results.recv();
    seen.set(r, seen.has(r) ? seen.get(r) + 1 : 1);
  }
  same(seen.size, 3, "three seeds, three results");
  for (let i: u32 = 0; i < 3; i++) same(seen.get(digest(i, turns)), 2, "each result");
}

export function main(): void {
  aSpinningGoroutineLetsTheOneItWaitsForRun();
  aPollingGoroutineLetsTheSenderRun();
  beingStoppedChangesNoResult();
  go(allocatesForAWhile());
  othersRun();
  go(loopForEver());
  othersRun();
  go(nestedLoopsForEver());
  othersRun();
  go(callsForEver());
  othersRun();
  const mutex = new Mutex();
  go(locksForEver(mutex));
  othersRun();
  mutex.lock();
  mutex.unlock();
  same(goid(), 1, "main is still goroutine 1");
  check(threadId() >= 0, "main has a thread");
  gosched();
  println("ok");
}
