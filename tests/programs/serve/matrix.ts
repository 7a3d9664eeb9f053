// evio's own test: ten clients send random bytes in random sizes, 0 to 1 MB, and get them back; on every network, number of loops
// and balance. The server shuts down when the last of them has gone.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import { go, now, println, Atomic, Millisecond, WaitGroup } from "skein";
import { Conn as Client } from "skein/net";
import { Action, Conn, Events, LoadBalance, Server, Tick } from "skein/serve";
import { check, same } from "../expect";
import { connect, expect, fill, serving } from "./support";

const CLIENTS = 10;
const MEGABYTE = 1 << 20;

// One set for all combinations.
const sent: Uint8Array[] = [];
const got: Uint8Array[] = [];

class Echo extends Events {
  server: Server | null = null;
  opens: Atomic<i32> = new Atomic<i32>(0);
  closes: Atomic<i32> = new Atomic<i32>(0);

  serving(server: Server): Action {
    this.server = server;
    return Action.None;
  }

  opened(conn: Conn): Action {
    conn.context = conn;
    conn.keepAlive(300_000 * Millisecond);
    check(conn.localAddr.length > 0, "it has an address");
    this.opens.add(1);
    conn.writeText("sweetness\r\n");
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    check(input.length > 0, "nobody wakes it");
    conn.write(input);
    return Action.None;
  }

  closed(conn: Conn, error: string | null): Action {
    check(conn.context == conn, "its context");
    check(!error, "it closes without an error, not " + (error ? error : ""));
    this.closes.add(1);
    return Action.None;
  }

  tick(): i64 {
    return this.closes.load() == CLIENTS ? Tick.Shutdown : 5 * Millisecond;
  }
}

function write(c: Client, data: Uint8Array, wg: WaitGroup): void {
  same(c.write(data), data.length, "all is written");
  wg.done();
}

function client(addr: string, number: i32, done: WaitGroup): void {
  const c = connect(addr);
  expect(c, "sweetness\r\n");
  let state: u64 = now() + number;
  const end = now() + (10 + 4 * number) * Millisecond;
  const wg = new WaitGroup();
  for (let i = 0; i < 2 || now() < end; i++) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const size = <i32>((state >> 33) % MEGABYTE);
    const data = sent[number].subarray(0, size);
    for (let at = data.dataStart; at < data.dataStart + size; at += 509) {
      state = state * 6364136223846793005 + 1442695040888963407;
      store<u8>(at, <u8>(state >> 40));
    }
    wg.add();
    go(write(c, data, wg));
    const back = got[number].subarray(0, size);
    fill(c, back);
    same(memory.compare(data.dataStart, back.dataStart, size), 0, "what comes back is what was sent");
    wg.wait();
  }
  c.close();
  done.done();
}

function combination(network: string, loops: i32, balance: LoadBalance): void {
  const events = new Echo();
  events.loops = loops;
  events.loadBalance = balance;
  const server = serving(events, [network]);
  const done = new WaitGroup();
  done.add(CLIENTS);
  for (let i = 0; i < CLIENTS; i++) go(client(server.addrs[0], i, done));
  done.wait();
  server.wait();
  same(events.opens.load(), CLIENTS, "opened");
  const stats = server.stats();
  same(stats.length, server.loops, "figures of each loop");
  if (loops > 0) same(server.loops, loops, "loops");
  let accepted: i64 = 0;
  let least: i64 = CLIENTS;
  let most: i64 = 0;
  for (let i = 0; i < stats.length; i++) {
    same(stats[i].connections, 0, "connections left");
    same(stats[i].bytesIn + stats[i].accepted * 11, stats[i].bytesOut, "as much goes out as comes in");
    accepted += stats[i].accepted;
    least = min(least, stats[i].accepted);
    most = max(most, stats[i].accepted);
  }
  same(accepted, CLIENTS, "accepted");
  if (balance == LoadBalance.RoundRobin) check(most - least <= 1, "one after the other");
}

export function main(): void {
  for (let i = 0; i < CLIENTS; i++) {
    sent.push(new Uint8Array(MEGABYTE));
    got.push(new Uint8Array(MEGABYTE));
  }
  const networks = ["tcp", "unix"];
  const loops = [1, 5, -1];
  for (let n = 0; n < networks.length; n++) {
    for (let l = 0; l < loops.length; l++) {
      for (let b = 0; b < 3; b++) combination(networks[n], loops[l], <LoadBalance>b);
    }
  }
  println("ok");
}
