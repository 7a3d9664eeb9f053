/**
 * What the user of `skein/serve` says: a class whose methods are the handlers and whose fields are the settings.
 *
 * On the loop's goroutine; `serving` on that which calls `serve`.
 */
import { SERVE_HIGH_WATER_MARK, SERVE_LINGER_MS } from "../layout";
import { Conn as Stream } from "../net";
import { Conn } from "./conn";
import { Server } from "./server";

/** What is to happen to a connection, or to the server, after an event. */
export enum Action {
  /** Nothing. */
  None = 0,
  /** The connection leaves the server: `detached` gets it as a connection of `skein/net`, once the output is out. */
  Detach = 1,
  /** The connection closes, once the output is out. */
  Close = 2,
  /** The server closes, with all connections. */
  Shutdown = 3,
}

/** Which loop gets a new connection. */
export enum LoadBalance {
  Random = 0,
  RoundRobin = 1,
  LeastConnections = 2,
}

/** What `tick` may return instead of a delay. */
export namespace Tick {
  /** It does not come again. */
  export const Stop: i64 = -1;
  /** The server closes. */
  export const Shutdown: i64 = -2;
}

/** The events of a server, and its settings: extend it, and override what you want to handle. */
export class Events {
  /** How many loops: -1 for one for each P. */
  loops: i32 = 1;
  loadBalance: LoadBalance = LoadBalance.Random;
  /** Bytes of waiting output above which a connection's input is left in the system until all of it is out. */
  highWaterMark: i32 = SERVE_HIGH_WATER_MARK;
  /** Nanoseconds without input or wake after which a connection is closed, with an error; 0 for never. */
  idleTimeout: i64 = 0;
  /** Nanoseconds that a connection which closes waits for a peer that takes none of its output. */
  linger: i64 = <i64>SERVE_LINGER_MS * 1_000_000;

  /** The server is about to accept connections. Runs in the goroutine that calls `serve`. */
  serving(server: Server): Action {
    return Action.None;
  }

  /** A connection is there. Not for udp. */
  opened(conn: Conn): Action {
    return Action.None;
  }

  /**
   * Input has come; it is empty for a wake. `input` is the loop's own buffer, good until this returns. Of udp it is a datagram,
   * and what is written to `conn` is the answer.
   */
  data(conn: Conn, input: Uint8Array): Action {
    return Action.None;
  }

  /** A connection has closed; `error` is null if the peer, a handler or the server did that. Only Shutdown means something. */
  closed(conn: Conn, error: string | null): Action {
    return Action.None;
  }

  /**
   * The connection is yours, for goroutines of your own: reading and writing here would hold up the loop. What is not
   * overridden closes it.
   */
  detached(conn: Conn, stream: Stream): Action {
    stream.close();
    return Action.None;
  }

  /** Output of a handler is about to be written. */
  preWrite(): void {}

  /** On the first loop, soon after the start: returns nanoseconds until it is to come again, or a member of `Tick`. */
  tick(): i64 {
    return Tick.Stop;
  }
}
