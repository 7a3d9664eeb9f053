/**
 * `serve`: event-driven servers, after evio.
 *
 * ```ts
 * const server = await serve({ data: (conn, input) => input }, "tcp://127.0.0.1:7000");
 * ```
 */
import type { Events, Server } from "./events.js";

export { Action } from "./events.js";
export type {
  ActionResult,
  Conn,
  ConnHandle,
  ConnWriter,
  DataResult,
  Events,
  LoadBalance,
  LoopStats,
  OpenedResult,
  Out,
  Server,
  ServerStats,
  TickResult,
} from "./events.js";
export { InputStream } from "./inputstream.js";
export { connOf, wake } from "./remoteconn.js";

/**
 * Serves addresses: `tcp|tcp4|tcp6|udp|udp4|udp6|unix://…?reuseport=true`. Without a host an address is loopback.
 *
 * @param events the handlers, for one loop on this thread, whose event loop goes on; or the URL of a module that exports
 * them, for any number of loops on threads of their own
 * @throws SkeinError or AddressError if an argument is wrong; an error with the system's `code` if an address cannot be had
 */
export async function serve(events: Events | URL | string, ...addrs: string[]): Promise<Server> {
  const serving = await import("./serving.js");
  return serving.serve(events, ...addrs);
}
