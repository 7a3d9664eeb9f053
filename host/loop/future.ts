/**
 * Futures: results that are not there yet, after asyncio's `Future`.
 *
 * A future is pending until it is given a result or an exception, or is cancelled; then it is done, for good. Whoever waits
 * is told by the loop, in a turn after that: nothing is called from within `setResult`.
 *
 * A future can be awaited by an async function, like a promise, and yielded by a generator that is a task. What is awaited
 * when it is done already needs no turn of the loop.
 *
 * An exception that nobody ever asks for is given to the loop's exception handler once the future has been collected, or when
 * the thread ends.
 */
import process from "node:process";
import { presentAs } from "../base/present.js";
import { inspect } from "node:util";
import { CancelledError, describe, InvalidStateError } from "./looperrors.js";
import type { EventLoop } from "./eventloop.js";
import type { Describable, Handle } from "./handles.js";
import { callSite } from "./handles.js";
import { noteAwait } from "./callgraph.js";
import { awaiting, runningTask } from "./tasks-running.js";

/** Called with the future that is done. */
export type DoneCallback<T> = (future: Future<T>) => unknown;

const enum State {
  Pending,
  Cancelled,
  Finished,
}

/** What remains of a future that was collected with an exception that nobody asked for. */
interface Unretrieved {
  readonly loop: EventLoop;
  readonly message: string;
  readonly exception: unknown;
  readonly sourceTraceback: string | undefined;
}

const unretrieved = new Set<Unretrieved>();
const collected = new FinalizationRegistry<Unretrieved>(report);
let atExit = false;

function report(it: Unretrieved): void {
  const { loop, message, exception, sourceTraceback } = it;
  unretrieved.delete(it);
  loop.callExceptionHandler({ message, exception, ...(sourceTraceback !== undefined && { sourceTraceback }) });
}

function watch(future: object, it: Unretrieved): void {
  unretrieved.add(it);
  collected.register(future, it, future);
  if (atExit) return;
  atExit = true;
  process.once("exit", () => unretrieved.forEach(report));
}

export class Future<T = unknown> implements PromiseLike<T> {
  readonly #loop: EventLoop;
  private state = State.Pending;
  private value: T | undefined;
  private error: unknown;
  private failed = false;
  private unretrieved: Unretrieved | undefined;
  private callbacks: Handle[] | undefined;
  private cancelMessage: string | undefined;
  /** @internal In debug mode, the stack of the call that made it. */
  readonly source: string | undefined;

