// A server that compresses what it is sent, in C, on all cores:
//
//     npx skein build examples/c/gzip/gzip.ts examples/c/gzip/deflate.c -o gzip.wasm
//     node examples/c/gzip/server.js gzip.wasm 8080
//     curl --data-binary @README.md http://127.0.0.1:8080/ | gunzip | head
//
// The event loop here moves bytes and never computes; a body of any size is in memory by parts.
import { createServer } from "node:http";
import path from "node:path";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { start } from "skein";

const [program = "gzip.wasm", port = "0"] = process.argv.slice(2);
const rt = await start({ program: path.resolve(program) });

async function send(request, body) {
  for await (const part of request) await body.send(part);
  body.close();
}

const server = createServer(async (request, response) => {
  const body = rt.chan(4, { type: "bytes" });
  const out = rt.chan(4, { type: "bytes" });
  // What has no end is no body: the goroutines are told, and the connection is gone anyway.
  const sent = send(request, body).catch(() => body.close());
  const compressed = rt.call("gzip", body, out);
  response.writeHead(200, { "content-type": "application/gzip" });
  await pipeline(out, response).catch(() => undefined); // or who asked has gone:
  for await (const _ of out); // nobody reads the rest
  await Promise.all([sent, compressed]);
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
process.once("SIGTERM", () => {
  server.close(() => void rt.close());
  server.closeAllConnections();
});
