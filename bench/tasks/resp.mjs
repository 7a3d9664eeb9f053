/**
 * PING in Redis's protocol from redis-benchmark's 50 connections, to a server in a process of its own. Without pipelining the
 * values are the server's processor time (user and system) per request, with it the time per request. Args: requests, pipeline,
 * repetitions.
 */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { args, implementation, result } from "./harness.mjs";

const CONNECTIONS = 50;
/** The unit of /proc's times. */
const CLOCK_TICK_NS = 10_000_000;

const [requests, pipeline, repetitions] = args;

/** A port that nobody has just now. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function start(port) {
  if (implementation === "redis-server") {
    return spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
      stdio: "ignore",
    });
  }
  const file = fileURLToPath(new URL(`./peers/resp-${implementation}.mjs`, import.meta.url));
  const run = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  return spawn(process.execPath, [...run, file, String(port)], { stdio: ["ignore", "ignore", "inherit"] });
}

async function listens(port) {
  for (let attempt = 0; attempt < 500; attempt++) {
    const answered = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (answered) return;
    await sleep(20);
  }
  throw new Error("the server does not listen");
}

function cpuTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_NS;
}

/** Makes the requests; how many came back in a second. */
async function load(port) {
  const words = ["-p", port, "-t", "ping_mbulk", "-c", CONNECTIONS, "-n", requests, "-P", pipeline, "--csv"];
  const { stdout } = await promisify(execFile)("redis-benchmark", words.map(String));
  const rate = Number(/^"PING_MBULK","([\d.]+)"/m.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`redis-benchmark printed ${JSON.stringify(stdout)}`);
  return rate;
}

const port = await freePort();
const server = start(String(port));
try {
  await listens(port);
  // A just-in-time compiler takes longer than the 300 ms of the other programs to see all of a server.
  await load(port);
  await load(port);
  for (let i = 0; i < repetitions; i++) {
    const before = cpuTime(server.pid);
    const rate = await load(port);
    result("ns/op", pipeline === 1 ? (cpuTime(server.pid) - before) / requests : 1e9 / rate);
  }
} finally {
  server.kill("SIGKILL");
}
