/** The `resp` benchmark's server with `serve`: `resp.mjs ADDRESS POLLER`. Prints its address once it listens. */
import { Action, InputStream, serve } from "skein";
import { countPings, pongs, used } from "./ping.mjs";

const [address, poller] = process.argv.slice(2);
const server = await serve(
  {
    poller,
    opened(conn) {
      conn.context = new InputStream();
      return { reuseInputBuffer: true };
    },
    data(conn, input) {
      const stream = conn.context;
      const bytes = stream.begin(input);
      const count = countPings(bytes);
      if (count < 0) return { out: "-ERR unknown command\r\n", action: Action.Close };
      stream.end(used === bytes.length ? null : bytes.subarray(used));
      return count === 0 ? null : pongs(count);
    },
  },
  address,
);
console.log(server.addrs[0], server.stats().poller);
