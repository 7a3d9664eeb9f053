// Echoes, and answers "?" with what it has counted: connections opened, closed, closed with an error, and bytes of memory.
// A "Q" ends the program with the server still serving.

import { args, eprintln, exit, memoryUsed, println, Atomic, Chan } from "skein";
import { lastError, serve, Action, Conn, Events } from "skein/serve";

class Counting extends Events {
  opens: Atomic<i32> = new Atomic<i32>(0);
  closes: Atomic<i32> = new Atomic<i32>(0);
  errors: Atomic<i32> = new Atomic<i32>(0);
  quit: Chan<bool> = new Chan<bool>(1);

  opened(conn: Conn): Action {
    this.opens.add(1);
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    if (input.length == 1 && input[0] == 0x3f) {
      conn.writeText(`${this.opens.load()} ${this.closes.load()} ${this.errors.load()} ${memoryUsed()}\n`);
      return Action.None;
    }
    if (input[input.length - 1] == 0x51) this.quit.trySend(true);
    conn.write(input);
    return Action.None;
  }

  closed(conn: Conn, error: string | null): Action {
    this.closes.add(1);
    if (error) this.errors.add(1);
    return Action.None;
  }
}

export function main(): void {
  const events = new Counting();
  events.loops = -1;
  const server = serve(events, [args()[0]]);
  if (!server) {
    eprintln(lastError());
    exit(1);
  }
  println("reactor listens at " + server!.addrs[0]);
  events.quit.recv();
}
