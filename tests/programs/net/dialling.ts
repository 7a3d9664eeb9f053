// Dialling within a time, to packets, and within the program.
//
// case: with system calls
// options: --poller epoll
// args: unixgram
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { args, go, now, println, sleep, Chan, Millisecond, Second } from "skein";
import { dial, lastError, listenPacket, Conn, Pipe } from "skein/net";
import { check, same } from "../expect";
import { acceptFrom, bytes, errorSays, listenTCP, socketPath } from "./support";

function withinATime(): void {
  const l = listenTCP();
  const c = dial(l.addr, Second);
  check(c != null, "a time that suffices: " + lastError());
  acceptFrom(l).close();
  c!.setDeadline(now() + 10 * Second);
  same(c!.read(new Uint8Array(1)), 0, "the time for dialling is none for reading");
  c!.close();
  l.close();
  check(dial(l.addr, Second) == null, "nobody listens there any more");
  errorSays("ECONNREFUSED", "what the goroutine that connects has heard");
  const start = now();
  // Of no network: packets to it vanish, or are refused at once.
  check(dial("tcp://192.0.2.1:9", 50 * Millisecond) == null, "nobody is there");
  check(now() - start < 5 * Second, "it gives up in time");
}

function text(buf: Uint8Array, n: i32): string {
  return n < 0 ? lastError() : String.UTF8.decodeUnsafe(buf.dataStart, n);
}

function packets(at: string, hasName: bool): void {
  const server = listenPacket(at);
  check(server != null, lastError());
  const c = dial(server!.localAddr);
  check(c != null, lastError());
  same(c!.remoteAddr, server!.localAddr, "the other end");
  const buf = new Uint8Array(100);
  // One after the other: nobody promises that packets keep their order.
  same(c!.write(bytes("one")), 3, "a packet");
  same(text(buf, server!.readFrom(buf)), "one", "comes whole");
  same(server!.from, c!.localAddr, "from where the connection says it is");
  same(c!.write(new Uint8Array(0)), 0, "one without bytes");
  same(server!.readFrom(buf), 0, "comes too");
  same(c!.write(bytes("three")), 5, "and another");
  same(text(buf, server!.readFrom(buf)), "three", "is apart from it");
  if (hasName) {
    const stranger = listenPacket("udp://127.0.0.1:0")!;
    stranger.writeTo(bytes("strange"), c!.localAddr);
    sleep(20 * Millisecond);
    server!.writeTo(bytes("answer"), server!.from);
    same(text(buf, c!.read(buf)), "answer", "what somebody else sends is not for it");
    stranger.close();
  }
  c!.setReadDeadline(now() + 10 * Millisecond);
  same(c!.read(buf), -1, "a deadline");
  errorSays("i/o timeout", "a deadline");
  c!.close();
  server!.close();
}

function echo(c: Conn, done: Chan<i32>): void {
  const buf = new Uint8Array(4);
  let n = 0;
  for (let got = c.read(buf); got > 0; got = c.read(buf)) {
    n += got;
    c.write(buf.subarray(0, got));
  }
  c.close();
  done.send(n);
}

function writeAll(c: Conn, data: Uint8Array, result: Chan<i32>): void {
  result.send(c.write(data));
}

function pipes(): void {
  const pipe = new Pipe();
  const near = pipe.near;
  const done = new Chan<i32>(1);
  same(near.localAddr, "pipe", "its address");
  same(near.remoteAddr, "pipe", "and that of the other end");
  go(echo(pipe.far, done));
  go(writeAll(near, bytes("0123456789"), new Chan<i32>(1)));
  const buf = new Uint8Array(3);
  let all = "";
  while (all.length < 10) all += text(buf, near.read(buf));
  same(all, "0123456789", "what goes through");
  near.closeWrite();
  same(done.recv(), 10, "the other end has had it all, and the end");
  same(near.read(buf), 0, "an end");
  same(near.write(bytes("x")), -1, "to nobody");
  errorSays("write pipe: io: read/write on closed pipe", "to nobody");
  near.close();
  same(near.read(buf), -1, "closed here");
  errorSays("closed pipe", "closed here");
}

function limitsOfPipes(): void {
  const pipe = new Pipe();
  const buf = new Uint8Array(3);
  const start = now();
  pipe.near.setReadDeadline(start + 20 * Millisecond);
  same(pipe.near.read(buf), -1, "a deadline");
  errorSays("read pipe: i/o timeout", "a deadline");
  check(now() - start >= 20 * Millisecond, "it does not come early");
  same(pipe.near.read(buf), -1, "it stays");
  pipe.near.setReadDeadline(0);
  const result = new Chan<i32>(1);
  go(writeAll(pipe.far, bytes("abc"), result));
  same(text(buf, pipe.near.read(buf)), "abc", "until it is moved");
  same(result.recv(), 3, "a write ends once all is taken");
  go(writeAll(pipe.far, bytes("abc"), result));
  sleep(10 * Millisecond);
  pipe.far.setWriteDeadline(now() + 10 * Millisecond);
  same(result.recv(), -1, "a deadline that is set while a call waits");
  go(writeAll(pipe.near, bytes("abc"), result));
  sleep(10 * Millisecond);
  pipe.far.close();
  same(result.recv(), -1, "a close while a call waits");
}

export function main(): void {
  withinATime();
  packets("udp://127.0.0.1:0", true);
  if (args().length > 0) {
    packets("unixgram://" + socketPath("dialling"), false);
    packets("unixgram://@" + socketPath("dialling"), false);
  } else {
    check(listenPacket("unixgram://" + socketPath("dialling")) == null, "the runtime has no such sockets");
    errorSays("EAFNOSUPPORT", "the runtime has no such sockets");
  }
  pipes();
  limitsOfPipes();
  println("ok");
}
