/** The examples with clients that others wrote, and with garbage. */
import assert from "node:assert/strict";
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { fuzz, REQUESTS } from "../net/fuzz.js";
import { askAsBytes, pipeKeys, withoutCli } from "../net/redis.js";
import { askInHalves, askSmuggler, upload } from "../net/smuggling.js";
import { dial, onDeno, receive, receiveAll, sleep, until } from "./support.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const require = createRequire(path.join(root, "package.json"));
const run = promisify(execFile);
const sources = path.join(root, "examples", "serve");
const built = path.join(root, "dist-test", "examples");

/** Node 20 runs no TypeScript: there the examples are stripped of their types first. */
async function program(name: string): Promise<[file: string, args: string[]]> {
  if (onDeno) return [process.execPath, ["run", "-A", "--quiet", path.join(sources, `${name}.ts`)]];
  mkdirSync(built, { recursive: true });
  for (const file of readdirSync(sources)) {
    const { code } = await transform(readFileSync(path.join(sources, file), "utf8"), {
      loader: "ts",
      target: "node20",
    });
    writeFileSync(path.join(built, file.replace(/\.ts$/, ".mjs")), code.replaceAll(/(\.\/[\w-]+)\.ts"/g, '$1.mjs"'));
  }
  return [process.execPath, [path.join(built, `${name}.mjs`)]];
}

function installed(command: string): false | string {
  return spawnSync("which", [command]).status === 0 ? false : `${command} is not installed`;
}

/** Runs an example for the tests of a group. */
function example(name: string): { address: string; port: number; pid: number } {
  const place = { address: "", port: 0, pid: 0 };
  let child: ChildProcess | undefined;
  let output = "";
  before(async () => {
    const [file, args] = await program(name);
    child = spawn(file, [...args, "tcp://127.0.0.1:0"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await until(() => output.includes("listening on") || child?.exitCode !== null, `${name} listens`, 20_000);
    place.address = /tcp:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? assert.fail(output);
    place.port = Number(place.address.split(":").pop());
    place.pid = child?.pid ?? 0;
  });
  after(async () => {
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    assert.equal(child?.exitCode, null, `${name} is still running: ${output}`);
    // Not `child.kill`, after which Deno tells of the signal and not of how the process ended.
    if (child?.pid !== undefined) process.kill(child.pid, "SIGTERM");
    await Promise.race([ended, sleep(5000).then(() => child?.kill("SIGKILL"))]);
    assert.equal(child?.exitCode, 0, output);
  });
  return place;
}

/** Sends garbage on many connections, whole and in pieces; the server must go on, and close or answer each. */
async function throwGarbage(address: string, starts: readonly string[]): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const socket = await dial(address);
    const start = starts[i % starts.length] ?? "";
    const end = receiveAll(socket);
    socket.write(start);
    for (let piece = 0; piece < i % 4; piece++) socket.write(randomBytes(1 + 37 * i));
    await Promise.race([end, sleep(20)]);
    socket.destroy();
  }
}

describe("echo-server", { timeout: 60_000 }, () => {
  const place = example("echo-server");

  it("sends back what it gets, one byte a time", async () => {
    const socket = await dial(place.address);
    for (const byte of "one by one") {
      socket.write(byte);
      assert.equal((await receive(socket, 1)).toString(), byte);
    }
    socket.destroy();
  });

  it("survives many short connections", () => fuzz(() => dial(place.address), REQUESTS.lines, 300));

  it("sends back a hundred megabytes", async () => {
    const socket = await dial(place.address, { allowHalfOpen: true });
    const data = randomBytes(100 << 20);
    socket.end(data);
    assert.ok((await receiveAll(socket)).equals(data));
  });
});

describe("redis-server", { timeout: 60_000 }, () => {
  const place = example("redis-server");

  it("answers ioredis", async () => {
    type Client = Record<string, (...args: unknown[]) => Promise<unknown>> & { pipeline(): Pipeline; quit(): void };
    type Pipeline = Record<"set" | "incr" | "get", (...args: unknown[]) => Pipeline> & {
      exec(): Promise<[unknown, unknown][]>;
    };
    const { Redis } = require("ioredis") as { Redis: new (options: object) => Client & { disconnect(): void } };
    const redis = new Redis({ port: place.port });
    assert.equal(await redis["ping"]?.(), "PONG");
    assert.equal(await redis["echo"]?.("héllo"), "héllo");
    assert.equal(await redis["set"]?.("key", "v\r\n*1"), "OK");
    assert.equal(await redis["get"]?.("key"), "v\r\n*1");
    assert.equal(await redis["get"]?.("none"), null);
    const bytes = randomBytes(300_000);
    await redis["set"]?.("bytes", bytes);
    assert.ok(((await redis["getBuffer"]?.("bytes")) as Buffer).equals(bytes));
    assert.equal(await redis["incr"]?.("n"), 1);
    assert.equal(await redis["incr"]?.("n"), 2);
    await assert.rejects(redis["incr"]?.("key") as Promise<unknown>, /not an integer/);
    await assert.rejects(redis["call"]?.("FLY") as Promise<unknown>, /unknown command/);
    await assert.rejects(redis["call"]?.("GET") as Promise<unknown>, /wrong number of arguments/);
    assert.equal(await redis["del"]?.("key", "none", "n"), 2);
    const began = performance.now();
    await redis["set"]?.("short", "x");
    assert.equal(await redis["expire"]?.("short", 1), 1);
    assert.equal(await redis["expire"]?.("none", 1), 0);
    const short = await redis["get"]?.("short");
    if (performance.now() - began < 1000) assert.equal(short, "x");
    await sleep(1100);
    assert.equal(await redis["get"]?.("short"), null);
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`p${i}`, i).incr(`p${i}`).get(`p${i}`);
    const results = await pipeline.exec();
    assert.equal(results.length, 3000);
    results.forEach(([error, value], i) => {
      assert.equal(error, null);
      const n = Math.floor(i / 3);
      assert.equal(String(value), ["OK", String(n + 1), String(n + 1)][i % 3]);
    });
    redis.disconnect();
  });

  it("takes commands as they come, in any bytes", async () => askAsBytes(await dial(place.address)));

  it("takes redis-cli --pipe", { skip: withoutCli }, () => pipeKeys(place.port, 100_000));

  it("answers redis-benchmark", { skip: installed("redis-benchmark") }, async () => {
    for (const pipeline of ["1", "16"]) {
      const { stdout } = await run("redis-benchmark", [
        "-p",
        String(place.port),
        "-t",
        "ping,set,get,incr",
        "-n",
        "4000",
        "-P",
        pipeline,
        "--csv",
      ]);
      for (const name of ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR"])
        assert.match(stdout, new RegExp(`"${name}","[1-9]`));
    }
  });

  it("survives requests that are almost right", () => fuzz(() => dial(place.address), REQUESTS.redis, 300));

  it("survives garbage", async () => {
    await throwGarbage(place.address, [
      "",
      "*",
      "*1\r\n$",
      "*3\r\n$3\r\nSET\r\n",
      "*-1\r\n",
      "*1\r\n$99999999999\r\n",
      "$5\r\n",
      "*1\r\nPING\r\n",
      "\r\n\r\n",
      "*0\r\n",
    ]);
    const socket = await dial(place.address);
    socket.write("*1\r\n$4\r\nPING\r\n");
    assert.equal((await receive(socket, 7)).toString(), "+PONG\r\n");
    socket.write("*2\r\n$4\r\nECHO\r\nbad\r\n");
    assert.match((await receiveAll(socket)).toString(), /^-ERR Protocol error: expected '\$'\r\n$/);
  });
});

describe("http-server", { timeout: 60_000 }, () => {
  const place = example("http-server");
  const url = (): string => `http://127.0.0.1:${place.port}`;

  it("answers fetch", async () => {
    assert.equal(await (await fetch(url())).text(), "hello\n");
    const body = randomBytes(3 << 20);
    const echoed = await fetch(`${url()}/echo`, { method: "POST", body });
    assert.ok(Buffer.from(await echoed.arrayBuffer()).equals(body));
    assert.equal((await fetch(`${url()}/none`)).status, 404);
    assert.equal((await fetch(url(), { method: "DELETE" })).status, 405);
  });

  it("refuses what llhttp refuses", { skip: onDeno ? "its oracle is Node's own server" : false }, () =>
    askSmuggler(place.port),
  );

  it("answers before half a request, and keeps HTTP/1.0 alive", () => askInHalves(place.port));

  it("takes a hundred megabytes without keeping them", () => upload(place.port, place.pid));

  it("answers autocannon, pipelined", { skip: onDeno ? "autocannon is Node's" : false }, async () => {
    type Result = { errors: number; non2xx: number; "2xx": number };
    const autocannon = require("autocannon") as (options: object) => Promise<Result>;
    const result = await autocannon({ url: url(), connections: 10, pipelining: 8, amount: 4000 });
    assert.equal(result.errors + result.non2xx, 0);
    // It does not wait for the last answers of its pipelines.
    assert.ok(result["2xx"] > 4000 - 10 * 8, `${result["2xx"]} answers`);
  });

  it("answers curl and wrk", { skip: installed("curl") || installed("wrk") }, async () => {
    const { stdout } = await run("curl", ["-sS", "--data-binary", "x".repeat(100_000), `${url()}/echo`]);
    assert.equal(stdout, "x".repeat(100_000));
    const { stdout: head } = await run("curl", ["-sSI", url()]);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\nContent-Length: 6\r\n/);
    const { stdout: report } = await run("wrk", ["-t1", "-c20", "-d1s", url()]);
    assert.match(report, /[1-9]\d+ requests in/);
    assert.doesNotMatch(report, /Socket errors|Non-2xx/);
  });

  it("keeps the order of pipelined requests, and ends with what asks for it", async () => {
    const socket = await dial(place.address);
    for (const byte of "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
      socket.write(byte);
    socket.write(
      "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    );
    const text = (await receiveAll(socket)).toString();
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+|abc|hello/g), [
      "HTTP/1.1 200",
      "abc",
      "HTTP/1.1 200",
      "hello",
      "HTTP/1.1 404",
    ]);
  });

  it("survives requests that are almost right", () => fuzz(() => dial(place.address), REQUESTS.http, 300));

  it("survives garbage", async () => {
    await throwGarbage(place.address, [
      "",
      "GET",
      "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
      "\r\n\r\n",
      "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      `GET /${"x".repeat(200_000)}`,
    ]);
    const socket = await dial(place.address);
    socket.write("NONSENSE\r\n\r\n");
    assert.match((await receiveAll(socket)).toString(), /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.equal((await fetch(url())).status, 200);
  });
});

describe("chat", { timeout: 60_000 }, () => {
  const place = example("chat");

  it("brings what one says to everybody, across loops", async () => {
    const people = await Promise.all(
      ["ann", "bob", "cyd", "dan", "eve"].map(async (name) => {
        const socket = await dial(place.address);
        let text = "";
        socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
        await until(() => text.includes("name?\n"), `${name} is asked for a name`);
        socket.write(`${name}\n`);
        await until(() => text.includes(`* ${name} has come\n`), `${name} has come`);
        return { name, socket, heard: () => text };
      }),
    );
    for (const { name, socket } of people) socket.write(`hello from ${name}\nand again\n`);
    for (const { heard } of people) {
      for (const { name } of people) {
        await until(
          () => heard().includes(`${name}: hello from ${name}\n`) && heard().includes(`${name}: and again\n`),
          `all hear ${name}`,
        );
      }
    }
    people[0]?.socket.destroy();
    await until(() => people.slice(1).every(({ heard }) => heard().includes("* ann has gone\n")), "all see ann go");
    for (const { socket } of people) socket.destroy();
  });

  it("survives requests that are almost right", () => fuzz(() => dial(place.address), REQUESTS.lines, 300));

  it("survives garbage", async () => {
    await throwGarbage(place.address, ["", "\n\n\n", "x\ny", "\0\n"]);
    const socket = await dial(place.address);
    socket.write("x".repeat(100_000));
    assert.match((await receiveAll(socket)).toString(), /that line is too long/);
  });
});
