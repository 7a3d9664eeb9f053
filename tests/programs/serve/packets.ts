// Datagrams: each is one call of `data`, and what that writes is one answer to where it came from.
//
// case: with system calls
// options: --poller epoll
// args: epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// args: stdlib
// timeout: 60

import { args, go, println, WaitGroup } from "skein";
import { lastError, listenPacket, PacketConn } from "skein/net";
import { serve, Action, Conn, Events } from "skein/serve";
import { check, same } from "../expect";
import { connect, expect, send, serving } from "./support";

class Echo extends Events {
  /** Where each packet is told of. */
  elsewhere: string = "";

  opened(conn: Conn): Action {
    check(conn.addrIndex == 0, "only a stream is opened");
    return Action.None;
  }
  data(conn: Conn, input: Uint8Array): Action {
    if (conn.addrIndex == 0) {
      conn.writeText("stream ");
      conn.write(input);
      return Action.None;
    }
    check(!conn.wake(), "it cannot be woken");
    same(conn.buffered, 0, "nothing waits");
    check(conn.remoteAddr.startsWith("udp://127.0.0.1:"), conn.remoteAddr);
    conn.writeText(conn.addrIndex.toString() + " ");
    conn.writeText(conn.remoteAddr + " ");
    conn.write(input);
    if (input.length == 4 && input[0] == 0x53) return Action.Shutdown;
    check(conn.sendTo(new Uint8Array(0), this.elsewhere), "to another address: " + lastError());
    return Action.Close; // which means nothing here
  }
  closed(conn: Conn, error: string | null): Action {
    check(conn.addrIndex == 0, "only a stream is closed");
    return Action.None;
  }
}

function client(to: string, index: i32, done: WaitGroup): void {
  const p = listenPacket("udp://127.0.0.1:0");
  if (!p) throw new Error(lastError());
  for (let i = 0; i < 100; i++) ask(p, to, index, i == 0 ? "" : i.toString());
  p.close();
  done.done();
}

function ask(p: PacketConn, to: string, index: i32, text: string): void {
  const buf = new Uint8Array(2048);
  const packet = Uint8Array.wrap(String.UTF8.encode(text));
  same(p.writeTo(packet, to), packet.length, "a packet: " + lastError());
  const n = p.readFrom(buf);
  check(n > 0, "the answer: " + lastError());
  same(String.UTF8.decodeUnsafe(buf.dataStart, n), index.toString() + " " + p.localAddr + " " + text, "the answer");
  same(p.from, to, "from where it was sent to");
}

/** Counts what comes, in each loop. */
class Counting extends Events {
  data(conn: Conn, input: Uint8Array): Action {
    conn.write(input);
    return Action.None;
  }
}

/** Each loop has a socket of its own, and the system deals out to them. */
function reusePort(): void {
  const events = new Counting();
  events.loops = 3;
  const server = serve(events, ["udp://127.0.0.1:0?reuseport=true", "tcp4://127.0.0.1:0?reuseport=true"])!;
  same(server.addrs.length, 2, "one text for each address");
  const buf = new Uint8Array(16);
  for (let i = 0; i < 40; i++) {
    const p = listenPacket("udp://127.0.0.1:0")!;
    same(p.writeTo(buf, server.addrs[0]), 16, lastError());
    same(p.readFrom(buf), 16, lastError());
    p.close();
  }
  const stats = server.stats();
  let used = 0;
  for (let i = 0; i < stats.length; i++) if (stats[i].bytesIn > 0) used++;
  // The runtime's own sockets are one.
  const poller = args()[0];
  check(poller == "epoll" ? used > 1 : used == 1, `${used} loops have had packets`);
  for (let i = 0; i < 10; i++) {
    const c = connect(server.addrs[1]);
    send(c, "hello");
    expect(c, "hello");
    c.close();
  }
  server.close();
}

export function main(): void {
  reusePort();
  const events = new Echo();
  const elsewhere = listenPacket("udp://127.0.0.1:0")!;
  events.elsewhere = elsewhere.localAddr;
  events.loops = 2;
  const server = serving(events, ["tcp", "udp", "udp4"]);
  const done = new WaitGroup();
  done.add(10);
  for (let i = 0; i < 10; i++) go(client(server.addrs[1 + (i & 1)], 1 + (i & 1), done));
  const c = connect(server.addrs[0]);
  send(c, "hello");
  expect(c, "stream hello");
  done.wait();
  same(elsewhere.readFrom(new Uint8Array(1)), 0, "what is sent elsewhere arrives there");
  check(server.addrs.includes(elsewhere.from), "from " + elsewhere.from);
  elsewhere.close();
  const p = listenPacket("udp://127.0.0.1:0");
  ask(p!, server.addrs[2], 2, "Stop");
  server.wait();
  p!.close();
  println("ok");
}
