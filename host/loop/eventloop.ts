/**
 * The event loop, after asyncio's, as its users see it: calls, other threads, futures and tasks, descriptors, and what
 * becomes of exceptions. How calls are made, and when, is in `scheduler.ts`.
 */
import { optionsOf, ownOptions } from "../base/options.js";
import { conceal, INSTEAD } from "../base/present.js";
import {
  gather,
  ensureFuture,
  shield,
  sleep,
  waitFor,
  type Awaitable,
  type GatherOptions,
  type Results,
} from "./combine.js";
import { Descriptors, type Pollable } from "./descriptors.js";
import {
  asCompleted,
  TaskGroup,
  timeout,
  type Timeout,
  wait,
  type Body,
  type Waited,
  type WaitSomeOptions,
} from "./groups.js";
import { Barrier, Condition, Lock, LoopEvent, LoopSemaphore } from "./looplocks.js";
import { Fifo, Lifo, type PriorityQueueOptions, Queue, type QueueOptions, Sorted } from "./loopqueues.js";
import { describe, LoopError } from "./looperrors.js";
import {
  connecting,
  listening,
  type ClientConnected,
  type StreamAddress,
  type StreamOptions,
  type StreamReader,
  type StreamServer,
  type StreamWriter,
} from "./loopstreams.js";
import { showContext, type ExceptionContext } from "./exceptions.js";
import { Future } from "./future.js";
import type { Callback, Handle } from "./handles.js";
import { Inbox, taskOver } from "./inbox.js";
import { RemoteLoop, type LoopHandle } from "./remoteloop.js";
import { checkCallback, checkTime, runningScheduler, Scheduler } from "./scheduler.js";
import { Signals } from "./signals.js";
import { type Executor, runInExecutor } from "./executor.js";
import {
  isGenerator,
  isThenable,
  Task,
  type Coroutine,
  type CoroutineGenerator,
  type TaskFactory,
  type TaskOptions,
} from "./task.js";
import { runningTask } from "./tasks-running.js";

export type ExceptionHandler = (loop: EventLoop, context: ExceptionContext) => void;

export interface EventLoopOptions {
  /** Says who scheduled what fails, and names slow callbacks. */
  readonly debug?: boolean;
}

/** The loop whose callback or task is running; else the one that was started last of those running in this thread. */
export function getRunningLoop(): EventLoop {
  return runningScheduler(runningTask()?.getLoop()) as EventLoop;
}

export class EventLoop extends Scheduler {
  private readonly tasks = new Set<Task>();
  private readonly inbox = this.addSource(new Inbox(this));
  private descriptors: Descriptors | undefined;
  private signals: Signals | undefined;
  private executor: Executor | undefined;
  private taskFactory: TaskFactory | undefined;
  private handler: ExceptionHandler | undefined;

  constructor(options?: EventLoopOptions) {
    super();
    this.debug = optionsOf("EventLoop", options, { debug: true }).debug ?? false;
    conceal(this);
  }

  /** A loop of another thread, by what its `handle` was there. */
  static attach(handle: LoopHandle): RemoteLoop {
    return new RemoteLoop(handle);
  }

  /**
   * Runs the loop until `awaitable` is done; resolves, or rejects, as that did.
   *
   * @param awaitable a future, or what `createTask` takes
   */
  async runUntilComplete<T>(awaitable: Awaitable<T>): Promise<T> {
    this.checkOpen();
    if (this.isRunning) throw new LoopError("This event loop is already running");
    const future = ensureFuture(this, awaitable);
    const stop = (): void => this.stop();
    future.addDoneCallback(stop);
    await this.runForever();
    future.removeDoneCallback(stop);
    if (!future.done()) throw new LoopError("Event loop stopped before Future completed.");
    return future.result();
  }

