/**
 * Blocking: a computation on one P, alone and beside four goroutines that spend their time in blocking calls of 100 ms.
 * Reported is how much longer the second takes. If a call kept the P, that would be several times as long.
 */
import { Atomic, go, gosched, Millisecond, now, sleepBlocking, WaitGroup } from "skein";
import { arg, check, result } from "./harness";

const blockers: i32 = 4;
const millions = arg(0, 300);
const over = new Atomic<i32>();
const wg = new WaitGroup();

let expected: u32 = 0;

function block(): void {
  while (over.load() == 0) sleepBlocking(100 * Millisecond);
  wg.done();
}

function compute(): u32 {
  let hash: u32 = 2166136261;
  for (let i = 0, n = millions * 1_000_000; i < n; i++) hash = (hash ^ (<u32>i)) * 16777619;
  return hash;
}

function alone(): i64 {
  const start = now();
  const hash = compute();
  const time = now() - start;
  if (expected == 0) expected = hash;
  check(hash == expected, "the hash");
  return time;
}

function accompanied(): i64 {
  over.store(0);
  wg.add(blockers);
  for (let i = 0; i < blockers; i++) go(block());
  gosched();
  const time = alone();
  over.store(1);
  wg.wait();
  return time;
}

export function main(): void {
  alone();
  // In turned order, so that what drifts in one direction cancels out.
  for (let i = 0, n = arg(1, 5); i < n; i++) {
    const first = i % 2 == 0 ? alone() : accompanied();
    const second = i % 2 == 0 ? accompanied() : alone();
    const ratio = i % 2 == 0 ? <f64>second / <f64>first : <f64>first / <f64>second;
    result("%", (ratio - 1) * 100);
  }
}
