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

class List extends Array<i32> {}

function joined<T>(list: T[]): string {
  let text = "";
  for (const x of list) text += `${x},`;
  return text;
}

function firstAbove(list: i32[], limit: i32): i32 {
  for (const x of list) if (x > limit) return x;
  return -1;
}

function loopsOverCollections(): void {
  same(joined<f64>([1, 2.5]) + joined(["a", "b"]) + joined<i32>([]), "1.0,2.5,a,b,", "arrays of any type");
  same(firstAbove([1, 2, 3], 1), 2, "a return out of it");
  let log = "";
  for (const x of [1, 2, 3, 4, 5]) {
    if (x == 2) continue;
    if (x == 4) break;
    log += `${x} `;
  }
  for (const c of "aé😀") log += `${c}${c.length} `;
  const set = new Set<string>();
  set.add("x");
  set.add("y");
  for (const s of set) log += `${s} `;
  const map = new Map<string, i32>();
  map.set("one", 1);
  map.set("two", 2);
  for (const [key, value] of map) {
    log += `${key}=${value} `;
    map.delete(key);
  }
  map.set("three", 3);
  for (const [, value] of map) log += `${value} `;
  for (const [i, row] of [[10, 20], [30]].entries()) for (const x of row) log += `${i}:${x} `;
  for (const byte of Uint8Array.wrap(String.UTF8.encode("hi"))) log += `${byte} `;
  const list = new List();
  list.push(5);
  for (const x of list) log += `${x}`;
  same(log, "1 3 a1 é1 😀2 x y one=1 two=2 3 0:10 0:20 1:30 104 105 5", "all turns");
}

function loopsOverChannels(): void {
  const ch = new Chan<i32>();
  go(() => {
    for (let i = 1; i <= 4; i++) ch.send(i);
    ch.close();
  });
  let sum = 0;
  for (const x of ch) sum += x;
  same(sum, 10, "until it is closed");
}

function aTurnHasAVariableOfItsOwn(): void {
  const functions: (() => i32)[] = [];
  for (const x of [1, 2]) functions.push(() => x);
  for (let x of [3, 4]) {
    functions.push(() => x);
    x *= 10;
  }
  let log = "";
  for (const f of functions) log += `${f()} `;
  same(log, "1 2 30 40 ", "what functions captured");
}

const LARGE = 14695981039346656037;

function asFloat(x: f64): f64 {
  return x;
}

/** Also beyond the largest i64, which AssemblyScript takes for a negative number. */
function largeNumbersAreWhatTheySay(): void {
  const x: f64 = 10000000000000000000;
  same(x, 1e19, "of a variable");
  same(
    asFloat(18446744073709551615) + 9223372036854775808,
    18446744073709551616.0 + 9223372036854775808.0,
    "of others",
  );
  const y: f32 = 0xffffffffffffffff;
  same(y, <f32>18446744073709551616.0, "in base 16");
  same(LARGE / 10, <u64>1469598103934665603, "without a type");
  const bits = 0xffffffffffffffff;
  same(bits, <i64>-1, "bits");
  same(-9223372036854775808, i64.MIN_VALUE, "the smallest");
}

function multipleOfSeven(from: i32): i32 {
  for (;;) if (++from % 7 == 0) return from;
}

function rootAbove(square: i32): i32 {
  for (let i = 0; ; i++) {
    for (let j = 0; ; j++) if (j > i) break;
    if (i * i > square) return i;
  }
}

function wordAfter(x: i32): string {
  for (;;) {
    switch (x++) {
      case 3:
        break;
      case 5:
        return "five";
    }
  }
}

function brokenOff(x: i32): i32 {
  let log = "";
  for (;;) {
    try {
      if (x++ > 5) break;
    } finally {
      log += `${x} `;
    }
  }
  return log.length;
}

function receivedAbove(ch: Chan<i32>, least: i32): i32 {
  for (;;) {
    const next = ch.receive();
    if (!next.ok) return -1;
    if (next.value > least) return next.value;
  }
}

/** Loops without a condition need no return behind them. */
function loopsWithoutAnEnd(): void {
  same(multipleOfSeven(3), 7, "a statement as its body");
  same(rootAbove(10), 4, "one in another");
  same(wordAfter(1), "five", "a switch, whose break leaves it alone");
  same(brokenOff(5), 4, "a break inside of try");
  const ch = new Chan<i32>(3);
  for (let i = 1; i <= 3; i++) ch.send(i);
  same(receivedAbove(ch, 2), 3, "a receive");
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
  largeNumbersAreWhatTheySay();
  loopsOverCollections();
  loopsOverChannels();
  aTurnHasAVariableOfItsOwn();
  loopsWithoutAnEnd();
  println("ok");
}
