/** The server of resp.mjs with `node:net`: PORT. Prints its address once it listens. */
import { createServer } from "node:net";
import process from "node:process";
import { countPings, pongs, used } from "./ping.mjs";

const server = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (input) => {
    const bytes = rest.length === 0 ? input : Buffer.concat([rest, input]);
    const count = countPings(bytes);
    if (count < 0) socket.end("-ERR unknown command\r\n");
    rest = used === bytes.length ? Buffer.alloc(0) : bytes.subarray(used);
    if (count > 0) socket.write(pongs(count));
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  console.log(`tcp://127.0.0.1:${server.address().port}`);
});
