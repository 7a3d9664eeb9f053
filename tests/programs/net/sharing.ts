// Any number of goroutines may read from and write to one connection: writes never mix, and each byte goes to one reader.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, println, Atomic, WaitGroup } from "skein";
import { lastError, Conn } from "skein/net";
import { check, same } from "../expect";
import { Pair } from "./support";

const WRITERS = 6;
const RECORDS = 40;
const RECORD = 100_000;

/** Records are longer than what the buffers on the way hold, so writers wait in the middle of theirs. */
function writer(c: Conn, number: i32, wg: WaitGroup): void {
  const record = new Uint8Array(RECORD);
  record.fill(<u8>number);
  for (let i = 0; i < RECORDS; i++) same(c.write(record), RECORD, lastError());
  wg.done();
}

function writesDoNotMix(): void {
  const pair = new Pair();
  const wg = new WaitGroup();
  wg.add(WRITERS);
  for (let i = 1; i <= WRITERS; i++) go(writer(pair.near, i, wg));
  const buf = new Uint8Array(65536);
  const counts = new StaticArray<i32>(WRITERS + 1);
  let owner: u8 = 0;
  let left = 0;
  for (let total = 0; total < WRITERS * RECORDS * RECORD;) {
    const n = pair.far.read(buf);
    check(n > 0, lastError());
    for (let i = 0; i < n; i++) {
      if (left == 0) {
        owner = buf[i];
        left = RECORD;
        counts[owner]++;
      }
      if (buf[i] != owner) same(buf[i], owner, "a record is one writer's");
      left--;
    }
    total += n;
  }
  for (let i = 1; i <= WRITERS; i++) same(counts[i], RECORDS, "records of one writer");
  wg.wait();
  pair.near.close();
  pair.far.close();
}

function eachByteOnce(): void {
  const pair = new Pair();
  const sum = new Atomic<i64>(0);
  const count = new Atomic<i64>(0);
  const wg = new WaitGroup();
  wg.add(4);
  for (let i = 0; i < 4; i++) {
    go(() => {
      const buf = new Uint8Array(1000);
      while (true) {
        const n = pair.far.read(buf);
        if (n <= 0) break;
        let part: i64 = 0;
        for (let k = 0; k < n; k++) part += buf[k];
        sum.add(part);
        count.add(n);
      }
      wg.done();
    });
  }
  const data = new Uint8Array(777);
  let want: i64 = 0;
  for (let i = 0; i < data.length; i++) {
    data[i] = <u8>i;
    want += data[i];
  }
  for (let i = 0; i < 1000; i++) pair.near.write(data);
  pair.near.closeWrite();
  wg.wait();
  same(count.load(), 777_000, "bytes");
  same(sum.load(), want * 1000, "their sum");
  pair.near.close();
  pair.far.close();
}

export function main(): void {
  writesDoNotMix();
  eachByteOnce();
  println("ok");
}
