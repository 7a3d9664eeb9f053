// Vectors: 128 bits in locals, fields, arrays, closures and arguments, which stay what they are wherever a goroutine is switched out.
// procs: 1,2,8
import { Chan, defer, go, gosched, println, WaitGroup } from "skein";
import { check, same } from "../expect";

const GOROUTINES: i32 = 12;

/** A vector of four numbers that no other goroutine has. */
function own(seed: i32): v128 {
  return i32x4.add(i32x4.splat(seed * 1000), i32x4(1, 2, 3, 4));
}

function sameVector(got: v128, want: v128, what: string): void {
  check(v128.any_true(v128.xor(got, want)) == 0, what);
}

function sum(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}

/** The sum of an array, four at a time. */
function sumOf(numbers: StaticArray<i32>): i32 {
  let total = i32x4.splat(0);
  const at = changetype<usize>(numbers);
  for (let i = 0; i < numbers.length; i += 4) total = i32x4.add(total, v128.load(at + ((<usize>i) << 2)));
  return sum(total);
}

// ---- where goroutines are switched out --------------------------------------------------------------------------------

/** Vectors and numbers of all sizes, alive while the goroutine waits. */
function overReceive(seed: i32, ch: Chan<i32>): v128 {
  const byte: u8 = <u8>seed;
  const a = own(seed);
  const wide: i64 = (<i64>seed) << 40;
  const b = f64x2.splat(<f64>seed / 3);
  const half: f32 = <f32>seed / 2;
  const received = ch.recv();
  same(byte, <u8>seed, "a byte beside vectors");
  same(wide, (<i64>seed) << 40, "a long number beside vectors");
  same(half, <f32>seed / 2, "a fraction beside vectors");
  sameVector(b, f64x2.splat(<f64>seed / 3), "a vector of fractions over a receive");
  sameVector(a, own(seed), "a vector over a receive");
  return i32x4.add(a, i32x4.splat(received));
}

function overGosched(seed: i32): void {
  let a = own(seed);
  for (let i = 0; i < 20; i++) {
    gosched();
    a = i32x4.add(a, i32x4.splat(1));
  }
  sameVector(a, i32x4.add(own(seed), i32x4.splat(20)), "a vector over gosched");
}

/** Long enough to be preempted, and called where a vector is alive. */
function compute(seed: i32, turns: i32): v128 {
  let a = own(seed);
  const one = i32x4.splat(1);
  for (let i = 0; i < turns; i++) {
    a = i32x4.add(v128.xor(a, i32x4.splat(i)), one);
    a = i32x4.sub(a, one);
    a = v128.xor(a, i32x4.splat(i));
  }
  return a;
}

function overPreemption(seed: i32, turns: i32): void {
  const before = own(seed + 1);
  // A call with vectors in its caller's frame, of which one is an operand that was evaluated before it.
  sameVector(i32x4.sub(i32x4.add(before, own(seed)), compute(seed, turns)), before, "vectors over preemption");
}

function twoVectors(seed: i32, depth: i32): v128 {
  const a = own(seed + depth);
  if (depth == 0) {
    gosched();
    return a;
  }
  const below = twoVectors(seed, depth - 1);
  return i32x4.add(a, below);
}

// ---- where vectors are kept -------------------------------------------------------------------------------------------

class Particle {
  name: string = "p";
  at: v128;
  moves: i32 = 0;
  constructor(at: v128) {
    this.at = at;
  }
  move(by: v128): void {
    for (let i = 0; i < 3; i++) {
      this.at = i32x4.add(this.at, by);
      this.moves++;
      gosched();
    }
  }
}

function kept(seed: i32): void {
  const particle = new Particle(own(seed));
  particle.move(i32x4.splat(2));
  sameVector(particle.at, i32x4.add(own(seed), i32x4.splat(6)), "a vector in a field");
  same(particle.moves, 3, "moves");
  same(particle.name, "p", "name");

  const list: v128[] = [];
  for (let i = 0; i < 9; i++) list.push(own(seed + i));
  gosched();
  for (let i = 0; i < 9; i++) sameVector(list[i], own(seed + i), "a vector in an array");
}

function takesVector(v: v128, want: i32, more: i64, wg: WaitGroup): void {
  same(<i64>sum(v), <i64>want, "a vector as an argument");
  same(more, <i64>want, "what stands behind a vector");
  wg.done();
}

function functions(seed: i32, wg: WaitGroup): void {
  const a = own(seed);
  const want = sum(a);
  defer(takesVector(a, want, want, wg));
  go(takesVector(a, want, want, wg));
  // One that is only read, and one that both change.
  let changed = own(seed);
  const add = (v: v128): v128 => {
    changed = i32x4.add(changed, a);
    return i32x4.add(v, a);
  };
  sameVector(add(a), i32x4.add(a, a), "a vector in a closure");
  sameVector(changed, i32x4.add(a, a), "a vector that a closure changes");
  changed = a;
  const done = new Chan<i32>();
  go(() => {
    gosched();
    changed = i32x4.add(changed, a);
    done.send(sum(changed));
  });
  same(done.recv(), 2 * want, "a vector that a goroutine changes");
  try {
    changed = own(seed + 5);
    gosched();
    if (seed >= 0) throw new Error("thrown");
  } catch {
    sameVector(changed, own(seed + 5), "a vector set before a throw");
  }
}

export function main(): void {
  const numbers = new StaticArray<i32>(1000);
  for (let i = 0; i < 1000; i++) numbers[i] = i;
  same(sumOf(numbers), 499500, "the sum by vectors");

  const ch = new Chan<i32>();
  const wg = new WaitGroup();
  const results = new StaticArray<i32>(GOROUTINES);
  for (let i = 0; i < GOROUTINES; i++) {
    wg.go(() => {
      results[i] = sum(overReceive(i, ch));
      overGosched(i);
      overPreemption(i, 12_000_000);
      kept(i);
      sameVector(
        twoVectors(i, 3),
        i32x4.add(i32x4.add(own(i), own(i + 1)), i32x4.add(own(i + 2), own(i + 3))),
        "vectors in a recursion",
      );
    });
    wg.add(2);
    go(functions(i, wg));
  }
  for (let i = 0; i < GOROUTINES; i++) ch.send(1);
  wg.wait();
  for (let i = 0; i < GOROUTINES; i++) same(results[i], 4000 * i + 10 + 4, "after a receive");
  println("ok");
}
