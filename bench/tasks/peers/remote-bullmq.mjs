/** BullMQ's own worker, and who adds a job awaits its result. */
import { Queue, QueueEvents, Worker } from "bullmq";
import { compute } from "../work/remote.mjs";

export const server = "redis-server";
const connectionOf = (port) => ({ host: "127.0.0.1", port });

export async function serve(port) {
  const process = (job) => Promise.resolve(compute(job.data));
  await new Worker("bench", process, { connection: connectionOf(port), concurrency: 128 }).waitUntilReady();
}

export async function open(port) {
  const connection = connectionOf(port);
  const [queue, events] = [new Queue("bench", { connection }), new QueueEvents("bench", { connection })];
  for (const each of [queue, events]) each.setMaxListeners(0);
  await events.waitUntilReady();
  const options = { removeOnComplete: { count: 10_000 } };
  return { run: async (ms) => (await queue.add("compute", ms, options)).waitUntilFinished(events) };
}
