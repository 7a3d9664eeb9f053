// What the programs about `skein/serve` have in common. (A program of its own only so that the driver may run every file here.)

import { now, println, Second } from "skein";
import { dial, lastError, Conn } from "skein/net";
import { serve, Events, Server } from "skein/serve";
import { check } from "../expect";

let paths: i32 = 0;

/** A path for a Unix socket that no other run uses. */
export function socketPath(): string {
  return `unix:///tmp/skein-serve-${now()}-${<i32>(Math.random() * 1e9)}-${paths++}.sock`;
}

/** A server at an address of each network in `networks`: `tcp`, `unix` or `udp`. */
export function serving(events: Events, networks: string[] = ["tcp"]): Server {
  const addrs: string[] = [];
  for (let i = 0; i < networks.length; i++) {
    addrs.push(networks[i] == "unix" ? socketPath() : networks[i] + "://127.0.0.1:0");
  }
  const server = serve(events, addrs);
  if (!server) throw new Error("serve: " + lastError());
  return server;
}

export function connect(addr: string): Conn {
  const c = dial(addr);
  if (!c) throw new Error("dial: " + lastError());
  c.setDeadline(now() + 30 * Second);
  return c;
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function send(c: Conn, text: string): void {
  check(c.write(bytes(text)) >= 0, "write: " + lastError());
}

/** Reads exactly what fills `buf`. */
export function fill(c: Conn, buf: Uint8Array): void {
  for (let got = 0; got < buf.length;) {
    const n = c.read(buf.subarray(got));
    check(n > 0, `the connection ends after ${got} of ${buf.length} bytes: ${lastError()}`);
    got += n;
  }
}

/** Reads as many bytes as `text` has: they are those. */
export function expect(c: Conn, text: string): void {
  const buf = bytes(text);
  const want = text;
  fill(c, buf);
  const got = String.UTF8.decodeUnsafe(buf.dataStart, buf.length);
  check(got == want, `what comes is "${got}", not "${want}"`);
}

/** The other end closes in order, having sent no more. */
export function expectEnd(c: Conn, what: string): void {
  const n = c.read(new Uint8Array(1));
  check(n == 0, `${what}: the end comes, not ${n}: ${lastError()}`);
}

export function main(): void {
  println("ok");
}