  /** Ends the loop for good: what is scheduled is dropped, tasks not done are reported. Not while it runs. */
  override close(): void {
    if (!this.isRunning && !this.isClosed) {
      for (const task of this.tasks) {
        this.callExceptionHandler({ message: "Task was destroyed but it is pending!", task });
      }
      this.tasks.clear();
    }
    super.close();
  }

  // ---- other threads ------------------------------------------------------------------------------------------------

  /**
   * As `callSoon`, for a function or for what was registered. Other threads have this method too, on what `EventLoop.attach`
   * gives them.
   */
  callSoonThreadsafe<A extends unknown[]>(callback: ((...args: A) => unknown) | string | number, ...args: A): Handle {
    if (typeof callback === "function") return this.callSoon(callback, ...args);
    return this.callSoon(this.inbox.find(callback).callback, ...args);
  }

  /**
   * A task over a coroutine, or over a function that is called with the arguments, or one that was registered. Other threads have this method
   * too, on what `EventLoop.attach` gives them.
   */
  runCoroutineThreadsafe<T, A extends unknown[]>(
    coroutine: ((...args: A) => T | PromiseLike<T> | CoroutineGenerator<T>) | string | number,
    ...args: A
  ): Task<T>;
  runCoroutineThreadsafe<T>(coroutine: PromiseLike<T> | CoroutineGenerator<T>): Task<T>;
  runCoroutineThreadsafe(coroutine: unknown, ...args: unknown[]): Task {
    if (typeof coroutine === "string" || typeof coroutine === "number") return this.inbox.find(coroutine).run(...args);
    return typeof coroutine === "function"
      ? taskOver(this, coroutine as Callback, args)
      : this.createTask(coroutine as PromiseLike<unknown>);
  }

  /**
   * Makes a callback known to other threads, for their `callSoonThreadsafe`. It is called in the context of this call.
   *
   * @param name how others call it; a name's latest callback counts
   * @returns a number that stands for it too, and costs them less
   */
  register<A extends unknown[]>(name: string, callback: (...args: A) => unknown): number;
  register<A extends unknown[]>(callback: (...args: A) => unknown): number;
  register(nameOrCallback: string | Callback, callback?: Callback): number {
    const target = typeof nameOrCallback === "string" ? callback : nameOrCallback;
    checkCallback(target);
    this.checkOpen();
    return this.inbox.register(target, typeof nameOrCallback === "string" ? nameOrCallback : undefined);
  }

  /** @internal */
  get [INSTEAD](): string {
    return "an event loop stays on its thread; send its .handle, which EventLoop.attach() takes on any";
  }

  /** What other threads attach to. It can be posted to them, or be in their `workerData`. */
  get handle(): LoopHandle {
    this.checkOpen();
    const { buffer } = this.inbox;
    // A loop that sleeps already does not know of it.
    this.wake();
    return { skeinEventLoop: buffer };
  }

  // ---- futures and tasks --------------------------------------------------------------------------------------------

  createFuture<T = unknown>(): Future<T> {
    return new Future<T>(this);
  }

  /**
   * Makes a task of a coroutine: a generator that yields futures; a function, sync, async or a generator function, that is
   * called in the next turn; or a promise, such as an async function that was called gives. `cancel` reaches them in that order ever
   * less (see `task.ts`).
   */
  createTask<T>(coroutine: Coroutine<T>, options: TaskOptions = {}): Task<T> {
    this.checkOpen();
    if (!isGenerator(coroutine) && !isThenable(coroutine) && typeof coroutine !== "function") {
      throw new TypeError(`a coroutine was expected, got ${describe(coroutine)}`);
    }
    return this.taskFactory?.(this, coroutine, options) ?? new Task<T>(this, coroutine, options);
  }

  /** Has `factory` make the loop's tasks, such as `eagerTaskFactory`; null for the usual ones. */
  setTaskFactory(factory: TaskFactory | null): void {
    if (factory !== null) checkCallback(factory);
    this.taskFactory = factory ?? undefined;
  }

  /** The factory that was set, or null. */
  getTaskFactory(): TaskFactory | null {
    return this.taskFactory ?? null;
  }

