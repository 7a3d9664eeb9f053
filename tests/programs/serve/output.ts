// A peer that does not read has its input left in the system; what is for it goes out, once it reads, to the last byte.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import { go, now, println, sleep, Atomic, Chan, Millisecond, Second } from "skein";
import { Conn as Client } from "skein/net";
import { Action, Conn, Events } from "skein/serve";
import { check, same } from "../expect";
import { bytes, connect, expect, expectEnd, fill, send, serving } from "./support";

const MEGABYTE = 1 << 20;

class Echo extends Events {
  highest: Atomic<i32> = new Atomic<i32>(0);
  input: Atomic<i64> = new Atomic<i64>(0);
  conns: Chan<Conn> = new Chan<Conn>(16);
  errors: Chan<string> = new Chan<string>(16);

  opened(conn: Conn): Action {
    this.conns.send(conn);
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    this.input.add(input.length);
    conn.write(input);
    if (conn.buffered > this.highest.load()) this.highest.store(conn.buffered);
    return Action.None;
  }

  closed(conn: Conn, error: string | null): Action {
    this.errors.send(error ? error : "none");
    return Action.None;
  }
}

/** Sends 64 MB that count up. */
function pour(c: Client, done: Chan<bool>): void {
  const data = new Uint8Array(MEGABYTE);
  for (let i = 0; i < data.length; i++) data[i] = <u8>((i >> 12) ^ i);
  for (let i = 0; i < 64; i++) same(c.write(data), MEGABYTE, "all of it is taken in the end");
  done.send(true);
}

function backPressure(network: string): void {
  const events = new Echo();
  events.highWaterMark = 256 * 1024;
  const server = serving(events, [network]);
  const c = connect(server.addrs[0]);
  const done = new Chan<bool>();
  go(pour(c, done));
  // Nobody reads: input stops.
  let seen: i64 = -1;
  while (seen != events.input.load()) {
    seen = events.input.load();
    sleep(100 * Millisecond);
  }
  check(seen < 40 * MEGABYTE, `input stops while output waits, not after ${seen} bytes`);
  // The others are served meanwhile.
  const other = connect(server.addrs[0]);
  send(other, "hello");
  expect(other, "hello");
  other.close();
  // And it comes back, byte for byte.
  const data = new Uint8Array(MEGABYTE);
  for (let i = 0; i < 64; i++) {
    fill(c, data);
    for (let k = 0; k < data.length; k++) if (data[k] != <u8>((k >> 12) ^ k)) same(k, -1, "a byte that is not its own");
  }
  done.recv();
  check(events.highest.load() < events.highWaterMark + 65536 * 2, "what waits is bounded");
  c.close();
  server.close();
}

/** Sends much, and closes. */
class Generous extends Echo {
  data(conn: Conn, input: Uint8Array): Action {
    conn.write(new Uint8Array(16 * MEGABYTE));
    return Action.Close;
  }
}

function lingering(): void {
  const events = new Generous();
  events.linger = Second;
  const server = serving(events);
  const c = connect(server.addrs[0]);
  send(c, "x");
  const started = now();
  // It never reads.
  same(events.errors.recv(), "none", "the error of one that is given up");
  const took = now() - started;
  check(took >= Second && took < 20 * Second, `given up after ${took} ns`);
  c.close();
  // One that does read, slowly, is waited for: longer than a linger in all.
  const slow = connect(server.addrs[0]);
  send(slow, "x");
  const buf = new Uint8Array(MEGABYTE);
  for (let i = 0; i < 16; i++) {
    fill(slow, buf);
    sleep(80 * Millisecond);
  }
  expectEnd(slow, "after all of it");
  same(events.errors.recv(), "none", "the error of a slow one");
  slow.close();
  server.close();
}

/** What one connection says goes to all connections of its loop. */
class Chat extends Echo {
  all: Conn[] = [];

  opened(conn: Conn): Action {
    this.all.push(conn);
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    for (let i = 0; i < this.all.length; i++) this.all[i].write(input);
    return Action.None;
  }
}

function toOthers(): void {
  const events = new Chat();
  const server = serving(events);
  const clients: Client[] = [];
  for (let i = 0; i < 5; i++) {
    clients.push(connect(server.addrs[0]));
  }
  for (let i = 0; i < 5; i++) {
    while (server.stats()[0].accepted < 5) sleep(Millisecond);
    send(clients[i], "from " + i.toString());
    for (let k = 0; k < 5; k++) expect(clients[k], "from " + i.toString());
  }
  for (let i = 0; i < 5; i++) clients[i].close();
  server.close();
}

/** Gives what a pipeline asked for in many writes. */
class Many extends Events {
  writes: Atomic<i32> = new Atomic<i32>(0);
  data(conn: Conn, input: Uint8Array): Action {
    for (let i = 0; i < 1000; i++) conn.writeText("línea " + i.toString() + "\n");
    conn.write(bytes(""));
    conn.writeText("");
    return Action.None;
  }
  preWrite(): void {
    this.writes.add(1);
  }
}

function together(): void {
  const events = new Many();
  const server = serving(events);
  const c = connect(server.addrs[0]);
  send(c, "x");
  for (let i = 0; i < 1000; i++) expect(c, "línea " + i.toString() + "\n");
  same(events.writes.load(), 1, "what one handler gives goes out together");
  c.close();
  server.close();
}

export function main(): void {
  backPressure("tcp");
  backPressure("unix");
  lingering();
  toOthers();
  together();
  println("ok");
}
