/**
 * The part of the event loop that makes calls: what is scheduled, when it is called, and in which turns.
 *
 * A turn has asyncio's four phases (`runOnce`). What guarantees its order: ready callbacks are called first in, first
 * out; those scheduled during a turn are called in the next; timers due at one time in the order in which they were set.
 * A callback that throws stops nothing: its exception goes to the exception handler.
 *
 * One thing differs from asyncio: running the loop does not block. `runForever` gives a promise, and the loop takes its
 * turns between those of the host's event loop (`turns.ts`). A turn may be cut, to go on after the host's; nobody sees
 * that but the host. Several loops may run in a thread.
 */
import { presentAs } from "../base/present.js";
import { inspect } from "node:util";
import { describe, LoopError } from "./looperrors.js";
import type { ExceptionContext } from "./exceptions.js";
import { Handle, TimerHandle, type Callback, type Describable } from "./handles.js";
import { ReadyQueue } from "./ready.js";
import { TimerHeap } from "./timers.js";
import { Turns } from "./turns.js";

/** Where things happen outside of the loop: in other threads, on descriptors. */
export interface EventSource {
  /** A turn begins: has the loop handle in it all that has happened. */
  take(): void;
  /** The loop goes to sleep: it is to be woken by what has happened since `take`, or happens from now on. */
  sleep(): void;
  /** The loop has stopped, and may run again. If there is something to be waited for before its thread may end, that. */
  stopped(): Promise<void> | undefined;
  /** The loop is closed. */
  close(): void;
}

/** A loop without work lets so many microtasks pass before it sleeps: async functions that it has woken are about to use it. */
const HOPS_BEFORE_SLEEP = 4;
/** Within so many microtasks an async function goes on that a callback has woken: two if it awaits a future itself. */
const HOPS_OF_RESUMED = 8;

/** Loops that run in this thread, the latest last, and the one whose callback is being called. */
const running: Scheduler[] = [];
let current: Scheduler | undefined;

/**
 * The loop whose callback is being called; else `own`, that of the task whose code goes on, if it runs; else the one that was started
 * last of those running in this thread.
 */
export function runningScheduler(own: Scheduler | undefined): Scheduler {
  const loop = current ?? (own?.isRunning === true ? own : running.at(-1));
  if (loop === undefined) throw new LoopError("no running event loop");
  return loop;
}

export abstract class Scheduler implements Disposable {
  private readonly ready = new ReadyQueue<Handle>();
  private readonly timers = new TimerHeap<TimerHandle>();
  private readonly turns = new Turns(() => this.step());
  private readonly sources: EventSource[] = [];
  private sequence = 0;
  // Callbacks that are left to this turn.
  private left = 0;
  private turning = false;
  private hops = 0;
  private stopping = false;
  private closed = false;
  // Settles the promise of `runForever`; undefined if the loop is not running.
  private ended: (() => void) | undefined;
  /** The callback that is being called. */
  protected currentHandle: Handle | undefined;
  /** On whose behalf the callback is called, where that says more than its name; and who goes on right after it. */
  private subject: Describable | undefined;
  private resumed: Describable | undefined;

  /** Says who scheduled what fails, and names slow callbacks. */
  debug = false;
  /** In debug mode, callbacks that take at least so many milliseconds are reported on standard error. */
  slowCallbackDuration = 100;

  /** Tells the exception handler. */
  abstract callExceptionHandler(context: ExceptionContext): void;

  /** Lets things happen outside. */
  protected addSource<S extends EventSource>(source: S): S {
    this.sources.push(source);
    return source;
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
    for (const source of this.sources) await source.stopped();
  }

  /** Has the loop stop at the end of this turn, or of the first one if it is not running yet. */
  stop(): void {
    this.stopping = true;
    this.turns.wake();
  }

  /** Ends the loop for good: what is scheduled is dropped. Not while it runs. */
  close(): void {
    if (this.isRunning) throw new LoopError("Cannot close a running event loop");
    if (this.closed) return;
    this.closed = true;
    this.ready.clear();
    this.timers.clear();
    for (const source of this.sources) source.close();
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
    const count = Math.min(this.left, this.debug ? 1 : this.turns.most);
    this.left -= count;
    for (let i = 0; i < count; i++) (this.ready.shift() as Handle).enter();
    if (this.resumed === undefined) this.turns.again(count + 1);
    else void this.watchResumed();
  }

