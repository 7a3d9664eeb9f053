// Jobs that do what a scheduler would rather they did not: compute without end, block threads, keep threads, change the
// number of Ps. Each knows what it must count.

import {
  blocking,
  go,
  goexit,
  gomaxprocs,
  gosched,
  lockOSThread,
  sleep,
  sleepBlocking,
  threadId,
  unlockOSThread,
  Atomic,
  Chan,
  WaitGroup,
  Microsecond,
} from "skein";
import { disturb, expect, fail, Random, totals } from "./support";

// Computation long enough to be stopped in the middle.

function compute(turns: i32): u32 {
  let h: u32 = 2166136261;
  for (let i = 0; i < turns; i++) h = (h ^ (<u32>(i & 255))) * 16777619;
  return h;
}

export function computation(random: Random): void {
  const turns = 10000 + random.below(3000000);
  const results = new Chan<u32>();
  for (let i = 0; i < 2; i++) {
    go(() => {
      results.send(compute(turns));
    });
  }
  expect("two equal computations", results.recv(), results.recv());
}

// Goroutines wired to their threads, which talk to others that are not.

function wired(random: Random, input: Chan<i32>, out: Chan<i32>): void {
  lockOSThread();
  const thread = threadId();
  for (let r = input.range(); r.next();) {
    if (threadId() != thread) fail("the thread of a locked goroutine", threadId(), thread);
    disturb(random);
    out.send(r.value + 1);
  }
  out.close();
  if (random.below(2) == 0) unlockOSThread();
}

export function threads(random: Random): void {
  const input = new Chan<i32>();
  let out = input;
  const stages = 1 + random.below(3);
  for (let i = 0; i < stages; i++) {
    const next = new Chan<i32>(random.below(3));
    go(wired(random.child(), out, next));
    out = next;
  }
  const turns = 1 + random.below(40);
  go(() => {
    for (let i = 0; i < turns; i++) input.send(i);
    input.close();
  });
  let sum: i64 = 0;
  for (let r = out.range(); r.next();) sum += r.value;
  expect("sum through locked goroutines", sum, <i64>turns * stages + (<i64>turns * (turns - 1)) / 2);
}

// Blocking calls: goroutines that keep their M for a while, alone, inside of each other, with channels inside, and locked.

function pass(random: Random, value: i32, through: Chan<i32>): void {
  if (random.below(2) == 0) sleepBlocking(random.below(500) * Microsecond);
  disturb(random);
  through.send(value);
}

function passLast(random: Random, value: i32, through: Chan<i32>): void {
  pass(random, value, through);
  goexit();
}

function blocker(random: Random, turns: i32, through: Chan<i32>): void {
  const locked = random.below(4) == 0;
  if (locked) lockOSThread();
  const thread = threadId();
  for (let t = 1; t < turns; t++) {
    const kind = random.below(4);
    if (kind == 0) {
      sleepBlocking(random.below(2000) * Microsecond);
      through.send(t);
    } else if (kind == 1) blocking(pass(random, t, through));
    else if (kind == 2) blocking(blocking(pass(random, t, through)));
    else {
      disturb(random);
      through.send(t);
    }
    if (locked && threadId() != thread) fail("the thread of a locked goroutine that blocks", threadId(), thread);
  }
  // One that is locked may end so, and one may end inside of a call.
  if (random.below(2) == 0) blocking(passLast(random, turns, through));
  else through.send(turns);
}

export function blockers(random: Random): void {
  const n = 1 + random.below(5);
  const turns = 1 + random.below(30);
  const through = new Chan<i32>(random.below(4));
  for (let i = 0; i < n; i++) go(blocker(random.child(), turns, through));
  let sum: i64 = 0;
  for (let i = 0; i < n * turns; i++) sum += through.recv();
  expect("sum through blocking calls", sum, (<i64>n * turns * (turns + 1)) / 2);
  totals.blockingCalls.add(n * turns);
}

// Hogs: loops without calls that go on until somebody else is allowed to run.

let sink: i64 = 0;

function hog(flag: StaticArray<i32>, locked: bool, wg: WaitGroup): void {
  if (locked) lockOSThread();
  while (atomic.load<i32>(changetype<usize>(flag)) == 0) sink++;
  wg.done();
}

export function hogs(random: Random): void {
  const flag = new StaticArray<i32>(1);
  const n = 1 + random.below(3);
  const wg = new WaitGroup();
  wg.add(n);
  for (let i = 0; i < n; i++) go(hog(flag, random.below(3) == 0, wg));
  const d = random.below(3000) * Microsecond;
  if (random.below(2) == 0) sleep(d);
  else sleepBlocking(d);
  gosched();
  atomic.store<i32>(changetype<usize>(flag), 1);
  wg.wait();
}

// Resizing: the number of Ps changes while all the others are at work.

/** Whether it may: 1 if the program was told so. */
export const resize = new Atomic<i32>();

export function resizing(random: Random): void {
  for (let i = 0, n = resize.load() * random.below(12); i < n; i++) {
    const before = gomaxprocs(1 + random.below(8));
    if (before < 1 || before > 8) fail("the previous number of Ps", before, 8);
    sleep(random.below(500) * Microsecond);
  }
}
