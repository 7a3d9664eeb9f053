/**
 * BullMQ's Worker with its jobs on goroutines: whatever a job computes, the main thread renews its lock.
 *
 * ```ts
 * import { Worker } from "skein/bullmq";
 * new Worker("images", new URL("./work.js", import.meta.url), { connection, concurrency: 4 });
 * ```
 *
 * Its processor starts a goroutine for each job and waits for it. All else is BullMQ's.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type * as bullmqPackage from "bullmq";
import type { Job, Processor, WorkerOptions as BullOptions } from "bullmq";
import { SkeinError, start, type Chan, type Runtime } from "../index.js";
import { METHODS, plainJob, processJob, type GoroutineJob, type Request, type Told } from "./job.js";

export type { GoroutineJob };

/** Only those install BullMQ who use it. */
const bullmq = load();

/** @throws SkeinError that says what to install */
function load(): typeof bullmqPackage {
  try {
    return createRequire(import.meta.url)("bullmq") as typeof bullmqPackage;
  } catch (cause) {
    throw new SkeinError(`skein/bullmq needs BullMQ: npm install bullmq (${(cause as Error).message})`, { cause });
  }
}

/** BullMQ's options, and where the goroutines run. */
export interface WorkerOptions extends BullOptions {
  /** A runtime that is there already; it is not closed with the worker. */
  readonly runtime?: Runtime;
  /** The number of Ps of a runtime of the worker's own. Default: the processors. */
  readonly procs?: number;
}

/**
 * A worker of a queue of BullMQ's.
 *
 * `processor` is the URL, or path, of a module whose default export is called with each job, as BullMQ's sandboxed processors are: on a
 * goroutine, with the job, the token, and a signal that aborts when the job is cancelled. A function is run by BullMQ, as ever.
 */
export class Worker<T = unknown, R = unknown, N extends string = string> extends bullmq.Worker<T, R, N> {
  /** What jobs run on, if not on this thread; and whether it was started here. */
  readonly #runtime: Promise<Runtime> | undefined;
  readonly #isOwn: boolean;
  /** Ends the goroutines of jobs that a forced end does not wait for. */
  readonly #forced: AbortController;

  constructor(name: string, processor?: string | URL | Processor<T, R, N> | null, options?: WorkerOptions) {
    const { runtime, procs, autorun = true, ...rest } = options ?? ({} as Partial<WorkerOptions>);
    const url = typeof processor === "string" || processor instanceof URL ? urlOf(processor) : undefined;
    const forced = new AbortController();
    let started: Promise<Runtime> | undefined;
    // BullMQ looks at how many parameters there are.
    const onGoroutines = async (job: Job, token?: string, signal?: AbortSignal): Promise<unknown> =>
      onGoroutine(await started!, forced.signal, url!, job, token, signal);
    const own = (url === undefined ? processor : onGoroutines) as Processor<T, R, N> | undefined;
    super(name, own, { ...(rest as BullOptions), autorun: false });
    this.#forced = forced;
    this.#isOwn = runtime === undefined;
    if (url !== undefined) {
      this.#runtime = started = runtime === undefined ? start({ procs }) : Promise.resolve(runtime);
      started.catch(() => undefined); // `run` tells of it
    }
    if (autorun && typeof own === "function") this.run().catch((error: Error) => this.emit("error", error));
  }

  /** Takes jobs, once the runtime has started: none waits for that with its lock held. */
  override async run(): Promise<void> {
    if (this.#runtime !== undefined) {
      await this.#runtime;
      // Somebody else may have waited, too.
      if (this.isRunning()) return;
    }
    return super.run();
  }

  override async close(force?: boolean): Promise<void> {
    await super.close(force);
    this.#forced.abort(new SkeinError("the worker was closed"));
    if (!this.#isOwn) return;
    const rt = await this.#runtime?.catch(() => undefined);
    await rt?.close(force === true ? { deadline: 0 } : {});
  }
}

async function onGoroutine(
  rt: Runtime,
  forced: AbortSignal,
  url: string,
  job: Job,
  token: string | undefined,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const requests = rt.chan<Request>(16);
  const told = rt.chan<Told>(16);
  // The job ends when its processor does, which may go on in spite of it: so it is told, and not the goroutine cancelled.
  const cancel = (): void => void told.send({ cancelled: signal?.reason as unknown }).catch(() => undefined);
  if (signal?.aborted === true) cancel();
  else signal?.addEventListener("abort", cancel);
  const served = serve(job, requests, told);
  // It may fail before the goroutine's result is there, for which it is waited for first.
  served.catch(() => undefined);
  let result: unknown;
  try {
    const options = { name: "a job", signal: forced };
    result = await rt.go.with(options, processJob, url, plainJob(job), token, METHODS, requests, told);
  } catch (error) {
    // BullMQ wants an error's message and stack.
    throw error instanceof Error ? error : new Error(String(error), { cause: error });
  } finally {
    signal?.removeEventListener("abort", cancel);
    // A goroutine whose thread has died closes nothing; and what it asked for that has arrived is done.
    requests[Symbol.dispose]();
    told[Symbol.dispose]();
    await served.catch(() => undefined);
  }
  await served;
  return result;
}

/**
 * Does what a job asks for, until its goroutine has ended.
 *
 * @throws what the first that failed has thrown, which fails the job, as in BullMQ's sandboxes
 */
async function serve(job: Job, requests: Chan<Request>, told: Chan<Told>): Promise<void> {
  const methods = job as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  let failure: { readonly error: unknown } | undefined;
  for await (const { id, method, args } of requests) {
    let answer: Told;
    try {
      answer = { id, value: await methods[method]!(...args) };
    } catch (error) {
      failure ??= { error };
      answer = { id, error };
    }
    await told.send(answer).catch(() => undefined); // it has ended, and does not wait for it
  }
  if (failure !== undefined) throw failure.error;
}

/** @throws Error if there is no such file, as BullMQ has it, for which a path without an ending is one of a .js file */
function urlOf(processor: string | URL): string {
  const hasScheme = typeof processor === "string" && /^[a-z][a-z\d+.-]+:\/\//i.test(processor);
  if (processor instanceof URL || hasScheme) {
    const url = new URL(processor);
    if (url.protocol === "file:" && !existsSync(url))
      throw new Error(`URL ${url.href} does not exist in the local file system`);
    return url.href;
  }
  const file = /\.(?:[cm]?js|ts|flow)$/.test(processor) ? processor : `${processor}.js`;
  if (!existsSync(file)) throw new Error(`File ${file} does not exist`);
  return pathToFileURL(path.resolve(file)).href;
}
