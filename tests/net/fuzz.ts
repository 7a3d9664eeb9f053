/**
 * Requests that are almost right, for the examples: noise seldom gets beyond a parser's first byte. They are the same each time, and the
 * error names the one after which a server was not as it should be.
 */
import type { Socket } from "node:net";

/** Requests that the examples understand, by protocol. */
export const REQUESTS = {
  http: [
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n",
    "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n\r\nGET / HTTP/1.0\r\n\r\n",
  ],
  redis: [
    "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n",
    "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n",
    "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*3\r\n$6\r\nEXPIRE\r\n$1\r\nn\r\n$2\r\n10\r\n*2\r\n$3\r\nDEL\r\n$1\r\nn\r\n",
    "PING\r\nSET a 1\r\nGET a\r\n",
  ],
  lines: ["ada\nhello everybody\nand again\n", "bob\r\nhéllo\r\n", "eve\n/quit\n"],
} as const;

/** Connections at a time. */
const AT_ONCE = 10;
/** How long a server that waits for more, although there is no more to come, is waited for, in milliseconds. */
const PATIENCE_MS = 200;

/** Sends `count` mutations of requests, each on a connection of its own, in one to three pieces. */
export async function fuzz(connect: () => Promise<Socket>, requests: readonly string[], count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const seed = next++;
      const socket = await connect().catch((error: unknown) => {
        throw new Error(`no connection after mutation ${seed}`, { cause: error });
      });
      socket.on("error", () => {});
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.resume();
      const random = randomOf(seed);
      const data = mutation(random, requests);
      const cuts = Array.from({ length: random(3) }, () => random(data.length)).sort((a, b) => a - b);
      let from = 0;
      for (const cut of [...cuts, data.length]) {
        socket.write(data.subarray(from, cut));
        from = cut;
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([closed, new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)))]);
      clearTimeout(timer);
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Whole numbers below a limit, the same for the same seed: a linear congruential generator. */
function randomOf(seed: number): (limit: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** What numbers and separators become. */
const PIECES = [
  "-1",
  "0",
  "99999999999999999999",
  "4294967296",
  "2147483647",
  "\r\n",
  "\n",
  "\0",
  "*",
  "$",
  ":",
  "é",
  " ",
];

function mutation(random: (limit: number) => number, requests: readonly string[]): Buffer {
  let bytes = Buffer.from(requests[random(requests.length)] ?? "");
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const length = random(8);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (random(6)) {
      case 0:
        bytes = Buffer.concat([before, after.subarray(length)]); // some bytes are missing
        break;
      case 1:
        bytes = Buffer.concat([before, after.subarray(0, length), after]); // some come twice
        break;
      case 2:
        bytes = Buffer.concat([before, Buffer.from(PIECES[random(PIECES.length)] ?? ""), after.subarray(length)]);
        break;
      case 3:
        bytes = Buffer.concat([before, Buffer.from([random(256)]), after.subarray(1)]);
        break;
      case 4:
        bytes = Buffer.concat([before, Buffer.alloc(random(70_000), before.at(-1) ?? 0x78), after]); // very long
        break;
      default:
        bytes = Buffer.from(before); // the end is missing
    }
  }
  return bytes;
}
