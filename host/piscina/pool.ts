/**
 * The tasks of a pool: which of them wait, which are goroutines, and what becomes of each.
 *
 * Guarantees: no more tasks are under way than the options allow; every promise that `run` gave is settled, also when its
 * thread dies or the pool ends; a place is free again when the goroutine has really ended, so a task that was aborted while it
 * computes holds its place until its thread is gone.
 */
import type { EventEmitter } from "node:events";
import { performance } from "node:perf_hooks";
import { BroadcastChannel, setEnvironmentData } from "node:worker_threads";
import type { Runtime } from "../index.js";
import { onAbort } from "./abort.js";
import { AbortError, errors } from "./poolerrors.js";
import { Histogram } from "./histogram.js";
import { Job, type JobOptions } from "./job.js";
import type { FilledOptions } from "./options.js";
import { FixedQueue, type TaskQueue } from "./queue.js";
import { poolKey, type PoolData } from "./state.js";
import type * as worker from "./worker.js";

/** What a pool has while its threads run. */
interface Started {
  readonly rt: Runtime;
  readonly work: Tasks;
}
type Tasks = ReturnType<typeof tasksOf>;

function tasksOf(rt: Runtime, pool: number) {
  return rt.tasks<typeof worker>(new URL(`./worker.js?pool=${pool}`, import.meta.url));
}

/** How long a message that a task has posted may take to come, in milliseconds. */
const MESSAGE_MS = 1000;

let pools = 0;

export class Pool {
  readonly begin = performance.now();
  readonly runTime: Histogram | undefined;
  readonly waitTime: Histogram | undefined;
  completed = 0;
  needsDrain = false;
  private readonly number = ++pools;
  private readonly queue: TaskQueue;
  /** Taken from the queue, and waiting for enough places to be free. */
  private next: Job | null = null;
  private readonly running = new Set<Job>();
  /** Places that they take, of `capacity`. */
  private used = 0;
  private started: Started | undefined;
  private starting: Promise<Started> | undefined;
  /** Calls of close and destroy that are under way: until they are over, nothing new is taken. */
  private ending = 0;
  /** How often its threads have been ended. */
  private ends = 0;
  /** Told when nothing runs or waits any more. */
  private readonly whenIdle = new Set<() => void>();
  private messages: BroadcastChannel | undefined;
  /** How many messages tasks have posted, and how many of them have come; until all have, this timer keeps the process alive. */
  private readonly posted = new Int32Array(new SharedArrayBuffer(4));
  private received = 0;
  private patience: NodeJS.Timeout | undefined;
  private willTell = false;

  constructor(
    private readonly owner: EventEmitter,
    readonly options: FilledOptions,
  ) {
    this.queue = options.taskQueue ?? new FixedQueue();
    if (options.recordTiming) {
      this.runTime = new Histogram();
      this.waitTime = new Histogram();
    }
    owner.on("newListener", (event) => {
      if (event === "message") this.listen();
    });
    if (options.minThreads > 0) this.warmUp();
  }

  // ---- what is where -------------------------------------------------------------------------------------------------

  get capacity(): number {
    return this.options.maxThreads * this.options.concurrentTasksPerWorker;
  }

  /** Tasks that wait. */
  get queueSize(): number {
    return this.queue.size + (this.next === null ? 0 : 1);
  }

  /** The runtime, if its threads run. */
  get runtime(): Runtime | undefined {
    return this.started?.rt;
  }

  /** Threads' worth of places in which nothing runs. */
  get idleThreads(): number {
    if (this.started === undefined) return 0;
    return this.options.maxThreads - Math.ceil(this.used / this.options.concurrentTasksPerWorker);
  }

  // ---- tasks ---------------------------------------------------------------------------------------------------------

  run(task: unknown, options: JobOptions): Promise<unknown> {
    const { signal } = options;
    if (this.ending > 0) return Promise.reject(new AbortError("queue is being terminated"));
    if (signal?.aborted === true) return Promise.reject(new AbortError(signal.reason));
    return new Promise((resolve, reject) => {
      const job = new Job(task, options, resolve, reject);
      if (this.queueSize === 0 && this.hasRoomFor(job)) {
        this.start(job);
      } else if (this.queueSize >= this.options.maxQueue) {
        return reject(this.options.maxQueue === 0 ? errors.noQueue() : errors.queueAtLimit());
      } else {
        this.queue.push(job);
      }
      if (signal !== null) job.detach = onAbort(signal, () => this.abort(job, signal.reason));
      this.noticeDrain();
    });
  }

