/**
 * The threads of a pool as its user counts them: piscina's account, of what each is to run and how many there must be.
 *
 * The scheduler gives tasks to real threads, and may serve several of these with one. What holds is what they say: which tasks
 * run beside each other, when another thread is made, when one has been idle for too long.
 */
import type { EventEmitter } from "node:events";
import type { FilledOptions } from "./options.js";

/** A timer that never fires, but keeps the process alive. */
const FOR_EVER_MS = 2 ** 30;

let threads = 0;

/** A thread of the pool. */
export class PiscinaThread {
  /** No other has had this number. */
  readonly threadId = ++threads;
  /** Tasks of one thread are not counted apart. */
  readonly histogram = null;
  readonly terminating = false;
  #tasks = 0;
  #isExclusive = false;
  #isDestroyed = false;
  #idle: NodeJS.Timeout | undefined;
  #alive: NodeJS.Timeout | undefined;

  get id(): number {
    return this.threadId;
  }

  /** Tasks that it has; Infinity while one that can be aborted has it for itself. */
  get currentUsage(): number {
    return this.#isExclusive ? Infinity : this.#tasks;
  }

  get isRunningAbortableTask(): boolean {
    return this.#isExclusive;
  }

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Keeps the process alive for as long as it lives. */
  ref(): void {
    if (!this.#isDestroyed) this.#alive ??= setInterval(() => undefined, FOR_EVER_MS);
  }

  unref(): void {
    clearInterval(this.#alive);
    this.#alive = undefined;
  }

  /** @internal */
  begin(isExclusive: boolean): void {
    clearTimeout(this.#idle);
    this.#tasks++;
    this.#isExclusive = isExclusive;
  }

  /** @internal */
  done(): void {
    this.#tasks--;
    this.#isExclusive = false;
  }

  /** @internal Has `action` happen unless it gets a task before. */
  whenIdleFor(ms: number, action: () => void): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(action, Math.min(ms, FOR_EVER_MS)).unref();
  }

  /** @internal */
  destroy(): void {
    clearTimeout(this.#idle);
    this.unref();
    this.#isDestroyed = true;
  }
}

export class PoolThreads {
  /** Those that there are, oldest first. */
  readonly all = new Set<PiscinaThread>();
  private readonly owner: EventEmitter;
  private readonly options: FilledOptions;
  /** The one that had a task last. */
  private last: PiscinaThread | undefined;

  constructor(owner: EventEmitter, options: FilledOptions) {
    this.owner = owner;
    this.options = options;
  }

  /** Those without a task. */
  get idle(): number {
    return [...this.all].filter(({ currentUsage }) => currentUsage === 0).length;
  }

  /** Whether no more tasks can run than do. */
  get isFull(): boolean {
    const { maxThreads, concurrentTasksPerWorker } = this.options;
    if (this.all.size < maxThreads) return false;
    return [...this.all].every(({ currentUsage }) => currentUsage >= concurrentTasksPerWorker);
  }

  /** Makes as many as there must be. */
  ensureLeast(): void {
    while (this.all.size < this.options.minThreads) this.add();
  }

  /**
   * A thread for a task, the one that has least to do; undefined where none has room. Tasks that can be aborted share none: who aborts
   * one may end its thread.
   */
  take(isAbortable: boolean): PiscinaThread | undefined {
    const { maxThreads, concurrentTasksPerWorker } = this.options;
    let best: PiscinaThread | undefined;
    let least = isAbortable ? 1 : concurrentTasksPerWorker;
    for (const thread of this.all) {
      if (thread.currentUsage >= least) continue;
      best = thread;
      least = thread.currentUsage;
    }
    if (best === undefined && this.all.size < maxThreads) best = this.add();
    best?.begin(isAbortable);
    return best;
  }

  /** A task has ended on one, which may have died with it. */
  give(thread: PiscinaThread, isDead: boolean): void {
    const { minThreads, idleTimeout } = this.options;
    if (thread.destroyed) return;
    thread.done();
    this.last = thread;
    if (isDead) {
      this.remove(thread);
      this.ensureLeast();
    } else if (thread.currentUsage === 0 && this.all.size > minThreads && idleTimeout !== Infinity) {
      thread.whenIdleFor(idleTimeout, () => {
        if (this.all.size > minThreads) this.remove(thread);
      });
    }
  }

  /** A thread has died of what a task has left behind: it keeps the process alive no more, and another takes its place. */
  lost(): void {
    const { last } = this;
    if (last === undefined || last.destroyed || last.currentUsage > 0) return;
    this.remove(last);
    this.ensureLeast();
  }

  end(): void {
    for (const thread of this.all) this.remove(thread);
  }

  private add(): PiscinaThread {
    const thread = new PiscinaThread();
    this.all.add(thread);
    // Who has just made the pool cannot listen before.
    queueMicrotask(() => this.owner.emit("workerCreate", thread));
    return thread;
  }

  private remove(thread: PiscinaThread): void {
    this.all.delete(thread);
    thread.destroy();
    this.owner.emit("workerDestroy", thread);
  }
}
