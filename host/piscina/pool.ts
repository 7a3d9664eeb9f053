/**
 * The tasks of a pool: which of them wait, which are goroutines, and what becomes of each.
 *
 * Guarantees: no more tasks are under way than the options allow; every promise that `run` gave is settled, also when its
 * thread dies or the pool ends; a place is free again when the goroutine has really ended, so a task that was aborted while it
 * computes holds its place until its thread is gone.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { BroadcastChannel, receiveMessageOnPort, setEnvironmentData, type MessagePort } from "node:worker_threads";
import type { Runtime } from "../runtime/runtime.js";
import { onAbort } from "./abort.js";
import type * as engine from "./engine.js";
import { AbortError, errors } from "./poolerrors.js";
import { Histogram } from "./histogram.js";
import { Job, type JobOptions } from "./job.js";
import type { FilledOptions } from "./options.js";
import { FixedQueue, type TaskQueue } from "./queue.js";
import { poolKey, Tally, type Message, type PoolData } from "./state.js";
import { PoolThreads } from "./threads.js";
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

/** The words of a thread that a task has ended. */
const EXITED = /called process\.exit\((\d+)\)/;

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
  readonly threads: PoolThreads;
  private started: Started | undefined;
  /** Calls of close and destroy that are under way: until they are over, nothing new is taken. */
  private ending = 0;
  /** How often its threads have been ended. */
  private ends = 0;
  /** Told when nothing runs or waits any more. */
  private readonly whenIdle = new Set<() => void>();
  private messages: BroadcastChannel | undefined;
  private readonly tally = new Tally();
  /** How many of the messages that its threads have sent have come; until all have, this timer keeps the process alive. */
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
    this.threads = new PoolThreads(owner, options);
    this.threads.ensureLeast();
    if (options.minThreads > 0) this.warmUp();
  }

  // ---- what is where -------------------------------------------------------------------------------------------------

  /** Tasks that wait. */
  get queueSize(): number {
    return this.queue.size + (this.next === null ? 0 : 1);
  }

  // ---- tasks ---------------------------------------------------------------------------------------------------------

  run(task: unknown, options: JobOptions): Promise<unknown> {
    const { signal } = options;
    if (this.ending > 0) return Promise.reject(new AbortError("queue is being terminated"));
    if (signal?.aborted === true) return Promise.reject(new AbortError(signal.reason));
    return new Promise((resolve, reject) => {
      const job = new Job(task, options, resolve, reject);
      if (this.queueSize === 0 && this.place(job)) {
        this.start(job);
      } else if (this.queueSize >= this.options.maxQueue) {
        return reject(this.options.maxQueue === 0 ? errors.noQueue() : errors.queueAtLimit());
      } else {
        job.defer();
        this.queue.push(job);
      }
      if (signal !== null) job.detach = onAbort(signal, () => this.abort(job, signal.reason));
      this.noticeDrain();
    });
  }

  /** Gives it a thread, if one has room for it. */
  private place(job: Job): boolean {
    job.thread = this.threads.take(job.isAbortable);
    return job.thread !== undefined;
  }

  /** Makes a goroutine of it. */
  private start(job: Job): void {
    const { task, transferList: transfer, filename, name } = job;
    job.task = undefined;
    job.transferList = [];
    this.running.add(job);
    job.started = performance.now();
    const isDefault = filename === this.options.filename && name === this.options.name;
    const begin = (): void => {
      const { rt, work } = this.getStarted();
      const goroutine = !isDefault
        ? rt.go.with({ transfer }, work.runNamed, task, filename, name)
        : transfer.length === 0
          ? rt.go(work.run, task)
          : rt.go.with({ transfer }, work.run, task);
      job.cancel = (reason) => void goroutine.cancel(reason);
      goroutine.then(
        (result) => this.finish(job, () => job.resolve(result)),
        (error: unknown) => this.fail(job, error),
      );
    };
    try {
      if (job.inContext === undefined) begin();
      else job.inContext(begin);
    } catch (error) {
      this.fail(job, error);
    }
  }

  private fail(job: Job, error: unknown): void {
    const code = error instanceof Error && error.name === "WorkerError" ? EXITED.exec(error.message)?.[1] : undefined;
    const reason = code === undefined ? error : errors.exited(code, error);
    this.finish(job, () => job.reject(reason), error instanceof Error && error.name === "WorkerError");
  }

  /** It has ended: its place is free. */
  private finish(job: Job, settle: () => void, isThreadDead = false): void {
    if (!this.running.delete(job)) return;
    if (job.thread !== undefined) this.threads.give(job.thread, isThreadDead || job.isAborted);
    this.completed++;
    this.record(job);
    this.takeMessages();
    settle();
    this.startWaiting();
    this.noticeDrain();
    if (this.running.size === 0 && this.queueSize === 0) for (const tell of this.whenIdle) tell();
  }

  /** A task that was there before the threads has waited for them. */
  private record({ created, started }: Job): void {
    const begin = Math.max(started, this.tally.readyAt - performance.timeOrigin);
    this.waitTime?.record(begin - created);
    this.runTime?.record(performance.now() - begin);
  }

  private startWaiting(): void {
    for (;;) {
      this.next ??= this.queue.shift() as Job | null;
      if (this.next === null || !this.place(this.next)) return;
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
    if (this.threads.isFull) {
      this.needsDrain = true;
      this.owner.emit("needsDrain");
    } else if (this.needsDrain) {
      this.needsDrain = false;
      this.owner.emit("drain");
    }
  };

  // ---- the runtime ---------------------------------------------------------------------------------------------------

  /** At once: whoever blocks this thread right after a call of `run` waits for threads that come up without it. */
  private getStarted(): Started {
    return (this.started ??= this.startRuntime());
  }

  private startRuntime(): Started {
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
      tally: this.tally.buffer,
    };
    // Threads find it whenever they start, also those that are not started by this thread.
    setEnvironmentData(poolKey(this.number), data);
    this.listen();
    const { startNow } = createRequire(import.meta.url)("./engine.cjs") as typeof engine;
    // No more threads than that, so that tasks find what earlier ones have left in their module: with one thread, all of them.
    const rt = startNow({ procs: maxThreads, threads: maxThreads, worker }, (error) => {
      this.threads.lost();
      this.owner.emit("error", error);
    });
    return { rt, work: tasksOf(rt, this.number) };
  }

  /** Starts the threads, and has one of them load the default module. */
  private warmUp(): void {
    const { ends } = this;
    const { rt, work } = this.getStarted();
    if (this.options.filename === null) return;
    rt.go(work.warmUp).then(undefined, (error: unknown) => {
      // Tasks meet the same error, and tell of it.
      if (this.running.size === 0 && this.completed === 0 && this.ends === ends) this.owner.emit("error", error);
    });
  }

  private get messagesName(): string {
    return `skein/piscina ${process.pid} ${this.begin} ${this.number}`;
  }

  /** Hands on what tasks post to their parent. */
  private listen(): void {
    this.messages = new BroadcastChannel(this.messagesName);
    this.received = this.tally.sent;
    this.messages.onmessage = (event: unknown) => this.receive((event as { data: Message }).data);
    this.messages.unref();
  }

  private receive(message: Message): void {
    this.received++;
    if (this.patience !== undefined) this.awaitMessages();
    this.owner.emit("message", message.posted);
  }

  /** Takes what a task has sent before its end; on Deno, where it has to be waited for, the process does not end before. */
  private takeMessages(): void {
    if (this.messages === undefined || this.tally.sent === this.received) return;
    if ("deno" in process.versions) return this.awaitMessages();
    for (;;) {
      const taken: { message: unknown } | undefined = receiveMessageOnPort(this.messages as unknown as MessagePort);
      if (taken === undefined) return;
      this.receive(taken.message as Message);
    }
  }

  private awaitMessages(): void {
    if (this.tally.sent - this.received <= 0) {
      clearTimeout(this.patience);
      this.patience = undefined;
    } else {
      this.patience ??= setTimeout(() => {
        this.patience = undefined;
        this.received = this.tally.sent;
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
      const { started } = this;
      this.started = undefined;
      this.threads.end();
      await started?.rt.close({ deadline: 0 });
      if (this.started === undefined) this.endMessages();
    } finally {
      this.ending--;
    }
  }

  private endMessages(): void {
    this.takeMessages();
    this.messages?.close();
    this.messages = undefined;
    clearTimeout(this.patience);
    this.patience = undefined;
    setEnvironmentData(poolKey(this.number), undefined);
  }
}

/** Without what is undefined, which options of threads must not be. */
function definedOf<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
