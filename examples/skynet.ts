// A million goroutines: each starts ten more, down to a million leaves, which send their numbers back up to be added.
//
//     npx skein run examples/skynet.ts
//     npx skein run examples/skynet.ts --procs 1
//     npx skein run --stats examples/skynet.ts        and how many goroutines each M ran

import { go, Chan, gomaxprocs, now, println, Millisecond } from "skein";

function skynet(out: Chan<i64>, first: i64, size: i64): void {
  if (size == 1) {
    out.send(first);
    return;
  }
  const results = new Chan<i64>(10);
  const part = size / 10;
  for (let i = 0; i < 10; i++) go(skynet(results, first + i * part, part));
  let sum: i64 = 0;
  for (let i = 0; i < 10; i++) sum += results.recv();
  out.send(sum);
}

export function main(): void {
  const start = now();
  const out = new Chan<i64>();
  go(skynet(out, 0, 1000000));
  const sum = out.recv();
  const elapsed = (now() - start) / Millisecond;
  println(`${sum}`);
  println(`1111111 goroutines on ${gomaxprocs(0)} Ps in ${elapsed} ms`);
}
