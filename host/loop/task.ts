/**
 * Tasks: coroutines that a loop carries on, after asyncio's `Task`. A task is a future for what its coroutine returns.
 *
 * Three kinds of coroutine, which differ in what `cancel` can do:
 *
 * - A generator that yields futures. Each step runs in a turn of the loop; cancelling throws a `CancelledError` into it where
 *   it waits. It may clean up, or catch the error and go on. This is asyncio's task in full.
 * - A function, sync, async or a generator function, that is called in a turn of the loop, with the task as its argument.
 *   If it is async, cancelling cancels the future of this loop that it awaits, which is the same to it; and `task.signal` is
 *   aborted. If it awaits something else, the task is cancelled without it: it cannot be stopped, but its next await of a future
 *   of the loop throws.
 * - A promise: of an async function that was called already, say. Nothing leads from it into the function, so cancelling
 *   cancels the task alone.
 *
 * A function or promise that fails after its task was cancelled without it: that goes to the loop's exception handler.
 *
 * Invariant of a generator's task that is not done: either a step is scheduled and `waiter` is undefined, or `waiter` is a
 * future that has `wakeup` among its callbacks.
 */
import { optionOf } from "../base/options.js";
import { trusted } from "../base/promises.js";
import { CancelledError, describe, LoopError } from "./looperrors.js";
import type { EventLoop } from "./eventloop.js";
import { Future } from "./future.js";
import type { Callback, Handle } from "./handles.js";
import { isNoted, noteAwait, noteAwaited } from "./callgraph.js";
import { inStep, runFunction } from "./tasks-running.js";

/** A generator that yields futures (or nothing, for a turn), and is sent their results. */
export type CoroutineGenerator<T> = Generator<unknown, T, never> | Generator<unknown, T, unknown>;

/** What a task can be made of. */
export type Coroutine<T> =
  PromiseLike<T> | CoroutineGenerator<T> | ((task: Task<T>) => T | PromiseLike<T> | CoroutineGenerator<T>);

export interface TaskOptions {
  /** For messages; `Task-1`, `Task-2`, … unless given. */
  readonly name?: string;
  /**
   * Begins at once, rather than in the next turn, if the loop runs: what need not wait is done when the task is made. (The result of an async
   * function takes a microtask all the same.)
   */
  readonly eagerStart?: boolean;
}

/** Makes the tasks of a loop. */
export type TaskFactory = <T>(loop: EventLoop, coroutine: Coroutine<T>, options: TaskOptions) => Task<T>;

/** For `loop.setTaskFactory`: all tasks begin at once, unless told otherwise. */
export function eagerTaskFactory<T>(loop: EventLoop, coroutine: Coroutine<T>, options: TaskOptions): Task<T> {
  return new Task<T>(loop, coroutine, { eagerStart: true, ...options });
}

let named = 0;

export class Task<T = unknown> extends Future<T> {
  private name: string;
  /** The name of the function that it was made of, for messages. */
  private readonly body: string = "";
  private generator: Generator<unknown, T, unknown> | undefined;
  private waiter: Future | undefined;
  /** Futures that the function awaits; more than one if it awaits several at once. */
  private awaited: Set<Future> | undefined;
  private mustCancel = false;
  private message: string | undefined;
  private requests = 0;
  private controller: AbortController | undefined;

  /** For a task factory; `loop.createTask` is what others use. */
  constructor(loop: EventLoop, coroutine: Coroutine<T>, options?: TaskOptions) {
    super(loop);
    this.name = optionOf(options, "name") ?? `Task-${++named}`;
    loop.registerTask(this);
    if (isThenable(coroutine)) {
      this.adopt(coroutine);
      return;
    }
    let start: Handle;
    if (isGenerator(coroutine)) {
      this.generator = coroutine;
      start = loop.handleFor(this.step as Callback, [undefined]);
    } else {
      if (coroutine.name !== "") this.body = ` ${coroutine.name}()`;
      start = loop.handleFor(this.begin as Callback, [coroutine]);
    }
    if (optionOf(options, "eagerStart") === true && loop.isRunning) start.enter();
    else loop.enqueue(start);
  }

  getName(): string {
    return this.name;
  }

  setName(name: string): void {
    this.name = String(name);
  }

