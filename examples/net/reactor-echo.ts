// An event-driven echo server: one loop for each P serves all connections. Compare echo-server.ts, a goroutine for each.
//
//   skein run examples/net/reactor-echo.ts -- tcp://127.0.0.1:7000

import { args, eprintln, exit, println } from "skein";
import { lastError, serve, Action, Conn, Events, Server } from "skein/serve";

class Echo extends Events {
  serving(server: Server): Action {
    println("reactor-echo listens at " + server.addrs[0]);
    return Action.None;
  }

  data(conn: Conn, input: Uint8Array): Action {
    conn.write(input);
    return Action.None;
  }
}

export function main(): void {
  const given = args();
  const events = new Echo();
  events.loops = -1;
  const server = serve(events, given.length > 0 ? given : ["tcp://127.0.0.1:7000"]);
  if (!server) {
    eprintln(lastError());
    exit(1);
  }
  server!.wait();
}
