/**
 * A server, in a process of its own, with so many idle connections. Args: connections, seconds. With 0 seconds the value is
 * the resident memory of the server that each takes, in bytes; else the processor time, user and system, that it takes in
 * that time, in milliseconds.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { args, implementation, result } from "./harness.mjs";

/** Connections that are opened at once. */
const BATCH = 200;
const CLOCK_TICK_MS = 10;

const [connections, seconds] = args;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket)).on("error", reject);
  });
}

function residentBytes(pid) {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function cpuMilliseconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

const port = await freePort();
const file = fileURLToPath(new URL(`./peers/idle-${implementation}.mjs`, import.meta.url));
const run = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
const server = spawn(process.execPath, [...run, file, String(port)], { stdio: ["ignore", "ignore", "inherit"] });
try {
  for (let attempt = 0; ; attempt++) {
    const socket = await open(port).catch(() => undefined);
    socket?.destroy();
    if (socket !== undefined) break;
    if (attempt === 500) throw new Error("the server does not listen");
    await sleep(20);
  }
  await sleep(300);
  const before = residentBytes(server.pid);
  for (let made = 0; made < connections; made += BATCH) {
    await Promise.all(Array.from({ length: Math.min(BATCH, connections - made) }, () => open(port)));
  }
  await sleep(500);
  if (seconds === 0) {
    result("B/connection", (residentBytes(server.pid) - before) / connections);
  } else {
    const begin = cpuMilliseconds(server.pid);
    await sleep(1000 * seconds);
    result("ms", cpuMilliseconds(server.pid) - begin);
  }
} finally {
  server.kill("SIGKILL");
}
process.exit(0);