  /** Tasks that can be aborted do not share a thread: they take all its places. */
  private placesOf(job: Job): number {
    return job.isAbortable ? this.options.concurrentTasksPerWorker : 1;
  }

  private hasRoomFor(job: Job): boolean {
    return this.used + this.placesOf(job) <= this.capacity;
  }

  private start(job: Job): void {
    this.running.add(job);
    this.used += this.placesOf(job);
    job.started = performance.now();
    this.waitTime?.record(job.started - job.created);
    if (this.started !== undefined) return this.send(job, this.started);
    try {
      job.freeze();
    } catch (error) {
      return this.finish(job, job.reject, error);
    }
    this.getStarted().then(
      (started) => this.send(job, started),
      (error: unknown) => this.finish(job, job.reject, error),
    );
  }

  /** Makes a goroutine of it. */
  private send(job: Job, { rt, work }: Started): void {
    const { task, transferList: transfer, filename, name } = job;
    job.task = undefined;
    job.transferList = [];
    if (job.isAborted) return this.finish(job, job.resolve, undefined);
    const isDefault = filename === this.options.filename && name === this.options.name;
    try {
      const goroutine = job.inContext(() => {
        if (!isDefault) return rt.go.with({ transfer }, work.runNamed, task, filename, name);
        return transfer.length === 0 ? rt.go(work.run, task) : rt.go.with({ transfer }, work.run, task);
      });
      job.cancel = (reason) => void goroutine.cancel(reason);
      goroutine.then(
        (result) => this.finish(job, job.resolve, result),
        (error: unknown) => this.finish(job, job.reject, error),
      );
    } catch (error) {
      this.finish(job, job.reject, error);
    }
  }

  /** It has ended: its place is free. */
  private finish(job: Job, settle: (outcome: unknown) => void, outcome: unknown): void {
    if (!this.running.delete(job)) return;
    this.used -= this.placesOf(job);
    this.completed++;
    this.runTime?.record(performance.now() - job.started);
    job.detach?.();
    if (this.messages !== undefined) this.awaitMessages();
    settle(outcome);
    this.startWaiting();
    this.noticeDrain();
    if (this.running.size === 0 && this.queueSize === 0) for (const tell of this.whenIdle) tell();
  }

  private startWaiting(): void {
    for (;;) {
      this.next ??= this.queue.shift() as Job | null;
      if (this.next === null || !this.hasRoomFor(this.next)) return;
      const job = this.next;
      this.next = null;
      this.start(job);
    }
  }

  private abort(job: Job, reason: unknown): void {
    job.isAborted = true;
    job.reject(new AbortError(reason));
    if (this.running.has(job)) {
      job.cancel?.(reason);
    } else if (this.next === job) {
      this.next = null;
      this.startWaiting();
    } else {
      this.queue.remove(job);
    }
  }

  /** Rejects what waits. */
  private clearQueue(error: () => Error): void {
    for (
      let job = this.next ?? (this.queue.shift() as Job | null);
      job !== null;
      job = this.queue.shift() as Job | null
    ) {
      this.next = null;
      job.detach?.();
      job.reject(error());
    }
  }

  /** Tells the owner when all places are taken, and when one is free again; after whoever runs now has had his say. */
  private noticeDrain(): void {
    if (this.willTell) return;
    this.willTell = true;
    queueMicrotask(this.tellDrain);
  }

  private readonly tellDrain = (): void => {
    this.willTell = false;
    if (this.used >= this.capacity) {
      this.needsDrain = true;
      this.owner.emit("needsDrain");
    } else if (this.needsDrain) {
      this.needsDrain = false;
      this.owner.emit("drain");
    }
  };

  // ---- the runtime ---------------------------------------------------------------------------------------------------

  private getStarted(): Promise<Started> {
    if (this.starting !== undefined) return this.starting;
    const starting = this.startRuntime();
    this.starting = starting;
    starting.then(
      (started) => {
        // Unless it has been ended meanwhile.
        if (this.starting === starting) this.started = started;
      },
      () => {
        if (this.starting === starting) this.starting = undefined;
      },
    );
    return starting;
  }

