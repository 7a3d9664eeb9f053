// Holds its P for long in one go, again and again: filling memory is a single instruction, without a safepoint in it.

import { go, println, sleep, Millisecond } from "skein";

const size = 64 << 20;
const area = new Uint8Array(size);
const start = area.dataStart;

let sink: i64 = 0;

// It calls nothing, and has its name in a stack all the same.
function stalls(): void {
  for (let k = 0; k < 4; k++) {
    memory.fill(start, 1, size);
    memory.fill(start, 2, size);
    memory.fill(start, 3, size);
    memory.fill(start, 4, size);
  }
  // Here it can say where it is.
  for (let i = 0; i < 1_000_000; i++) sink += i;
}

export function main(): void {
  go(stalls());
  sleep(500 * Millisecond);
  println("end");
}
