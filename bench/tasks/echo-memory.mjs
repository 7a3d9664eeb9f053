/**
 * The server of `echo` under load for so many seconds: by how many % its most resident memory in the second half of that exceeds the least.
 * Args: connections, seconds, repetitions.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { args, result } from "./harness.mjs";

const [connections, seconds, repetitions] = args;
const LOOK_MS = 500;

/** Runs a program of bench/programs. */
function run(name, ...words) {
  const start = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  const [skein, program] = ["../../bin/skein.js", `../programs/${name}.ts`].map((it) =>
    fileURLToPath(new URL(it, import.meta.url)),
  );
  return spawn(process.execPath, [...start, skein, "run", program, "--", ...words.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function resident(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

async function range() {
  const server = run("echo");
  try {
    const [line] = await once(createInterface(server.stdout), "line");
    const client = run("echo-load", line.replace("LISTEN ", ""), connections, seconds);
    client.stdout.resume();
    // It has to be compiled, perhaps, and then counts from two seconds on.
    await once(client.stdout, "data");
    const sizes = [];
    for (const end = Date.now() + seconds * 1000; Date.now() < end && client.exitCode === null; await sleep(LOOK_MS)) {
      sizes.push(resident(server.pid));
    }
    client.kill();
    const last = sizes.slice(sizes.length / 2);
    return (Math.max(...last) / Math.min(...last) - 1) * 100;
  } finally {
    server.kill();
  }
}

for (let i = 0; i < repetitions; i++) result("%", await range());
process.exit();
