// What the programs about sockets have in common. (A program of its own only so that the driver may run every file here.)

import { now, println } from "skein";
import { dial, lastError, listen, Conn, Listener } from "skein/net";
import { check } from "../expect";

/** A path for a Unix socket that no other run uses. */
export function socketPath(name: string): string {
  return `/tmp/skein-${name}-${now()}-${<i32>(Math.random() * 1e9)}.sock`;
}

export function listenTCP(): Listener {
  const l = listen("tcp://127.0.0.1:0");
  if (!l) throw new Error("listen: " + lastError());
  return l;
}

export function connect(addr: string): Conn {
  const c = dial(addr);
  if (!c) throw new Error("dial: " + lastError());
  return c;
}

export function acceptFrom(l: Listener): Conn {
  const c = l.accept();
  if (!c) throw new Error("accept: " + lastError());
  return c;
}

/** Two ends of one TCP connection. */
export class Pair {
  near: Conn;
  far: Conn;
  constructor() {
    const l = listenTCP();
    this.near = connect(l.addr);
    this.far = acceptFrom(l);
    l.close();
  }
}

/** The last error has these words in it. */
export function errorSays(words: string, after: string): void {
  check(lastError().includes(words), `${after}: the error is ${quoted(lastError())}, not about ${quoted(words)}`);
}

function quoted(text: string): string {
  return '"' + text + '"';
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function main(): void {
  println("ok");
}
