/**
 * Starting the threads of Ms.
 *
 * On Node the sysmon thread starts them, so that a busy event loop on the main thread holds nothing up; a nested Worker
 * starts although its parent blocks right after making it. On Deno a nested Worker takes half a second to start, so
 * there the sysmon thread asks the main thread to start them.
 */
import process from "node:process";
import { Worker } from "node:worker_threads";
import { SCRATCH_PAGES } from "../assembly/layout.js";
import { Control, Report } from "./control.js";
import type { ThreadData } from "./instance.js";
import { PAGE } from "./memory.js";
import type { MData } from "./worker.js";

/** Whether the main thread starts the threads of Ms. */
export const mainStartsThreads = "deno" in process.versions;

/** What the sysmon thread asks of the main thread. */
export interface StartRequest {
  /** The M whose thread must be started. */
  readonly start: number;
}

/**
 * Megabytes of stack for an M's thread: ten thousands of calls. A goroutine's stack must fit the M's scratch buffer when it
 * parks, so there is no more of it than that. Deno has one megabyte for every thread, whatever is asked.
 */
const STACK_MB = Math.floor((SCRATCH_PAGES * PAGE) / 2 ** 20);

/** Threads that have been started; an unreferenced Worker could be collected while its thread runs. */
const threads = new Set<Worker>();

/** Starts the thread of an M; a thread that dies is reported in the control block. */
export function startM(data: ThreadData, mid: number): Worker {
  const control = new Control(data.memory, data.control);
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: { ...data, mid } satisfies MData,
    resourceLimits: { stackSizeMb: STACK_MB },
    name: `skein M${mid}`,
  });
  threads.add(worker);
  worker.on("error", (error) => control.report(Report.Failure, `thread M${mid} died: ${error.message}`));
  worker.on("exit", (code) => {
    threads.delete(worker);
    if (code !== 0) control.report(Report.Failure, `thread M${mid} ended with code ${code}`);
  });
  return worker;
}

/** Ends the threads that are still there, whatever they are doing. On Deno one that computes goes on until it looks. */
export async function terminateThreads(): Promise<void> {
  await Promise.all([...threads].map((worker) => worker.terminate()));
}
