/**
 * The chat's handlers. Each loop runs them on a thread of its own and knows its own members; what one says goes to the other
 * loops over a BroadcastChannel, and to each member by a wake: `data` with empty input fetches what there is for it.
 */
import process from "node:process";
import { Action, InputStream, type Conn } from "skein";

export const loops = -1;
export const loadBalance = "least-connections";

const LINE_MAX = 4096;
/** Bytes waiting for a member who reads too slowly, above which lines are lost to it. */
const BEHIND_MAX = 1 << 20;

class Member {
  name = "";
  readonly stream = new InputStream();
  lines: string[] = [];
}

const members = new Set<Conn>();
const channel = new BroadcastChannel(`skein chat ${process.pid}`);
channel.onmessage = (event) => deliver((event as unknown as { data: string }).data);

function member(conn: Conn): Member {
  return conn.context as Member;
}

/** Gives a line to this loop's members. */
function deliver(line: string): void {
  for (const conn of members) {
    if (member(conn).name === "" || conn.buffered > BEHIND_MAX) continue;
    member(conn).lines.push(line);
    conn.wake();
  }
}

/** Gives a line to everybody. */
function say(line: string): void {
  channel.postMessage(line);
  deliver(line);
}

export function opened(conn: Conn): string {
  conn.context = new Member();
  members.add(conn);
  return "name?\n";
}

export function data(conn: Conn, input: Uint8Array): { out?: string; action?: Action } {
  const me = member(conn);
  if (input.length === 0) {
    const out = me.lines.join("");
    me.lines = [];
    return { out };
  }
  let rest = me.stream.begin(input);
  for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) {
    // No control characters: a line stays a line.
    const text = rest.toString("utf8", 0, end).replace(/[\0-\x1f\x7f]/g, "");
    if (text === "") continue;
    if (me.name !== "") say(`${me.name}: ${text}\n`);
    else {
      me.name = text.slice(0, 32);
      say(`* ${me.name} has come\n`);
    }
  }
  me.stream.end(rest);
  return rest.length > LINE_MAX ? { out: "that line is too long\n", action: Action.Close } : {};
}

export function closed(conn: Conn): void {
  members.delete(conn);
  if (member(conn).name !== "") say(`* ${member(conn).name} has gone\n`);
}
