// Lines from different goroutines never interleave within a line; one goroutine's lines keep their order; nothing is lost.
// stdout-check: lines

import { go, print, println, gosched, WaitGroup } from "skein";

const LINES = 200;

/** A line in one piece, in two, or in many, with other goroutines running in between. */
function speak(name: i32, wg: WaitGroup): void {
  for (let i = 0; i < LINES; i++) {
    const body = "x".repeat((name * 7 + i) % 90);
    if (i % 3 == 0) println(`${name} ${i} ${body}.`);
    else if (i % 3 == 1) {
      print(`${name} `);
      gosched();
      print(`${i} `);
      gosched();
      println(`${body}.`);
    } else {
      print(`${name} ${i} ${body}`);
      if (i % 2 == 0) gosched();
      print(".\n");
    }
  }
  wg.done();
}

export function main(): void {
  const wg = new WaitGroup();
  wg.add(16);
  for (let i = 0; i < 16; i++) go(speak(i, wg));
  wg.wait();
}
