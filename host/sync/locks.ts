/**
 * Mutex and RWMutex.
 *
 * A lock knows which thread holds it. If that thread dies, the lock is released as abandoned: the next `lock()` rejects with an
 * AbandonedError, and has the lock all the same.
 */
import { ObjectKind, OpCode, OpStatus } from "../abi/enums.js";
import { optionOf } from "../base/options.js";
import { present } from "../base/present.js";
import { asError, AbandonedError, panicking, reasonOf } from "./syncerrors.js";
import { presentHandle, SyncHandle } from "./synchandle.js";
import type { WaitOptions } from "./host.js";
import type { Sync } from "./sync.js";

/** A lock that is held: `using` releases it at the end of the block. */
export class Guard implements Disposable {
  #release: (() => void) | undefined;

  /** @internal */
  constructor(release: () => void) {
    this.#release = release;
  }

  /** Releases it; once only. */
  unlock(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  [Symbol.dispose](): void {
    this.unlock();
  }
}

abstract class Lock extends SyncHandle {
  protected abstract get what(): string;

  /** @param free releases what `code` takes */
  protected acquire(code: number, free: () => void, options: WaitOptions | undefined): Promise<Guard> {
    try {
      const signal = optionOf(options, "signal");
      if (signal?.aborted === true) throw reasonOf(signal);
      const { ops } = this.sync;
      const op = ops.take(code, this.address);
      const settle = (_: number, status: number): Guard => this.guard(status, free);
      return ops.promise(op, settle, signal);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  protected acquireSync(code: number, free: () => void, what: string): Guard {
    const { ops } = this.sync;
    ops.checkMayBlock(what);
    const op = ops.take(code, this.address);
    try {
      return this.guard(ops.wait(op, what), free);
    } finally {
      ops.give(op);
    }
  }

  protected guard(status: number, free: () => void): Guard {
    const guard = new Guard(free);
    if (status === OpStatus.Abandoned) throw new AbandonedError(this.what, guard);
    return guard;
  }

  protected tried(status: number, free: () => void): boolean {
    if (status !== 0) this.guard(status, free);
    return status !== 0;
  }

  /** Takes the lock, for writing where it has both, waiting until it is free. First in, first out but for short waits, as in Go. */
  lock(options?: WaitOptions): Promise<Guard> {
    return this.acquire(OpCode.Lock, () => this.unlock(), options);
  }

  /** The same, blocking this goroutine's M. Only in goroutines. */
  lockSync(): Guard {
    return this.acquireSync(OpCode.Lock, () => this.unlock(), "lockSync");
  }

  /** Takes the lock if nobody holds it. */
  tryLock(): boolean {
    const { ops, host } = this.sync;
    return this.tried(ops.core.lockTry(this.address, host.mid, host.gen), () => this.unlock());
  }

  /** Releases it. Throws if nobody holds it so. */
  unlock(): void {
    panicking(() => this.sync.ops.core.lockRelease(this.address));
  }
}

/** A mutual exclusion lock between all threads. Any goroutine may unlock it. */
export class Mutex extends Lock implements Disposable {
  protected get what(): string {
    return "mutex";
  }

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Mutex, address);
  }

  /** Releases the mutex. */
  [Symbol.dispose](): void {
    this.unlock();
  }
}

/** A lock that many can hold for reading, or one for writing. A writer that waits keeps new readers out. */
export class RWMutex extends Lock {
  protected get what(): string {
    return "rwmutex";
  }

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.RWMutex, address);
  }

  /** Takes the lock for reading. Not twice in one goroutine: a writer may come between. */
  rlock(options?: WaitOptions): Promise<Guard> {
    return this.acquire(OpCode.Read, () => this.runlock(), options);
  }

  /** The same, blocking this goroutine's M. Only in goroutines. */
  rlockSync(): Guard {
    return this.acquireSync(OpCode.Read, () => this.runlock(), "rlockSync");
  }

  /** Takes the lock for reading if no writer holds it or waits for it. */
  tryRLock(): boolean {
    const { ops, host } = this.sync;
    return this.tried(ops.core.readTry(this.address, host.mid, host.gen), () => this.runlock());
  }

  /** Releases the lock held for reading. Throws if nobody holds it so. */
  runlock(): void {
    const { ops, host } = this.sync;
    panicking(() => ops.core.readRelease(this.address, host.mid, host.gen));
  }
}

present(Guard, "Guard", () => ({}), "it releases a lock: call its unlock(), or hold it with `using`");
presentHandle(Mutex);
presentHandle(RWMutex);
