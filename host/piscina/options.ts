/**
 * The options of a pool: checked in piscina's words, filled in with its defaults. What goroutines cannot do as asked is refused
 * here, never left out in silence.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { SHARE_ENV, type ResourceLimits, type WorkerOptions } from "node:worker_threads";
import { ownOptions } from "../base/options.js";
import { isTaskQueue, type TaskQueue } from "./queue.js";

export interface PiscinaOptions {
  /** The module whose function runs the tasks: an absolute path or a `file:` URL. Default: none, each `run` names its own. */
  readonly filename?: string | null | undefined;
  /** The export to call. Default: `default`. */
  readonly name?: string | undefined;
  /** 0: nothing is started before the first task. Otherwise all threads are, with the pool. Default: half the CPUs. */
  readonly minThreads?: number | undefined;
  /** How many tasks run at once, each with a thread of its own unless it awaits. Default: 1.5 times the CPUs. */
  readonly maxThreads?: number | undefined;
  /**
   * Milliseconds that a thread may be idle before it is none of the pool's; Infinity keeps it. The scheduler keeps the few threads of its
   * own that it needs to start tasks at once, and ends others when they have been idle for a while.
   */
  readonly idleTimeout?: number | undefined;
  /** Tasks that may wait; "auto" is the square of maxThreads. Default: Infinity. */
  readonly maxQueue?: number | "auto" | undefined;
  /**
   * Tasks under way for each thread, for tasks that await; those that compute take turns. Default: 1.
   */
  readonly concurrentTasksPerWorker?: number | undefined;
  /**
   * `"sync"`, the default: between tasks a thread sleeps, and timers that a task has left behind wait for the next one.
   * Otherwise its event loop goes on.
   */
  readonly atomics?: "sync" | "async" | "disabled" | undefined;
  /** Appended to `process.argv` in the threads, as strings. */
  readonly argv?: WorkerOptions["argv"] | undefined;
  /** `process.env` in the threads. Default: a copy of this thread's. */
  readonly env?: NodeJS.Dict<string> | undefined;
  /** Node's own options for the threads. */
  readonly execArgv?: string[] | undefined;
  /** How much memory a thread may take; a task that exceeds it fails, with its thread. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /** What `workerData` is in the threads: any value that can be cloned. */
  readonly workerData?: unknown;
  /** Where tasks wait. Default: first in, first out. */
  readonly taskQueue?: TaskQueue | undefined;
  /** Added to the threads' nice values, on Linux. Default: 0. */
  readonly niceIncrement?: number | undefined;
  /** Whether a thread that ends closes the files that it has opened by their descriptors. Default: true. */
  readonly trackUnmanagedFds?: boolean | undefined;
  /** Milliseconds that `close` waits for tasks under way. Default: 30 000. */
  readonly closeTimeout?: number | undefined;
  /** Whether the histograms are kept. Default: true. */
  readonly recordTiming?: boolean | undefined;
  /** Tasks are taken in the queue's order either way. */
  readonly stricterFIFO?: boolean | undefined;
}

/** Options that piscina has and that cannot be had here, with the reason. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  loadBalancer: "idle threads take tasks from busy ones, so nobody assigns them",
  workerHistogram: "a task is not tied to a thread; see the pool's own histogram",
};

export interface FilledOptions extends PiscinaOptions {
  readonly filename: string | null;
  readonly name: string;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly idleTimeout: number;
  readonly maxQueue: number;
  readonly concurrentTasksPerWorker: number;
  readonly atomics: "sync" | "async" | "disabled";
  readonly niceIncrement: number;
  readonly trackUnmanagedFds: boolean;
  readonly closeTimeout: number;
  readonly recordTiming: boolean;
  readonly stricterFIFO: boolean;
}

/** @throws TypeError or RangeError naming the option that is wrong; a DataCloneError for `workerData` */
export function fillOptions(given: PiscinaOptions): FilledOptions {
  const options = own(given);
  check(options);
  refuse(options);
  // What cannot be cloned would be found out only by each thread that is made from now on, whoever makes it.
  structuredClone(options.workerData);
  const cpus = availableParallelism();
  let minThreads = options.minThreads ?? Math.max(Math.floor(cpus / 2), 1);
  let maxThreads = options.maxThreads ?? Math.max(Math.floor(cpus * 1.5), 1);
  // Where only one of the two is given, the other gives way.
  if (options.maxThreads !== undefined) minThreads = Math.min(minThreads, maxThreads);
  if (options.minThreads !== undefined) maxThreads = Math.max(minThreads, maxThreads);
  return own({
    ...options,
    filename: options.filename ?? null,
    name: options.name ?? "default",
    minThreads,
    maxThreads,
    idleTimeout: options.idleTimeout ?? 0,
    maxQueue: options.maxQueue === "auto" ? maxThreads ** 2 : (options.maxQueue ?? Infinity),
    concurrentTasksPerWorker: options.concurrentTasksPerWorker ?? 1,
    atomics: options.atomics ?? "sync",
    niceIncrement: options.niceIncrement ?? 0,
    trackUnmanagedFds: options.trackUnmanagedFds ?? true,
    closeTimeout: options.closeTimeout ?? 30_000,
    recordTiming: options.recordTiming ?? true,
    stricterFIFO: options.stricterFIFO ?? false,
  });
}

