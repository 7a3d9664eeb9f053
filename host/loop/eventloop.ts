/**
 * The event loop, after asyncio's: it makes calls, soon, at certain times, or when something has happened.
 *
 * A turn has asyncio's four phases (`runOnce`). What guarantees its order: ready callbacks are called first in, first
 * out; those scheduled during a turn are called in the next; timers due at one time in the order in which they were set.
 * A callback that throws stops nothing: its exception goes to the exception handler.
 *
 * One thing differs from asyncio: running the loop does not block. `runForever` gives a promise, and the loop takes its
 * turns between those of the host's event loop (`turns.ts`). A turn may be cut, to go on after the host's; nobody sees
 * that but the host. Several loops may run in a thread.
 */
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
import { describe, LoopError } from "./errors.js";
import { showContext, type ExceptionContext } from "./exceptions.js";
import { Future } from "./future.js";
import { Handle, TimerHandle, type Callback } from "./handles.js";
import { Inbox } from "./inbox.js";
import { ReadyQueue } from "./ready.js";
import { RemoteLoop, type LoopHandle } from "./remote.js";
import { isGenerator, isThenable, Task, type Coroutine, type TaskOptions } from "./task.js";
import { runningTask } from "./tasks-running.js";
import { TimerHeap } from "./timers.js";
import { Turns } from "./turns.js";

export type ExceptionHandler = (loop: EventLoop, context: ExceptionContext) => void;

export interface EventLoopOptions {
  /** Says who scheduled what fails, and names slow callbacks. */
  readonly debug?: boolean;
}

/** A timer is due that is due within the clock's resolution; milliseconds. */
const CLOCK_RESOLUTION = 0.001;
/** A loop without work lets so many microtasks pass before it sleeps: async functions that it has woken are about to use it. */
const HOPS_BEFORE_SLEEP = 4;

/** Loops that run in this thread, the latest last, and the one whose callback is being called. */
const running: EventLoop[] = [];
let current: EventLoop | undefined;

/** The loop whose callback is being called; else the one that was started last of those running in this thread. */
export function getRunningLoop(): EventLoop {
  const loop = current ?? running.at(-1);
  if (loop === undefined) throw new LoopError("no running event loop");
  return loop;
}

export class EventLoop implements Disposable {
  private readonly ready = new ReadyQueue<Handle>();
  private readonly timers = new TimerHeap<TimerHandle>();
  private readonly turns = new Turns(() => this.step());
  private readonly tasks = new Set<Task>();
  private sequence = 0;
  /** Callbacks that are left to this turn. */
  private left = 0;
  private turning = false;
  private hops = 0;
  private stopping = false;
  private closed = false;
  /** Settles the promise of `runForever`; undefined if the loop is not running. */
  private ended: (() => void) | undefined;
  private handler: ExceptionHandler | undefined;
  private currentHandle: Handle | undefined;
  private readonly inbox = new Inbox({
    deliver: (callback, args) => this.ready.push(new Handle(this, callback, args)),
    refuse: (message) => this.callExceptionHandler({ message }),
    wake: () => this.turns.wake(),
  });

  /** Says who scheduled what fails, and names slow callbacks. */
  debug: boolean;
  /** In debug mode, callbacks that take at least so many milliseconds are reported on standard error. */
  slowCallbackDuration = 100;

  constructor({ debug = false }: EventLoopOptions = {}) {
    this.debug = debug;
  }

  /** A loop of another thread, by what its `handle` was there. */
  static attach(handle: LoopHandle): RemoteLoop {
    return new RemoteLoop(handle);
  }

  // ---- scheduling ---------------------------------------------------------------------------------------------------

  /** Has `callback` called with the arguments in the loop's next turn. */
  callSoon<A extends unknown[]>(callback: (...args: A) => unknown, ...args: A): Handle {
    const handle = this.handleFor(callback as Callback, args);
    this.enqueue(handle);
    return handle;
  }

  /** Has `callback` called with the arguments in `ms` milliseconds; not earlier. */
  callLater<A extends unknown[]>(ms: number, callback: (...args: A) => unknown, ...args: A): TimerHandle {
    checkTime("delay", ms);
    return this.setTimer(this.time() + ms, callback as Callback, args);
  }

