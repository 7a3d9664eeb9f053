/** Intmap: a map of integers is filled, counted in, and summed up. */
import { arg, check, total } from "./harness";

const entries = arg(0, 1_000_000);

function work(): void {
  const squares = new Map<i32, i32>();
  for (let i = 0; i < entries; i++) squares.set(i * 7, i);
  let sum: i64 = 0;
  for (let i = 0; i < entries * 7; i += 7) sum += squares.get(i);
  for (let i = 0; i < entries * 7; i += 14) squares.set(i, squares.get(i) + 1);
  check(sum == (<i64>entries * (entries - 1)) / 2, "the sum");
  check(squares.size == entries, "the size");
}

export function main(): void {
  total(arg(1, 5), work);
}
