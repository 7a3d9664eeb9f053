/**
 * What a further thread adds to the resident memory of the process: two processes, one with `threads` of them and one with
 * more, each thread held by a task at the same time, and the difference between the two. Args: more threads, repetitions.
 * In the processes: the number of threads, and 0.
 */
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { args, check, finish, implementation, inFreshProcess, peer, result, threads } from "./harness.mjs";

const [more, repetitions] = args;

async function residentMemory() {
  const { open } = await peer();
  const pool = await open({ threads, task: "meet", inFlight: threads });
  const cells = new SharedArrayBuffer(8);
  const met = await Promise.all(Array.from({ length: threads }, () => pool.run({ cells, count: threads })));
  check("threads that met", met.length, threads);
  // Threads that have just started are still giving back what only that took.
  await sleep(200);
  process.stdout.write(String(process.memoryUsage.rss()));
  await finish(pool);
}

if (more === 0) {
  await residentMemory();
} else {
  for (let i = 0; i < repetitions; i++) {
    const [few, many] = [threads, threads + more].map((n) => inFreshProcess(import.meta.url, implementation, n, 0));
    result("B/thread", (many - few) / more);
  }
}
