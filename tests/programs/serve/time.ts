// Time: `tick` comes when it said it would, connections without input are closed, and an idle server uses no processor time.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import { now, println, sleep, Atomic, Chan, Millisecond, Second } from "skein";
import { Action, Conn, Events, Tick } from "skein/serve";
import { check, same, within } from "../expect";
import { connect, expect, expectEnd, send, serving } from "./support";

class Ticking extends Events {
  at: i64[] = [];
  tick(): i64 {
    this.at.push(now());
    return this.at.length < 6 ? 20 * Millisecond : Tick.Shutdown;
  }
}

function ticks(): void {
  const events = new Ticking();
  events.loops = 3;
  const server = serving(events);
  server.wait();
  same(events.at.length, 6, "calls of tick");
  for (let i = 1; i < 6; i++) within(events.at[i] - events.at[i - 1], 20 * Millisecond, 2 * Second, "between two");
}

class Once extends Events {
  ticks: Atomic<i32> = new Atomic<i32>(0);
  tick(): i64 {
    this.ticks.add(1);
    return Tick.Stop;
  }
}

function oneTick(): void {
  const events = new Once();
  const server = serving(events);
  while (events.ticks.load() == 0) sleep(Millisecond);
  sleep(100 * Millisecond);
  same(events.ticks.load(), 1, "it does not come again");
  server.close();
}

class Impatient extends Events {
  idleTimeout: i64 = Second;
  errors: Chan<string> = new Chan<string>(10);
  conns: Chan<Conn> = new Chan<Conn>(10);
  opened(conn: Conn): Action {
    this.conns.send(conn);
    return Action.None;
  }
  data(conn: Conn, input: Uint8Array): Action {
    conn.write(input);
    return Action.None;
  }
  closed(conn: Conn, error: string | null): Action {
    this.errors.send(conn.tag.toString() + (error ? error : "none"));
    return Action.None;
  }
}

function idle(): void {
  const events = new Impatient();
  const server = serving(events);
  const silent = connect(server.addrs[0]);
  events.conns.recv().tag = 1;
  const busy = connect(server.addrs[0]);
  events.conns.recv().tag = 2;
  const woken = connect(server.addrs[0]);
  const conn = events.conns.recv();
  conn.tag = 3;
  const started = now();
  for (let i = 0; i < 30; i++) {
    send(busy, "x");
    expect(busy, "x");
    conn.wake();
    sleep(50 * Millisecond);
  }
  const error = events.errors.recv();
  check(error.startsWith("1read tcp://127.0.0.1:") && error.includes("ETIMEDOUT"), error);
  check(now() - started >= Second, "not before its time");
  expectEnd(silent, "of silence");
  // The others were not, and are now.
  let rest = events.errors.recv() + events.errors.recv();
  check(rest.includes("2read tcp") && rest.includes("3read tcp"), rest);
  busy.close();
  woken.close();
  server.close();
}

export function main(): void {
  ticks();
  oneTick();
  idle();
  println("ok");
}
