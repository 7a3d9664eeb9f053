// A goroutine that waits for the network holds up nobody: not its M, not its P; and who computes does not hold up the network.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import {
  blocking,
  go,
  goexit,
  gosched,
  exit,
  lockOSThread,
  now,
  println,
  sleep,
  sleepBlocking,
  Chan,
  Millisecond,
  Second,
} from "skein";
import { Conn } from "skein/net";
import { check, same } from "../expect";
import { acceptFrom, bytes, connect, listenTCP, Pair } from "./support";

/** A gigabyte to somebody who never reads. */
function writesThatNobodyReads(): void {
  const pair = new Pair();
  const result = new Chan<i32>();
  go(() => {
    const much = new Uint8Array(16 << 20);
    let n = 0;
    for (let i = 0; i < 64 && n >= 0; i++) n = pair.near.write(much);
    result.send(n);
  });
  sleep(20 * Millisecond);
  let turns = 0;
  for (const until = now() + 20 * Second; turns < 1000 && now() < until; turns++) gosched();
  same(turns, 1000, "others run");
  pair.near.close();
  same(result.recv(), -1, "it ends with the connection");
  pair.far.close();
}

function echoOnce(c: Conn): void {
  const buf = new Uint8Array(16);
  while (true) {
    const n = c.read(buf);
    if (n <= 0) break;
    c.write(buf.subarray(0, n));
  }
  c.close();
}

let sink: i64 = 0;

/** Goroutines that compute without end, more than there are Ps: sysmon polls for them. */
function besideComputation(): void {
  const pair = new Pair();
  go(echoOnce(pair.far));
  for (let i = 0; i < 4; i++) {
    go(() => {
      for (let k: i64 = 0; k >= 0; k++) sink = k;
    });
  }
  const buf = new Uint8Array(16);
  for (let i = 0; i < 5; i++) {
    pair.near.write(bytes("ping"));
    same(pair.near.read(buf), 4, "an echo beside goroutines that compute");
  }
  pair.near.close();
}

/** Every M is busy with something else than the network: locked, or in a blocking call. */
function besideBlockingCalls(): void {
  const pair = new Pair();
  const done = new Chan<i32>();
  go(() => {
    const buf = new Uint8Array(16);
    done.send(pair.near.read(buf));
  });
  go(() => {
    lockOSThread();
    sleepBlocking(20 * Millisecond);
    pair.far.write(bytes("abc"));
    sleepBlocking(20 * Millisecond);
  });
  same(done.recv(), 3, "a read beside blocking calls");
  go(() => {
    lockOSThread();
    const buf = new Uint8Array(16);
    done.send(pair.near.read(buf));
  });
  go(() => {
    blocking(sleepBlocking(20 * Millisecond));
    pair.far.write(bytes("abcd"));
  });
  same(done.recv(), 4, "a read by a locked goroutine");
  pair.near.close();
  pair.far.close();
}

/** A client and a server alternate with sleeps: nothing is runnable, the network and timers wake the program. */
function besideTimers(): void {
  const pair = new Pair();
  go(echoOnce(pair.far));
  const buf = new Uint8Array(16);
  for (let i = 0; i < 20; i++) {
    const start = now();
    sleep((i % 3) * Millisecond);
    check(now() - start >= (i % 3) * Millisecond, "a sleep is no shorter");
    pair.near.write(bytes("ping"));
    same(pair.near.read(buf), 4, "an echo");
  }
  pair.near.close();
}

/** Main has gone, and all that is left waits for the network: that is alive. */
function mainMayGo(): void {
  const l = listenTCP();
  const addr = l.addr;
  go(() => {
    const c = acceptFrom(l);
    const buf = new Uint8Array(4);
    same(c.read(buf), 4, "a read after main has gone");
    println("ok");
    exit(0);
  });
  go(() => {
    sleepBlocking(30 * Millisecond);
    const c = connect(addr);
    sleepBlocking(30 * Millisecond);
    c.write(bytes("bye!"));
    new Chan<bool>().recv();
  });
  goexit();
}

export function main(): void {
  writesThatNobodyReads();
  besideBlockingCalls();
  besideTimers();
  besideComputation();
  mainMayGo();
}