  /** The future itself, or a task for what is none. */
  ensureFuture<T>(awaitable: Awaitable<T>): Future<T> {
    return ensureFuture(this, awaitable);
  }

  /**
   * A future for the results of all, in their order; for the exception of the first that fails, unless `returnExceptions`
   * is set. Cancelling it cancels all of them.
   */
  gather<A extends readonly Awaitable<unknown>[]>(
    awaitables: readonly [...A],
    options?: GatherOptions,
  ): Future<Results<A>>;
  gather<A extends readonly Awaitable<unknown>[]>(...awaitables: A): Future<Results<A>>;
  gather(...given: unknown[]): Future<unknown> {
    if (Array.isArray(given[0])) {
      return gather(this, given[0] as Awaitable<unknown>[], given[1] as GatherOptions | undefined);
    }
    const last = given.at(-1);
    const isOptions = typeof last === "object" && last !== null && Object.hasOwn(last, "returnExceptions");
    const options = isOptions ? (last as GatherOptions) : undefined;
    return gather(this, (options === undefined ? given : given.slice(0, -1)) as Awaitable<unknown>[], options);
  }

  /**
   * A task that is done as `awaitable` is. If that is not done in `ms` milliseconds it is cancelled, and once it is over the task fails
   * with a `TimeoutError`. Cancelling the task cancels it too; `shield` keeps it from both.
   *
   * @param ms milliseconds; null for no limit
   */
  waitFor<T>(awaitable: Awaitable<T>, ms: number | null): Task<T> {
    return waitFor(this, awaitable, ms);
  }

  /** A future that has `result` in `ms` milliseconds, or in the next turn if that is not positive. */
  sleep(ms: number): Future<void>;
  sleep<T>(ms: number, result: T): Future<T>;
  sleep(ms: number, result?: unknown): Future<unknown> {
    checkTime("delay", ms);
    return sleep(this, ms, result);
  }

  /** A future that is done as `awaitable` is, but whose being cancelled does not cancel that. */
  shield<T>(awaitable: Awaitable<T>): Future<T> {
    return shield(this, awaitable);
  }

  /**
   * A task that is done when all that was given is done, or with `returnWhen` the first, or the first that fails, or when
   * `timeout` milliseconds are over. It tells which are done; cancels none; and fails with no exception of theirs.
   */
  wait<T>(awaitables: Iterable<Awaitable<T>>, options?: WaitSomeOptions): Task<Waited<T>> {
    return wait(this, awaitables, options);
  }

  /**
   * As many futures as were given: the first is done as the one of those is that is done first, and so on; so
   * `for (const next of loop.asCompleted(tasks)) use(await next)`.
   *
   * @param options `timeout`: milliseconds, after which what is missing fails with a `TimeoutError`
   */
  asCompleted<T>(awaitables: Iterable<Awaitable<T>>, options?: { readonly timeout?: number | null }): Future<T>[] {
    return asCompleted(this, awaitables, optionsOf("asCompleted", options, { timeout: true }).timeout ?? null);
  }

  /**
   * Runs `body` as a task, which is cancelled when the time is over, and then fails with a `TimeoutError`. `body` is given the limit, which
   * it may move.
   *
   * @param ms milliseconds; null for no limit yet
   */
  timeout<T>(ms: number | null, body: Body<Timeout, T>): Task<T> {
    return timeout(this, ms, body);
  }

  /**
   * Runs `body` with a group in which it may begin tasks; done when all of them are. When one fails, or `body` does, all others are cancelled,
   * and what failed is thrown together as an `AggregateError`.
   */
  taskGroup<T>(body: Body<TaskGroup, T>): Task<T> {
    return this.createTask(new TaskGroup(this).run(body));
  }

  /** The task whose code is running, if it is one of this loop. */
  currentTask(): Task | undefined {
    const task = runningTask();
    return task?.getLoop() === this && !task.done() ? task : undefined;
  }

