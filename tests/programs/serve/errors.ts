// What cannot be is said: by null and lastError for addresses, by a panic for misuse.
//
// case: addresses
// args: addresses
//
// case: an address that is taken, with the runtime's own sockets
// options: --poller stdlib
// args: addresses
//
// case: loops
// args: loops
// exit: 2
// stderr-match: /^panic: serve: loops must be -1, for one for each P, or a number up to 1024, not -2\n/
//
// case: highWaterMark
// args: mark
// exit: 2
// stderr-match: /^panic: serve: highWaterMark must be 0 or more, not -1\n/
//
// case: no address
// args: none
// exit: 2
// stderr-match: /^panic: serve: there is no address to serve\n/
//
// case: probing from another goroutine
// args: keepAlive
// exit: 2
// stderr-match: /^panic: serve: keepAlive of a connection outside of its loop's handlers: use wake\n/
//
// case: closing in a handler
// args: close
// exit: 2
// stderr-match: /^panic: serve: close in a handler of the server waits for itself: use shutdown\n/
//
// case: an action that there is not
// args: action
// exit: 2
// stderr-match: /^panic: serve: there is no action 9\n/
//
// case: a handler that panics
// args: panic
// exit: 2
// stderr-match: /^panic: enough\n\ngoroutine \d+ \[running\]:\n[^]*Bad\.data/

import { args, println, sleep, Chan, Second } from "skein";
import { listen } from "skein/net";
import { lastError, serve, Action, Conn, Events, Server } from "skein/serve";
import { check } from "../expect";
import { connect, send, serving, socketPath } from "./support";

function refused(addrs: string[], words: string): void {
  check(!serve(new Events(), addrs), addrs.join(" ") + " cannot be served");
  check(lastError().includes(words), lastError() + " is not about " + words);
}

function addresses(): void {
  const l = listen("tcp://127.0.0.1:0")!;
  refused([l.addr], "EADDRINUSE");
  refused(["nonsense"], "nonsense");
  refused(["tcp://127.0.0.1:99999"], "99999");
  refused(["unix:///nowhere/at/all.sock"], "nowhere");
  // What was opened before the one that failed is closed again.
  const path = socketPath();
  refused([path, l.addr], "EADDRINUSE");
  const again = serve(new Events(), [path]);
  check(again != null, lastError());
  again!.close();
  l.close();
  const free = serve(new Events(), [l.addr]);
  check(free != null, lastError());
  free!.close();
  const shared = serving(new Events());
  refused([shared.addrs[0]], "EADDRINUSE");
  shared.close();
  println("ok");
}

class Bad extends Events {
  server: Server | null = null;
  conns: Chan<Conn> = new Chan<Conn>(1);
  constructor(private what: string) {
    super();
  }
  data(conn: Conn, input: Uint8Array): Action {
    if (this.what == "close") this.server!.close();
    if (this.what == "panic") throw new Error("enough");
    if (this.what == "action") return <Action>9;
    this.conns.send(conn);
    return Action.None;
  }
}

export function main(): void {
  const what = args()[0];
  if (what == "addresses") {
    addresses();
    return;
  }
  const events = new Bad(what);
  if (what == "loops") events.loops = -2;
  if (what == "mark") events.highWaterMark = -1;
  if (what == "none") serve(events, []);
  const server = serving(events);
  events.server = server;
  const c = connect(server.addrs[0]);
  send(c, "x");
  if (what == "keepAlive") events.conns.recv().keepAlive(Second);
  sleep(20 * Second);
}
