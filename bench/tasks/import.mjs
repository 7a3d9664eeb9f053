/** Loading the library, in processes of their own that have loaded nothing else. Args: repetitions. In the processes: 0. */
import { performance } from "node:perf_hooks";
import process from "node:process";
import { args, implementation, inFreshProcess, peer, result, threads } from "./harness.mjs";

const [repetitions] = args;

if (repetitions === 0) {
  const begin = performance.now();
  await peer();
  process.stdout.write(String(performance.now() - begin));
} else {
  for (let i = 0; i < repetitions; i++) result("ms", inFreshProcess(import.meta.url, implementation, threads, 0));
}
