// closeWrite ends one direction only; resets are errors; what the other end has sent before its end is read before it.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, println, sleep, Chan, Millisecond } from "skein";
import { lastError, Conn } from "skein/net";
import { check, same } from "../expect";
import { bytes, connect, errorSays, listenTCP, acceptFrom, Pair } from "./support";

function text(c: Conn): string {
  const buf = new Uint8Array(64);
  const n = c.read(buf);
  return n < 0 ? lastError() : String.UTF8.decodeUnsafe(buf.dataStart, n);
}

function oneDirection(): void {
  const pair = new Pair();
  pair.near.write(bytes("question"));
  pair.near.closeWrite();
  same(text(pair.far), "question", "what was sent before the end");
  same(text(pair.far), "", "then the end");
  same(pair.far.write(bytes("answer")), 6, "the other direction is open");
  same(text(pair.near), "answer", "and is read");
  same(pair.near.write(bytes("more")), -1, "nothing more is written");
  errorSays("EPIPE", "a write after closeWrite");
  pair.near.close();
  pair.far.close();
}

/** The end comes while a reader waits, or between two reads, of which the first took all that there was. */
function theEndIsAlwaysSeen(): void {
  for (let i = 0; i < 200; i++) {
    const pair = new Pair();
    const near = pair.near;
    const got = new Chan<string>();
    go(() => {
      let all = "";
      while (true) {
        const part = text(near);
        if (part == "") break;
        all += part;
      }
      got.send(all);
    });
    pair.far.write(bytes("a"));
    if (i % 4 == 1) sleep(1);
    if (i % 4 == 2) sleep(Millisecond);
    pair.far.write(bytes("b"));
    if (i % 4 == 3) sleep(Millisecond);
    pair.far.close();
    same(got.recv(), "ab", "all that was sent, and then the end");
    near.close();
  }
}

/** A close with bytes unread resets the connection. */
function aReset(): void {
  const pair = new Pair();
  pair.far.write(bytes("unread"));
  sleep(5 * Millisecond);
  pair.near.close();
  sleep(5 * Millisecond);
  const buf = new Uint8Array(4);
  same(pair.far.read(buf), -1, "a read from a connection that was reset");
  errorSays("ECONNRESET", "a reset");
  let n = 0;
  for (let i = 0; i < 10 && n >= 0; i++) n = pair.far.write(bytes("x"));
  same(n, -1, "a write to it");
  errorSays("EPIPE", "a write to a connection that was reset");
  pair.far.close();
}

/** A peer that has gone before it was accepted is no failure of the listener's. */
function goneBeforeAccept(): void {
  const l = listenTCP();
  for (let i = 0; i < 5; i++) connect(l.addr).close();
  const c = connect(l.addr);
  for (let i = 0; i < 5; i++) {
    const gone = acceptFrom(l);
    same(text(gone), "", "it has ended");
    gone.close();
  }
  const last = acceptFrom(l);
  last.write(bytes("hello"));
  same(text(c), "hello", "the next is served");
  check(c.remoteAddr == l.addr && c.localAddr == last.remoteAddr && last.localAddr == l.addr, "addresses of both ends");
  c.close();
  last.close();
  l.close();
}

export function main(): void {
  oneDirection();
  theEndIsAlwaysSeen();
  aReset();
  goneBeforeAccept();
  println("ok");
}
