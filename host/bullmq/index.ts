/**
 * BullMQ's Worker with its jobs on goroutines: whatever a job computes, the main thread renews its lock.
 *
 * ```ts
 * import { Worker } from "skein/bullmq";
 * new Worker("images", new URL("./work.js", import.meta.url), { connection, concurrency: 4 });
 * ```
 */
export { Worker, type GoroutineJob, type WorkerOptions } from "./worker.js";
