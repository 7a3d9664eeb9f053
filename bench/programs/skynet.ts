/**
 * Skynet: a tree of goroutines, ten children each, a million leaves; each sends the sum of its subtree to its parent.
 * Time for the whole tree on all cores.
 */
import { Chan, go } from "skein";
import { arg, check, total } from "./harness";

const children: i64 = 10;
const n: i64 = arg(0, 1_000_000);

function skynet(out: Chan<i64>, number: i64, size: i64): void {
  if (size == 1) {
    out.send(number);
    return;
  }
  const inner = new Chan<i64>();
  const part = size / children;
  for (let i: i64 = 0; i < children; i++) go(skynet(inner, number + i * part, part));
  let sum: i64 = 0;
  for (let i: i64 = 0; i < children; i++) sum += inner.recv();
  out.send(sum);
}

function work(): void {
  const out = new Chan<i64>();
  go(skynet(out, 0, n));
  check(out.recv() == (n * (n - 1)) / 2, "the sum of all leaves");
}

export function main(): void {
  total(arg(1, 3), work);
}
