// The exit code is what main returns, or what exit is given, modulo 256.
//
// case: main returns zero
// args: return 0
// stdout: begin
//
// case: main returns three
// args: return 3
// exit: 3
// stdout: begin
//
// case: main returns 300
// args: return 300
// exit: 44
// stdout: begin
//
// case: main returns minus one
// args: return -1
// exit: 255
// stdout: begin
//
// case: exit with zero
// args: exit 0
// stdout: begin
//
// case: exit with 7
// args: exit 7
// exit: 7
// stdout: begin
//
// case: exit with 256
// args: exit 256
// exit: 0
// stdout: begin
//
// case: exit with 1000
// args: exit 1000
// exit: 232
// stdout: begin
//
// case: exit with minus 3
// args: exit -3
// exit: 253
// stdout: begin
//
// case: exit deep down, with a partial line
// args: deep 5
// exit: 5
// stdout: begin
// stdout: partial$
//
// case: exit in a goroutine while main waits
// args: goroutine 9
// exit: 9
// stdout: begin
//
// case: exit in a goroutine while main computes
// args: computing 11
// procs: 2,4
// exit: 11
// stdout: begin
//
// case: exit in a function of afterFunc
// args: timer 12
// exit: 12
// stdout: begin
//
// case: exit by many goroutines at once
// args: many 13
// exit: 13
// stdout: begin

import { go, args, exit, print, println, afterFunc, sleep, Chan, Millisecond } from "skein";

function deep(n: i32, code: i32): i32 {
  if (n == 0) {
    print("partial");
    exit(code);
    println("not reached");
  }
  return deep(n - 1, code) + 1;
}

let sink: i64 = 0;

export function main(): i32 {
  println("begin");
  const how = args()[0];
  const code = I32.parseInt(args()[1]);
  if (how == "return") return code;
  if (how == "exit") exit(code);
  if (how == "deep") deep(50, code);
  if (how == "timer") afterFunc(Millisecond, exit(code));
  if (how == "goroutine") {
    go(() => {
      sleep(5 * Millisecond);
      exit(code);
    });
  }
  if (how == "many") {
    for (let i = 0; i < 100; i++) go(exit(code));
  }
  if (how == "computing") {
    go(exit(code));
    for (;;) sink++;
  }
  new Chan<i32>().recv();
  println("not reached");
  return 99;
}
