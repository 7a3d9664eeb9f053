// The program of host.test.ts: it waits, prints or computes, as it is told.

import {
  afterFunc,
  args,
  Chan,
  gc,
  go,
  memStats,
  Millisecond,
  Mutex,
  now,
  println,
  Second,
  Select,
  sleep,
  WaitGroup,
} from "skein";

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

/** Has 128 MB of objects, each with what it was given and nothing else. */
function fill(): void {
  const list = new Array<StaticArray<u8>>();
  for (let i = 0; i < 64_000; i++) {
    const bytes = new StaticArray<u8>(2000);
    for (let k = 0; k < 2000; k++) assert(bytes[k] == 0, "new memory is empty");
    memory.fill(changetype<usize>(bytes), <u8>i, 2000);
    list.push(bytes);
  }
  for (let i = 0; i < list.length; i++) assert(list[i][1999] == <u8>i, "an object keeps what it holds");
}

/** Says when the memory of a peak has been given back to the system, twice, for it is used again in between; at most for 40 seconds. */
function peak(): void {
  for (let round = 0; round < 2; round++) {
    fill();
    gc();
    const end = now() + 20 * Second;
    while (memStats().heapReleased < 100 << 20 && now() < end) sleep(10 * Millisecond);
    println(now() < end ? "given back" : `kept: ${memStats().heapReleased} bytes were given back`);
  }
}

export function main(): void {
  const list = args();
  if (list[0] == "idle") idle(list[1]);
  if (list[0] == "peak") peak();
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
