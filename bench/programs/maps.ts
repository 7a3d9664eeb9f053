/**
 * Maps: goroutines fill maps of their own with records under scattered keys, look half of them up, change what they find and delete the
 * rest, over and over. Time for all.
 */
import { Chan, go } from "skein";
import { arg, check, total } from "./harness";

const entries = arg(0, 100_000);
const goroutines: i32 = 8;
const rounds: i32 = 4;

class Record {
  changes: i64 = 0;
  constructor(public key: i64) {}
}

/** The i-th key: another number for each. */
function key(i: i64): i64 {
  return (i * 0x9e3779b97f4a7c15) ^ (i << 7);
}

function churn(first: i64, done: Chan<i64>): void {
  const records = new Map<i64, Record>();
  let changes: i64 = 0;
  for (let round = 0; round < rounds; round++) {
    const from = first + <i64>round * entries;
    for (let i = from; i < from + entries; i++) records.set(key(i), new Record(key(i)));
    for (let i = from; i < from + entries; i += 2) {
      const record = records.get(key(i));
      check(record.key == key(i), "a record stands under its key");
      changes += ++record.changes;
    }
    for (let i = from + 1; i < from + entries; i += 2) records.delete(key(i));
  }
  check(records.size == (rounds * entries) / 2, "the records left");
  done.send(changes);
}

function work(): void {
  const done = new Chan<i64>();
  for (let i = 0; i < goroutines; i++) go(churn((<i64>i) << 32, done));
  let changes: i64 = 0;
  for (let i = 0; i < goroutines; i++) changes += done.recv();
  check(changes == (<i64>goroutines * rounds * entries) / 2, "the changes");
}

export function main(): void {
  total(arg(1, 3), work);
}
