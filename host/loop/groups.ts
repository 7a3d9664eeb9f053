/** Tasks that belong together: waiting for some of several, for a limited time, or for all that a group has begun, after asyncio's. */
import { optionsOf } from "../base/options.js";
import { noteAwait, noteAwaited } from "./callgraph.js";
import type { Awaitable } from "./combine.js";
import { checkLimit, ensureFuture } from "./combine.js";
import type { EventLoop } from "./eventloop.js";
import { Future } from "./future.js";
import type { TimerHandle } from "./handles.js";
import { CancelledError, describe, LoopError, TimeoutError } from "./looperrors.js";
import { type Coroutine, type CoroutineGenerator, outcomeOf, type Task, type TaskOptions } from "./task.js";
import { runningTask } from "./tasks-running.js";

/** What a `wait` waits for. */
export type ReturnWhen = "FIRST_COMPLETED" | "FIRST_EXCEPTION" | "ALL_COMPLETED";

export interface WaitSomeOptions {
  /** Milliseconds after which it is over, whatever is done by then; null, the default, for no limit. */
  readonly timeout?: number | null;
  readonly returnWhen?: ReturnWhen;
}

/** What a `wait` has found. */
export interface Waited<T> {
  readonly done: Set<Future<T>>;
  readonly pending: Set<Future<T>>;
}

/** A body that runs as part of something: a function, sync, async or a generator function, that is given that. */
export type Body<B, T> = (owner: B) => T | PromiseLike<T> | CoroutineGenerator<T>;

/** A task that is done when enough of those given are, or the time is over; they go on. */
export function wait<T>(
  loop: EventLoop,
  awaitables: Iterable<Awaitable<T>>,
  options?: WaitSomeOptions,
): Task<Waited<T>> {
  const own = optionsOf("wait", options, { timeout: true, returnWhen: true });
  const { timeout = null, returnWhen = "ALL_COMPLETED" } = own;
  checkLimit(timeout);
  if (!["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"].includes(returnWhen))
    throw new TypeError(`Invalid returnWhen value: ${describe(returnWhen)}`);
  const futures = new Set([...awaitables].map((one) => ensureFuture(loop, one)));
  if (futures.size === 0) throw new TypeError("Set of Tasks/Futures is empty.");
  return loop.createTask(waiting(loop, futures, timeout, returnWhen));
}

function* waiting<T>(
  loop: EventLoop,
  futures: ReadonlySet<Future<T>>,
  timeout: number | null,
  returnWhen: ReturnWhen,
): Generator<unknown, Waited<T>, unknown> {
  const enough = new Future<void>(loop);
  const end = (): void => {
    if (!enough.done()) enough.setResult();
  };
  let left = 0;
  const ended = (future: Future<T>): boolean =>
    returnWhen === "FIRST_COMPLETED" ||
    (returnWhen === "FIRST_EXCEPTION" && !future.cancelled() && "error" in outcomeOf(future));
  const isDone = (future: Future<T>): void => {
    if (--left === 0 || ended(future)) end();
  };
  for (const future of futures) {
    if (!future.done()) left++;
    else if (ended(future)) end();
  }
  if (left === 0) end();
  const waited = [...futures].filter((future) => !future.done());
  const own = runningTask() as Future;
  for (const future of waited) {
    future.addDoneCallback(isDone);
    if (loop.debug) noteAwait(own, future);
  }
  const timer = timeout === null ? undefined : loop.callLater(Math.max(0, timeout), end);
  try {
    yield* enough;
  } finally {
    timer?.cancel();
    for (const future of waited) {
      future.removeDoneCallback(isDone);
      noteAwaited(own, future);
    }
  }
  const done = new Set<Future<T>>();
  const pending = new Set<Future<T>>();
  for (const future of futures) (future.done() ? done : pending).add(future);
  return { done, pending };
}

/**
 * As many futures as were given: the first is done as the one of those is that is done first, and so on. What is not done in `timeout`
 * milliseconds fails with a `TimeoutError` there, and is left alone.
 */
export function asCompleted<T>(
  loop: EventLoop,
  awaitables: Iterable<Awaitable<T>>,
  timeout: number | null,
): Future<T>[] {
  checkLimit(timeout);
  const futures = new Set([...awaitables].map((one) => ensureFuture(loop, one)));
  const ends = Array.from(futures, () => new Future<T>(loop));
  let count = 0;
  const isDone = (future: Future<T>): void => ends[count++]!.copyState(future);
  for (const future of futures) future.addDoneCallback(isDone);
  if (timeout === null || ends.length === 0) return ends;
  const timer = loop.callLater(Math.max(0, timeout), () => {
    for (const future of futures) future.removeDoneCallback(isDone);
    for (const end of ends) if (!end.done()) end.setException(new TimeoutError(`not done within ${timeout} ms`));
  });
  ends.at(-1)!.addDoneCallback(() => timer.cancel());
  return ends;
}

