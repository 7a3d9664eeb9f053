/** The servers of `examples/net`, each driven by clients that nobody here wrote. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type net from "node:net";
import path from "node:path";
import { describe, it } from "node:test";
import { Redis } from "ioredis";
import { root, runtime } from "../programs/driver/process.js";
import { fuzz, REQUESTS } from "./fuzz.js";
import { askAsBytes, pipeKeys, withoutCli } from "./redis.js";
import { askInHalves, askSmuggler, upload } from "./smuggling.js";
import {
  eventually,
  installed,
  pollers,
  receiveAll,
  runClient,
  startServer,
  type Poller,
  type Server,
} from "./server.js";

/** autocannon, which comes without types. */
const autocannon = createRequire(import.meta.url)("autocannon") as (options: {
  readonly url: string;
  readonly connections: number;
  readonly pipelining: number;
  readonly amount: number;
}) => Promise<{ readonly "2xx": number; readonly non2xx: number; readonly errors: number }>;

const example = (name: string, poller: Poller): Promise<Server> => startServer(`examples/net/${name}.ts`, poller);

/** Bytes that are no request in any protocol, and the same each time. */
function garbage(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Sends garbage, and requests that are almost right, on many connections; none may harm the server, or stay open. */
async function sendGarbage(server: Server, beginnings: readonly string[], requests: readonly string[]): Promise<void> {
  const before = server.sockets;
  await fuzz(() => server.connect(), requests, 200);
  for (let seed = 0; seed < 30; seed++) {
    const socket = await server.connect();
    socket.on("error", () => {});
    socket.resume();
    socket.write((beginnings[seed % beginnings.length] ?? "") + "");
    socket.end(garbage(seed * 997, seed));
    await new Promise((resolve) => socket.once("close", resolve));
  }
  server.check();
  await eventually(() => server.sockets <= before, "all connections are closed");
}

for (const poller of pollers) {
  describe(`examples/net [${runtime}, ${poller}]`, () => {
    it("echo-server gives back what it gets", async () => {
      const server = await example("echo-server", poller);
      for (const size of [0, 1, 5000, 1_000_000]) {
        const socket = await server.connect();
        const received = receiveAll(socket);
        const data = garbage(size, size);
        socket.end(data);
        assert.ok((await received).equals(data), `${size} bytes`);
      }
      await server.stop();
    });

    it("http-server answers fetch, curl, autocannon and wrk", async () => {
      const server = await example("http-server", poller);
      const url = `http://127.0.0.1:${server.port}/`;
      const answer = await fetch(url);
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), "Hello from a goroutine.\n");
      const posted = await fetch(url, { method: "POST", body: "x".repeat(100_000) });
      assert.equal((await posted.text()).length, 100_000);
      assert.equal((await fetch(`${url}nowhere`)).status, 404);
      assert.equal((await fetch(url, { method: "DELETE" })).status, 405);

      await askSmuggler(server.port);
      await askInHalves(server.port);
      await upload(server.port, server.pid);

      const pipelined = await autocannon({ url, connections: 10, pipelining: 8, amount: 4000 });
      // It stops in the middle of its last pipelines.
      assert.ok(pipelined["2xx"] > 3900 && pipelined.non2xx === 0 && pipelined.errors === 0);
      if (installed("curl")) {
        assert.equal(
          await runClient("curl", ["-s", "--max-time", "20", url, url]),
          "Hello from a goroutine.\n".repeat(2),
        );
        assert.match(await runClient("curl", ["-sI", "--http1.0", "--max-time", "20", url]), /^HTTP\/1.1 200 OK/);
      }
      if (installed("wrk")) {
        const output = await runClient("wrk", ["-c", "20", "-t", "1", "-d", "1s", url]);
        assert.doesNotMatch(output, /Socket errors|Non-2xx/);
      }
      await server.stop();
    });

    it("http-server survives what is no HTTP", async () => {
      const server = await example("http-server", poller);
      await sendGarbage(
        server,
        ["", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "\r\n\r\n"],
        REQUESTS.http,
      );
      const socket = await server.connect();
      const received = receiveAll(socket);
      socket.write("GET / HTTP/1.1\r\nHost : x\r\n\r\n");
      assert.match((await received).toString(), /^HTTP\/1.1 400 /);
      // A byte at a time.
      const slow = await server.connect();
      const slowly = receiveAll(slow);
      for (const byte of "GET / HTTP/1.1\r\nConnection: close\r\n\r\n") {
        slow.write(byte);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      assert.match((await slowly).toString(), /^HTTP\/1.1 200 [^]*Hello from a goroutine.\n$/);
      await server.stop();
    });

    it("redis-server serves ioredis and redis-benchmark", async () => {
      const server = await example("redis-server", poller);
      const redis = new Redis({ port: server.port, host: "127.0.0.1" });
      try {
        assert.equal(await redis.ping(), "PONG");
        assert.equal(await redis.set("key", "välue"), "OK");
        assert.equal(await redis.get("key"), "välue");
        assert.equal(await redis.get("none"), null);
        assert.equal(await redis.del("key", "none"), 1);
        assert.equal(await redis.incr("count"), 1);
        assert.equal(await redis.echo("hello"), "hello");
        assert.equal(await redis.expire("count", 1), 1);
        await assert.rejects(redis.lpush("list", 1), /unknown command/);
        const results = await redis.pipeline(Array.from({ length: 1000 }, () => ["incr", "pipelined"])).exec();
        assert.deepEqual(results?.at(-1), [null, 1000]);
        await Promise.all(Array.from({ length: 200 }, (_, i) => redis.set(`k${i}`, "v".repeat(i * 100))));
        assert.equal((await redis.get("k199"))?.length, 19900);
        await new Promise((resolve) => setTimeout(resolve, 1100));
        assert.equal(await redis.get("count"), null);
      } finally {
        redis.disconnect();
      }
      await askAsBytes(await server.connect());
      if (withoutCli === false) await pipeKeys(server.port, 100_000);
      if (installed("redis-benchmark")) {
        const common = ["-p", String(server.port), "-n", "5000", "-q", "-c", "20"];
        for (const args of [["-P", "16"], []]) {
          assert.match(
            await runClient("redis-benchmark", [...common, ...args, "-t", "ping,set,get,incr"]),
            /GET: [\d.]+ requests/,
          );
        }
      }
      await sendGarbage(
        server,
        ["", "*1\r\n$4\r\nPING\r\n", "*2\r\n$-5\r\n", "*99999999\r\n", "*1\r\n$999999999\r\n"],
        REQUESTS.redis,
      );
      await server.stop();
    });

    it("chat tells everybody what one says", async () => {
      const server = await example("chat", poller);
      const names = ["ada", "bob", "eve"];
      const people: { socket: net.Socket; seen: string }[] = [];
      for (const name of names) {
        const person = { socket: await server.connect(), seen: "" };
        person.socket.on("data", (data: Buffer) => (person.seen += data.toString()));
        person.socket.on("error", () => {});
        people.push(person);
        await eventually(() => person.seen.includes("your name?"), `${name} is asked`);
        person.socket.write(`${name}\n`);
        await eventually(
          () => people.slice(0, -1).every(({ seen }) => seen.includes(`* ${name} is here`)),
          `${name} is here`,
        );
      }
      people[0]?.socket.write("hello\nagain\r\n");
      await eventually(
        () => people.slice(1).every(({ seen }) => seen.includes("ada: hello\nada: again\n")),
        "ada is heard",
      );
      assert.ok(!people[0]?.seen.includes("ada:"), "she does not hear herself");
      people[1]?.socket.destroy();
      await eventually(() => people[0]?.seen.includes("* bob has gone") ?? false, "bob has gone");
      await sendGarbage(server, ["", "\n\n\n", "x\ny"], REQUESTS.lines);
      await server.stop();
    });
  });
}

it("examples of sockets are as short as they promise", () => {
  for (const name of ["echo-server", "http-server", "redis-server", "chat"]) {
    const lines = readFileSync(path.join(root, "examples", "net", `${name}.ts`), "utf8").split("\n").length;
    assert.ok(lines < 180, `${name} has ${lines} lines`);
  }
});
