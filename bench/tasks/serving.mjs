/**
 * A server of Skein's in a process of its own under load for so many seconds, and its resident memory in the last half of them. Args: 0 for the server
 * of `echo`, 1 for the example of a Redis server; connections, seconds, repetitions, 0 for a range or 1 for what is beyond the live objects.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { args, memoryOf, place, result, skein } from "./harness.mjs";

const [which, connections, seconds, repetitions, figure] = args;
const LOOK_MS = 500;
/** How many keys there are, the bytes of a value, and enough requests that next to no key is left out. */
const [KEYS, VALUE, REQUESTS] = [30_000, 400, 300_000];
/** How much of its live objects' size the process may have. */
const SHARE = 2.5;

/** Compiles a program, by its path from the top of the repository, if it is not in the cache: what that takes is not to be in what is measured. */
async function build(program) {
  const [code] = await once(skein(["build", place(program), "-o", os.devNull], { stdio: "inherit" }), "exit");
  if (code !== 0) throw new Error(`${program} does not compile`);
}

/** Starts a server that prints its address. Its collections tell how many MB they have found. */
async function serve(program, ...words) {
  await build(program);
  const child = skein(["run", place(program), "--", ...words], {
    env: { ...process.env, SKEIN_DEBUG: "gctrace=1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = { child, live: 0, address: undefined };
  createInterface(child.stderr).on("line", (line) => {
    const found = /->(\d+) MB, \d+ MB goal/.exec(line)?.[1];
    if (found === undefined) console.error(line);
    else server.live = Number(found);
  });
  const [line] = await once(createInterface(child.stdout), "line");
  server.address = /tcp:\S+/.exec(line)[0];
  return server;
}

/** Each connection sends 64 bytes, waits until they have come back, and sends the next. */
const echo = {
  start: () => serve("bench/programs/echo.ts"),
  async load(address) {
    const program = "bench/programs/echo-load.ts";
    await build(program);
    const client = skein(["run", place(program), "--", address, connections, 2 * seconds], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    client.stdout.resume();
    // It counts from two seconds on.
    await once(client.stdout, "data");
    return client;
  },
};

/** SET, GET and INCR of all keys, after one another. */
const redis = {
  start: () => serve("examples/net/redis-server.ts", "tcp://127.0.0.1:0"),
  async load(address) {
    const words = ["-p", new URL(address).port, "-c", connections, "-P", 8, "-n", REQUESTS, "-r", KEYS, "-d", VALUE];
    const benchmark = (tests, ...more) =>
      spawn("redis-benchmark", [...words, "-t", tests, ...more].map(String), { stdio: "ignore" });
    const [code] = await once(benchmark("set,incr"), "exit");
    if (code !== 0) throw new Error("redis-benchmark has failed");
    return benchmark("set,get,incr", "-l");
  },
};

async function watch({ start, load }) {
  const server = await start();
  let client;
  try {
    client = await load(server.address);
    const sizes = [];
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(LOOK_MS)) {
      if (client.exitCode !== null || server.child.exitCode !== null)
        throw new Error(`the ${client.exitCode === null ? "server" : "client"} has ended`);
      sizes.push(memoryOf(server.child.pid, "VmRSS"));
    }
    return { sizes: sizes.slice(sizes.length / 2), live: server.live };
  } finally {
    client?.kill();
    server.child.kill();
  }
}

for (let i = 0; i < repetitions; i++) {
  const { sizes, live } = await watch([echo, redis][which]);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (figure === 0) result("%", (most / least - 1) * 100);
  else result("MB", most - SHARE * live);
}
process.exit();
