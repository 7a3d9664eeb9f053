/** A pool: at most so many goroutines at once, whoever starts them. */
import { ObjectKind, OpCode } from "../abi/enums.js";
import { SkeinError } from "../base/errors.js";
import { presentHandle, SyncHandle } from "./synchandle.js";
import { waiting } from "./primitives.js";
import type { Sync } from "./sync.js";

/**
 * Runs functions as goroutines, at most `size` at a time over all threads that share the pool; what is submitted beyond that
 * starts when another has ended, first in, first out.
 */
export class Pool extends SyncHandle implements AsyncDisposable {
  #released = false;

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Pool, address);
  }

  /** How many goroutines may run at once. */
  get size(): number {
    return this.memory.semaphore(this.target).size;
  }

  /** How many more could be started at once. */
  get free(): number {
    return this.memory.semaphore(this.target).free;
  }

  /** Goroutines of the pool that run. */
  get running(): number {
    return this.size - this.free;
  }

  /**
   * Runs `fn(...args)` as a goroutine when the pool has room; resolves with its result, rejects with its error.
   * What `rt.go` refuses is refused here too. Rejects after `release`.
   */
  async submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    if (this.#released) throw new SkeinError("pool: submit after release");
    await this.acquire(1);
    const { holders } = this.sync;
    holders.retain(this.address);
    let result: PromiseLike<unknown>;
    try {
      result = this.sync.go(fn as (...args: unknown[]) => unknown, args, this.address);
    } catch (error) {
      holders.release(this.address);
      this.giveBack(1);
      throw error;
    }
    return (await result) as Awaited<R>;
  }

  /** Waits until all that was submitted before has ended. */
  async wait(): Promise<void> {
    const { size } = this;
    await this.acquire(size);
    this.giveBack(size);
  }

  /** Takes no more work from this thread; what was submitted is still done. */
  release(): void {
    this.#released = true;
  }

  /** Takes no more work, and waits for what was submitted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.wait();
  }

  private giveBack(n: number): void {
    const { host } = this.sync;
    host.core.semaphoreRelease(this.address, n, host.mid, host.gen);
  }

  private acquire(n: number): Promise<void> {
    return waiting(this, OpCode.Semaphore, n, () => undefined);
  }
}

presentHandle(Pool, ({ running, size }) => ({ running, size }));
