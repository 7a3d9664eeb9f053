// An echo server that tells what it has: a connection that sends "?" gets the number of goroutines and the bytes of memory taken,
// and one that sends "!" is never read from again.

import { args, eprintln, exit, gc, go, memoryUsed, numGoroutine, println, Chan } from "skein";
import { lastError, listen, Conn } from "skein/net";

function serve(c: Conn): void {
  const buf = new Uint8Array(64);
  while (true) {
    const n = c.read(buf);
    if (n <= 0) break;
    if (buf[0] == 0x21) {
      new Chan<bool>().recv();
    }
    if (buf[0] == 0x3f) {
      gc(); // what nobody needs any more does not count
      c.write(Uint8Array.wrap(String.UTF8.encode(`${numGoroutine()} ${memoryUsed()}\n`)));
      continue;
    }
    if (c.write(buf.subarray(0, n)) < 0) break;
  }
  c.close();
}

export function main(): void {
  const l = listen(args()[0]);
  if (!l) {
    eprintln(lastError());
    exit(1);
  }
  println("counting at " + l!.addr);
  while (true) {
    const c = l!.accept();
    if (!c) break;
    go(serve(c));
  }
}
