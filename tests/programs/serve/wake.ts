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

export function main(): void {
  everyWakeIsACall();
  wakesComeAfterWhatWaits();
  println("ok");
}
