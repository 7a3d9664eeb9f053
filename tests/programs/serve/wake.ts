// Any goroutine wakes a connection: each wake calls `data` once, in the connection's own loop, whatever waits to go out.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import { go, goid, println, sleep, Atomic, Chan, Millisecond, WaitGroup } from "skein";
import { Action, Conn, Events, LoadBalance } from "skein/serve";
import { check, same } from "../expect";
import { connect, expect, fill, send, serving } from "./support";

const CLIENTS = 8;
const WAKERS = 4;
const WAKES = 500;

/** Keeps its connections, and which goroutine serves each. */
class Talk extends Events {
  conns: Chan<Conn> = new Chan<Conn>(CLIENTS);
  woken: Atomic<i32> = new Atomic<i32>(0);

  opened(conn: Conn): Action {
    conn.tag = goid();
    this.conns.send(conn);
    conn.writeText("hello");
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    same(goid(), conn.tag, "the goroutine of the connection's loop");
    if (input.length > 0) {
      conn.write(input);
    } else {
      this.woken.add(1);
      conn.writeText("!");
    }
    return Action.None;
  }
}

function everyWakeIsACall(): void {
  const events = new Talk();
  events.loops = 4;
  events.loadBalance = LoadBalance.RoundRobin;
  const server = serving(events);
  const wg = new WaitGroup();
  for (let i = 0; i < CLIENTS; i++) {
    const c = connect(server.addrs[0]);
    expect(c, "hello");
    const conn = events.conns.recv();
    wg.add(WAKERS);
    for (let w = 0; w < WAKERS; w++) {
      go(() => {
        for (let k = 0; k < WAKES; k++) check(conn.wake(), "it is open");
        wg.done();
      });
    }
    wg.add();
    go(() => {
      const buf = new Uint8Array(WAKERS * WAKES);
      fill(c, buf);
      for (let k = 0; k < buf.length; k++) same(buf[k], 33, "an answer to a wake");
      c.close();
      wg.done();
    });
  }
  wg.wait();
  same(events.woken.load(), CLIENTS * WAKERS * WAKES, "calls");
  let wakes: i64 = 0;
  const stats = server.stats();
  for (let i = 0; i < stats.length; i++) wakes += stats[i].wakes;
  same(wakes, <i64>(CLIENTS * WAKERS * WAKES), "wakes in the figures");
  server.close();
}

/** Sends a lot at first, and a mark for each wake. */
class Big extends Events {
  conns: Chan<Conn> = new Chan<Conn>(1);

  data(conn: Conn, input: Uint8Array): Action {
    if (input.length == 0) {
      check(conn.buffered > 0, "output waits when the wake comes");
      conn.writeText("mark");
      return Action.None;
    }
    const big = new Uint8Array(16 << 20);
    for (let i = 0; i < big.length; i++) big[i] = <u8>((i * 31) >> 8);
    conn.write(big);
    conn.tag = 1;
    this.conns.send(conn);
    return Action.None;
  }
}

function wakesComeAfterWhatWaits(): void {
  const events = new Big();
  const server = serving(events);
  const c = connect(server.addrs[0]);
  send(c, "x");
  const conn = events.conns.recv();
  for (let i = 0; i < 3; i++) check(conn.wake(), "it is open");
  const buf = new Uint8Array(16 << 20);
  // The marks are given before any of it is taken.
  while (server.stats()[0].wakes < 3) sleep(Millisecond);
  fill(c, buf);
  for (let i = 0; i < buf.length; i++)
    if (buf[i] != <u8>((i * 31) >> 8)) same(i, -1, "a byte that is not as it was sent");
  expect(c, "markmarkmark");
  c.close();
  server.close();
  check(!conn.wake(), "a connection that has closed cannot be woken");
}

const PIECE = 10_000;
const PIECES = 1500;

/** Writes pieces; counts them. */
function writePieces(conn: Conn, mark: u8, written: Atomic<i32>, wg: WaitGroup): void {
  const piece = new Uint8Array(PIECE);
  piece.fill(mark);
  for (let i = 0; i < PIECES && conn.write(piece); i++) written.add(1);
  wg.done();
}

/** Every goroutine writes, as fast as the peer reads, and closes. */
function othersWrite(): void {
  const events = new Talk();
  events.highWaterMark = 100_000;
  const server = serving(events);
  const c = connect(server.addrs[0]);
  expect(c, "hello");
  const conn = events.conns.recv();
  const written = new Atomic<i32>(0);
  const wg = new WaitGroup();
  wg.add(3);
  for (let i = 0; i < 3; i++) go(writePieces(conn, <u8>i, written, wg));
  let before = -1;
  while (written.load() != before) {
    before = written.load();
    sleep(100 * Millisecond);
  }
  check(before < 3 * PIECES, "who writes waits for the peer");
  check(!conn.tryWrite(new Uint8Array(1)), "without waiting nothing is taken");
  const counts = new StaticArray<i32>(3);
  const buf = new Uint8Array(PIECE);
  for (let i = 0; i < 3 * PIECES; i++) {
    fill(c, buf);
    for (let k = 1; k < PIECE; k++) if (buf[k] != buf[0]) same(buf[k], buf[0], "a write stays whole");
    counts[buf[0]]++;
  }
  wg.wait();
  for (let i = 0; i < 3; i++) same(counts[i], PIECES, "pieces");
  check(conn.tryWrite(new Uint8Array(1)), "there is room now");
  check(conn.writeText("bye"), "text");
  check(conn.close(), "it was open");
  check(!conn.write(buf) && !conn.close(), "it is closing");
  const end = new Uint8Array(4);
  fill(c, end);
  same(c.read(end), 0, "closed, after what was written before");
  c.close();

  const other = connect(server.addrs[0]);
  const waiting = events.conns.recv();
  written.store(0);
  wg.add();
  go(writePieces(waiting, 0, written, wg));
  sleep(50 * Millisecond);
  other.close();
  wg.wait();
  check(written.load() < PIECES, "who waits for a peer that goes hears of it");
  server.close();
}

export function main(): void {
  everyWakeIsACall();
  othersWrite();
  wakesComeAfterWhatWaits();
  println("ok");
}
