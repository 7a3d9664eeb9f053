/** Servers and worker processes of the programs of calls between processes. They end with the program, and what they have written is deleted. */
import { fork, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const execArgv = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
const workerProgram = fileURLToPath(new URL("./remote-worker.mjs", import.meta.url));
const children = new Set();

/** Where the servers keep what they store; for files of a program's own, too. */
export const directory = mkdtempSync(path.join(tmpdir(), "skein-bench-"));

/** A port that nobody listens at. */
export const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

function owned(child) {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

const listens = () =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

const ARGS = {
  "nats-server": ["-js", "-sd", directory, "-a", "127.0.0.1", "-p", String(port)],
  "redis-server": ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
};

/** Starts the server, again with what it has stored. */
export async function startServer(kind) {
  const server = owned(spawn(kind, ARGS[kind], { stdio: "ignore" }));
  while (!(await listens())) await sleep(20);
  return server;
}

/** Starts a process that serves as the module `peer` says; resolves once it does. */
export async function startWorker(peer) {
  const worker = owned(fork(workerProgram, [peer, String(port)], { execArgv }));
  await new Promise((resolve) => worker.once("message", resolve));
  return worker;
}

/** Ends a process, and waits until it has. */
export async function end(child, signal) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}
