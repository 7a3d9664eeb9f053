// Goroutine per connection: what a client sends comes back, over TCP and Unix sockets, in sizes from 0 to 1 MB.
// timeout: 120
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, println, WaitGroup } from "skein";
import { dial, lastError, listen, Conn, Listener } from "skein/net";
import { check, same } from "../expect";
import { socketPath } from "./support";

const CLIENTS = 10;
const ROUNDS = 6;

function echo(c: Conn): void {
  const buf = new Uint8Array(16 * 1024);
  while (true) {
    const n = c.read(buf);
    if (n == 0) break;
    check(n > 0, "read: " + lastError());
    same(c.write(buf.subarray(0, n)), n, "write: " + lastError());
  }
  c.close();
}

function serve(l: Listener): void {
  while (true) {
    const c = l.accept();
    if (!c) return;
    go(echo(c));
  }
}

/** A size that grows from 0 to a megabyte, with odd ones between. */
function sizeOf(client: i32, round: i32): i32 {
  return round == 0 ? 0 : round == ROUNDS - 1 ? 1 << 20 : (1 << (3 * round + 2)) + client * 7 + round;
}

function send(c: Conn, data: Uint8Array): void {
  same(c.write(data), data.length, "the client's write: " + lastError());
}

function client(addr: string, number: i32, done: WaitGroup): void {
  const c = dial(addr);
  check(c != null, "dial: " + lastError());
  const back = new Uint8Array(64 * 1024);
  for (let round = 0; round < ROUNDS; round++) {
    const data = new Uint8Array(sizeOf(number, round));
    for (let i = 0; i < data.length; i++) data[i] = <u8>((i * 31 + number) ^ (i >> 8));
    // A megabyte does not fit into the buffers on the way, so it is sent while it comes back.
    go(send(c!, data));
    let got = 0;
    while (got < data.length) {
      const n = c!.read(back.subarray(0, min(back.length, data.length - got)));
      check(n > 0, "the client's read: " + lastError());
      for (let i = 0; i < n; i++) {
        if (back[i] != data[got + i]) same(back[i], data[got + i], `byte ${got + i} of round ${round}`);
      }
      got += n;
    }
  }
  c!.close();
  done.done();
}

function over(addr: string): void {
  const l = listen(addr);
  check(l != null, "listen: " + lastError());
  go(serve(l!));
  const done = new WaitGroup();
  done.add(CLIENTS);
  for (let i = 0; i < CLIENTS; i++) go(client(l!.addr, i, done));
  done.wait();
  l!.close();
}

export function main(): void {
  over("tcp://127.0.0.1:0");
  over("unix://" + socketPath("echo"));
  println("ok");
}
