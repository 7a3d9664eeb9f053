// What handlers return: connections close, leave the server or end it, each once, with their output out.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import { go, println, Atomic, Chan, Millisecond, sleep } from "skein";
import { Conn as Stream } from "skein/net";
import { Action, Conn, Events, Server } from "skein/serve";
import { check, same } from "../expect";
import { connect, expect, expectEnd, fill, send, serving } from "./support";

/** Does what it is told to. */
class Obedient extends Events {
  closes: Atomic<i32> = new Atomic<i32>(0);
  errors: Chan<string> = new Chan<string>(100);
  detaches: Atomic<i32> = new Atomic<i32>(0);
  preWrites: Atomic<i32> = new Atomic<i32>(0);

  opened(conn: Conn): Action {
    conn.tag = conn.addrIndex;
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    switch (input[0]) {
      case 0x63: // c
        conn.writeText("closing");
        return Action.Close;
      case 0x43: // C
        conn.close();
        conn.writeText("closing too");
        return Action.None;
      case 0x64: // d
        conn.writeText("detaching");
        return Action.Detach;
      case 0x73: // s
        conn.writeText("shutting down");
        return Action.Shutdown;
      case 0x42: // B
        conn.write(new Uint8Array(8 << 20));
        return Action.Close;
      case 0x44: // D
        conn.write(new Uint8Array(8 << 20));
        return Action.Detach;
      case 0x69: // i
        conn.writeText(conn.addrIndex.toString() + conn.localAddr + " " + conn.remoteAddr + "\n");
        return Action.None;
    }
    return Action.None;
  }

  preWrite(): void {
    this.preWrites.add(1);
  }

  closed(conn: Conn, error: string | null): Action {
    check(conn.isClosed, "it is closed");
    this.closes.add(1);
    this.errors.send(error ? error : "none");
    return Action.None;
  }

  detached(conn: Conn, stream: Stream): Action {
    check(conn.isClosed, "it is gone from the server");
    check(!conn.wake(), "it cannot be woken");
    this.detaches.add(1);
    go(reverse(stream));
    return Action.None;
  }
}

/** A goroutine of a connection that has left its server. */
function reverse(c: Stream): void {
  const buf = new Uint8Array(1000);
  while (true) {
    const n = c.read(buf);
    if (n <= 0) break;
    c.write(buf.subarray(0, n).reverse());
  }
  c.close();
}

function actions(network: string): void {
  const events = new Obedient();
  events.loops = 2;
  const server = serving(events, [network, "unix"]);
  const addr = server.addrs[0];

  const a = connect(addr);
  send(a, "c");
  expect(a, "closing");
  expectEnd(a, "Action.Close");
  same(events.errors.recv(), "none", "the error of Action.Close");
  same(events.preWrites.load(), 1, "calls of preWrite");

  const b = connect(addr);
  send(b, "C");
  expect(b, "closing too");
  expectEnd(b, "conn.close");
  same(events.errors.recv(), "none", "the error of conn.close");

  const big = connect(addr);
  send(big, "B");
  sleep(20 * Millisecond);
  fill(big, new Uint8Array(8 << 20));
  expectEnd(big, "Action.Close after much output");
  same(events.errors.recv(), "none", "the error of that");

  const d = connect(addr);
  send(d, "d");
  expect(d, "detaching");
  send(d, "abc");
  expect(d, "cba");

  const e = connect(addr);
  send(e, "D");
  sleep(20 * Millisecond);
  send(e, "xyz");
  fill(e, new Uint8Array(8 << 20));
  expect(e, "zyx");
  same(events.detaches.load(), 2, "detached");
  same(events.closes.load(), 3, "closed are only those that were not detached");

  // The client's end, after which it is still answered; and which of the addresses it came to.
  const h = connect(server.addrs[1]);
  send(h, "i");
  h.closeWrite();
  expect(h, "1" + server.addrs[1] + " unix://\n");
  expectEnd(h, "the client's end");
  same(events.errors.recv(), "none", "the error of an end in order");

  const idle = connect(addr);
  send(idle, "i");
  fill(idle, new Uint8Array(1));
  const s = connect(addr);
  send(s, "s");
  expect(s, "shutting down");
  server.wait();
  expectEnd(s, "Action.Shutdown");
  same(events.closes.load(), 6, "closed");
  // Those that were detached live on.
  send(d, "still");
  expect(d, "llits");
  d.close();
  e.close();
}

class Ends extends Events {
  constructor(private when: i32) {
    super();
  }
  serving(server: Server): Action {
    return this.when == 0 ? Action.Shutdown : Action.None;
  }
  opened(conn: Conn): Action {
    return this.when == 1 ? Action.Shutdown : Action.None;
  }
  closed(conn: Conn, error: string | null): Action {
    return this.when == 2 ? Action.Shutdown : Action.None;
  }
}

/** The default of `detached` closes; and Shutdown means the same wherever it is returned. */
class Closes extends Events {
  opened(conn: Conn): Action {
    return Action.Detach;
  }
}

export function main(): void {
  actions("tcp");
  actions("unix");
  for (let when = 0; when < 3; when++) {
    const server = serving(new Ends(when));
    if (when > 0) {
      const c = connect(server.addrs[0]);
      if (when == 2) c.close();
      else expectEnd(c, "the server's end");
    }
    server.wait();
    server.close();
  }
  const server = serving(new Closes());
  expectEnd(connect(server.addrs[0]), "a connection that nobody takes");
  server.close();
  println("ok");
}
