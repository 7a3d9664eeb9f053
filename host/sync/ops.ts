/**
 * Operations that may wait, as one thread's JavaScript sees them: records of the core (`operation.ts` there), reused, and what is
 * to be done when one comes back.
 *
 * Guarantees: each operation that waits ends exactly once, with its handler called from the thread's mailbox; in the order in
 * which they ended. A record is given back only after that. While any waits the thread is held.
 */
import { NoteKind, OpStatus, OpSync, ProgramState } from "../abi/enums.js";
import type { Memory } from "../base/memory.js";
import { SkeinError } from "../base/errors.js";
import { onAbort } from "../base/signals.js";
import type { Core } from "../abi/core.js";
import type { SyncHost } from "./host.js";
import { panicking, reasonOf } from "./syncerrors.js";

/** The status of an operation that waited when the runtime ended, as its handler is given it. */
export const OP_ENDED = -1;

/** Called when an operation is over, with its record, which is reused as soon as it returns. */
export type Ended = (op: number, status: number) => void;

/** Records that a thread keeps. */
const KEPT = 1024;
/**
 * How often a thread that blocks looks at its record before it sleeps. At least some 20 µs, less than waking it costs; as long as
 * that was not in vain, up to some 200 µs: two threads that wait for each other then never sleep.
 */
const LEAST_SPINS = 2000;
const MOST_SPINS = 20_000;
/** A thread that sleeps looks this often whether the runtime is being closed, in ms. */
const SLICE_MS = 100;

export class Ops {
  /** A slot of this thread's own, for what is on its way into or out of the core. */
  readonly slot: number;
  readonly core: Core;
  private readonly memory: Memory;
  private readonly free: number[] = [];
  private readonly handlers: (Ended | undefined)[] = [];
  private readonly held: boolean[] = [];
  /** Records of operations that wait, by the same indices as their handlers. */
  private readonly waiting: number[] = [];
  /** Why no operation can wait any more. */
  over: Error | undefined;
  /** That is what was asked for. */
  private isClosed = false;
  private spins = MOST_SPINS;
  private readonly freeIndices: number[] = [];
  /** A record that never waits, and lends what receiving at once needs. */
  readonly lender: number;

  constructor(private readonly host: SyncHost) {
    this.core = host.core;
    this.memory = host.memory;
    this.slot = host.core.malloc(16);
    this.lender = host.core.opNew(host.mid, host.gen);
    host.mailbox.on(NoteKind.Op, (op) => this.ended(op));
  }

  // ---- records -------------------------------------------------------------------------------------------------------

  /** A record for an operation on an object of the core; to be given back with `give`. */
  take(code: number, object: number): number {
    if (this.over !== undefined) throw this.over;
    const op = this.free.pop() ?? this.core.opNew(this.host.mid, this.host.gen);
    this.memory.op(op).code = code;
    this.memory.op(op).object = object;
    this.memory.op(op).sync = 0;
    return op;
  }

  give(op: number): void {
    if (this.free.length < KEPT) this.free.push(op);
    else this.core.opFree(op);
  }

  /** Moves this thread's slot into a record. */
  load(op: number): void {
    this.memory.copySlot(this.slot, this.memory.op(op).slot);
  }

  /** Moves what a record got into this thread's slot. */
  unload(op: number): void {
    this.memory.copySlot(this.memory.op(op).slot, this.slot);
  }

  setCount(op: number, count: number): void {
    this.memory.op(op).count = count;
  }

  count(op: number): number {
    return this.memory.op(op).count;
  }

  // ---- waiting -------------------------------------------------------------------------------------------------------

  /**
   * Begins an operation. Returns how it ended; or 0, and `ended` is called when it has. The caller gives the record back, in
   * either case.
   */
  begin(op: number, ended: Ended): number {
    const status = this.beginQuietly(op, ended);
    if (status !== 0) return status;
    this.held[this.memory.op(op).index] = true;
    this.host.hold();
    return 0;
  }

  /** The same, but nothing waits for it: the thread is not held. */
  beginQuietly(op: number, ended: Ended): number {
    const status = panicking(() => this.core.opBegin(op));
    if (status !== 0) return status;
    const index = this.freeIndices.pop() ?? this.handlers.length;
    this.memory.op(op).index = index;
    this.handlers[index] = ended;
    this.waiting[index] = op;
    this.held[index] = false;
    return 0;
  }

