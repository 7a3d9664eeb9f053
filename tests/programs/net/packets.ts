// Packets: each arrives whole, with its sender's address.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, println, WaitGroup } from "skein";
import { lastError, listenPacket, PacketConn } from "skein/net";
import { same } from "../expect";
import { bytes, errorSays } from "./support";

function open(addr: string): PacketConn {
  const p = listenPacket(addr);
  if (!p) throw new Error(lastError());
  return p;
}

function echo(p: PacketConn): void {
  const buf = new Uint8Array(2048);
  while (true) {
    const n = p.readFrom(buf);
    if (n < 0) return;
    same(p.writeTo(buf.subarray(0, n), p.from), n, "the echo: " + lastError());
  }
}

function client(to: string, number: i32, done: WaitGroup): void {
  const p = open("udp://127.0.0.1:0");
  const buf = new Uint8Array(2048);
  for (let i = 0; i < 50; i++) {
    const data = new Uint8Array(i * 17);
    data.fill(<u8>(number + i));
    same(p.writeTo(data, to), data.length, "a packet: " + lastError());
    same(p.readFrom(buf), data.length, "comes back with its length: " + lastError());
    same(p.from, to, "from where it was sent to");
    for (let k = 0; k < data.length; k++) if (buf[k] != data[k]) same(buf[k], data[k], "its bytes");
  }
  p.close();
  done.done();
}

export function main(): void {
  const server = open("udp://127.0.0.1:0");
  for (let i = 0; i < 3; i++) go(echo(server));
  const done = new WaitGroup();
  done.add(8);
  for (let i = 0; i < 8; i++) go(client(server.localAddr, i, done));
  done.wait();

  const p = open("udp://127.0.0.1:0");
  const port = p.localAddr.substring(p.localAddr.lastIndexOf(":"));
  same(server.writeTo(bytes("0123456789"), "udp://localhost" + port), 10, "to a name");
  const buf = new Uint8Array(4);
  same(p.readFrom(buf), 4, "what does not fit is lost");
  same(String.UTF8.decodeUnsafe(buf.dataStart, 4), "0123", "the beginning is there");
  same(p.writeTo(new Uint8Array(70000), server.localAddr), -1, "more than a packet holds");
  errorSays("EMSGSIZE", "more than a packet holds");
  same(p.writeTo(buf, "udp://nowhere"), -1, "to no address");
  errorSays("the port is missing", "to no address");
  p.close();
  server.close();
  println("ok");
}
