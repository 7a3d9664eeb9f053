// A goroutine may park wherever a call may stand, and finds its locals as they were.

import { go, Chan, WaitGroup, gosched, sleep, Microsecond, println } from "skein";
import { check, same } from "../expect";

const numbers = new Chan<i32>();

function produce(): void {
  for (let i = 1; ; i++) numbers.send(i);
}

function next(): i32 {
  return numbers.recv();
}

/** How far the producer has come, and a fresh start from there. */
let base = 0;

function advance(by: i32): void {
  base += by;
}

class Parked {
  a: i32 = next();
  b: i32;

  constructor(public c: i32 = next()) {
    this.b = next();
  }

  get property(): i32 {
    return next();
  }

  set property(v: i32) {
    this.a = v + next();
  }


  @operator("+")
  plus(other: Parked): i32 {
    return this.a + other.a + next();
  }


  @operator("[]")
  at(i: i32): i32 {
    return i + next();
  }

  toString(): string {
    return `<${next()}>`;
  }
}

interface Shape {
  area(scale: i32): i32;
}

class Square implements Shape {
  area(scale: i32): i32 {
    return next() * scale;
  }
}

class Circle implements Shape {
  area(scale: i32): i32 {
    gosched();
    return scale - next();
  }
}

abstract class Animal {
  abstract legs(): i32;
  twice(): i32 {
    return this.legs() + this.legs();
  }
}

class Bird extends Animal {
  legs(): i32 {
    return next();
  }
}

function inConstructorsAndMembers(): void {
  const p = new Parked();
  same(p.a + p.b + p.c, 3 * base + 6, "field, parameter default and constructor");
  advance(3);
  same(p.property, base + 1, "a getter");
  advance(1);
  p.property = 100;
  same(p.a, 101 + base, "a setter");
  advance(1);
  const q = new Parked();
  advance(3);
  same(p + q, p.a + q.a + base + 1, "an operator");
  advance(1);
  same(p[5], 6 + base, "an index operator");
  advance(1);
  same(`${p}`, `<${base + 1}>`, "toString in a template");
  advance(1);
}

function inVirtualCalls(): void {
  const shapes: Shape[] = [new Square(), new Circle()];
  same(shapes[0].area(10), 10 * (base + 1), "an interface");
  advance(1);
  same(shapes[1].area(10), 10 - (base + 1), "another class of it");
  advance(1);
  const animal: Animal = new Bird();
  same(animal.twice(), 2 * base + 3, "an abstract method");
  advance(2);
}

function inExpressions(): void {
  const x = next() * 1000 + next();
  same(x, (base + 1) * 1000 + base + 2, "both sides of an operator");
  advance(2);
  const y = next() % 2 == 0 ? next() : -next();
  const first = base + 1;
  same(y, first % 2 == 0 ? first + 1 : -(first + 1), "a conditional");
  advance(2);
  const z = next() > 0 && next() > 0 && next() < 0;
  same(z, false, "a chain of &&");
  advance(3);
  const list: i32[] = [next(), next(), next()];
  same(list.join(), `${base + 1},${base + 2},${base + 3}`, "an array literal");
  advance(3);
  list[next() - base - 1] = next();
  same(list[0], base + 2, "an index and what is assigned");
  advance(2);
  same(three(next(), next(), next()), (base + 1) * 1 + (base + 2) * 10 + (base + 3) * 100, "arguments");
  advance(3);
  let total = 0;
  total += next();
  total -= next();
  same(total, -1, "compound assignments to a local");
  advance(2);
}

function three(a: i32, b: i32, c: i32): i32 {
  return a + b * 10 + c * 100;
}

function inStatements(): void {
  let log = "";
  switch (next() - base) {
    case 0:
      log += "zero";
      break;
    case 1:
      log += `one ${next() - base}`;
    // falls through
    case 2:
      log += ` fell ${next() - base}`;
      break;
    default:
      log += "default";
  }
  same(log, "one 2 fell 3", "a switch");
  advance(3);
  let turns = 0;
  for (let i = next(); next() < base + 10; i++) turns++;
  same(turns, 8, "the head of a for");
  advance(10);
  do turns++;
  while (next() < base + 5);
  same(turns, 13, "the condition of a do");
  advance(5);
}