  /** In debug mode: an async function goes on after the callback just called, and is measured like one. */
  private async watchResumed(): Promise<void> {
    const start = this.time();
    for (let hop = 0; hop < HOPS_OF_RESUMED; hop++) await Promise.resolve();
    this.reportSlow(this.resumed as Describable, start);
    this.resumed = undefined;
    this.turns.again(1);
  }

  /** False if there is nothing to do, and the loop will step again when there is. */
  private poll(): boolean {
    for (const source of this.sources) source.take();
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
    for (const source of this.sources) source.sleep();
    return false;
  }

  private takeDueTimers(): void {
    const { timers, ready } = this;
    if (timers.length === 0) return;
    const now = this.time();
    while (timers.first <= now) {
      const timer = timers.pop();
      if (!timer.cancelled) ready.push(timer);
    }
  }

  private end(): void {
    this.stopping = false;
    this.turns.end();
    for (const source of this.sources) void source.stopped();
    running.splice(running.lastIndexOf(this), 1);
    const { ended } = this;
    this.ended = undefined;
    ended?.();
  }

  // ---- for handles, futures and sources ------------------------------------------------------------------------------

  /** @internal */
  handleFor(callback: Callback, args: readonly unknown[]): Handle {
    checkCallback(callback);
    return new Handle(this, callback, args);
  }

  /** @internal Something from outside is to be handled in the turn that begins. */
  deliver(handle: Handle): void {
    this.ready.push(handle);
  }

  /** @internal There may be something outside. */
  wake(): void {
    this.turns.wake();
  }

  /** @internal */
  enqueue(handle: Handle): void {
    this.checkOpen();
    this.ready.push(handle);
    this.turns.wake();
  }

  /** @internal */
  runHandle(handle: Handle, callback: Callback, args: readonly unknown[]): void {
    // An eager task begins within another call.
    const { currentHandle, subject } = this;
    const outer = current;
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- who asks is called by this very loop
    current = this;
    this.currentHandle = handle;
    this.subject = undefined;
    const start = this.debug ? this.time() : 0;
    try {
      const result = args.length === 0 ? callback() : callback(...args);
      if (result instanceof Promise) {
        result.then(undefined, (exception: unknown) => this.reportException(handle, callback, exception));
      }
    } catch (exception) {
      this.reportException(handle, callback, exception);
    }
    if (this.debug && start > 0) this.reportSlow(this.subject ?? handle, start);
    this.currentHandle = currentHandle;
    this.subject = subject;
    current = outer;
  }

  private reportException(handle: Handle, callback: Callback, exception: unknown): void {
    // By its callback, which a handle that was cancelled meanwhile no longer has.
    this.callExceptionHandler({ message: `Exception in callback ${handle.named(callback)}`, exception, handle });
  }

  /** @internal What is being called is a step of `subject`. */
  callsFor(subject: Describable): void {
    this.subject = subject;
  }

  /** @internal What is being called lets `resumed` go on, in microtasks. */
  resumes(resumed: Describable): void {
    if (this.debug) this.resumed = resumed;
  }

  /** @internal */
  timerCancelled(): void {
    this.timers.noteCancelled();
  }

  private reportSlow(who: Describable, start: number): void {
    const took = this.time() - start;
    if (took < this.slowCallbackDuration) return;
    console.warn(`Executing ${String(who)} took ${(took / 1000).toFixed(3)} seconds`);
  }

  toString(): string {
    return `<EventLoop running=${this.isRunning} closed=${this.closed} debug=${this.debug}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  protected checkOpen(): void {
    if (this.closed) throw new LoopError("Event loop is closed");
  }
}

/** Throws a TypeError for what cannot be called. */
export function checkCallback(callback: unknown): asserts callback is Callback {
  if (typeof callback !== "function") throw new TypeError(`a callable object was expected, got ${describe(callback)}`);
}

/** Throws a TypeError for what is no time. */
export function checkTime(what: string, ms: unknown): void {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new TypeError(`the ${what} must be a number of milliseconds, not ${describe(ms)}`);
  }
}

presentAs(Scheduler, (it) => it[inspect.custom](), "it is a running loop, and no data");