  /** The tasks that are not done. */
  allTasks(): Set<Task> {
    return new Set(this.tasks);
  }

  /** @internal */
  registerTask(task: Task): void {
    this.tasks.add(task);
  }

  /** @internal */
  unregisterTask(task: Task): void {
    this.tasks.delete(task);
  }

  // ---- what tasks coordinate themselves with ------------------------------------------------------------------------

  /** A lock that one task at a time has. */
  lock(): Lock {
    return new Lock(this);
  }

  /** Something that happens, which any number of tasks may wait for. */
  event(): LoopEvent {
    return new LoopEvent(this);
  }

  /** Waits, while somebody has `lock`, for what others do under it. */
  condition(lock: Lock = this.lock()): Condition {
    return new Condition(this, lock);
  }

  /** `value` permits; with `bounded`, releasing more than were acquired is a RangeError. */
  semaphore(value = 1, options?: { readonly bounded?: boolean }): LoopSemaphore {
    return new LoopSemaphore(this, value, optionsOf("semaphore", options, { bounded: true }).bounded ?? false);
  }

  /** A place where tasks wait until there are `parties` of them. */
  barrier(parties: number): Barrier {
    return new Barrier(this, parties);
  }

  /** A queue, first in first out. */
  queue<T>(options?: QueueOptions): Queue<T> {
    return new Queue<T>(this, new Fifo<T>(), optionsOf("queue", options, { maxSize: true }));
  }

  /** A queue, last in first out. */
  lifoQueue<T>(options?: QueueOptions): Queue<T> {
    return new Queue<T>(this, new Lifo<T>(), optionsOf("lifoQueue", options, { maxSize: true }));
  }

  /** A queue that gives the least first; equal ones first in first out. */
  priorityQueue<T>(options?: PriorityQueueOptions<T>): Queue<T> {
    const own = optionsOf("priorityQueue", options, { maxSize: true, compare: true });
    return new Queue<T>(this, new Sorted<T>(own.compare), own);
  }

  // ---- descriptors --------------------------------------------------------------------------------------------------

  /**
   * Has `callback` called with the arguments, in the context of this call, in each turn in which `fd` can be read: there is
   * something, or it has ended or failed. It replaces the reader that `fd` had.
   *
   * @param fd a descriptor's number, of a socket, pipe, terminal or the like, or an object with one, `fd`; or one of the
   *   runtime's own streams, such as a `net.Socket`, which can be read then as streams are
   * @throws LoopError if the descriptor cannot be waited for, or numbers cannot at all where the program runs; with the reason
   */
  addReader<A extends unknown[]>(fd: Pollable, callback: (...args: A) => unknown, ...args: A): void {
    this.watchable(callback).add(fd, "reader", callback as Callback, args);
  }

  /** Takes the reader of `fd` back; was there one? */
  removeReader(fd: Pollable): boolean {
    return this.descriptors?.remove(fd, "reader") ?? false;
  }

  /** As `addReader`, for each turn in which `fd` can be written to. */
  addWriter<A extends unknown[]>(fd: Pollable, callback: (...args: A) => unknown, ...args: A): void {
    this.watchable(callback).add(fd, "writer", callback as Callback, args);
  }

  /** Takes the writer of `fd` back; was there one? */
  removeWriter(fd: Pollable): boolean {
    return this.descriptors?.remove(fd, "writer") ?? false;
  }

  private watchable(callback: unknown): Descriptors {
    this.checkOpen();
    checkCallback(callback);
    return (this.descriptors ??= this.addSource(new Descriptors(this)));
  }

  // ---- streams ------------------------------------------------------------------------------------------------------

  /** A task for a connection to `{ host, port }`, without a host to loopback, or to `{ path }`: what comes from it, and what goes to it. */
  openConnection(address: StreamAddress & StreamOptions): Task<[StreamReader, StreamWriter]> {
    const { limit, ...place } = ownOptions(address);
    return this.createTask(connecting(this, place, { limit }));
  }

