/** How the threads of Ms are made, in the terms of `new Worker`. */
import type { WorkerOptions } from "node:worker_threads";

/** Options of a Worker that may be given for the threads of Ms; `stackSizeMb` is Skein's own. */
export type ThreadOptions = Pick<WorkerOptions, "argv" | "env" | "execArgv" | "resourceLimits" | "trackUnmanagedFds">;
