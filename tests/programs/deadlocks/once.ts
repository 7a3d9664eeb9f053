// A deadlock is looked into by one M, though the timer M wakes up just then, as a timer that it waited for was stopped shortly before.
//
// case: soon after
// args: 300
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*once\.ts:32:3$/m
//
// case: sooner
// args: 150
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*once\.ts:32:3$/m
//
// case: later
// args: 600
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*once\.ts:32:3$/m

import { args, now, sleep, Chan, Microsecond, Millisecond, Mutex, Timer } from "skein";

export function main(): void {
  const before = I32.parseInt(args()[0]) * Microsecond;
  const ch = new Chan<i32>(1);
  ch.send(1);
  ch.recv();
  sleep(20 * Millisecond);
  const timer = new Timer(30 * Millisecond);
  const end = now() + 30 * Millisecond - before;
  while (now() < end);
  timer.stop();
  const mutex = new Mutex();
  mutex.lock();
  mutex.lock();
}