  /** Is aborted when the task is cancelled; what the coroutine awaits beside the loop's futures can be given it. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.requests > 0 || this.cancelled()) this.controller.abort(this.cancellation());
    return this.controller.signal;
  }

  /**
   * Asks the task to end; false if it is done. The coroutine sees a `CancelledError` at its next turn, and decides itself
   * how it ends; a coroutine that cannot be reached is left to itself (see the top of this file).
   *
   * @param message the error's message
   */
  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this.requests++;
    this.message = message;
    this.controller?.abort(this.cancellation());
    if (this.waiter !== undefined) {
      // It stays the waiter: it may be a task that refuses, and may have to be cancelled again.
      if (this.waiter.cancel(message)) return true;
    } else if (this.awaited !== undefined) {
      let reached = false;
      for (const future of [...this.awaited]) if (future.cancel(message)) reached = true;
      if (reached) return true;
    }
    this.mustCancel = true;
    if (this.generator === undefined) this.loop.callSoon(this.abandon);
    return true;
  }

  /** How many requests to cancel there were, less those taken back. */
  cancelling(): number {
    return this.requests;
  }

  /** Takes one request to cancel back, for a coroutine that has caught the error and goes on; returns how many are left. */
  uncancel(): number {
    if (this.requests > 0) this.requests--;
    return this.requests;
  }

  /** Not for tasks: their coroutine gives the result. */
  override setResult(_result: T): void {
    throw new LoopError("Task does not support setResult operation");
  }

  /** Not for tasks: their coroutine throws the exception. */
  override setException(_exception: unknown): void {
    throw new LoopError("Task does not support setException operation");
  }

  override toString(): string {
    const waits = this.waiter === undefined ? "" : ` waits for ${this.waiter.toString()}`;
    return `<Task ${this.name}${this.body} ${this.describeState()}${waits}${this.describeSource()}>`;
  }

  /** @internal The code of this task's function begins to await `future`. */
  awaits(future: Future): void {
    const wrong = this.cannotAwait(future);
    if (wrong !== undefined) throw wrong;
    if (this.done()) {
      // Whoever goes on after its task was cancelled is stopped here, but may await what it starts to clean up.
      if (this.mustCancel && this.cancelled()) {
        this.mustCancel = false;
        future.cancel(this.message);
      }
      return;
    }
    if (this.mustCancel && future.cancel(this.message)) {
      this.mustCancel = false;
      return;
    }
    const awaited = (this.awaited ??= new Set<Future>());
    awaited.add(future);
    if (this.loop.debug) noteAwait(this, future, true);
    future.addDoneCallback(this.awaitedIsDone);
  }

  /** Why the task's code may not wait for `future`: nobody would let it go on. */
  private cannotAwait(future: Future): LoopError | undefined {
    if (future.getLoop() !== this.loop)
      return new LoopError(`${this.name}: Task got ${future.toString()} attached to a different loop`);
    if (future === (this as Future)) return new LoopError(`${this.name}: Task cannot await on itself`);
    return undefined;
  }

  private readonly awaitedIsDone = (future: Future): void => {
    this.awaited?.delete(future);
    if (this.loop.debug) noteAwaited(this, future);
  };

  /** @internal */
  override waitsFor(): Iterable<Future> {
    return this.waiter === undefined ? (this.awaited ?? []) : [this.waiter];
  }

  // ---- functions and promises ---------------------------------------------------------------------------------------

  private readonly begin = (body: (task: never) => unknown): void => {
    if (this.done()) return;
    if (this.mustCancel) return this.finishCancelled();
    this.loop.callsFor(this);
    let made: unknown;
    try {
      made = runFunction(this as Task, () => body(this as never));
    } catch (error) {
      return this.finishException(error);
    }
    if (isGenerator(made)) {
      this.generator = made as Generator<unknown, T, unknown>;
      this.step(undefined);
    } else if (made instanceof Future) {
      // Returned without `await`, it is awaited all the same.
      runFunction(this as Task, () => this.adopt(made as Future<T>));
    } else if (isThenable(made)) this.adopt(made as PromiseLike<T>);
    else this.finishResult(made as T);
  };

  private adopt(promise: PromiseLike<T>): void {
    void trusted(promise).then(
      (result) => {
        this.forgetIfClosed();
        if (this.done()) return;
        // Cancelled by itself, after its last await.
        if (this.mustCancel) this.finishCancelled();
        else this.finishResult(result);
      },
      (error: unknown) => {
        this.forgetIfClosed();
        if (!this.done()) this.finishException(error);
        else if (!isCancellation(error) && error !== this.controller?.signal.reason) {
          this.loop.callExceptionHandler({
            message: `${this.name} failed after it had been cancelled`,
            exception: error,
            task: this,
          });
        }
      },
    );
  }

  /** A cancelled task whose code could not be reached is over without it, unless it has come to an end meanwhile. */
  private readonly abandon = (): void => {
    if (!this.done() && this.mustCancel && this.generator === undefined) super.cancel(this.message);
    if (this.done()) this.loop.unregisterTask(this);
  };

  // ---- generators ---------------------------------------------------------------------------------------------------

  private readonly step = (exception: { readonly error: unknown } | undefined, sent?: unknown): void => {
    if (this.done()) return;
    if (this.mustCancel) {
      if (exception === undefined || !isCancellation(exception.error)) exception = { error: this.cancellation() };
      this.mustCancel = false;
    }
    const generator = this.generator as Generator<unknown, T, unknown>;
    if (this.waiter !== undefined && this.loop.debug) noteAwaited(this, this.waiter);
    this.waiter = undefined;
    this.loop.callsFor(this);
    let next: IteratorResult<unknown, T>;
    try {
      next = inStep(this as Task, () => {
        let result = exception === undefined ? generator.next(sent) : generator.throw(exception.error);
        // What is done already needs no turn, as what is awaited does not.
        while (!result.done && this.isDone(result.value)) {
          const outcome = outcomeOf(result.value);
          result = "error" in outcome ? generator.throw(outcome.error) : generator.next(outcome.result);
        }
        return result;
      });
    } catch (error) {
      return this.finishException(error);
    }
    if (!next.done) return this.wait(next.value);
    // Cancelled by itself, in its last step.
    if (this.mustCancel) this.finishCancelled();
    else this.finishResult(next.value);
  };

  private isDone(value: unknown): value is Future {
    return value instanceof Future && value.done() && value.getLoop() === this.loop;
  }

  /** The generator has yielded `value`. */
  private wait(value: unknown): void {
    if (value === undefined || value === null) {
      this.loop.callSoon(this.step, undefined);
      return;
    }
    const future =
      value instanceof Future ? (value as Future) : isThenable(value) ? adopted(this.loop, value) : undefined;
    if (future === undefined) {
      const wrong = isGenerator(value)
        ? "a generator: yield* runs it, createTask makes it a task of its own"
        : describe(value);
      return this.fail(new LoopError(`${this.name}: Task got bad yield: ${wrong}`));
    }
    const wrong = this.cannotAwait(future);
    if (wrong !== undefined) return this.fail(wrong);
    future.addDoneCallback(this.wakeup);
    this.waiter = future;
    // `yield*` has told from where.
    if (this.loop.debug && !isNoted(this, future)) noteAwait(this, future);
    if (this.mustCancel && future.cancel(this.message)) this.mustCancel = false;
  }

  /** Throws an error into the generator at its next step. */
  private fail(error: LoopError): void {
    this.loop.callSoon(this.step, { error });
  }

  private readonly wakeup = (future: Future): void => {
    const outcome = outcomeOf(future);
    if ("error" in outcome) this.step(outcome);
    else this.step(undefined, outcome.result);
  };

  // ---- the end ------------------------------------------------------------------------------------------------------

  private cancellation(): CancelledError {
    return new CancelledError(this.message);
  }

  private finishResult(result: T): void {
    this.over();
    super.setResult(result);
  }

  private finishCancelled(): void {
    this.over();
    super.cancel(this.message);
  }

  private finishException(error: unknown): void {
    this.over();
    if (isCancellation(error)) super.cancel((error as Error).message || this.message);
    else super.setException(error);
  }

  private over(): void {
    this.mustCancel = false;
    this.loop.unregisterTask(this);
  }
}

/** @internal What a future that is done gives or throws. */
export function outcomeOf(future: Future): { readonly result: unknown } | { readonly error: unknown } {
  try {
    return { result: future.result() };
  } catch (error) {
    return { error };
  }
}

function isCancellation(error: unknown): boolean {
  return error instanceof CancelledError;
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** @internal */
export function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Generator).next === "function" &&
    typeof (value as Generator).throw === "function" &&
    typeof (value as Generator)[Symbol.iterator] === "function"
  );
}

/** @internal A future that is settled as the promise is; cancelling it leaves the promise alone. */
export function adopted<T>(loop: EventLoop, promise: PromiseLike<T>): Future<T> {
  const future = new Future<T>(loop);
  void trusted(promise).then(
    (result) => {
      future.forgetIfClosed();
      if (!future.done()) future.setResult(result);
    },
    (error: unknown) => {
      future.forgetIfClosed();
      if (future.done()) return;
      if (isCancellation(error)) future.cancel((error as Error).message);
      else future.setException(error);
    },
  );
  return future;
}