  private async startRuntime(): Promise<Started> {
    const { filename, name, workerData, niceIncrement, atomics, maxThreads } = this.options;
    const { argv, env, execArgv, resourceLimits, trackUnmanagedFds } = this.options;
    const worker = definedOf({ argv, env, execArgv, resourceLimits, trackUnmanagedFds });
    const data: PoolData = {
      filename,
      name,
      workerData,
      niceIncrement,
      keepsTurning: atomics !== "sync",
      messages: this.messagesName,
      posted: this.posted.buffer,
    };
    // Threads find it whenever they start, also those that are not started by this thread.
    setEnvironmentData(poolKey(this.number), data);
    const { start } = await import("../index.js");
    // No more threads than that, so that tasks find what earlier ones have left in their module: with one thread, all of them.
    const rt = await start({ procs: maxThreads, threads: maxThreads, worker });
    return { rt, work: tasksOf(rt, this.number) };
  }

  /** Starts the threads, and has one of them load the default module. */
  private warmUp(): void {
    const { ends } = this;
    this.getStarted()
      .then(({ rt, work }) => {
        return this.options.filename !== null && this.running.size === 0 ? rt.go(work.warmUp) : undefined;
      })
      .catch((error: unknown) => {
        // Tasks meet the same error, and tell of it.
        if (this.running.size === 0 && this.completed === 0 && this.ends === ends) this.owner.emit("error", error);
      });
  }

  private get messagesName(): string {
    return `skein/piscina ${process.pid} ${this.begin} ${this.number}`;
  }

  /** Hands on what tasks post to their parent. */
  private listen(): void {
    if (this.messages !== undefined) return;
    this.messages = new BroadcastChannel(this.messagesName);
    this.received = Atomics.load(this.posted, 0);
    this.messages.onmessage = (event: unknown) => {
      this.received++;
      this.awaitMessages();
      this.owner.emit("message", (event as { data: unknown }).data);
    };
    this.messages.unref();
  }

  /** What a task has posted may come after its result: the process does not end before, unless it is lost. */
  private awaitMessages(): void {
    if (Atomics.load(this.posted, 0) - this.received <= 0) {
      clearTimeout(this.patience);
      this.patience = undefined;
    } else {
      this.patience ??= setTimeout(() => {
        this.patience = undefined;
        this.received = Atomics.load(this.posted, 0);
      }, MESSAGE_MS);
    }
  }

  // ---- the end -------------------------------------------------------------------------------------------------------

  /** Waits for all tasks; with `force` for those only that have begun. */
  async close(force: boolean): Promise<void> {
    this.ending++;
    if (force) this.clearQueue(() => new AbortError("pool is closed"));
    let timer: NodeJS.Timeout | undefined;
    let tell: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        if (this.running.size === 0 && this.queueSize === 0) return resolve();
        this.whenIdle.add((tell = resolve));
        timer = setTimeout(() => reject(errors.closeTimeout()), Math.min(this.options.closeTimeout, 2 ** 31 - 1));
        timer.unref();
      });
    } catch (error) {
      this.owner.emit("error", error);
    } finally {
      clearTimeout(timer);
      if (tell !== undefined) this.whenIdle.delete(tell);
      await this.destroy();
      this.ending--;
      this.owner.emit("close");
    }
  }

  /** Ends all tasks and threads. A later `run` starts anew. */
  async destroy(): Promise<void> {
    this.ending++;
    this.ends++;
    try {
      this.clearQueue(errors.terminated);
      for (const job of this.running) {
        job.reject(errors.terminated());
        job.isAborted = true;
        job.cancel?.(errors.terminated());
      }
      const { starting } = this;
      this.starting = undefined;
      this.started = undefined;
      this.messages?.close();
      this.messages = undefined;
      clearTimeout(this.patience);
      this.patience = undefined;
      const started = await starting?.catch(() => undefined);
      await started?.rt.close({ deadline: 0 });
      setEnvironmentData(poolKey(this.number), undefined);
    } finally {
      this.ending--;
    }
    if (this.owner.listenerCount("message") > 0) this.listen();
  }
}

/** Without what is undefined, which options of threads must not be. */
function definedOf<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
