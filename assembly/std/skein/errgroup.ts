/**
 * `import { Group } from "skein/errgroup"`: goroutines that work on parts of one task, of which the first error counts. After
 * `golang.org/x/sync/errgroup`.
 *
 *     const group = new Group(ctx);
 *     for (const url of urls) group.go(() => fetch(group.context, url));   // each returns an Error, or null
 *     const failed = group.wait();
 *
 * On a goroutine.
 */
import { background, Cancellable, Context, withCancel } from "./context";
import { gopanic } from "./runtime/base/panic";
import { newproc } from "./runtime/goroutine/proc";
import { Mutex } from "./runtime/sync/mutex";
import { Semaphore } from "./runtime/sync/semaphore";
import { WaitGroup } from "./runtime/sync/waitgroup";

/** Goroutines that fail together. */
export class Group {
  /** Ends at the first error, or when `wait` has returned. */
  readonly context: Cancellable;
  private readonly waitGroup: WaitGroup = new WaitGroup();
  private readonly mutex: Mutex = new Mutex();
  private places: Semaphore | null = null;
  private error: Error | null = null;
  private count: i32 = 0;

  constructor(parent: Context = background()) {
    this.context = withCancel(parent);
  }

  /** At most `n` goroutines at a time; negative: any number. Panics while there are some. */
  setLimit(n: i32): void {
    this.mutex.lock();
    const count = this.count;
    this.mutex.unlock();
    if (count > 0)
      gopanic("errgroup: modify limit while " + count.toString() + " goroutines in the group are still active");
    this.places = n < 0 ? null : new Semaphore(n);
  }

  /** Calls `f` in a goroutine of its own; waits while there are as many as the limit. The first error cancels the context. */
  go(f: () => Error | null): void {
    const places = this.places;
    if (places) places.acquire();
    this.start(f);
  }

  /** The same, unless that would have to wait: then false. */
  tryGo(f: () => Error | null): bool {
    const places = this.places;
    if (places && !places.tryAcquire()) return false;
    this.start(f);
    return true;
  }

  /** Waits for all of them. The first error, or null. */
  wait(): Error | null {
    this.waitGroup.wait();
    this.context.cancel(this.error);
    return this.error;
  }

  private start(f: () => Error | null): void {
    this.waitGroup.add();
    this.mutex.lock();
    this.count++;
    this.mutex.unlock();
    newproc(this.call(f));
  }

  private call(f: () => Error | null): void {
    const error = f();
    this.mutex.lock();
    this.count--;
    const isFirst = error !== null && this.error === null;
    if (isFirst) this.error = error;
    this.mutex.unlock();
    if (isFirst) this.context.cancel(error);
    const places = this.places;
    if (places) places.release();
    this.waitGroup.done();
  }
}