const order = new Chan<i32>(1000);

function visitAll(list: i32[]): void {
  list.forEach((v) => {
    order.send(v);
    gosched();
  });
}

function insideTheLibrarysCallbacks(): void {
  const list: i32[] = [5, 3, 9, 1, 7, 2, 8];
  visitAll(list);
  same(order.length, 7, "forEach");
  while (order.length > 0) order.recv();
  const doubled = list.map<i32>((v) => {
    sleep(20 * Microsecond);
    return v * 2;
  });
  same(doubled.join(), "10,6,18,2,14,4,16", "map");
  const sorted = list.slice(0).sort((a, b) => {
    gosched();
    return a - b;
  });
  same(sorted.join(), "1,2,3,5,7,8,9", "sort");
  const sum = list.reduce<i32>((s, v) => {
    order.send(v);
    gosched();
    return s + order.recv();
  }, 0);
  same(sum, 35, "reduce");
}

function throughFunctionValues(): void {
  const take = (): i32 => next();
  const takers: (() => i32)[] = [take, next, (): i32 => next() * 2];
  let sum = 0;
  for (let i = 0; i < takers.length; i++) sum += takers[i]();
  same(sum, base + 1 + base + 2 + 2 * (base + 3), "function values");
  advance(3);
}

/** Locals of every type, held over many parks. */
function localsSurvive(seed: i32, log: Chan<string>): void {
  let a: i32 = seed;
  let b: i64 = ((<i64>seed) << 40) + 1;
  let c: f32 = <f32>seed + 0.5;
  let d: f64 = <f64>seed / 4;
  let e: u8 = <u8>seed;
  let f = `s${seed}`;
  const g: i32[] = [seed, seed + 1];
  const h = new Map<string, i32>();
  h.set(f, seed);
  for (let i = 0; i < 25; i++) {
    if (i % 3 == 0) gosched();
    else if (i % 7 == 0) sleep(10 * Microsecond);
    else order.send(order.length > 500 ? order.recv() : i);
    a += 1;
    b += 1;
    c += 1;
    d += 1;
    e += 1;
    g.push(i);
  }
  same(a, seed + 25, "i32");
  same(b, ((<i64>seed) << 40) + 26, "i64");
  same(c, <f32>seed + 25.5, "f32");
  same(d, <f64>seed / 4 + 25, "f64");
  same(e, <u8>(seed + 25), "u8");
  same(f, `s${seed}`, "string");
  same(g.length, 27, "array");
  same(h.get(f), seed, "map");
  log.send(f);
}

function allTypesOfLocals(): void {
  const log = new Chan<string>();
  for (let i = 0; i < 30; i++) go(localsSurvive(i * 17, log));
  const seen = new Set<string>();
  for (let i = 0; i < 30; i++) seen.add(log.recv());
  same(seen.size, 30, "goroutines that came to their end");
}

function fibonacci(n: i32): i32 {
  if (n < 2) return n;
  if (n % 5 == 0) gosched();
  return fibonacci(n - 1) + fibonacci(n - 2);
}

function recursionInManyGoroutinesAtOnce(): void {
  const wg = new WaitGroup();
  for (let i = 0; i < 10; i++) {
    wg.add();
    go(() => {
      same(fibonacci(15), 610, "a Fibonacci number");
      wg.done();
    });
  }
  wg.wait();
}

export function main(): void {
  go(produce());
  inConstructorsAndMembers();
  inVirtualCalls();
  inExpressions();
  inStatements();
  insideTheLibrarysCallbacks();
  throughFunctionValues();
  allTypesOfLocals();
  recursionInManyGoroutinesAtOnce();
  check(next() > 0, "the producer goes on");
  println("ok");
}
