/**
 * A chat for everybody who connects, on as many loops as there are CPUs; its handlers are in chat-room.ts.
 *
 *     deno run -A examples/serve/chat.ts tcp://127.0.0.1:7001
 *     nc 127.0.0.1 7001
 */
import process from "node:process";
import { serve } from "skein";

const room = new URL("./chat-room.ts", import.meta.url);
const server = await serve(room, process.argv[2] ?? "tcp://127.0.0.1:7001");
console.log(`listening on ${server.addrs[0]} (${server.stats().poller}, ${server.loops} loops)`);
process.once("SIGINT", () => void server.close());
process.once("SIGTERM", () => void server.close());
