/** tinypool, piscina's smaller fork, set up in the same way. */
import { fileURLToPath } from "node:url";
import Tinypool from "tinypool";

export function open({ threads, task, inFlight }) {
  const pool = new Tinypool({
    filename: fileURLToPath(new URL("../work/functions.mjs", import.meta.url)),
    name: task,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: Math.ceil(inFlight / threads),
    // As with piscina.
    useAtomics: inFlight <= threads,
  });
  return { run: (value) => pool.run(value), close: () => pool.destroy() };
}
