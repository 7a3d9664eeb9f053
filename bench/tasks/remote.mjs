/**
 * Calls of worker processes over a server of this program's own, so many in flight. Args: milliseconds that a call computes, calls, in flight,
 * repetitions. Where calls compute the value is the share of what the processors allow, in percent, else nanoseconds a call.
 */
import { fork, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { args, check, implementation, measure, threads, timePer } from "./harness.mjs";

const [ms, calls, inFlight, repetitions] = args;
const peer = new URL(`./peers/remote-${implementation}.mjs`, import.meta.url).href;
const { server: kind, open } = await import(peer);

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
const directory = mkdtempSync(path.join(tmpdir(), "skein-bench-"));
const options = {
  "nats-server": ["-js", "-sd", directory, "-a", "127.0.0.1", "-p", String(port)],
  "redis-server": ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory],
};
const children = [spawn(kind, options[kind], { stdio: "ignore" })];
const end = () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
};
process.once("exit", end);

const listens = () =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
while (!(await listens())) await sleep(20);
const execArgv = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
for (let i = 0; i < threads; i++) {
  const worker = fork(fileURLToPath(new URL("./remote-worker.mjs", import.meta.url)), [peer, String(port)], {
    execArgv,
  });
  children.push(worker);
  await new Promise((resolve) => worker.once("message", resolve));
}

const { run } = await open(port);
const all = async () => {
  let [left, sum] = [calls, 0];
  const line = async () => {
    while (left-- > 0) {
      const value = await run(ms);
      sum += value;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, line));
  check("calls done", sum, calls * ms);
};
const possible = Math.min(threads, availableParallelism());
await measure(ms > 0 ? "%" : "ns/op", repetitions, async () => {
  const nanoseconds = await timePer(calls, all);
  return ms > 0 ? (100 * ms * 1e6) / (nanoseconds * possible) : nanoseconds;
});
process.exit();
