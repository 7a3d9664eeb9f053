// Everything printed is out before the program ends, however much it is and however it ends.
//
// case: main returns
// args: return
// stdout-check: numbers 1 60000
//
// case: main calls exit
// args: exit
// exit: 3
// stdout-check: numbers 1 60000
//
// case: a panic
// args: panic
// exit: 2
// stdout-check: numbers 1 60000
// stderr-match: /^panic: enough\n\ngoroutine 1 \[running\]:\n/
//
// case: a trap in another goroutine
// args: trap
// exit: 2
// stdout-check: numbers 1 60000
// stderr-match: /^panic: runtime error: index out of range \[1\] with length 0\n\ngoroutine \d+ \[running\]:\n/
//
// case: a deadlock
// args: deadlock
// exit: 2
// stdout-check: numbers 1 60000
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n/

import { go, println, exit, args, Chan } from "skein";

const empty: i32[] = [];

export function main(): void {
  const how = args()[0];
  for (let i = 1; i <= 60000; i++) println(`line ${i}`);
  if (how == "exit") exit(3);
  if (how == "panic") throw new Error("enough");
  const ch = new Chan<i32>();
  if (how == "deadlock") ch.recv();
  if (how == "trap") {
    go(() => {
      ch.send(empty[1]);
    });
    ch.recv();
  }
}
