// Calls of function values: those that the compiler knows and makes directly, and those that it does not, with what they capture and wherever they park.
// procs: 1,2
import { Chan, go, gosched, WaitGroup, println } from "skein";
import { same as sameAs } from "../expect";

let checks = 0;

function same<T>(found: T, expected: T): void {
  sameAs(found, expected, `check ${++checks}`);
}

type Op = (a: i32, b: i32) => i32;

function apply(values: i32[], op: Op, start: i32): i32 {
  let result = start;
  for (let i = 0; i < values.length; i++) result = op(result, values[i]);
  return result;
}

function handOn(values: i32[], op: Op): i32 {
  return apply(values, op, 1);
}

const numbers: i32[] = [1, 2, 3, 4, 5];

function knownThroughFunctions(): void {
  const factor = numbers.length;
  same(
    apply(numbers, (a, b) => a + b, 0),
    15,
  );
  same(
    handOn(numbers, (a, b) => a * b),
    120,
  );
  same(
    handOn(numbers, (a, b) => a + b * factor),
    76,
  );
  same(apply(numbers, plus, 10), 25);
}

function plus(a: i32, b: i32): i32 {
  return a + b;
}

/** Its parameter is another function later. */
function replaced(op: Op, n: i32): i32 {
  let result = op(n, 1);
  op = (a, b) => a - b;
  result = op(result, 100);
  return result;
}

function unknown(): void {
  same(replaced(plus, 5), -94);
  const ops: Op[] = [plus, (a, b) => a * b, (a, b) => a - b];
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += ops[i % 3](i, 2);
  same(sum, 48);
  let chosen: Op | null = null;
  for (let i = 0; i < 3; i++) {
    if (i == 1) chosen = plus;
    if (chosen) sum += chosen!(i, i);
  }
  same(sum, 54);
}

function counter(start: i32): () => i32 {
  let count = start;
  return () => ++count;
}

function eitherCounter(second: bool): () => i32 {
  let a = 10;
  let b = 20;
  if (second) return () => (b += 2);
  return () => ++a;
}

function results(): void {
  const one = counter(0);
  const other = counter(100);
  for (let i = 0; i < 5; i++) {
    one();
    other();
  }
  same(one(), 6);
  same(other(), 106);
  const first = eitherCounter(false);
  const second = eitherCounter(true);
  same(first() + second(), 33);
  same(first() + second(), 36);
}

/** Calls itself with the function that it was given. */
function walk(depth: i32, at: (depth: i32) => i32): i32 {
  if (depth == 0) return at(0);
  return at(depth) + walk(depth - 1, at);
}

function recursion(): void {
  let calls = 0;
  same(
    walk(10, (depth) => {
      calls++;
      return depth;
    }),
    55,
  );
  same(calls, 11);
  const fib: (n: i32) => i32 = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
  same(fib(15), 610);
  let odd: (n: i32) => bool = (n) => false;
  const even: (n: i32) => bool = (n) => n == 0 || odd(n - 1);
  odd = (n) => n != 0 && even(n - 1);
  same(even(1000), true);
  same(odd(1000), false);
}

function withDefault(a: i32, b: i32 = 7): i32 {
  return a * 10 + b;
}

function ofOne(f: (a: i32, b?: i32) => i32): i32 {
  return f(2);
}

function defaults(): void {
  const f: (a: i32, b?: i32) => i32 = withDefault;
  same(f(1), 17);
  same(f(1, 2), 12);
  const shift = numbers.length;
  const g = (a: i32, b: i32 = 3): i32 => a * b + shift;
  same(g(2), 11);
  same(g(2, 4), 13);
  same(ofOne(g), 11);
  same(ofOne(withDefault), 27);
}

/** What is called for each element waits for another goroutine, so that the loop goes on elsewhere. */
class Adder {
  add: (a: i32, b?: i32) => i32;

  constructor(by: i32) {
    this.add = (a: i32, b: i32 = 4): i32 => a * 10 + b + by;
  }
}

function joined(f: (a: i32, b?: string) => string): string {
  return f(1) + f(2, "!");
}

/** Of function expressions, for types that let a parameter be omitted. */
function defaultsOfExpressions(): void {
  const f: (a: i32, b?: i32) => i32 = (a: i32, b: i32 = 3): i32 => a * 10 + b;
  same(f(2), 23);
  same(f(2, 5), 25);
  const adder = new Adder(100);
  same(adder.add(1), 114);
  same(adder.add(1, 1), 111);
  same(
    joined((a: i32, b: string = "?"): string => `${a}${b}`),
    "1?2!",
  );
  let n = 7;
  const late: (a: i32, b?: i32) => i32 = (a: i32, b: i32 = n): i32 => a * 10 + b;
  n = 9;
  same(late(1), 19);
}

function parking(): void {
  const ch = new Chan<i32>();
  go(() => {
    for (let i = 0; i < 5; i++) {
      gosched();
      ch.send(i);
    }
  });
  const got = numbers.map<i32>((value, i) => {
    const received = ch.recv();
    gosched();
    return value * 100 + received * 10 + i;
  });
  same(got.join(), "100,211,322,433,544");
  const sorted = got.slice().sort((a, b) => {
    gosched();
    return b - a;
  });
  same(sorted.join(), "544,433,322,211,100");
  let kept = 0;
  const rest = got.filter((value) => {
    gosched();
    kept += value;
    return value % 2 == 0;
  });
  same(rest.join() + " " + kept.toString(), "100,322,544 1610");
}

/** Those that only compute are stopped in the middle, like any loop. */
function preempted(): void {
  const done = new WaitGroup();
  let turns = 0;
  let stop = false;
  done.add(1);
  go(() => {
    while (!stop) {
      turns++;
      gosched();
    }
    done.done();
  });
  const many = new Array<i32>(20000);
  for (let i = 0; i < many.length; i++) many[i] = (i * 7919) % 20011;
  for (let round = 0; turns == 0; round++) {
    const by = round;
    const sum = many
      .map<i32>((value) => value + by)
      .sort((a, b) => (by % 2 == 0 ? a - b : b - a))
      .reduce<i32>((a, b) => (a + b) & 0xffff, 0);
    same(sum >= 0, true);
  }
  stop = true;
  done.wait();
}

/** By nothing but function values: there has to be a place where they give way. */
function endless(): void {
  let stop = false;
  const ch = new Chan<bool>();
  let again: (n: i32) => i32 = (n) => n;
  const step: (n: i32) => i32 = (n) => (stop ? n : again(n + 1));
  again = (n) => (n > 1000 ? n : step(n));
  go(() => {
    while (!stop) again(0);
    ch.send(true);
  });
  gosched();
  stop = true;
  same(ch.recv(), true);
}

class Holder {
  constructor(private readonly by: i32) {}

  scaled(values: i32[]): i32[] {
    return values.map<i32>((value) => value * this.by);
  }
}

export function main(): void {
  knownThroughFunctions();
  unknown();
  results();
  recursion();
  defaults();
  defaultsOfExpressions();
  parking();
  preempted();
  endless();
  same(new Holder(3).scaled(numbers).join(), "3,6,9,12,15");
  println("ok");
}
