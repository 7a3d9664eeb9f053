/** The runtime's own: a worker's port. It has no capacity: what is sent is queued, however much that is. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

export function openStream() {
  const worker = new Worker(new URL("../work/messagechannel.mjs", import.meta.url));
  return {
    async send(numbers) {
      for (const n of numbers) worker.postMessage(n);
      worker.postMessage(null);
      const [sum] = await once(worker, "message");
      return sum;
    },
    close: () => worker.terminate(),
  };
}
