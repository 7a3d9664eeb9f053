/**
 * The client of `echo`, for servers in any language: so many connections, each of which sends 64 bytes, waits until they have
 * come back, and sends the next. Prints how many have come back so far, once a second.
 */
import { args, go, sleep, Atomic, Second } from "skein";
import { dial, lastError } from "skein/net";
import { arg, check, count } from "./harness";

const SIZE = 64;

const done = new Atomic<i64>(0);

function converse(address: string): void {
  const c = dial(address);
  if (!c) throw new Error(lastError());
  const question = new Uint8Array(SIZE);
  const answer = new Uint8Array(SIZE);
  for (let i = 0; ; i++) {
    question.fill(<u8>i);
    check(c.write(question) == SIZE, lastError());
    let got = 0;
    while (got < SIZE) {
      const n = c.read(answer.subarray(got));
      check(n > 0, lastError());
      got += n;
    }
    check(answer[0] == <u8>i && answer[SIZE - 1] == <u8>i, "the bytes that were sent come back");
    done.add(1);
  }
}

export function main(): void {
  const address = args()[0];
  for (let i = 0, n = arg(1, 1000); i < n; i++) go(converse(address));
  // Until all are connected, and compiled code has replaced the first.
  sleep(2 * Second);
  for (let i = 0, n = arg(2, 5); i <= n; i++) {
    count(done.load());
    sleep(Second);
  }
}
