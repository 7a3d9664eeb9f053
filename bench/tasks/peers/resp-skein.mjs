/** The server of resp.mjs with `serve`: PORT. Prints its address once it listens. */
import process from "node:process";
import { Action, InputStream, serve } from "skein";
import { countPings, pongs, used } from "./ping.mjs";

const server = await serve(
  {
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
  `tcp://127.0.0.1:${process.argv[2]}`,
);
console.log(server.addrs[0]);
