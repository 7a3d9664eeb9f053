/**
 * Requests that are ambiguous or wrong in the ways that let one request be smuggled past another parser: the cases of llhttp's own tests of
 * its strict mode. Node's server, which is llhttp, is the oracle: an example refuses what it refuses, and takes what it takes.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";

const POST = "POST / HTTP/1.1\r\nHost: x\r\n";
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

const vectors: readonly string[] = [
  // What is sound.
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET http://x/y HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nX:\r\nY:   \t z \t \r\n\r\n",
  `${POST}Content-Length: 3\r\n\r\nabc`,
  `${POST}Content-Length:   3  \r\n\r\nabc`,
  `${CHUNKED}3\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}00003\r\nabc\r\n000\r\n\r\n`,
  `${CHUNKED}a\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n`,
  `${CHUNKED}3;x=y;z\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}3;x="y;z"\r\nabc\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: deflate, chunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  // Two lengths, or none that is certain.
  `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc`,
  `${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
  `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  `${POST}Content-Length: 3, 3\r\n\r\nabc`,
  `${POST}Content-Length: +3\r\n\r\nabc`,
  `${POST}Content-Length: -3\r\n\r\nabc`,
  `${POST}Content-Length: 0x3\r\n\r\nabc`,
  `${POST}Content-Length: 3 3\r\n\r\nabc`,
  `${POST}Content-Length: 3a\r\n\r\nabc`,
  `${POST}Content-Length:\r\n\r\n`,
  `${POST}Content-Length: 99999999999999999999999\r\n\r\nabc`,
  `${POST}Transfer-Encoding: identity\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked, deflate\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`,
  `${POST} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\n\r\n0\r\n\r\n`,
  `${POST}X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  // Chunks.
  `${CHUNKED}\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}0x3\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}+3\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}-3\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}3g\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED} 3\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}3 \r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}3\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}3\rabc\r\n0\r\n\r\n`,
  `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`,
  `${CHUNKED}3\r\nabc0\r\n\r\n`,
  `${CHUNKED}3\r\nabc\n0\r\n\r\n`,
  `${CHUNKED}3;x=y\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}3;\x01\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n`,
  `${CHUNKED}0\r\nBad Trailer: x\r\n\r\n`,
  // Lines.
  "GET / HTTP/1.1\nHost: x\n\n",
  "GET / HTTP/1.1\r\nHost: x\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n\n",
  "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n",
  "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nX\x00: y\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nX: y\x00\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nX: y\x7f\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nX(: y\r\n\r\n",
  "get / HTTP/1.1\r\nHost: x\r\n\r\n",
  "NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET x HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET / HTTP/1.2\r\nHost: x\r\n\r\n",
  "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
  "GET / HTTP/11\r\nHost: x\r\n\r\n",
  "GET / http/1.1\r\nHost: x\r\n\r\n",
  "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
  "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
];

/** Whether a server at a port refuses what is sent. */
function refuses(port: number, request: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      if (/^HTTP\/1\.1 \d{3} [^]*\r\n\r\n/.test(answer)) socket.destroy();
    });
    socket.on("close", () => {
      // A server that is left with half a request may also say nothing.
      resolve(answer === "" || answer.startsWith("HTTP/1.1 400 "));
    });
    // Half a request is none; a parser that waits for more hears that there is no more.
    const timer = setTimeout(() => socket.end(), 300);
    socket.once("close", () => clearTimeout(timer));
    socket.write(request, "latin1");
  });
}

/** Has a server refuse what llhttp refuses, and nothing else. */
export async function askSmuggler(port: number): Promise<void> {
  const oracle = createServer({ requireHostHeader: false }, (request, response) => {
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => oracle.listen(0, "127.0.0.1", resolve));
  const wrong: string[] = [];
  try {
    await Promise.all(
      vectors.map(async (vector) => {
        const expected = await refuses((oracle.address() as AddressInfo).port, vector);
        if ((await refuses(port, vector)) !== expected)
          wrong.push(`${expected ? "refuse" : "take"} ${JSON.stringify(vector)}`);
      }),
    );
  } finally {
    oracle.close();
  }
  assert.deepEqual(wrong, []);
}

const UPLOAD = 100 << 20;
/** Bytes that a server may grow by while it takes an upload; from the second on, for Deno lets garbage grow at first. */
const FLAT = 48 << 20;

/** A hundred megabytes, of known length and in chunks, are taken without being kept. */
export async function upload(port: number, pid: number): Promise<void> {
  let before: number | undefined;
  for (const framing of [`Content-Length: ${UPLOAD}`, "Transfer-Encoding: chunked"]) {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    const closed = once(socket, "close");
    socket.write(`POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${framing}\r\n\r\n`);
    const piece = Buffer.alloc(1 << 20);
    const isChunked = framing.endsWith("chunked");
    for (let sent = 0; sent < UPLOAD; sent += piece.length) {
      if (isChunked) socket.write("100000\r\n");
      if (!socket.write(piece)) await once(socket, "drain");
      if (isChunked) socket.write("\r\n");
    }
    if (isChunked) socket.write("0\r\n\r\n");
    await closed;
    assert.match(answer, new RegExp(`^HTTP/1\\.1 200 [^]*\r\n\r\n${UPLOAD} bytes\n$`));
    const now = residentOf(pid);
    if (before === undefined) before = now;
    else assert.ok(now - before < FLAT, `it has grown by ${now - before} bytes`);
  }
}

/** Resident bytes of a process; 0 where Deno may not ask, as without the permission to call C. */
function residentOf(pid: number): number {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if ((error as Error).name === "NotCapable") return 0;
    throw error;
  }
  return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
}

/** HTTP/1.0 is kept alive where it asks for that; answers go out before half a request is waited for. */
export async function askInHalves(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  let answers = "";
  socket.on("data", (chunk: Buffer) => (answers += chunk.toString()));
  const closed = once(socket, "close");
  const come = async (count: number): Promise<void> => {
    while ((answers.match(/^HTTP\/1\.1 200 /gm)?.length ?? 0) < count) await once(socket, "data");
  };
  socket.write(
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HT",
  );
  await come(2);
  assert.equal(answers.match(/^Connection: keep-alive\r$/gm)?.length, 2);
  socket.write("TP/1.0\r\n\r\n");
  await closed;
  assert.equal(answers.match(/^HTTP\/1\.1 200 /gm)?.length, 3);
}
