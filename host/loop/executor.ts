/** Functions in goroutines, as futures of a loop: asyncio's `run_in_executor`. */
import type { EventLoop } from "./eventloop.js";
import { Future } from "./future.js";
import { adopted } from "./task.js";

/** Where functions run on other threads: a runtime of `start()`, or what has its `go`. */
export interface Executor {
  go(fn: (...args: never[]) => unknown, ...args: unknown[]): PromiseLike<unknown>;
}

/** A goroutine's future: cancelling it cancels the goroutine, whose end it then is. */
class GoroutineFuture<T> extends Future<T> {
  constructor(
    loop: EventLoop,
    private readonly goroutine: { cancel?(reason?: unknown): unknown },
  ) {
    super(loop);
  }

  override cancel(message?: string): boolean {
    const cancelled = super.cancel(message);
    if (cancelled) this.goroutine.cancel?.(this.makeCancelledError());
    return cancelled;
  }
}

export function runInExecutor<R>(
  loop: EventLoop,
  executor: Executor,
  fn: (...args: never[]) => R,
  args: readonly unknown[],
): Future<Awaited<R>> {
  const goroutine = executor.go(fn, ...args) as PromiseLike<Awaited<R>>;
  const future = new GoroutineFuture<Awaited<R>>(loop, goroutine as { cancel?(): unknown });
  adopted(loop, goroutine).addDoneCallback((ended) => future.copyState(ended));
  return future;
}
