// A slice that is used up ends whatever the goroutine does: it may hold a lock, or have just been readied by a partner.
// procs: 1
// timeout: 120

import { go, now, println, Chan, Mutex, WaitGroup, Millisecond, Second } from "skein";
import { check, same } from "../expect";

/** Two goroutines that ready each other hand on what is left of the slice, not a new one. */
function aPairLeavesTurnsToAThird(): void {
  const ping = new Chan<i32>();
  const pong = new Chan<i32>();
  go(() => {
    while (true) ping.send(pong.recv());
  });
  go(() => {
    for (let n = 0; ; n++) {
      pong.send(n);
      ping.recv();
    }
  });
  let turns = 0;
  const began = now();
  for (let last = began; turns < 3 && now() - began < 20 * Second;) {
    const t = now();
    if (t - last > Millisecond) turns++; // others have run
    last = t;
  }
  check(turns >= 3, `the third goroutine had ${turns} turns`);
}

/** The one that holds the lock is stopped in the middle; the others wait for it, and it goes on. */
function whatALockGuardsIsNotTorn(): void {
  const mutex = new Mutex();
  const wg = new WaitGroup();
  const counts = new StaticArray<i64>(64);
  for (let g = 0; g < 4; g++) {
    wg.add();
    go(() => {
      for (let round = 0; round < 20; round++) {
        mutex.lock();
        const before = counts[0];
        for (let turn = 0; turn < 20_000; turn++) {
          for (let i = 0; i < counts.length; i++) counts[i]++;
        }
        same(counts[63], before + 20_000, "the counts while the lock is held");
        mutex.unlock();
      }
      wg.done();
    });
  }
  const began = now();
  wg.wait();
  for (let i = 0; i < counts.length; i++) same(counts[i], <i64>4 * 20 * 20_000, "the counts in the end");
  check(now() - began < 60 * Second, "in time");
}

export function main(): void {
  whatALockGuardsIsNotTorn();
  aPairLeavesTurnsToAThird();
  println("ok");
}