/** The options without what only the prototype of all objects has: whoever put it there did not mean the pool. */
export function own<T>(options: T): T {
  if (typeof options !== "object" || options === null) return options;
  return ownOptions(options);
}

function check(options: PiscinaOptions): void {
  const { filename, name, minThreads, maxThreads, maxQueue, atomics, taskQueue, env } = options;
  expect(typeof (filename ?? "") === "string", "options.filename must be a string or null");
  expect(typeof (name ?? "") === "string", "options.name must be a string or null");
  number(options, "minThreads", 0, "a non-negative integer");
  number(options, "maxThreads", 1, "a positive integer");
  if (minThreads !== undefined && maxThreads !== undefined && minThreads > maxThreads) {
    throw new RangeError("options.minThreads and options.maxThreads must not conflict");
  }
  number(options, "idleTimeout", 0, "a non-negative integer");
  if (maxQueue !== "auto") number(options, "maxQueue", 0, "a non-negative integer");
  number(options, "concurrentTasksPerWorker", 1, "a positive integer");
  number(options, "niceIncrement", 0, "a non-negative integer");
  number(options, "closeTimeout", 0, "a non-negative integer");
  expect(
    ["sync", "async", "disabled"].includes(atomics ?? "sync"),
    "options.atomics should be a value of sync, sync or disabled.",
  );
  expect(taskQueue === undefined || isTaskQueue(taskQueue), "options.taskQueue must be a TaskQueue object");
  expect(env === undefined || isObject(env) || isShareEnv(env), "options.env must be an object");
  expect(options.argv === undefined || Array.isArray(options.argv), "options.argv must be an array");
  expect(options.execArgv === undefined || Array.isArray(options.execArgv), "options.execArgv must be an array");
  expect(
    options.resourceLimits === undefined || isObject(options.resourceLimits),
    "options.resourceLimits must be an object",
  );
  for (const key of ["trackUnmanagedFds", "recordTiming", "stricterFIFO", "workerHistogram"] as const) {
    const value = (options as Readonly<Record<string, unknown>>)[key];
    expect(value === undefined || typeof value === "boolean", `options.${key} must be a boolean`);
  }
}

function number(options: PiscinaOptions, key: keyof PiscinaOptions, least: number, what: string): void {
  const value = options[key];
  if (value === undefined) return;
  expect(typeof value === "number" && value >= least, `options.${key} must be ${what}`);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isShareEnv(value: unknown): boolean {
  return value === SHARE_ENV;
}

/** @throws TypeError for what is asked for and cannot be had */
function refuse(options: PiscinaOptions): void {
  const asked = options as Readonly<Record<string, unknown>>;
  for (const [key, reason] of Object.entries(UNSUPPORTED)) {
    if (asked[key] !== undefined && asked[key] !== false) throw unsupported(key, reason);
  }
  if (isShareEnv(options.env)) {
    throw unsupported("env: SHARE_ENV", "each thread has an environment of its own");
  }
  if ((options.niceIncrement ?? 0) > 0 && process.platform !== "linux") {
    throw unsupported("niceIncrement", "only Linux gives each thread a priority");
  }
}

function unsupported(option: string, reason: string): TypeError {
  return new TypeError(`options.${option} cannot be had from skein/piscina: ${reason}`);
}

function expect(isSo: boolean, message: string): void {
  if (!isSo) throw new TypeError(message);
}