  /**
   * Begins an operation whose end settles a promise: `settle` makes its result of the record, or throws.
   *
   * If `signal` ends the wait, the operation comes back as called off; or, where it was just about to end, as if the signal had come
   * later.
   *
   * @param onEnd what it resolves with if the runtime is closed; without it rejects
   */
  promise<T>(op: number, settle: Settle<T>, signal?: AbortSignal, onEnd?: T): Promise<T> {
    let resolve!: (value: T) => void;
    let reject!: (error: unknown) => void;
    let detach: (() => void) | undefined;
    const finish = (status: number): void => {
      detach?.();
      try {
        if (status === OP_ENDED) {
          promise.catch(() => undefined); // nobody has to wait for what the end of the runtime has called off
          if (onEnd === undefined || !this.isClosed) reject(this.over);
          else resolve(onEnd);
        } else if (status === OpStatus.Cancelled) {
          settle(op, status);
          reject(reasonOf(signal!));
        } else {
          resolve(settle(op, status));
        }
      } catch (error) {
        reject(error);
      } finally {
        this.give(op);
      }
    };
    let status: number;
    try {
      status = this.begin(op, (_, ended) => finish(ended));
    } catch (error) {
      this.give(op);
      throw error;
    }
    const promise = new Promise<T>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    if (status !== 0) {
      finish(status);
    } else if (signal !== undefined) {
      detach = onAbort(signal, () => void this.core.opCancel(op));
    }
    return promise;
  }

  /**
   * Begins an operation and blocks this thread until it is over, or for `ms` at most: then it is called off. Returns how it
   * ended. The M's P is handed on. Not on the main thread.
   */
  wait(op: number, what: string, ms = Infinity): number {
    this.checkMayBlock(what);
    const { words } = this.memory;
    const record = this.memory.op(op);
    const at = record.syncIndex;
    record.sync = OpSync.Awaited;
    const status = panicking(() => this.core.opBegin(op));
    if (status !== 0) return status;
    for (let i = this.spins; i > 0; i--) {
      if (Atomics.load(words, at) !== OpSync.Released) continue;
      this.spins = Math.min(this.spins * 2, MOST_SPINS);
      this.memory.op(op).sync = 0; // seen
      return this.memory.op(op).status;
    }
    this.spins = Math.max(this.spins - (this.spins >> 3), LEAST_SPINS);
    this.host.blocks();
    this.core.opBlock();
    const until = performance.now() + ms;
    if (ms === Infinity) this.memory.m(this.host.mid).blockedOn = op;
    Atomics.compareExchange(words, at, OpSync.Awaited, OpSync.Asleep);
    let closing = false;
    while (Atomics.load(words, at) !== OpSync.Released) {
      const left = until - performance.now();
      closing ||= this.memory.sched.state !== ProgramState.Running;
      if ((left <= 0 || closing) && this.core.opCancel(op)) break;
      Atomics.wait(words, at, OpSync.Asleep, Math.min(SLICE_MS, Math.max(left, 0)));
    }
    this.memory.m(this.host.mid).blockedOn = 0;
    const ended = this.memory.op(op).status;
    this.memory.op(op).sync = 0;
    if (closing && ended === OpStatus.Cancelled) throw new SkeinError(`${what}: the runtime was closed`);
    return ended;
  }

  /** @throws SkeinError on the main thread */
  checkMayBlock(what: string): void {
    if (this.host.mid !== 0) return;
    throw new SkeinError(
      `${what} would block the main thread: call it in a goroutine, or await the form without Sync here`,
    );
  }

  /** The runtime has ended, as was asked if that `isExpected`: whatever waits on this thread is over, and nothing waits any more. */
  end(error: Error, isExpected: boolean): void {
    if (this.over !== undefined) return;
    this.over = error;
    this.isClosed = isExpected;
    for (let i = 0; i < this.handlers.length; i++) {
      const handler = this.handlers[i];
      this.handlers[i] = undefined;
      if (handler === undefined) continue;
      if (this.held[i] === true) this.host.release();
      handler(this.waiting[i]!, OP_ENDED);
    }
  }

  private ended(op: number): void {
    this.memory.op(op).posted = 0;
    const index = this.memory.op(op).index;
    if (this.held[index] === true) this.host.release();
    const handler = this.handlers[index];
    this.handlers[index] = undefined;
    this.freeIndices.push(index);
    handler?.(op, this.memory.op(op).status);
  }
}

/** Makes the result of an operation that is over, or throws its error. */
type Settle<T> = (op: number, status: number) => T;