  /**
   * A task for a server at `{ host, port }`, without a host on loopback, or at `{ path }`. `connected` is called in a task of its own for
   * each connection, which it closes itself; one that fails is told to the exception handler, and its connection closed.
   */
  startServer(connected: ClientConnected, address: StreamAddress & StreamOptions): Task<StreamServer> {
    checkCallback(connected);
    const { limit, ...place } = ownOptions(address);
    return this.createTask(listening(this, connected, place, { limit }));
  }

  // ---- signals ------------------------------------------------------------------------------------------------------

  /**
   * Has `callback` called with the arguments, in the context of this call, in a turn of the loop for each `signal`, instead of what it
   * would do. It replaces the one that the signal had. Only on the main thread.
   */
  addSignalHandler<A extends unknown[]>(signal: NodeJS.Signals, callback: (...args: A) => unknown, ...args: A): void {
    this.checkOpen();
    checkCallback(callback);
    (this.signals ??= this.addSource(new Signals(this))).add(signal, callback, args);
  }

  /** Takes the handler of `signal` back; was there one? */
  removeSignalHandler(signal: NodeJS.Signals): boolean {
    return this.signals?.remove(signal) ?? false;
  }

  // ---- goroutines ---------------------------------------------------------------------------------------------------

  /** Has `toThread`, and `runInExecutor` with null, use a runtime of `start()`; whoever started it closes it. */
  setDefaultExecutor(executor: Executor): void {
    this.executor = executor;
  }

  /**
   * A future for what `fn` returns in a goroutine of `executor`; null for the default one. Cancelling it cancels the goroutine.
   *
   * @param fn a task, or a function that can be sent as its source
   */
  runInExecutor<A extends unknown[], R>(
    executor: Executor | null,
    fn: (...args: A) => R,
    ...args: A
  ): Future<Awaited<R>> {
    this.checkOpen();
    const chosen = executor ?? this.executor;
    if (chosen === undefined)
      throw new LoopError("there is no default executor: call setDefaultExecutor(await start())");
    return runInExecutor(this, chosen, fn as unknown as (...args: never[]) => R, args);
  }

  /** `runInExecutor` with the default executor. */
  toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.runInExecutor(null, fn, ...args);
  }

  // ---- exceptions ---------------------------------------------------------------------------------------------------

  /** Has `handler` told of exceptions that nobody catches; null for the default, which writes them to standard error. */
  setExceptionHandler(handler: ExceptionHandler | null): void {
    if (handler !== null && typeof handler !== "function") {
      throw new TypeError(`A callable object or null is expected, got ${describe(handler)}`);
    }
    this.handler = handler ?? undefined;
  }

  /** The handler that was set, or null. */
  getExceptionHandler(): ExceptionHandler | null {
    return this.handler ?? null;
  }

  /** What is done without a handler: the context is written to standard error. */
  defaultExceptionHandler(context: ExceptionContext): void {
    const handleTraceback = (context.handle ?? this.currentHandle)?.source;
    const known = "sourceTraceback" in context || handleTraceback === undefined;
    showContext(known ? context : { ...context, handleTraceback });
  }

  /** Tells the exception handler. What that throws is written to standard error, and ends nothing. */
  callExceptionHandler(context: ExceptionContext): void {
    if (this.handler === undefined) return this.tellDefault(context);
    try {
      this.handler(this, context);
    } catch (exception) {
      this.tellDefault({ message: "Unhandled error in exception handler", exception, context: context.message });
      if ("exception" in context) this.tellDefault(context);
    }
  }

  /** Subclasses may have a default of their own. */
  private tellDefault(context: ExceptionContext): void {
    try {
      this.defaultExceptionHandler(context);
    } catch (exception) {
      showContext({ message: "Exception in default exception handler", exception, context: context.message });
      showContext(context);
    }
  }
}
