// A call that runs into its deadline fails with a timeout, and so do later ones until the deadline is moved.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, now, println, sleep, Chan, Millisecond, Second } from "skein";
import { listenPacket, Conn } from "skein/net";
import { check, same } from "../expect";
import { bytes, errorSays, listenTCP, Pair } from "./support";

const pause: i64 = 40 * Millisecond;

function readingTimesOut(): void {
  const pair = new Pair();
  const buf = new Uint8Array(16);
  const start = now();
  pair.near.setReadDeadline(start + pause);
  same(pair.near.read(buf), -1, "a read past its deadline");
  errorSays("i/o timeout", "a read past its deadline");
  check(now() - start >= pause, "a deadline does not come early");
  same(pair.near.read(buf), -1, "the deadline stays");
  same(pair.near.write(bytes("out")), 3, "writing has a deadline of its own");
  pair.far.write(bytes("in"));
  same(pair.near.read(buf), -1, "the deadline stays, even where there is something to read");
  pair.near.setReadDeadline(0);
  same(pair.near.read(buf), 2, "without a deadline");
  pair.near.setDeadline(now() - 1);
  same(pair.near.read(buf), -1, "a deadline in the past");
  same(pair.near.write(bytes("x")), -1, "of both directions");
  errorSays("i/o timeout", "a write past its deadline");
  pair.near.close();
  pair.far.close();
}

function readInto(c: Conn, result: Chan<i32>): void {
  const buf = new Uint8Array(16);
  result.send(c.read(buf));
}

function aDeadlineMayMoveUnderAReader(): void {
  const pair = new Pair();
  const result = new Chan<i32>();
  pair.near.setReadDeadline(now() + 10 * Second);
  go(readInto(pair.near, result));
  sleep(pause);
  let start = now();
  pair.near.setReadDeadline(start + pause);
  same(result.recv(), -1, "moved closer");
  check(now() - start >= pause, "and not early");

  pair.near.setReadDeadline(now() + pause);
  go(readInto(pair.near, result));
  pair.near.setReadDeadline(now() + 20 * Second);
  sleep(2 * pause);
  pair.far.write(bytes("late"));
  same(result.recv(), 4, "moved away");

  go(readInto(pair.near, result));
  sleep(pause);
  start = now();
  pair.near.setReadDeadline(1);
  same(result.recv(), -1, "moved to the past");
  pair.near.close();
  pair.far.close();
}

function writingTimesOut(): void {
  const pair = new Pair();
  const much = new Uint8Array(32 << 20);
  const start = now();
  pair.near.setWriteDeadline(start + pause);
  same(pair.near.write(much), -1, "nobody reads");
  errorSays("i/o timeout", "a write that nobody reads");
  check(now() - start >= pause, "and not early");
  pair.near.close();
  pair.far.close();
}

function manyAtOnce(): void {
  const result = new Chan<i32>(200);
  const pairs: Pair[] = [];
  const start = now();
  for (let i = 0; i < 100; i++) {
    const pair = new Pair();
    pairs.push(pair);
    pair.near.setDeadline(now() + pause + i * Millisecond);
    go(readInto(pair.near, result));
  }
  for (let i = 0; i < 100; i++) same(result.recv(), -1, "one of a hundred");
  check(now() - start >= pause, "not early");
  for (let i = 0; i < 100; i++) {
    pairs[i].near.close();
    pairs[i].far.close();
  }
}

function listenersAndPackets(): void {
  const l = listenTCP();
  l.setDeadline(now() + pause);
  check(l.accept() == null, "accept past its deadline");
  errorSays("i/o timeout", "accept past its deadline");
  l.close();
  const p = listenPacket("udp://127.0.0.1:0")!;
  p.setReadDeadline(now() + pause);
  same(p.readFrom(new Uint8Array(8)), -1, "a packet that does not come");
  errorSays("i/o timeout", "a packet that does not come");
  p.close();
}

export function main(): void {
  readingTimesOut();
  aDeadlineMayMoveUnderAReader();
  writingTimesOut();
  manyAtOnce();
  listenersAndPackets();
  println("ok");
}
