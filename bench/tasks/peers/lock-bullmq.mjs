/** BullMQ's own worker, whose jobs compute on the thread that renews their locks. */
import { Worker } from "bullmq";
import compute from "../work/lock.mjs";

const lockDuration = Number(new URL(import.meta.url).search.slice(1));

export async function serve(port) {
  const connection = { host: "127.0.0.1", port };
  const options = { connection, lockDuration, stalledInterval: lockDuration / 4 };
  await new Worker("lock", (job) => Promise.resolve(compute(job)), options).waitUntilReady();
}
