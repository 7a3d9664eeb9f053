/**
 * So many asynchronous functions that compute, all at once, on a runtime or pool with as many threads as it has by itself for that many
 * processors: the time until the last has ended, or the resident memory of the process then. In processes of their own. Args: functions,
 * steps of each, 0 for the time and 1 for memory, repetitions. In the processes: the first three, and 0.
 */
import { performance } from "node:perf_hooks";
import process from "node:process";
import { args, check, finish, implementation, inFreshProcess, peer, result, threads } from "./harness.mjs";

const [functions, steps, memory, repetitions] = args;

async function once() {
  const { open } = await peer();
  const pool = await open({ threads, task: "compute", inFlight: functions, byDefault: true });
  const expected = await pool.run(steps);
  const begin = performance.now();
  const sums = await Promise.all(Array.from({ length: functions }, () => pool.run(steps)));
  const time = performance.now() - begin;
  for (const sum of sums) check("the sum", sum, expected);
  process.stdout.write(String(memory === 1 ? process.memoryUsage.rss() / 1e6 : time));
  await finish(pool);
}

if (repetitions === 0) {
  await once();
} else {
  const unit = memory === 1 ? "MB" : "ms";
  for (let i = 0; i < repetitions; i++) {
    result(unit, inFreshProcess(import.meta.url, implementation, threads, functions, steps, memory, 0));
  }
}
