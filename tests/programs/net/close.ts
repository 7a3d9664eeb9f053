// Closing ends every call that waits; what is closed stays closed; descriptors are used again.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, println, sleep, Chan, Millisecond, WaitGroup } from "skein";
import { dial, lastError, listen, listenPacket, Conn, Listener, PacketConn } from "skein/net";
import { check, same } from "../expect";
import { acceptFrom, bytes, connect, errorSays, listenTCP, Pair } from "./support";

const pause: i64 = 20 * Millisecond;

class Outcome {
  constructor(
    public n: i32,
    public error: string,
  ) {}
}

function read(c: Conn, out: Chan<Outcome>): void {
  const n = c.read(new Uint8Array(16));
  out.send(new Outcome(n, lastError()));
}

function write(c: Conn, out: Chan<Outcome>): void {
  const n = c.write(new Uint8Array(16 << 20));
  out.send(new Outcome(n, lastError()));
}

function accept(l: Listener, out: Chan<Outcome>): void {
  const c = l.accept();
  out.send(new Outcome(c ? 1 : -1, lastError()));
}

function receive(p: PacketConn, out: Chan<Outcome>): void {
  const n = p.readFrom(new Uint8Array(16));
  out.send(new Outcome(n, lastError()));
}

function isClosed(out: Chan<Outcome>, what: string): void {
  const o = out.recv();
  same(o.n, -1, what);
  check(o.error.includes("use of closed network connection"), what + ": " + o.error);
}

function callsThatWait(): void {
  const out = new Chan<Outcome>(16);
  const pair = new Pair();
  // One waits for bytes, the others for their turn.
  for (let i = 0; i < 4; i++) go(read(pair.near, out));
  for (let i = 0; i < 4; i++) go(write(pair.near, out));
  sleep(pause);
  pair.near.close();
  for (let i = 0; i < 8; i++) isClosed(out, "a call that waited");
  pair.far.close();

  const l = listenTCP();
  for (let i = 0; i < 3; i++) go(accept(l, out));
  sleep(pause);
  l.close();
  for (let i = 0; i < 3; i++) isClosed(out, "an accept that waited");
  const again = listen(l.addr);
  check(again != null, "its port is free at once: " + lastError());
  again!.close();

  const p = listenPacket("udp://127.0.0.1:0")!;
  go(receive(p, out));
  sleep(pause);
  p.close();
  isClosed(out, "a receive that waited");
}

function afterwards(): void {
  const pair = new Pair();
  const near = pair.near;
  near.close();
  const buf = new Uint8Array(4);
  same(near.read(buf), -1, "read");
  errorSays("use of closed network connection", "read");
  same(near.write(buf), -1, "write");
  errorSays("use of closed network connection", "write");
  near.closeWrite();
  errorSays("close", "closeWrite");
  near.setDeadline(1);
  near.close();
  errorSays("use of closed network connection", "close");
  check(near.localAddr.startsWith("tcp://127.0.0.1:"), "the address is still known: " + near.localAddr);
  same(pair.far.read(buf), 0, "the other end sees the end");
  same(pair.far.read(buf), 0, "again");
  pair.far.close();
}

/** A connection that was closed must not be taken for one that was opened since on the same descriptor. */
function descriptorsAreUsedAgain(): void {
  const l = listenTCP();
  const stale: Conn[] = [];
  for (let i = 0; i < 50; i++) {
    const near = connect(l.addr);
    const far = acceptFrom(l);
    for (let k = 0; k < stale.length; k++) same(stale[k].write(bytes("no")), -1, "a stale connection");
    far.write(bytes("yes"));
    const buf = new Uint8Array(8);
    same(near.read(buf), 3, "the new one");
    near.close();
    far.close();
    stale.push(near);
  }
  l.close();
  check(dial(l.addr) == null, "nobody listens any more");
  errorSays("ECONNREFUSED", "a dial where nobody listens");
}

/** Readers come and go while another goroutine closes. */
function racing(): void {
  for (let round = 0; round < 30; round++) {
    const pair = new Pair();
    const wg = new WaitGroup();
    wg.add(4);
    for (let i = 0; i < 2; i++) {
      go(() => {
        const buf = new Uint8Array(4);
        while (pair.near.read(buf) > 0);
        wg.done();
      });
    }
    go(() => {
      while (pair.far.write(bytes("abcdefgh")) > 0);
      wg.done();
    });
    go(() => {
      sleep((round % 5) * Millisecond);
      pair.near.close();
      pair.far.close();
      wg.done();
    });
    wg.wait();
  }
}

export function main(): void {
  callsThatWait();
  afterwards();
  descriptorsAreUsedAgain();
  racing();
  println("ok");
}
