// Computes on every P beside goroutines that wait, for as many milliseconds as it is told; for traces, dumps and stalls.

import {
  args,
  go,
  gomaxprocs,
  lockOSThread,
  now,
  println,
  sleep,
  sleepBlocking,
  Chan,
  Mutex,
  Millisecond,
  Second,
} from "skein";

let sink: i64 = 0;

function hogs(until: i64): void {
  while (now() < until) {
    for (let i = 0; i < 100000; i++) sink += i;
  }
}

function receives(ch: Chan<i32>): void {
  ch.recv();
}

function locks(mutex: Mutex): void {
  mutex.lock();
}

function sleeps(): void {
  sleep(3600 * Second);
}

function blocks(): void {
  for (;;) sleepBlocking(Millisecond);
}

function isLocked(ch: Chan<i32>): void {
  lockOSThread();
  ch.recv();
}

export function main(): void {
  const until = now() + I64.parseInt(args()[0]) * Millisecond;
  const mutex = new Mutex();
  mutex.lock();
  const ch = new Chan<i32>();
  go(receives(ch));
  go(locks(mutex));
  go(sleeps());
  go(isLocked(ch));
  if (args().length > 1) go(blocks());
  sleep(20 * Millisecond);
  println("ready");
  for (let i = 0, n = 2 * gomaxprocs(0); i < n; i++) go(hogs(until));
  hogs(until);
}
