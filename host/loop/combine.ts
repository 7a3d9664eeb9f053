/** Waiting for several things, for a limited time, or without being cancelled, after asyncio's functions of these names. */
import { optionsOf } from "../base/options.js";
import { noteAwait } from "./callgraph.js";
import { CancelledError, describe, LoopError, TimeoutError } from "./looperrors.js";
import type { EventLoop } from "./eventloop.js";
import { Future } from "./future.js";
import type { Task } from "./task.js";
import { isGenerator, isThenable, outcomeOf, type Coroutine } from "./task.js";
import { runningTask } from "./tasks-running.js";

/** A future or task, or what a task can be made of. */
export type Awaitable<T> = Future<T> | Coroutine<T>;

/** The results of several awaitables, in their order. */
export type Results<A extends readonly unknown[]> = {
  -readonly [K in keyof A]: A[K] extends Awaitable<infer T> ? T : unknown;
};

export interface GatherOptions {
  /** Exceptions are results like others, instead of the first one being the outcome. */
  readonly returnExceptions?: boolean;
}

/** The future itself, or a new task of `loop` for what is none. */
export function ensureFuture<T>(loop: EventLoop, awaitable: Awaitable<T>): Future<T> {
  if (awaitable instanceof Future) {
    if (awaitable.getLoop() !== loop) throw new LoopError("The future belongs to a different loop");
    return awaitable;
  }
  if (!isThenable(awaitable) && !isGenerator(awaitable) && typeof awaitable !== "function") {
    throw new TypeError(`A future, a promise, a generator or a function is required, not ${describe(awaitable)}`);
  }
  return loop.createTask(awaitable);
}

/** Cancelling it cancels those gathered, and so, once they are over, itself. */
class GatheringFuture<T> extends Future<T> {
  cancelRequested = false;

  constructor(
    loop: EventLoop,
    private readonly children: readonly Future[],
  ) {
    super(loop);
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    let any = false;
    for (const child of this.children) if (child.cancel(message)) any = true;
    if (any) this.cancelRequested = true;
    return any;
  }
}

/** A future for the results of all. */
export function gather(
  loop: EventLoop,
  awaitables: readonly Awaitable<unknown>[],
  options?: GatherOptions,
): Future<unknown[]> {
  const { returnExceptions = false } = optionsOf("gather", options, { returnExceptions: true });
  if (awaitables.length === 0) {
    const none = new Future<unknown[]>(loop);
    none.setResult([]);
    return none;
  }
  // The same thing twice is waited for once, and its result stands in both places.
  const futures = new Map<Awaitable<unknown>, Future>();
  for (const one of awaitables) if (!futures.has(one)) futures.set(one, ensureFuture(loop, one));
  const children = awaitables.map((one) => futures.get(one) as Future);
  const outer = new GatheringFuture<unknown[]>(loop, children);
  let pending = futures.size;
  const childIsDone = (child: Future): void => {
    pending--;
    child.retrieve();
    if (outer.done()) return;
    const outcome = outcomeOf(child);
    if (!returnExceptions && "error" in outcome) outer.setException(outcome.error);
    else if (pending === 0) {
      const results = children.map((one) => {
        const outcome = outcomeOf(one);
        return "error" in outcome ? outcome.error : outcome.result;
      });
      if (outer.cancelRequested) outer.setException(child.makeCancelledError());
      else outer.setResult(results);
    }
  };
  for (const child of futures.values()) {
    child.addDoneCallback(childIsDone);
    if (loop.debug) noteAwait(outer, child);
  }
  return outer;
}

/** A future that is done as `awaitable` is, but whose being cancelled does not cancel that. */
export function shield<T>(loop: EventLoop, awaitable: Awaitable<T>): Future<T> {
  const inner = ensureFuture(loop, awaitable);
  if (inner.done()) return inner;
  const outer = new Future<T>(loop);
  const innerIsDone = (): void => {
    // Whatever came of it, nobody waits for it here any more.
    if (outer.cancelled()) inner.retrieve();
    else outer.copyState(inner);
  };
  inner.addDoneCallback(innerIsDone);
  if (loop.debug) noteAwait(outer, inner);
  outer.addDoneCallback(() => {
    if (!inner.done()) inner.removeDoneCallback(innerIsDone);
  });
  return outer;
}

/** A future that is done in `ms` milliseconds; whoever waits goes on in the very next turn if that is not positive. */
export function sleep<T>(loop: EventLoop, ms: number, result: T): Future<T> {
  const future = new Future<T>(loop);
  const wake = (): void => {
    if (!future.done()) future.setResult(result);
  };
  const handle = ms <= 0 ? loop.callSoon(() => future.settleNow(result)) : loop.callLater(ms, wake);
  future.addDoneCallback(() => handle.cancel());
  return future;
}

/** Throws a TypeError for what is no time limit. */
export function checkLimit(ms: unknown): asserts ms is number | null {
  if (ms !== null && (typeof ms !== "number" || Number.isNaN(ms)))
    throw new TypeError(`the time limit must be a number of milliseconds or null, not ${describe(ms)}`);
}

/** A task that is done as `awaitable` is, which it cancels if that takes longer than `ms`; null for no limit. */
export function waitFor<T>(loop: EventLoop, awaitable: Awaitable<T>, ms: number | null): Task<T> {
  checkLimit(ms);
  const future = ensureFuture(loop, awaitable);
  if (ms === null || future.done()) return loop.createTask(future[Symbol.iterator]());
  if (ms > 0) return loop.createTask(waiting(loop, future, ms));
  // There is no time even to begin. It may have a result in spite of being cancelled.
  future.cancel();
  return loop.createTask(cancelledAtOnce(future, ms));
}

function* cancelledAtOnce<T>(future: Future<T>, ms: number): Generator<unknown, T, unknown> {
  try {
    return yield* future;
  } catch (error) {
    if (error instanceof CancelledError && runningTask()?.cancelling() === 0) throw tooLate(ms);
    throw error;
  }
}

function* waiting<T>(loop: EventLoop, future: Future<T>, ms: number): Generator<unknown, T, unknown> {
  const task = runningTask() as Task;
  let expired = false;
  const expire = (): void => {
    // Done in the very turn in which its time is over: that is in time.
    if (future.done()) return;
    expired = true;
    task.cancel();
  };
  const timer = loop.callLater(ms, expire);
  try {
    return yield* future;
  } catch (error) {
    // Cancelled by somebody else too: then that is what happened.
    if (expired && task.uncancel() === 0 && error instanceof CancelledError) throw tooLate(ms);
    throw error;
  } finally {
    timer.cancel();
  }
}

function tooLate(ms: number): TimeoutError {
  return new TimeoutError(`not done within ${ms} ms`);
}
