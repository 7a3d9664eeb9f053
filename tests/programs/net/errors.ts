// What cannot be opened is null, and lastError says why, to the goroutine whose call it was.
//
// case: with system calls
// options: --poller epoll
//
// case: with the runtime's own sockets
// options: --poller stdlib

import { go, println, Chan } from "skein";
import { dial, lastError, listen, listenPacket } from "skein/net";
import { check, same } from "../expect";
import { errorSays, listenTCP, socketPath } from "./support";

function refused(addr: string, words: string): void {
  check(listen(addr) == null, `listen at ${addr}`);
  errorSays(words, `listen at ${addr}`);
  errorSays(addr, "it names the address");
}

function addresses(): void {
  refused("", "write it as tcp://host:port");
  refused("127.0.0.1", "write it as");
  refused("http://127.0.0.1:80", "there is no network http");
  refused("tcp://127.0.0.1", "the port is missing");
  refused("tcp://127.0.0.1:99999", "a port is a number from 0 to 65535");
  refused("tcp://127.0.0.1:http", "write host:port");
  refused("tcp6://127.0.0.1:0", "127.0.0.1 is no address for tcp6");
  refused("tcp4://[::1]:0", "::1 is no address for tcp4");
  refused("tcp://::1:0", "in brackets");
  refused("udp://127.0.0.1:0", "use listenPacket");
  refused("unix://", "the path is missing");
  refused("unix:///tmp/" + "x".repeat(200), "at most 107 bytes");
  refused("unix:///no/such/folder/x.sock", "ENOENT");
  check(listen("tcp://192.0.2.1:0") == null, "listen at an address of another machine");
  // Deno's own sockets say EINVAL.
  check(lastError().includes("EADDRNOTAVAIL") || lastError().includes("EINVAL"), lastError());
  refused("tcp://no-such-host.invalid:0", "no such host");
  check(listenPacket("tcp://127.0.0.1:0") == null, "listenPacket at tcp");
  errorSays("packets have an address such as udp://", "listenPacket at tcp");
}

function taken(): void {
  const l = listenTCP();
  refused(l.addr, "address already in use (EADDRINUSE)");
  l.close();
  const path = socketPath("taken");
  const u = listen("unix://" + path)!;
  refused("unix://" + path, "EADDRINUSE");
  same(u.addr, "unix://" + path, "its address");
  u.close();
  const again = listen("unix://" + path);
  check(again != null, "close has removed the file: " + lastError());
  again!.close();
  check(dial("unix://" + path) == null, "nobody listens there");
  errorSays("ENOENT", "a dial to no file");
}

function dialling(): void {
  const l = listenTCP();
  const addr = l.addr;
  l.close();
  check(dial(addr) == null, "nobody listens");
  errorSays("connection refused (ECONNREFUSED)", "a dial where nobody listens");
  errorSays("dial " + addr, "it says what failed");
  check(listen("udp://127.0.0.1:0") == null, "nobody accepts packets");
  errorSays("use listenPacket", "nobody accepts packets");
}

function ofEachGoroutine(): void {
  listen("first");
  const other = new Chan<string>();
  go(() => {
    const before = lastError();
    listen("second");
    other.send(before + "|" + lastError());
  });
  check(other.recv().startsWith("|listen second:"), "another goroutine has its own");
  errorSays("first", "and leaves this one's alone");
}

export function main(): void {
  same(lastError(), "", "nothing has failed yet");
  addresses();
  taken();
  dialling();
  ofEachGoroutine();
  println("ok");
}