/** The limit of a `timeout`, which may be moved while its body runs. */
export class Timeout {
  readonly #loop: EventLoop;
  #timer: TimerHandle | undefined;
  #when: number | null = null;
  #expired = false;
  #over = false;
  /** @internal What is cancelled when the time is over. */
  task: Task | undefined;

  /** @internal */
  constructor(loop: EventLoop, ms: number | null) {
    this.#loop = loop;
    this.reschedule(ms === null ? null : loop.time() + ms);
  }

  /** The reading of `loop.time()` at which the time is over; null for never. */
  get when(): number | null {
    return this.#when;
  }

  /** Is the time over, and was the body cancelled for it? */
  get expired(): boolean {
    return this.#expired;
  }

  /** Moves the limit to a reading of `loop.time()`; null for none. */
  reschedule(when: number | null): void {
    checkLimit(when);
    if (this.#over || this.#expired) throw new LoopError("Cannot change state of a Timeout that is over");
    this.#timer?.cancel();
    this.#when = when;
    this.#timer = when === null ? undefined : this.#loop.callAt(when, this.#expire);
  }

  readonly #expire = (): void => {
    // Done in the very turn in which its time is over: that is in time.
    if (this.task === undefined || this.task.done()) return;
    this.#expired = true;
    this.task.cancel();
  };

  /** @internal The body is over. */
  end(): void {
    this.#over = true;
    this.#timer?.cancel();
  }
}

/** Runs `body` as a task, which is cancelled when the time is over; then the outcome is a `TimeoutError`. */
export function timeout<T>(loop: EventLoop, ms: number | null, body: Body<Timeout, T>): Task<T> {
  checkLimit(ms);
  const limit = new Timeout(loop, ms);
  const inner = loop.createTask<T>(() => body(limit));
  limit.task = inner;
  return loop.createTask<T>(
    (function* (): Generator<unknown, T, unknown> {
      try {
        return yield* inner;
      } catch (error) {
        const isOurs = limit.expired && error instanceof CancelledError && runningTask()?.cancelling() === 0;
        throw isOurs ? new TimeoutError("not done within the time limit") : error;
      } finally {
        limit.end();
      }
    })(),
  );
}

/** What `taskGroup` gives its body: tasks that are begun in it end with it. */
export class TaskGroup {
  readonly #loop: EventLoop;
  readonly #tasks = new Set<Task<never>>();
  readonly #errors: unknown[] = [];
  #owner: Task | undefined;
  #body: Task | undefined;
  #state: "open" | "aborting" | "over" = "open";
  /** Is done when no task is left. */
  #empty: Future<void> | undefined;

  /** @internal */
  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** Begins a task in the group. Throws a `LoopError` once the group is ending. */
  createTask<T>(coroutine: Coroutine<T>, options?: TaskOptions): Task<T> {
    if (this.#state !== "open") throw new LoopError("TaskGroup is shutting down");
    const task = this.#loop.createTask(coroutine, options);
    this.#tasks.add(task as Task<never>);
    if (this.#owner?.getLoop().debug === true) noteAwait(this.#owner, task);
    task.addDoneCallback(() => this.#taskIsDone(task as Task<never>));
    return task;
  }

  /** @internal The group's own course: the body, then the rest of the tasks, then what came of it. */
  *run<T>(body: Body<TaskGroup, T>): Generator<unknown, T, unknown> {
    this.#owner = runningTask();
    const inner = this.#loop.createTask<T>(() => body(this));
    this.#body = inner;
    let cancelled: CancelledError | undefined;
    try {
      yield inner;
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#errors.push(error);
      // Cancelled for the failure of a task, or by somebody outside.
      else if (this.#state === "open") cancelled = error;
      this.#abort();
    }
    while (this.#tasks.size > 0) {
      this.#empty = new Future<void>(this.#loop);
      try {
        yield this.#empty;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        cancelled = error;
        this.#abort();
      }
    }
    this.#state = "over";
    if (this.#errors.length > 0)
      throw new AggregateError(
        this.#errors,
        `unhandled errors in a TaskGroup (${this.#errors.length} sub-exception${this.#errors.length === 1 ? "" : "s"})`,
      );
    if (cancelled !== undefined) throw cancelled;
    return inner.result();
  }

  #taskIsDone(task: Task<never>): void {
    this.#tasks.delete(task);
    if (!task.cancelled()) {
      const exception = task.exception();
      if (exception !== null) {
        this.#errors.push(exception);
        this.#abort();
      }
    }
    if (this.#tasks.size === 0 && this.#empty?.done() === false) this.#empty.setResult();
  }

  /** Cancels everything in the group. */
  #abort(): void {
    if (this.#state !== "open") return;
    this.#state = "aborting";
    for (const task of this.#tasks) task.cancel();
    this.#body?.cancel();
  }
}
