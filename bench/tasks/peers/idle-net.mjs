/** The server of idle.mjs with `node:net`: PORT. */
import { createServer } from "node:net";
import process from "node:process";

createServer((socket) => socket.on("error", () => {}).on("data", () => {})).listen(
  Number(process.argv[2]),
  "127.0.0.1",
);
