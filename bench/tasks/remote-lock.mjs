/**
 * One job of BullMQ's that computes for longer than its lock lasts, and two worker processes. Args: milliseconds that it computes, and of the lock. The value
 * is how often it was run.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Queue, QueueEvents } from "bullmq";
import { args, check, implementation, result, threads } from "./harness.mjs";
import { directory, port, startServer, startWorker } from "./remote-processes.mjs";

const [ms, lockMs] = args;
await startServer("redis-server");
for (let i = 0; i < threads; i++)
  await startWorker(new URL(`./peers/lock-${implementation}.mjs?${lockMs}`, import.meta.url).href);

const connection = { host: "127.0.0.1", port };
const [queue, events] = [new Queue("lock", { connection }), new QueueEvents("lock", { connection })];
await events.waitUntilReady();
const file = path.join(directory, "begun");
const job = await queue.add("compute", { file, ms });
const value = await job
  .waitUntilFinished(events)
  .catch((error) => (implementation === "skein" ? Promise.reject(error) : ms));
check("what the job gives", value, ms);
result("x", readFileSync(file, "utf8").length);
process.exit();
