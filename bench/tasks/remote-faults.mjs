/**
 * Keyed calls, in even shares of some seconds, while a worker process is killed every two seconds, or the server is restarted now and then. Every call must have its
 * result. Args: calls, seconds, kills, restarts, and what is printed: 0 the share of calls that have theirs, in percent, 1 the share of calls that ran to
 * their end more than once, 2 how much longer than the longest outage a call took, in milliseconds.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "skein/remote";
import { args, check, result, threads } from "./harness.mjs";
import { directory, end, port, startServer, startWorker } from "./remote-processes.mjs";

const [calls, seconds, kills, restarts, printed] = args;
const COMPUTING_MS = 2;
const AWAY_MS = 200;
const peer = new URL("./peers/remote-skein.mjs", import.meta.url).href;
const file = path.join(directory, "ended");
writeFileSync(file, "");

let server = await startServer("nats-server");
const workers = [];
for (let i = 0; i < threads; i++) workers.push(await startWorker(peer));
const cluster = await connect({ name: "bench", servers: `nats://127.0.0.1:${port}` });
const { noted } = cluster.tasks("work");

let [right, longest, outage] = [0, 0, 0];
async function call(i) {
  await sleep((seconds * 1000 * i) / calls);
  const began = performance.now();
  const value = await cluster.go.with({ key: String(i) }, noted, file, i, COMPUTING_MS);
  longest = Math.max(longest, performance.now() - began);
  if (value === i) right++;
}

async function disturb() {
  for (let i = 0; i < kills; i++) {
    await sleep((seconds * 1000) / kills);
    await end(workers[i % threads], "SIGKILL");
    workers[i % threads] = await startWorker(peer);
  }
  for (let i = 0; i < restarts; i++) {
    await sleep((seconds * 1000) / (restarts + 1));
    const began = performance.now();
    await end(server, "SIGTERM");
    await sleep(AWAY_MS);
    server = await startServer("nats-server");
    outage = Math.max(outage, performance.now() - began);
  }
}

await Promise.all([disturb(), ...Array.from({ length: calls }, (_, i) => call(i))]);
const ended = readFileSync(file, "utf8").trim().split("\n");
check("calls that ran to their end", new Set(ended).size, calls);
if (printed === 0) result("%", (100 * right) / calls);
if (printed === 1) result("%", (100 * (ended.length - calls)) / calls);
if (printed === 2) result("ms", Math.max(0, longest - outage));
process.exit();
