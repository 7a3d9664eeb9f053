// A stack shows the line of the call that waits, though all of the library's code is part of the function by then.
//
// case: a receive
// args: recv
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*lines\.ts:38:5$/m
//
// case: a lock
// args: lock
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*lines\.ts:43:5$/m
//
// case: a select
// args: select
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*lines\.ts:49:20$/m
//
// case: a panic
// args: close
// exit: 2
// stderr-match: /^main\(\.\.\.\)\n\t.*lines\.ts:54:5$/m

import { args, go, gosched, sleep, Chan, Millisecond, Mutex, Select } from "skein";

function give(ch: Chan<i32>): void {
  ch.send(1);
}

export function main(): void {
  const first = new Chan<i32>();
  go(give(first));
  first.recv();
  sleep(Millisecond);
  gosched();
  const what = args()[0];
  const ch = new Chan<i32>();
  if (what == "recv") {
    ch.recv();
  }
  if (what == "lock") {
    const mutex = new Mutex();
    mutex.lock();
    mutex.lock();
  }
  if (what == "select") {
    const cases = new Select();
    cases.recv<i32>(ch);
    cases.recv<i32>(first);
    const chosen = cases.wait() + 1;
    if (chosen > 0) gosched();
  }
  if (what == "close") {
    ch.close();
    ch.close();
  }
}
