/**
 * Sends back what it gets.
 *
 *     deno run -A examples/serve/echo-server.ts tcp://127.0.0.1:7000 unix:///tmp/echo.sock udp://127.0.0.1:7000
 */
import process from "node:process";
import { serve } from "skein";

const addrs = process.argv.slice(2);
const server = await serve(
  {
    // The input goes straight back, so no copy of it is needed.
    opened: () => ({ reuseInputBuffer: true }),
    data: (_conn, input) => input,
    closed(conn, error) {
      if (error) console.error(`${conn.remoteAddr}: ${error.message}`);
    },
  },
  ...(addrs.length > 0 ? addrs : ["tcp://127.0.0.1:7000"]),
);
console.log(`listening on ${server.addrs.join(" ")} (${server.stats().poller})`);
process.once("SIGINT", () => void server.close());
process.once("SIGTERM", () => void server.close());
