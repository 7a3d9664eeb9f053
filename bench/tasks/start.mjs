/** From opening the pool to the result of its first task, in processes of their own. Args: repetitions. In the processes: 0. */
import { performance } from "node:perf_hooks";
import process from "node:process";
import { args, check, finish, implementation, inFreshProcess, peer, result, threads } from "./harness.mjs";

const [repetitions] = args;

async function firstResult() {
  const { open } = await peer();
  const begin = performance.now();
  const pool = await open({ threads, task: "increment", inFlight: 1 });
  check("the answer", await pool.run(1), 2);
  process.stdout.write(String(performance.now() - begin));
  await finish(pool);
}

if (repetitions === 0) {
  await firstResult();
} else {
  for (let i = 0; i < repetitions; i++) result("ms", inFreshProcess(import.meta.url, implementation, threads, 0));
}
