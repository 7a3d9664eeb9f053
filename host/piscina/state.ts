/**
 * What a pool's threads know of it. The pool leaves it where threads that start later find it; `worker.ts` takes it and puts it
 * where `main.ts`, loaded by the user's modules, looks for it.
 */

/** What a pool tells its threads, as structured clone carries it. */
export interface PoolData {
  /** The default module, as a file's path or URL; null if every task names its own. */
  readonly filename: string | null;
  /** The default export. */
  readonly name: string;
  readonly workerData: unknown;
  /** Added to the thread's nice value. */
  readonly niceIncrement: number;
  /** Whether timers and the like of tasks that have ended go on between tasks. */
  readonly keepsTurning: boolean;
  /** The BroadcastChannel on which what tasks post to their parent goes to the pool. */
  readonly messages: string;
  /** An i32: how many that is so far. */
  readonly posted: SharedArrayBuffer;
}

/** Where a thread finds the data of the pool with that number, by `getEnvironmentData`. */
export function poolKey(pool: number): string {
  return `skein/piscina ${pool}`;
}

/** Set on a pool's threads only; on the global object, as modules are loaded by `require` and by `import`. */
const THREAD = Symbol.for("skein.piscina.thread");

interface Globals {
  [THREAD]?: { readonly workerData: unknown };
}

export function setThreadState(workerData: unknown): void {
  (globalThis as Globals)[THREAD] = { workerData };
}

export function threadState(): { readonly workerData: unknown } | undefined {
  return (globalThis as Globals)[THREAD];
}
