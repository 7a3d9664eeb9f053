// Whatever a goroutine computes with, however its loops are nested, the others get their turn on the same P.
// procs: 1
// timeout: 120

import { go, now, println, sleep, Atomic, Chan, Millisecond, Second } from "skein";
import { check, same } from "../expect";

const stop = new Atomic<i32>();
let sink: i64 = 0;

function emptyLoop(): void {
  while (true) {}
}

function doWhile(): void {
  do sink++;
  while (stop.load() == 0);
}

/** The inner loops take few turns: none of them comes to a check by itself. */
function shortInnerLoops(): void {
  for (let i = 0; ; i++) {
    for (let j = 0; j < 3; j++) {
      for (let k = 0; k < 2; k++) sink += i ^ (j + k);
    }
  }
}

/** The innermost loop never ends, three deep. */
function endlessInnerLoop(): void {
  for (let i = 0; i < 10; i++) {
    for (let j = 0; j < 10; j++) {
      if (j < 5) continue;
      while (sink != i64.MIN_VALUE) sink = (sink + j) & 0xffff;
    }
  }
}

function twoLoopsSideBySide(): void {
  while (true) {
    for (let i = 0; i < 5; i++) sink += i;
    let n = 7;
    while (n != 1) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    sink += n;
  }
}

function continueInSwitch(): void {
  for (let i: u32 = 0; ; i++) {
    switch (i % 4) {
      case 0:
        continue;
      case 1:
        sink++;
      case 2:
        sink--;
        break;
      default:
        while (i % 4 != 0) i++;
    }
  }
}

// @ts-ignore: decorator
@inline
function triangular(n: i32): i32 {
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += i;
  return sum;
}

/** A loop in the middle of an expression: what is to its left is computed already. */
function loopAsOperand(): void {
  for (let i = 0; ; i++) sink = (sink * 3) ^ (triangular(i & 7) + sink * triangular(5));
}

function fibonacci(n: i32): i64 {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

function deepRecursion(): void {
  sink = fibonacci(60);
}

function even(n: i32): bool {
  return n == 0 || odd(n - 1);
}

function odd(n: i32): bool {
  return n != 0 && even(n - 1);
}

/** Each call is short; only together do they last. */
function mutualRecursion(): void {
  sink += takeuchi(60, 40, 20);
  while (even(100)) sink++;
}

/** Calls without end, and none of them deep. */
function takeuchi(x: i32, y: i32, z: i32): i32 {
  return y >= x ? z : turned(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

function turned(x: i32, y: i32, z: i32): i32 {
  return takeuchi(x, y, z);
}

let again: (n: i32) => i32 = (n: i32): i32 => n;

/** The cycle of calls goes through a variable. */
function recursionThroughAVariable(): void {
  again = (n: i32): i32 => (n < 2 ? n : again(n - 1) + again(n - 2));
  sink = again(60);
}

let one: i32 = 1;
const misled = new Atomic<i32>();

let counted: (n: i32, step?: i32) => i32 = (n: i32, step: i32 = 1): i32 => n;

/** The steps from n down to 0; where none are given they are of one. A stub finds out, by a number that belongs to the thread. */
function count(n: i32, step: i32 = one): i32 {
  if (n <= 0) return 0;
  return step == 2 ? 1 + counted(n - 2, 2) : 1 + counted(n - step);
}

function omittedArguments(): void {
  while (true) if (counted(50) != 50) misled.add(1);
}

function givenArguments(): void {
  while (true) if (counted(100, 2) != 50) misled.add(1);
}

function sorts(): void {
  const numbers = new Array<i32>(200_000);
  while (true) {
    let x: u32 = 12345;
    for (let i = 0; i < numbers.length; i++) {
      x = x * 1664525 + 1013904223;
      numbers[i] = x >> 8;
    }
    numbers.sort((a, b) => a - b);
  }
}

function library(): void {
  const words = new Array<string>(2000).fill("word");
  const bytes = new Uint8Array(1 << 20);
  while (true) {
    sink += words.join(" ").split(" ").length;
    sink += bytes.indexOf(1);
    sink += words.map<i32>((word) => word.length).reduce((a, b) => a + b, 0);
  }
}

/** A few goroutines come and go, beside all that compute; with each of those a time slice more in every round. */
function othersRun(what: string): void {
  const answers = new Chan<i32>();
  const began = now();
  for (let i = 0; i < 4; i++) {
    go(() => {
      sleep(Millisecond);
      answers.send(i);
    });
  }
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += answers.recv();
  same(sum, 6, "the answers");
  check(now() - began < 20 * Second, what + " keeps the others waiting");
}

export function main(): void {
  go(emptyLoop());
  othersRun("an empty loop");
  go(doWhile());
  othersRun("a do-while loop");
  stop.store(1);
  go(shortInnerLoops());
  othersRun("a nest of short loops");
  go(endlessInnerLoop());
  othersRun("an endless loop inside others");
  go(twoLoopsSideBySide());
  othersRun("a loop with two inside");
  go(continueInSwitch());
  othersRun("a continue in a switch");
  go(loopAsOperand());
  othersRun("a loop within an expression");
  go(deepRecursion());
  othersRun("recursion");
  go(mutualRecursion());
  othersRun("mutual recursion");
  go(recursionThroughAVariable());
  othersRun("recursion through a variable");
  counted = count;
  go(omittedArguments());
  go(givenArguments());
  for (let i = 0; i < 4; i++) othersRun("omitted arguments");
  go(sorts());
  othersRun("sorting");
  go(library());
  othersRun("library functions");
  same(misled.load(), 0, "calls that took a wrong number of arguments");
  println("ok");
}
