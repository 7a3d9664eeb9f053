// A panic inside of a blocking call ends the program as any other, and so does exit.
//
// case: a throw
// args: throw
// exit: 2
// stderr-match: /^panic: inside\n\ngoroutine \d+ \[running\]:\n(?:.*\n)*?fails\(/
//
// case: a trap
// args: trap
// exit: 2
// stderr-match: /^panic: runtime error: integer divide by zero\n\ngoroutine \d+ \[running\]:\n/
//
// case: in main
// args: main
// exit: 2
// stderr-match: /^panic: inside\n\ngoroutine 1 \[running\]:\n/
//
// case: exit
// args: exit
// exit: 7

import { args, blocking, exit, go, sleep, sleepBlocking, Chan, Millisecond, Second } from "skein";

function fails(): void {
  sleepBlocking(Millisecond);
  throw new Error("inside");
}

function divides(by: i32): void {
  sleepBlocking(Millisecond);
  if (1 / by == 2) exit(0);
}

function leaves(): void {
  exit(7);
}

function callAndWait(how: string, never: Chan<bool>): void {
  if (how == "throw") blocking(fails());
  if (how == "trap") blocking(divides(0));
  if (how == "exit") blocking(leaves());
  never.send(true);
}

export function main(): void {
  const how = args()[0];
  if (how == "main") blocking(fails());
  go(callAndWait(how, new Chan<bool>()));
  sleep(20 * Second);
}
