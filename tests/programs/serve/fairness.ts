// Nothing starves, nothing accumulates: greedy connections, computing goroutines, thousands of connections and of servers.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import {
  go,
  gomaxprocs,
  gosched,
  memoryUsed,
  now,
  numGoroutine,
  println,
  sleep,
  Atomic,
  Millisecond,
  Second,
  WaitGroup,
} from "skein";
import { Conn as Client } from "skein/net";
import { Action, Conn, Events, LoadBalance } from "skein/serve";
import { check, same } from "../expect";
import { bytes, connect, expect, send, serving } from "./support";

class Swallow extends Events {
  taken: Atomic<i64> = new Atomic<i64>(0);
  data(conn: Conn, input: Uint8Array): Action {
    this.taken.add(input.length);
    if (input.length < 100) conn.write(input);
    return Action.None;
  }
}

function pour(c: Client, stop: Atomic<i32>, wg: WaitGroup): void {
  const data = new Uint8Array(1 << 20);
  while (stop.load() == 0) if (c.write(data) < 0) break;
  c.close();
  wg.done();
}

/** Connections that always have input, on one loop with one that asks now and then; and a goroutine that wants to run. */
function greedy(): void {
  const server = serving(new Swallow());
  const stop = new Atomic<i32>(0);
  const wg = new WaitGroup();
  for (let i = 0; i < 4; i++) {
    wg.add();
    go(pour(connect(server.addrs[0]), stop, wg));
  }
  const modest = connect(server.addrs[0]);
  const started = now();
  for (let i = 0; i < 50; i++) {
    send(modest, "hello");
    expect(modest, "hello");
    gosched();
  }
  check(now() - started < 25 * Second, `50 answers beside greedy clients take ${(now() - started) / Millisecond} ms`);
  stop.store(1);
  wg.wait();
  modest.close();
  server.close();
}

/** Steady traffic allocates nothing: not for input, output, wakes, ticks or turns. */
class Steady extends Events {
  conn: Conn | null = null;
  opened(conn: Conn): Action {
    this.conn = conn;
    return Action.None;
  }
  data(conn: Conn, input: Uint8Array): Action {
    conn.write(input);
    if (input.length == 0) conn.writeText("!");
    return Action.None;
  }
  tick(): i64 {
    return Millisecond;
  }
}

function steady(): void {
  const events = new Steady();
  const server = serving(events);
  const c = connect(server.addrs[0]);
  const buf = bytes("0123456789");
  const one = buf.subarray(0, 1);
  let before: u64 = 0;
  for (let i = 0; i < 6000; i++) {
    if (i == 1000) before = <u64>memoryUsed();
    check(c.write(buf) == 10 && c.read(buf) == 10, "it comes back");
    if (i % 3 != 0) continue;
    events.conn!.wake();
    check(c.read(one) == 1, "an answer to a wake");
  }
  const grown = <i64>(<u64>memoryUsed() - before);
  // A P that only now has to do with it takes a page for each size of what it allocates.
  const most = gomaxprocs(0) == 1 ? 5000 : 8 << 16;
  check(grown < most, `${grown} bytes more after 5000 rounds`);
  c.close();
  server.close();
}

class Counting extends Events {
  opens: Atomic<i64> = new Atomic<i64>(0);
  closes: Atomic<i64> = new Atomic<i64>(0);
  opened(conn: Conn): Action {
    this.opens.add(1);
    return Action.None;
  }
  closed(conn: Conn, error: string | null): Action {
    this.closes.add(1);
    return Action.None;
  }
}

/** Connections come and go; each is opened once and closed once, and the loops share them. */
function comeAndGo(): void {
  const events = new Counting();
  events.loops = 4;
  events.loadBalance = LoadBalance.LeastConnections;
  const server = serving(events);
  const open: Client[] = [];
  for (let i = 0; i < 200; i++) open.push(connect(server.addrs[0]));
  while (events.opens.load() < 200) sleep(Millisecond);
  const stats = server.stats();
  for (let i = 0; i < 4; i++) same(stats[i].connections, 50, "connections of one loop");
  for (let i = 0; i < 200; i++) open[i].close();
  const wg = new WaitGroup();
  for (let k = 0; k < 10; k++) {
    wg.add();
    go(() => {
      for (let i = 0; i < 100; i++) connect(server.addrs[0]).close();
      wg.done();
    });
  }
  wg.wait();
  while (events.closes.load() < 1200) sleep(Millisecond);
  same(events.opens.load(), 1200, "opened");
  server.close();
  same(events.closes.load(), 1200, "closed");
}

/** A server that has closed leaves no goroutine, and its successors reuse what it had. */
function again(): void {
  const before = numGoroutine();
  for (let i = 0; i < 200; i++) {
    const events = new Counting();
    events.loops = 2;
    const server = serving(events);
    const c = connect(server.addrs[0]);
    if (i % 2 == 0) while (events.opens.load() == 0) sleep(Millisecond);
    server.close();
    same(events.opens.load(), events.closes.load(), "each that was opened is closed");
    c.close();
  }
  while (numGoroutine() > before) sleep(Millisecond);
}

export function main(): void {
  greedy();
  steady();
  comeAndGo();
  again();
  println("ok");
}
