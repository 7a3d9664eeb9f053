// Holds its P for long in one go, again and again: filling memory is a single instruction, without a safepoint in it.

import { go, println, sleep, Millisecond } from "skein";

const size = 64 << 20;
const area = new Uint8Array(size);
const start = area.dataStart;

let sink: i64 = 0;

// It calls nothing, and has its name in a stack all the same.
function stalls(): void {
  while (true) {
    memory.fill(start, 1, size);
    memory.fill(start, 2, size);
    memory.fill(start, 3, size);
    memory.fill(start, 4, size);
    memory.fill(start, 5, size);
    memory.fill(start, 6, size);
    memory.fill(start, 7, size);
    memory.fill(start, 8, size);
    memory.fill(start, 9, size);
    memory.fill(start, 10, size);
    memory.fill(start, 11, size);
    memory.fill(start, 12, size);
    memory.fill(start, 13, size);
    memory.fill(start, 14, size);
    memory.fill(start, 15, size);
    memory.fill(start, 16, size);
    // Here it can say where it is.
    for (let i = 0; i < 1_000_000; i++) sink += i;
  }
}

export function main(): void {
  go(stalls());
  // Until then whoever looks for it has begun, and has found it, also on a slow machine.
  sleep(20_000 * Millisecond);
  println("nobody has ended it");
}
