/**
 * Closures: one that counts in a variable it has captured, per call; and an array of integers that is mapped, or sorted, with one that reads such
 * a variable, per element. The first argument says which: 0, 1, 2.
 */
import { arg, check, perOp } from "./harness";

const kind = arg(0, 0);
const n = arg(1, 1_000_000);

function counter(): () => i32 {
  let count = 0;
  return () => ++count;
}

function call(): void {
  const next = counter();
  for (let i = 0; i < n; i++) next();
  check(next() == n + 1, "the count");
}

function scattered(): Array<i32> {
  const values = new Array<i32>(n);
  let seed: u32 = 1;
  for (let i = 0; i < n; i++) {
    seed = seed * 1664525 + 1013904223;
    values[i] = <i32>(seed >> 2);
  }
  return values;
}

const given = scattered();

function mapped(by: i32): Array<i32> {
  return given.map<i32>((value) => value + by);
}

function map(): void {
  const values = mapped(7);
  check(values.length == n && values[n - 1] == given[n - 1] + 7, "the sums");
}

function sorted(down: bool): Array<i32> {
  return given.slice().sort((a, b) => (down ? b - a : a - b));
}

function sort(): void {
  const values = sorted(true);
  for (let i = 1; i < n; i++) check(values[i - 1] >= values[i], "the order");
}

export function main(): void {
  perOp(arg(2, 5), n, kind == 0 ? call : kind == 1 ? map : sort);
}
