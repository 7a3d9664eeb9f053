// Initialisers run once, as the beginning of goroutine 1; they may start goroutines, block, exit and panic.
//
// case: to the end
// args: run
// stdout: initialiser in goroutine 1
// stdout: from a goroutine: 42
// stdout: main in goroutine 1
//
// case: exit
// args: exit
// exit: 6
// stdout: initialiser in goroutine 1
//
// case: panic
// args: panic
// exit: 2
// stdout: initialiser in goroutine 1
// stderr-match: /^panic: in an initialiser\n\ngoroutine 1 \[running\]:\n/
//
// case: deadlock
// args: deadlock
// exit: 2
// stdout: initialiser in goroutine 1
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:\n/

import { go, args, exit, goid, println, Chan } from "skein";

println(`initialiser in goroutine ${goid()}`);

const how = args()[0];
const ch = new Chan<i32>();

if (how == "exit") exit(6);
if (how == "panic") throw new Error("in an initialiser");
if (how == "deadlock") ch.recv();

go(() => {
  ch.send(42);
});
const answer = ch.recv();
println(`from a goroutine: ${answer}`);

export function main(): void {
  println(`main in goroutine ${goid()}`);
}