  /** Has `callback` called with the arguments when `time()` is `when`; not earlier. */
  callAt<A extends unknown[]>(when: number, callback: (...args: A) => unknown, ...args: A): TimerHandle {
    checkTime("time", when);
    return this.setTimer(when, callback as Callback, args);
  }

  /**
   * As `callSoon`, for a function or for what was registered. Other threads have this method too, on what `EventLoop.attach`
   * gives them.
   */
  callSoonThreadsafe<A extends unknown[]>(callback: ((...args: A) => unknown) | string | number, ...args: A): Handle {
    if (typeof callback === "function") return this.callSoon(callback, ...args);
    return this.callSoon(this.inbox.callback(callback), ...args);
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

  /** What other threads attach to. It can be posted to them, or be in their `workerData`. */
  get handle(): LoopHandle {
    this.checkOpen();
    const { buffer } = this.inbox;
    // A loop that sleeps already does not know of it.
    this.turns.wake();
    return { skeinEventLoop: buffer };
  }

  /** The loop's clock: milliseconds, never going back. */
  time(): number {
    return performance.now();
  }

  private setTimer(when: number, callback: Callback, args: readonly unknown[]): TimerHandle {
    this.checkOpen();
    checkCallback(callback);
    const timer = new TimerHandle(this, when, ++this.sequence, callback, args);
    this.timers.push(timer);
    // A loop that sleeps for longer must look again.
    if (this.timers.first === when) this.turns.wake();
    return timer;
  }

  // ---- running ------------------------------------------------------------------------------------------------------

  /** Runs the loop; resolves once it has stopped. Rejects with a `LoopError` if it is running already or closed. */
  async runForever(): Promise<void> {
    this.checkOpen();
    if (this.isRunning) throw new LoopError("This event loop is already running");
    running.push(this);
    this.hops = 0;
    this.turns.afterHost();
    await new Promise<void>((resolve) => (this.ended = resolve));
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

  /** Has the loop stop at the end of this turn, or of the first one if it is not running yet. */
  stop(): void {
    this.stopping = true;
    this.turns.wake();
  }

  /** Ends the loop for good: what is scheduled is dropped, tasks not done are reported. Not while it runs. */
  close(): void {
    if (this.isRunning) throw new LoopError("Cannot close a running event loop");
    if (this.closed) return;
    for (const task of this.tasks) {
      this.callExceptionHandler({ message: "Task was destroyed but it is pending!", task });
    }
    this.closed = true;
    this.tasks.clear();
    this.ready.clear();
    this.timers.clear();
    this.inbox.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get isRunning(): boolean {
    return this.ended !== undefined;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Lets the process end while the loop runs. */
  unref(): void {
    this.turns.keepAlive(false);
  }

  /** Keeps the process alive while the loop runs, as it does unless told otherwise. */
  ref(): void {
    this.turns.keepAlive(true);
  }

  // ---- turns --------------------------------------------------------------------------------------------------------

  private step(): void {
    if (!this.isRunning) return;
    if (this.turning && this.left === 0) {
      this.turning = false;
      if (this.stopping) return this.end();
    }
    this.runOnce();
  }

  /** One turn of the loop, or as much of it as there is time for. */
  private runOnce(): void {
    if (!this.turning) {
      // 1. Forget timers that were cancelled.
      this.timers.dropCancelled();
      // 2. Take what has come from outside; with nothing to do, sleep until something comes.
      if (!this.poll()) return;
      // 3. Timers that are due are ready.
      this.takeDueTimers();
      this.turning = true;
      this.left = this.ready.length;
    }
    // 4. Call what is ready; what gets ready meanwhile is for the next turn.
    const count = Math.min(this.left, this.turns.most);
    this.left -= count;
    for (let i = 0; i < count; i++) (this.ready.shift() as Handle).enter();
    this.turns.again(count + 1);
  }

  /** False if there is nothing to do, and the loop will step again when there is. */
  private poll(): boolean {
    const wakes = this.inbox.take();
    if (this.ready.length > 0 || this.stopping) {
      this.hops = 0;
      return true;
    }
    const wait = this.timers.first === Infinity ? Infinity : this.timers.first - this.time();
    if (wait <= 0) return true;
    if (this.hops++ < HOPS_BEFORE_SLEEP) {
      this.turns.again(1);
      return false;
    }
    this.hops = 0;
    this.turns.sleep(wait);
    this.inbox.sleep(wakes);
    return false;
  }

  private takeDueTimers(): void {
    const { timers, ready } = this;
    if (timers.length === 0) return;
    const end = this.time() + CLOCK_RESOLUTION;
    while (timers.first < end) {
      const timer = timers.pop();
      if (!timer.cancelled) ready.push(timer);
    }
  }

  private end(): void {
    this.stopping = false;
    this.turns.end();
    running.splice(running.lastIndexOf(this), 1);
    const { ended } = this;
    this.ended = undefined;
    ended?.();
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
  createTask<T>(coroutine: Coroutine<T>, options?: TaskOptions): Task<T> {
    this.checkOpen();
    if (!isGenerator(coroutine) && !isThenable(coroutine) && typeof coroutine !== "function") {
      throw new TypeError(`a coroutine was expected, got ${describe(coroutine)}`);
    }
    return new Task<T>(this, coroutine, options);
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
    const options =
      typeof last === "object" && last !== null && "returnExceptions" in last ? (last as GatherOptions) : undefined;
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

  /** The task whose code is running, if it is one of this loop. */
  currentTask(): Task | undefined {
    const task = runningTask();
    return task?.getLoop() === this && !task.done() ? task : undefined;
  }

  /** The tasks that are not done. */
  allTasks(): Set<Task> {
    return new Set(this.tasks);
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

  /** Tells the exception handler. */
  callExceptionHandler(context: ExceptionContext): void {
    if (this.handler === undefined) return this.defaultExceptionHandler(context);
    try {
      this.handler(this, context);
    } catch (exception) {
      this.defaultExceptionHandler({
        message: "Unhandled error in exception handler",
        exception,
        context: context.message,
      });
      if ("exception" in context) this.defaultExceptionHandler(context);
    }
  }

  // ---- for handles, futures and tasks -------------------------------------------------------------------------------

  /** @internal */
  handleFor(callback: Callback, args: readonly unknown[]): Handle {
    checkCallback(callback);
    return new Handle(this, callback, args);
  }

  /** @internal */
  enqueue(handle: Handle): void {
    this.checkOpen();
    this.ready.push(handle);
    this.turns.wake();
  }

  /** @internal */
  runHandle(handle: Handle, callback: Callback, args: readonly unknown[]): void {
    const outer = current;
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- who asks is called by this very loop
    current = this;
    this.currentHandle = handle;
    const start = this.debug ? this.time() : 0;
    try {
      if (args.length === 0) callback();
      else callback(...args);
    } catch (exception) {
      this.callExceptionHandler({ message: `Exception in callback ${handle.toString()}`, exception, handle });
    }
    if (this.debug) this.reportSlow(handle, start);
    this.currentHandle = undefined;
    current = outer;
  }

  /** @internal */
  timerCancelled(): void {
    this.timers.noteCancelled();
  }

  /** @internal */
  registerTask(task: Task): void {
    this.tasks.add(task);
  }

  /** @internal */
  unregisterTask(task: Task): void {
    this.tasks.delete(task);
  }

  private reportSlow(handle: Handle, start: number): void {
    const took = this.time() - start;
    if (start > 0 && took >= this.slowCallbackDuration) {
      console.warn(`Executing ${handle.toString()} took ${(took / 1000).toFixed(3)} seconds`);
    }
  }

  private checkOpen(): void {
    if (this.closed) throw new LoopError("Event loop is closed");
  }
}

function checkCallback(callback: unknown): asserts callback is Callback {
  if (typeof callback !== "function") throw new TypeError(`a callable object was expected, got ${describe(callback)}`);
}

function checkTime(what: string, ms: unknown): void {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new TypeError(`the ${what} must be a number of milliseconds, not ${describe(ms)}`);
  }
}
