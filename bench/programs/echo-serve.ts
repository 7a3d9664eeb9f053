/** Echo with `skein/serve`: what each connection sends is given back by loops, one for each P. */
import { println } from "skein";
import { lastError, serve, Action, Conn, Events, LoadBalance } from "skein/serve";

class Echo extends Events {
  data(conn: Conn, input: Uint8Array): Action {
    conn.write(input);
    return Action.None;
  }
}

export function main(): void {
  const events = new Echo();
  events.loops = -1;
  events.loadBalance = LoadBalance.LeastConnections;
  const server = serve(events, ["tcp://127.0.0.1:0"]);
  if (!server) throw new Error(lastError());
  println("LISTEN " + server.addrs[0]);
  server.wait();
}
