// A chat: each line that somebody sends goes to all others. A goroutine reads each connection, another writes to it, and a
// channel between them keeps a slow reader from holding the others up.
//
//   skein run examples/net/chat.ts -- tcp://127.0.0.1:7001

import { args, eprintln, exit, go, println, Chan, Mutex } from "skein";
import { lastError, listen, Conn } from "skein/net";
import { decode, Reader } from "./stream";

/** Lines that wait for a member to take them; one who lags further behind is dropped. */
const BACKLOG = 256;

class Member {
  lines: Chan<string> = new Chan<string>(BACKLOG);
  name: string = "";
  constructor(public conn: Conn) {}
}

const mutex = new Mutex();
const members = new Set<Member>();

function tellAll(line: string, from: Member): void {
  mutex.lock();
  const all = members.values();
  for (let i = 0; i < all.length; i++) {
    const member = all[i];
    // One who does not read is not waited for.
    if (member != from && !member.lines.trySend(line)) member.conn.close();
  }
  mutex.unlock();
}

function write(member: Member): void {
  for (let lines = member.lines.range(); lines.next();) {
    if (member.conn.write(Uint8Array.wrap(String.UTF8.encode(lines.value + "\n"))) < 0) break;
  }
  member.conn.close();
}

function read(member: Member): void {
  const r = new Reader(member.conn);
  member.lines.send("your name?");
  const name = r.line();
  if (name) {
    member.name = decode(name);
    mutex.lock();
    members.add(member);
    mutex.unlock();
    tellAll(`* ${member.name} is here`, member);
    while (true) {
      const line = r.line();
      if (!line) break;
      tellAll(`${member.name}: ${decode(line)}`, member);
    }
    mutex.lock();
    members.delete(member);
    mutex.unlock();
    tellAll(`* ${member.name} has gone`, member);
  }
  member.lines.close();
}

export function main(): void {
  const given = args();
  const l = listen(given.length > 0 ? given[0] : "tcp://127.0.0.1:7001");
  if (!l) {
    eprintln(lastError());
    exit(1);
  }
  println("chat listens at " + l!.addr);
  while (true) {
    const c = l!.accept();
    if (!c) break;
    const member = new Member(c);
    go(read(member));
    go(write(member));
  }
}
