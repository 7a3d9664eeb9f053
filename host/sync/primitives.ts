/** WaitGroup, Semaphore, Once, Cond. */
import { ObjectKind, OpCode, OpStatus } from "../abi/enums.js";
import { optionOf } from "../base/options.js";
import { asError, AbandonedError, checkWhole, panicking, reasonOf } from "./syncerrors.js";
import { presentHandle, SyncHandle } from "./synchandle.js";
import type { WaitOptions } from "./host.js";
import { Guard, type Mutex } from "./locks.js";
import type { Sync } from "./sync.js";

const MAX = 2 ** 31 - 1;

/** A counter that goroutines can wait for to become zero. */
export class WaitGroup extends SyncHandle {
  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.WaitGroup, address);
  }

  /** Adds `n`, which may be negative. Throws if the counter becomes negative. */
  add(n = 1): void {
    checkWhole(n, -MAX, MAX, "what is added to a waitGroup");
    panicking(() => this.sync.ops.core.waitGroupAdd(this.address, n));
  }

  /** Takes one off the counter; at zero all who wait go on. */
  done(): void {
    this.add(-1);
  }

  /** Waits until the counter is zero. */
  wait(options?: WaitOptions): Promise<void> {
    return waiting(this, OpCode.WaitGroup, 0, () => undefined, options);
  }

  /** The same, blocking this goroutine's M. Only in goroutines. */
  waitSync(): void {
    waitingSync(this, OpCode.WaitGroup, 0, "waitSync");
  }
}

/** A number of tickets, of which goroutines take any number at a time. First in, first out. */
export class Semaphore extends SyncHandle {
  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Semaphore, address);
  }

  /** How many tickets there are in all. */
  get size(): number {
    return this.memory.semaphore(this.target).size;
  }

  /** How many are free at the moment. */
  get free(): number {
    return this.memory.semaphore(this.target).free;
  }

  /** Takes `n` tickets, waiting until they are free and everybody who came before has theirs. The guard gives them back. */
  acquire(n = 1, options?: WaitOptions): Promise<Guard> {
    const free = (): void => this.release(n);
    try {
      this.check(n);
    } catch (error) {
      return Promise.reject(asError(error));
    }
    return waiting(this, OpCode.Semaphore, n, () => new Guard(free), options);
  }

  /** The same, blocking this goroutine's M. Only in goroutines. */
  acquireSync(n = 1): Guard {
    this.check(n);
    waitingSync(this, OpCode.Semaphore, n, "acquireSync");
    return new Guard(() => this.release(n));
  }

  /** Takes `n` tickets if they are free and nobody waits. */
  tryAcquire(n = 1): boolean {
    this.check(n);
    const { ops, host } = this.sync;
    return ops.core.semaphoreTry(this.address, n, host.mid, host.gen);
  }

  /** Gives `n` tickets back. Throws if that makes more than there are. */
  release(n = 1): void {
    checkWhole(n, 0, MAX, "the number of tickets");
    const { ops, host } = this.sync;
    panicking(() => ops.core.semaphoreRelease(this.address, n, host.mid, host.gen));
  }

  private check(n: number): void {
    checkWhole(n, 0, this.size, `the number of tickets to take from a semaphore of ${this.size}`);
  }
}

/** Runs a function once, whoever comes first. */
export class Once extends SyncHandle {
  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Once, address);
  }

  /** Whether it has been done. */
  get done(): boolean {
    return this.memory.object(this.address).done !== 0;
  }

  /**
   * Calls `fn`, here, unless that has been done, by whichever thread; resolves when it is done. If `fn` throws it counts as
   * done, as in Go, and this call rejects. If the thread that does it dies, the next one does it.
   */
  async do(fn: () => unknown): Promise<void> {
    if (this.done) return;
    // A holder that died has not done it, so nothing is half changed that `fn` would not do again.
    await waiting(this, OpCode.Lock, 0, () => undefined);
    try {
      if (this.done) return;
      try {
        await fn();
      } finally {
        this.setDone();
      }
    } finally {
      this.sync.ops.core.lockRelease(this.address);
    }
  }

  /** The same with a synchronous function, blocking this goroutine's M meanwhile. Only in goroutines. */
  doSync(fn: () => unknown): void {
    if (this.done) return;
    waitingSync(this, OpCode.Lock, 0, "doSync");
    try {
      if (this.done) return;
      try {
        fn();
      } finally {
        this.setDone();
      }
    } finally {
      this.sync.ops.core.lockRelease(this.address);
    }
  }

  private setDone(): void {
    this.memory.object(this.address).done = 1;
  }
}

/** A place to wait for a change of what a mutex guards. First in, first out. */
export class Cond extends SyncHandle {
  readonly #mutex: Mutex;

  /** @internal */
  constructor(sync: Sync, address: number, mutex: Mutex) {
    super(sync, ObjectKind.Cond, address);
    this.#mutex = mutex;
  }

  /** Held when the condition is looked at or changed, and for `wait`. */
  get mutex(): Mutex {
    return this.#mutex;
  }

  /**
   * Releases the mutex, waits for a signal, takes the mutex again. Check the condition in a loop. If the signal of `options`
   * ends the wait it rejects, also with the mutex held.
   */
  async wait(options?: WaitOptions): Promise<void> {
    await waiting(this, OpCode.Cond, 0, (_, status) => this.check(status), options);
  }

  /** The same, blocking this goroutine's M. Only in goroutines. */
  waitSync(): void {
    this.check(waitingSync(this, OpCode.Cond, 0, "waitSync"));
  }

  /** Wakes the goroutine that has waited longest, if any waits. */
  signal(): void {
    this.sync.ops.core.condSignal(this.address);
  }

  /** Wakes all that wait. */
  broadcast(): void {
    this.sync.ops.core.condBroadcast(this.address);
  }

  private check(status: number): void {
    if (status === OpStatus.Abandoned) throw new AbandonedError("cond", new Guard(() => this.mutex.unlock()));
  }
}

presentHandle(WaitGroup);
presentHandle(Semaphore, ({ free, size }) => ({ free, size }));
presentHandle(Once, ({ done }) => ({ done }));
presentHandle(Cond);

/** Begins an operation of an object; `n` is how much of it. */
export function waiting<T>(
  handle: SyncHandle,
  code: number,
  n: number,
  settle: (op: number, status: number) => T,
  options?: WaitOptions,
): Promise<T> {
  try {
    const signal = optionOf(options, "signal");
    if (signal?.aborted === true) throw reasonOf(signal);
    const { ops } = handle.sync;
    const op = ops.take(code, handle.address);
    ops.setCount(op, n);
    const settled = (op: number, status: number): T =>
      status === OpStatus.Cancelled ? (undefined as T) : settle(op, status);
    return ops.promise(op, settled, signal);
  } catch (error) {
    return Promise.reject(asError(error));
  }
}

function waitingSync(handle: SyncHandle, code: number, n: number, what: string): number {
  const { ops } = handle.sync;
  ops.checkMayBlock(what);
  const op = ops.take(code, handle.address);
  ops.setCount(op, n);
  try {
    return ops.wait(op, what);
  } finally {
    ops.give(op);
  }
}
