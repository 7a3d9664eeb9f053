/** The part of a runtime that is about channels and locks: the same on the main thread and inside tasks. */
import type { Arrived } from "./arrival.js";
import type { Bytes } from "./bytes.js";
import type { ReceivedBy, SelectCase, Selected, SelectedOf } from "./cases.js";
import type { Chan } from "./chan.js";
import type { Context } from "./context.js";
import type { WaitOptions } from "./host.js";
import type { Mutex, RWMutex } from "./locks.js";
import type { Pool } from "./pool.js";
import type { Cond, Once, Semaphore, WaitGroup } from "./primitives.js";
import { select, selectSync } from "./select.js";
import type { ChanOptions, Sync } from "./sync.js";

export abstract class SyncMembers {
  /** @internal */
  protected abstract get sync(): Sync;

  /**
   * A channel with room for `capacity` values; with 0, the default, every send waits for its receiver. Its type is of what comes out of it:
   * where Buffers are sent, a `Chan<Uint8Array>`.
   *
   * @throws RangeError, TypeError if an argument is wrong
   */
  chan<T = unknown>(capacity?: number, options?: ChanOptions): Chan<Arrived<T>> {
    return this.sync.newChan<Arrived<T>>(capacity, options);
  }

  /**
   * Does one of several channel operations: `recv(ch)`, `send(ch, v)`, `after(ms)`, and, not to wait, `otherwise`. Of
   * those that are ready one is chosen at random. Resolves with its index, and what it received.
   */
  select<const C extends readonly SelectCase[]>(cases: C, options?: WaitOptions): Promise<SelectedOf<C>>;
  select<C extends SelectCase>(cases: Iterable<C>, options?: WaitOptions): Promise<Selected<ReceivedBy<C>>>;
  select(cases: Iterable<SelectCase>, options?: WaitOptions): Promise<Selected> {
    return select(this.sync, cases, options);
  }

  /** The same, blocking this goroutine's M. Only in goroutines. */
  selectSync<const C extends readonly SelectCase[]>(cases: C): SelectedOf<C>;
  selectSync<C extends SelectCase>(cases: Iterable<C>): Selected<ReceivedBy<C>>;
  selectSync(cases: Iterable<SelectCase>): Selected {
    return selectSync(this.sync, cases);
  }

  /** A mutual exclusion lock. */
  mutex(): Mutex {
    return this.sync.newMutex();
  }

  /** A lock for many readers or one writer. */
  rwmutex(): RWMutex {
    return this.sync.newRWMutex();
  }

  /** A counter to wait for until it is zero. */
  waitGroup(): WaitGroup {
    return this.sync.newWaitGroup();
  }

  /** A semaphore of `n` tickets. */
  semaphore(n: number): Semaphore {
    return this.sync.newSemaphore(n);
  }

  /** Something to be done once. */
  once(): Once {
    return this.sync.newOnce();
  }

  /** A condition variable on `mutex`, or a new one. */
  cond(mutex?: Mutex): Cond {
    return this.sync.newCond(mutex);
  }

  /** A pool that runs at most `n` goroutines at a time. */
  pool(n: number): Pool {
    return this.sync.newPool(n);
  }

  /** A context to cancel others by, on any thread; below `parent`, if that is given. */
  context(parent?: Context): Context {
    return this.sync.newContext(parent);
  }

  /** Bytes that all threads share: so many, zero, or a copy of those given. */
  bytes(contents: number | Uint8Array): Bytes {
    return this.sync.newBytes(contents);
  }
}
