// Input comes in pieces: an InputStream joins them; a handler that blocks holds up its own loop and loses nothing.
//
// case: with system calls
// options: --poller epoll
// timeout: 60
//
// case: with the runtime's own sockets
// options: --poller stdlib
// timeout: 60

import { go, println, sleep, Chan, Millisecond } from "skein";
import { Action, Conn, Events, InputStream, LoadBalance } from "skein/serve";
import { check, same } from "../expect";
import { bytes, connect, expect, send, serving } from "./support";

/** Answers each line with its length. */
class Lines extends Events {
  opened(conn: Conn): Action {
    conn.context = new InputStream();
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    const stream = conn.context as InputStream;
    let rest = stream.begin(input);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      conn.writeText(end.toString() + "\n");
      rest = rest.subarray(end + 1);
    }
    stream.end(rest);
    return Action.None;
  }
}

function pieces(): void {
  const server = serving(new Lines());
  const c = connect(server.addrs[0]);
  send(c, "one\ntwenty\n\n");
  expect(c, "3\n6\n0\n");
  const slow = "in pieces\nand more\n";
  for (let i = 0; i < slow.length; i++) {
    send(c, slow.charAt(i));
    if (i % 4 == 0) sleep(2 * Millisecond);
  }
  expect(c, "9\n8\n");
  const long = new Uint8Array(300_000);
  long.fill(0x78);
  for (let i = 0; i < 3; i++) {
    check(c.write(long) > 0, "it is sent");
    send(c, "\nab\nc");
    expect(c, (i == 0 ? "300000" : "300001") + "\n2\n");
  }
  send(c, "\n");
  expect(c, "1\n");
  c.close();
  server.close();
}

/** Without a server: everything that may be left over. */
function leftOver(): void {
  const stream = new InputStream();
  let total = 0;
  for (let size = 1; size < 3000; size += 7) {
    const input = new Uint8Array(size);
    for (let i = 0; i < size; i++) input[i] = <u8>(total + i);
    const all = stream.begin(input);
    same(all[all.length - 1], <u8>(total + size - 1), "its end is what came last");
    total += size;
    same(all[0], <u8>(total - all.length), "its beginning is what was left over");
    stream.end(all.subarray(all.length - size / 3));
  }
}

/** Asks a goroutine, and waits for its answer. */
class Asking extends Events {
  questions: Chan<i32> = new Chan<i32>();
  answers: Chan<i32> = new Chan<i32>();
  data(conn: Conn, input: Uint8Array): Action {
    for (let i = 0; i < input.length; i++) {
      this.questions.send(input[i]);
      conn.writeText(this.answers.recv().toString() + ".");
    }
    return Action.None;
  }
}

function answerAll(events: Asking): void {
  for (let r = events.questions.range(); r.next();) {
    sleep(Millisecond);
    events.answers.send(r.value * 2);
  }
}

function blocking(): void {
  const events = new Asking();
  events.loadBalance = LoadBalance.RoundRobin;
  const server = serving(events);
  go(answerAll(events));
  const c = connect(server.addrs[0]);
  const d = connect(server.addrs[0]);
  for (let i = 0; i < 10; i++) {
    check(c.write(bytes("\x01\x02\x03")) == 3 && d.write(bytes("\x04")) == 1, "they are sent");
    expect(c, "2.4.6.");
    expect(d, "8.");
  }
  c.close();
  d.close();
  server.close();
}

export function main(): void {
  pieces();
  leftOver();
  blocking();
  println("ok");
}
