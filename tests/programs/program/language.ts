// The language is what AssemblyScript says it is, also where its compiler by itself goes wrong.
// procs: 1
//
// case: narrow variables
//
// case: a function that ends with exit
// args: exit
// exit: 3
//
// case: a goroutine that is nothing but exit
// args: go-exit
// exit: 4
// stdout: the caller goes on

import { args, exit, go, println, Chan } from "skein";
import { same } from "../expect";

/** The first place that does not hold its own index, in bytes. */
function firstOther(bytes: StaticArray<u8>): i32 {
  let at = 0;
  for (let i: u8 = 0; at < bytes.length; i++) {
    if (bytes[at] != i) return at;
    at++;
  }
  return -1;
}

function turnsUntil(end: u8): i32 {
  let turns = 0;
  for (let i: u8 = 250; i != end && turns < 1000; i += 1) turns++;
  return turns;
}

function turnsOfSigned(end: i16): i32 {
  let turns = 0;
  for (let i: i16 = 32766; i != end && turns < 1000; ++i) turns++;
  return turns;
}

function aNarrowLoopVariableWrapsAround(): void {
  const bytes = new StaticArray<u8>(600);
  for (let i = 0; i < bytes.length; i++) bytes[i] = <u8>i;
  same(firstOther(bytes), -1, "bytes beside a counter of bytes");
  same(turnsUntil(5), 11, "from 250 to 5 in a u8");
  same(turnsOfSigned(-32766), 4, "from 32766 to -32766 in an i16");
}

/** What ends with exit needs no return. */
function exitsUnless(holds: bool): i32 {
  if (holds) return 1;
  else exit(3);
}

export function main(): void {
  const how = args().length > 0 ? args()[0] : "";
  if (how == "exit") exitsUnless(false);
  if (how == "go-exit") {
    go(exit(4));
    println("the caller goes on");
    new Chan<i32>().recv();
  }
  aNarrowLoopVariableWrapsAround();
  println("ok");
}
