// Running out of memory is a fatal error with exit code 2.
//
// case: small objects under --max-memory
// options: --max-memory 64M
// args: small
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: out of memory\n/
//
// case: one large array under --max-memory
// options: --max-memory 64M
// args: large
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: out of memory\n/
//
// case: goroutines under --max-memory
// options: --max-memory 64M
// args: goroutines
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: out of memory\n/
//
// case: in many goroutines at once
// options: --max-memory 64M
// args: many
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: out of memory\n/
//
// case: without a limit
// args: huge
// procs: 2
// timeout: 60
// exit: 2
// stdout: begin
// stderr-match: /^fatal error: out of memory\n/
//
// case: enough memory
// options: --max-memory 64M
// args: enough
// stdout: begin
// stdout: end

import { go, args, env, println, Chan } from "skein";

class Link {
  constructor(
    public next: Link | null,
    public payload: StaticArray<u8>,
  ) {}
}

let head: Link | null = null;

/** Where a collection comes every few allocations, small objects are fewer and larger: the time is the square of their number. */
const small: i32 = env("SKEIN_DEBUG").includes("gcstress") ? 8000 : 40;

function grow(size: i32): void {
  for (;;) head = new Link(head, new StaticArray<u8>(size));
}

export function main(): void {
  println("begin");
  const how = args()[0];
  const ch = new Chan<i32>();
  if (how == "small") grow(small);
  if (how == "huge") grow(1 << 20);
  if (how == "large") {
    const list = new Array<i64>(100000000);
    list[5] = 1;
  }
  if (how == "goroutines") {
    for (;;) {
      const payload = new StaticArray<u8>(small);
      go(() => {
        ch.recv();
        payload[0] = 1;
      });
    }
  }
  if (how == "many") {
    for (let i = 0; i < 8; i++) go(grow(1000));
    ch.recv();
  }
  if (how == "enough") {
    for (let i = 0; i < 20; i++) head = new Link(head, new StaticArray<u8>(1 << 20));
    println("end");
    return;
  }
  println("not reached");
}
