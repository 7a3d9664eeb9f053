/**
 * The class `Piscina`: piscina's interface, whose tasks are goroutines of a runtime that the pool starts.
 *
 * Built as one CommonJS file whose module is the class, as programs that `require` it expect; `import` finds the same class in it,
 * and the names that are exported here.
 */
import { EventEmitterAsyncResource } from "node:events";
import { performance } from "node:perf_hooks";
import type { AbortSignalAny } from "./abort.js";
import type { PiscinaHistogram, HistogramSummary } from "./histogram.js";
import { move, transferableSymbol, valueSymbol } from "./move.js";
import { fillOptions, own, type FilledOptions, type PiscinaOptions } from "./options.js";
import { Pool } from "./pool.js";
import { ArrayTaskQueue, FixedQueue, queueOptionsSymbol } from "./queue.js";
import { threadState } from "./state.js";
import type { PiscinaThread } from "./threads.js";

export type { HistogramSummary, PiscinaHistogram } from "./histogram.js";
export type { Transferable } from "./move.js";
export type { PiscinaThread } from "./threads.js";
export type { PiscinaOptions } from "./options.js";
export type { Task, TaskQueue } from "./queue.js";

/** Of one task. */
export interface RunOptions {
  /** What is moved to the thread rather than cloned. */
  readonly transferList?: readonly object[] | undefined;
  /** Another module than the pool's. */
  readonly filename?: string | null | undefined;
  /** Another export than the pool's. */
  readonly name?: string | null | undefined;
  /** Aborts the task: an AbortSignal, or an emitter of "abort". */
  readonly signal?: AbortSignalAny | null | undefined;
}

export interface CloseOptions {
  /** Whether tasks that have not begun are aborted. Default: false. */
  readonly force?: boolean | undefined;
}

/** The version of piscina whose interface this is. */
const VERSION = "5.3.2";

/**
 * A pool of threads that run one task after another: `new Piscina({ filename }).run(task)`.
 *
 * Events: `error` (the default module cannot be loaded and no task is there to tell of it; closing took too long), `drain`
 * and `needsDrain`, `message` (what a task posted to its `parentPort`), `workerCreate` and `workerDestroy`, `close`.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in piscina: without type arguments, anything goes
export class Piscina<T = any, R = any> extends EventEmitterAsyncResource {
  readonly #pool: Pool;
  #histogram: PiscinaHistogram | undefined;

  /** @throws TypeError or RangeError for options that are wrong, or that cannot be had on goroutines */
  constructor(options: PiscinaOptions = {}) {
    super({ name: "Piscina" });
    this.#pool = new Pool(this, fillOptions(options));
  }

  /** Runs a task on a thread. Rejects with what its function throws, or an AbortError. */
  run(task: T, given: RunOptions = {}): Promise<R> {
    const options = own(given);
    const wrong = wrongIn(options);
    if (wrong !== undefined) return Promise.reject(new TypeError(wrong));
    const { filename, name } = this.#pool.options;
    const file = options.filename ?? filename;
    if (file === null) return Promise.reject(new Error("filename must be provided to run() or in options object"));
    return this.#pool.run(task, {
      filename: file,
      name: options.name ?? name,
      signal: options.signal ?? null,
      transferList: options.transferList ?? [],
    }) as Promise<R>;
  }

  /** Waits for the tasks that are there, then ends the threads. */
  async close(options: CloseOptions = {}): Promise<void> {
    if (options === null || typeof options !== "object") throw new TypeError("options must be an object");
    const { force = false } = options;
    if (typeof force !== "boolean") throw new TypeError("force argument must be a boolean");
    await this.#pool.close(force);
  }

  /** Ends the threads at once; tasks that are there reject. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get minThreads(): number {
    return this.#pool.options.minThreads;
  }

  get maxThreads(): number {
    return this.#pool.options.maxThreads;
  }

  /** The options, with all that was not given filled in. */
  get options(): FilledOptions {
    return this.#pool.options;
  }

  /** The threads that there are now, as piscina would have them. The scheduler may serve several with one of its own. */
  get threads(): PiscinaThread[] {
    return [...this.#pool.threads.all];
  }

  /** Threads without a task. */
  get idleThreads(): number {
    return this.#pool.threads.idle;
  }

  /** Tasks that wait for a thread. */
  get queueSize(): number {
    return this.#pool.queueSize;
  }

  /** Tasks that have ended, well or not. */
  get completed(): number {
    return this.#pool.completed;
  }

  /** How long tasks have waited and run. */
  get histogram(): PiscinaHistogram {
    const pool = this.#pool;
    return (this.#histogram ??= {
      get runTime() {
        return pool.runTime?.summary as HistogramSummary;
      },
      get waitTime() {
        return pool.waitTime?.summary as HistogramSummary;
      },
      resetRunTime: () => pool.runTime?.reset(),
      resetWaitTime: () => pool.waitTime?.reset(),
    });
  }

  /** As `histogram.runTime`. */
  get runTime(): HistogramSummary {
    return this.histogram.runTime;
  }

  /** As `histogram.waitTime`. */
  get waitTime(): HistogramSummary {
    return this.histogram.waitTime;
  }

  /** The share of the pool's time, over all its threads, in which tasks ran; 0 without timing. */
  get utilization(): number {
    const { runTime, options } = this.#pool;
    return runTime === undefined ? 0 : runTime.total / (this.duration * options.maxThreads);
  }

  /** Milliseconds since the pool was made. */
  get duration(): number {
    return performance.now() - this.#pool.begin;
  }

  /** Whether as many tasks are under way as can be. */
  get needsDrain(): boolean {
    return this.#pool.needsDrain;
  }

  /** Whether this runs on a thread of a pool. */
  static get isWorkerThread(): boolean {
    return threadState() !== undefined;
  }

  /** The pool's option `workerData`, on its threads. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in piscina: the pool and its workers agree on it
  static get workerData(): any {
    return threadState()?.workerData;
  }

  /** The version of piscina whose interface this is. */
  static get version(): string {
    return VERSION;
  }

  /** The class itself, for who destructures it. */
  static get Piscina(): typeof Piscina {
    return this;
  }

  static get FixedQueue(): typeof FixedQueue {
    return FixedQueue;
  }

  static get ArrayTaskQueue(): typeof ArrayTaskQueue {
    return ArrayTaskQueue;
  }

  static readonly move = move;

  static get transferableSymbol(): typeof transferableSymbol {
    return transferableSymbol;
  }

  static get valueSymbol(): typeof valueSymbol {
    return valueSymbol;
  }

  static get queueOptionsSymbol(): typeof queueOptionsSymbol {
    return queueOptionsSymbol;
  }
}

export default Piscina;

export { ArrayTaskQueue, FixedQueue, move, queueOptionsSymbol, transferableSymbol, valueSymbol };
export const { isWorkerThread, version } = Piscina;
// eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment -- as above
export const workerData: any = Piscina.workerData;

/** What is wrong with the options of a run, if anything. */
function wrongIn(options: RunOptions): string | undefined {
  if (options === null || typeof options !== "object") return "options must be an object";
  const { transferList, filename, name, signal } = options;
  if (transferList !== undefined && !Array.isArray(transferList)) return "transferList argument must be an Array";
  if (typeof (filename ?? "") !== "string") return "filename argument must be a string";
  if (typeof (name ?? "") !== "string") return "name argument must be a string";
  if (signal !== undefined && typeof signal !== "object") return "signal argument must be an object";
  return undefined;
}
