// Holds its P for long in one go, again and again: filling memory is a single instruction, without a safepoint in it.

import { go, println, sleep, Millisecond } from "skein";

const size = 64 << 20;
const area = new Uint8Array(size);

let sink: i64 = 0;

function fill(): void {
  const start = area.dataStart;
  memory.fill(start, 1, size);
  memory.fill(start, 2, size);
  memory.fill(start, 3, size);
  memory.fill(start, 4, size);
}

function stalls(): void {
  fill();
  fill();
  fill();
  fill();
  // Here it can say where it is.
  for (let i = 0; i < 1_000_000; i++) sink += i;
}

export function main(): void {
  go(stalls());
  sleep(500 * Millisecond);
  println("end");
}
