// Unfinished lines are out when the program ends, however it ends, and whoever has begun them.
//
// case: main returns
// args: return
// stdout-match: /^(?=[^]*of a goroutine that has ended)(?=[^]*of a goroutine that waits)[^]*of main$/
//
// case: exit
// args: exit
// exit: 5
// stdout-match: /^(?=[^]*of a goroutine that has ended)(?=[^]*of a goroutine that waits)[^]*of main$/
//
// case: a panic
// args: panic
// exit: 2
// stdout-match: /^(?=[^]*of a goroutine that has ended)(?=[^]*of a goroutine that waits)[^]*of main$/
// stderr-match: /^panic: the end\n\ngoroutine 1 \[running\]:\n/
//
// case: a trap
// args: trap
// exit: 2
// stdout-match: /^(?=[^]*of a goroutine that has ended)(?=[^]*of a goroutine that waits)[^]*of main$/
// stderr-match: /^panic: runtime error: index out of range \[1\] with length 0\n\ngoroutine 1 \[running\]:\n/
//
// case: a deadlock
// args: deadlock
// exit: 2
// stdout-match: /^(?=[^]*of a goroutine that has ended)(?=[^]*of a goroutine that waits)(?=[^]*of main)/
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n/

import { go, args, exit, print, Chan } from "skein";
import { settle } from "../expect";

const empty: i32[] = [];

export function main(): void {
  const how = args()[0];
  const never = new Chan<i32>();
  go(print("[of a goroutine that has ended]"));
  go(() => {
    print("[of a goroutine that ");
    print("waits]");
    never.recv();
  });
  settle();
  print("of main");
  if (how == "exit") exit(5);
  if (how == "panic") throw new Error("the end");
  if (how == "trap") never.send(empty[1]);
  if (how == "deadlock") never.recv();
}