  /** @param loop the loop that calls those who wait; `loop.createFuture()` says it shorter */
  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.source = loop.debug ? callSite() : undefined;
  }

  protected get loop(): EventLoop {
    return this.#loop;
  }

  /** The loop that it belongs to. */
  getLoop(): EventLoop {
    return this.loop;
  }

  /** Has it a result or an exception, or was it cancelled? */
  done(): boolean {
    return this.state !== State.Pending;
  }

  /** Was it cancelled? */
  cancelled(): boolean {
    return this.state === State.Cancelled;
  }

  /** The result. Throws the exception if it has one, a `CancelledError` if it was cancelled, else an `InvalidStateError`. */
  result(): T {
    if (this.exceptionOrPending("Result is not ready.")) throw this.error;
    return this.value as T;
  }

  /** The exception, or null if it has a result. Throws as `result` if it was cancelled or is not done. */
  exception(): unknown {
    return this.exceptionOrPending("Exception is not set.") ? this.error : null;
  }

  private exceptionOrPending(message: string): boolean {
    if (this.state === State.Cancelled) throw this.makeCancelledError();
    if (this.state === State.Pending) throw new InvalidStateError(message);
    this.retrieve();
    return this.failed;
  }

  /** Gives it its result. Throws an `InvalidStateError` if it is done. */
  setResult(result: T): void {
    this.checkPending();
    this.value = result;
    this.finish(State.Finished);
  }

  /** Gives it an exception. Throws an `InvalidStateError` if it is done. */
  setException(exception: unknown): void {
    this.checkPending();
    this.error = exception;
    this.failed = true;
    const message = `${this.constructor.name} exception was never retrieved`;
    this.unretrieved = { loop: this.loop, message, exception, sourceTraceback: this.source };
    watch(this, this.unretrieved);
    this.finish(State.Finished);
  }

  /**
   * Cancels it, so that whoever waits gets a `CancelledError`; false if it is done already.
   *
   * @param message the error's message
   */
  cancel(message?: string): boolean {
    if (this.state !== State.Pending) return false;
    this.cancelMessage = message;
    this.finish(State.Cancelled);
    return true;
  }

  /** Has `callback` called by the loop, in the context of this call, once the future is done; soon if it is already. */
  addDoneCallback(callback: DoneCallback<T>): void {
    const handle = this.loop.handleFor(callback as (...args: readonly unknown[]) => unknown, [this]);
    if (this.state !== State.Pending) this.loop.enqueue(handle);
    else if (this.callbacks === undefined) this.callbacks = [handle];
    else this.callbacks.push(handle);
  }

  /** Takes back all `addDoneCallback(callback)`; returns how many there were. */
  removeDoneCallback(callback: DoneCallback<T>): number {
    const before = this.callbacks?.length ?? 0;
    this.callbacks = this.callbacks?.filter((handle) => !handle.calls(callback));
    return before - (this.callbacks?.length ?? 0);
  }

  /** Makes it awaitable. */
  then<R1 = T, R2 = never>(
    onResult?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onException?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return this.promise().then(onResult, onException);
  }

  /** As a promise's `catch`. */
  catch<R = never>(onException?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<T | R> {
    return this.promise().catch(onException);
  }

  /** As a promise's `finally`. */
  finally(onDone?: (() => void) | null): Promise<T> {
    return this.promise().finally(onDone);
  }

  private promise(): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let waiter: Describable | undefined = undefined;
      const settle = (): void => {
        if (waiter !== undefined) this.loop.resumes(waiter);
        if (this.state === State.Cancelled) reject(this.makeCancelledError());
        else if (this.failed) {
          this.retrieve();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is what setException was given
          reject(this.error);
        } else resolve(this.value as T);
      };
      if (this.state !== State.Pending) return settle();
      this.addDoneCallback(settle);
      waiter = awaiting(this) ?? { toString: () => `what awaits ${this.toString()}` };
    });
  }

  /** For `yield*` in a generator that is a task: its value is the result, with its type. */
  *[Symbol.iterator](): Generator<Future<T>, T, unknown> {
    if (this.state === State.Pending) {
      const task = this.loop.debug ? runningTask() : undefined;
      if (task !== undefined) noteAwait(task, this, true);
      yield this;
    }
    return this.result();
  }

  toString(): string {
    return `<${this.constructor.name} ${this.describeState()}${this.describeSource()}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal The name of the state, and what came of it. */
  describeState(): string {
    if (this.state === State.Pending) return "pending";
    if (this.state === State.Cancelled) return "cancelled";
    return this.failed ? `finished exception=${describe(this.error)}` : `finished result=${describe(this.value)}`;
  }

  /** @internal In debug mode, where it was made. */
  protected describeSource(): string {
    return this.source === undefined ? "" : ` made ${this.source.split("\n", 1)[0]?.trim()}`;
  }

  /** @internal What its code waits for: a task's. */
  waitsFor(): Iterable<Future> {
    return [];
  }

  /** @internal Nobody needs to be told of its exception any more. */
  retrieve(): void {
    if (this.unretrieved === undefined) return;
    unretrieved.delete(this.unretrieved);
    this.unretrieved = undefined;
    collected.unregister(this);
  }

  /** @internal Has its result, unless it is done; those who wait are called at once, in the turn that is running. */
  settleNow(result: T): void {
    if (this.done()) return;
    const { callbacks } = this;
    this.callbacks = undefined;
    this.setResult(result);
    if (callbacks !== undefined) for (const handle of callbacks) handle.enter();
  }

  /** @internal A promise has settled that it stands for. If the loop was closed meanwhile, nobody can be told any more. */
  forgetIfClosed(): void {
    if (this.loop.isClosed) this.callbacks = undefined;
  }

  /** @internal The error for those who wait for a cancelled future. */
  makeCancelledError(): CancelledError {
    return new CancelledError(this.cancelMessage);
  }

  /** @internal Settles it, if it is pending, as `other` was. */
  copyState(other: Future<T>): void {
    if (this.done()) return;
    if (other.cancelled()) this.cancel(other.cancelMessage);
    else if (other.failed) {
      other.retrieve();
      this.setException(other.error);
    } else this.setResult(other.value as T);
  }

  private checkPending(): void {
    if (this.state !== State.Pending) throw new InvalidStateError(`${this.toString()} is done already`);
  }

  private finish(state: State): void {
    this.state = state;
    const { callbacks } = this;
    this.callbacks = undefined;
    if (callbacks !== undefined) for (const handle of callbacks) this.loop.enqueue(handle);
  }
}

presentAs(Future, (it) => it[inspect.custom](), "await it to have its result");
