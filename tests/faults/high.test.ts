import assert from "node:assert/strict";
import { freemem } from "node:os";
import { describe, it } from "node:test";
import { runScript } from "./scripts.js";

/** What a program holds here, in parts; and what a machine must have free for it: it shares its memory with others. */
const GIB = 2 ** 30;
const HELD = 2.2 * GIB;
const NEEDED = 5 * GIB;

/** Everything of the library's that has an address, on both sides of the runtime. */
const USES = `
const say = (what, value) => console.log(what, JSON.stringify(value));
say("go", await rt.go((o) => o.list.length + o.text.length, { list: [1, 2], text: "x".repeat(1000) }));
const bytes = rt.bytes(1 << 16);
bytes.view.fill(7);
say("bytes", await rt.go((bytes) => bytes.view.reduce((a, b) => a + b), bytes));
const [given, taken] = [rt.chan(2), rt.chan()];
const worker = rt.go(async (given, taken) => {
  for await (const v of given) await taken.send({ v, much: "y".repeat(500) });
  taken.close();
}, given, taken);
const sending = (async () => {
  for (let i = 0; i < 100; i++) await given.send({ i, text: "z".repeat(i) });
  given.close();
})();
let sum = 0;
for await (const { v } of taken) sum += v.i;
await Promise.all([worker, sending]);
say("channels", sum);
const [a, b] = [rt.chan(), rt.chan()];
const other = rt.go(async (a, b) => (await b.send("b"), (await a.recv()).value.x), a, b);
say("select", [(await rt.select([recv(a), recv(b)])).value, (await rt.select([send(a, { x: 1 }), recv(b)])).index, await other]);
const [mutex, semaphore, rwmutex] = [rt.mutex(), rt.semaphore(2), rt.rwmutex()];
const count = rt.bytes(4);
await Promise.all(Array.from({ length: 8 }, () => rt.go(async (mutex, semaphore, rwmutex, count) => {
  for (let i = 0; i < 20; i++) {
    await semaphore.acquire();
    await mutex.lock();
    count.view[0]++;
    mutex.unlock();
    semaphore.release();
    await rwmutex.rlock();
    rwmutex.runlock();
  }
}, mutex, semaphore, rwmutex, count)));
say("locks", count.view[0]);
const much = new Uint8Array(5 << 20).fill(3);
say("values", [(await rt.go((x) => x, much)).length, (await rt.go.with({ transfer: [much.buffer] }, (x) => x, much)).length]);
say("errors", await rt.go(() => { throw new RangeError("high"); }).catch((error) => error.message));
const values = [];
for await (const value of rt.go(function* () { yield 1; yield { two: 2 }; })) values.push(value);
say("values of a generator", values);
const pool = rt.pool(2);
for (let i = 0; i < 10; i++) await pool.submit((i) => i, i);
await pool.wait();
const given2 = new AbortController();
setTimeout(() => given2.abort(new Error("enough")), 20);
say("cancelled", await rt.go.with({ signal: given2.signal }, () => new Promise(() => {})).catch((error) => error.message));
const server = await serve({ data: (conn, input) => input }, "tcp://127.0.0.1:0");
const socket = connect(Number(/\\d+$/.exec(String(server.addrs[0]))[0]), "127.0.0.1");
socket.write("hello");
say("server", String((await once(socket, "data"))[0]));
socket.destroy();
await server.close();
await rt.close();
`;

const SAID = `go 1002
bytes 458752
channels 4950
select ["b",0,1]
locks 160
values [5242880,5242880]
errors "high"
values of a generator [1,{"two":2}]
cancelled "enough"
server "hello"
`;

const HEAD = `import { start, recv, send, serve } from "skein";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
`;

describe("above 2 GiB", () => {
  it("everything works", async () => {
    const { code, stdout, stderr } = await runScript(
      `${HEAD} process.env.SKEIN_DEBUG = "heap=high"; const rt = await start({ procs: 2 });${USES}`,
    );
    assert.deepEqual([stdout, code], [SAID, 0], stderr);
  });

  it(
    "everything works where a program itself holds as much",
    { skip: freemem() < NEEDED && "too little memory" },
    async () => {
      const { code, stdout, stderr } = await runScript(`${HEAD} const rt = await start({ procs: 2 });
      const held = Array.from({ length: 9 }, () => rt.bytes(${Math.floor(HELD / 9)}));
      ${USES} if (held.some((bytes) => bytes.view[0] !== 0)) console.log("written to");`);
      assert.deepEqual([stdout, code], [SAID, 0], stderr);
    },
  );
});
