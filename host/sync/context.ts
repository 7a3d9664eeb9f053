/**
 * Contexts, as in Go: cancellation, deadlines and values that go down from caller to callee, across threads.
 *
 * Whether a context is cancelled is a word in shared memory, so a loop that never awaits sees it too. Its `signal` follows when
 * the thread's event loop has a turn.
 */
import { ObjectKind, OpCode } from "../abi/enums.js";
import { wordsOf } from "../base/thrown.js";
import { LongTimer } from "../base/timers.js";
import { presentHandle, SyncHandle } from "./synchandle.js";
import { OP_ENDED } from "./ops.js";
import type { Sync } from "./sync.js";

/** Something to be cancelled, with all that was made from it, on whichever thread. */
export class Context extends SyncHandle implements Disposable {
  #controller: AbortController | undefined;
  #timer: LongTimer | undefined;

  /** @internal */
  constructor(sync: Sync, address: number) {
    super(sync, ObjectKind.Context, address);
  }

  /** Whether it is cancelled, or its deadline has passed. */
  get cancelled(): boolean {
    if (this.state !== 0) return true;
    if (this.due === 0 || this.due > this.sync.host.now()) return false;
    this.cancel(deadlineExceeded());
    return true;
  }

  /** When it will be cancelled at the latest, by the wall clock as it was when that was set. */
  get deadline(): Date | undefined {
    return this.due === 0 ? undefined : new Date(this.memory.object(this.address).deadlineDate);
  }

  /** Why it is cancelled; undefined if it is not. */
  get reason(): unknown {
    if (!this.cancelled) return undefined;
    return this.sync.host.codec.peek(this.memory.object(this.address).reason);
  }

  /** Throws the reason if it is cancelled. */
  throwIfCancelled(): void {
    if (this.cancelled) throw this.reason;
  }

  /** Is aborted, with the reason, when it is cancelled. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.cancelled) controller.abort(this.reason);
      else this.follow(controller);
    }
    return this.#controller.signal;
  }

  /** A copy of the value that was given to `withValue` for `key`, here or above; undefined if there is none. */
  value(key: string | number): unknown {
    // A context holds the one that it was made from, so all of them are there.
    for (let at = this.address; at !== 0; at = this.memory.object(at).other) {
      if (this.memory.object(at).elem === 0) continue;
      const [its, value] = this.sync.host.codec.peek(this.memory.object(at).value) as [string | number, unknown];
      if (its === key) return value;
    }
    return undefined;
  }

  /** Cancels it and all that was made from it. Only the first time counts. A reason that cannot be cloned is described. */
  cancel(reason?: unknown): void {
    const { codec, core } = this.sync.host;
    const { slot } = this.sync.ops;
    const why = reason ?? new DOMException("the context was cancelled", "AbortError");
    try {
      codec.encode(why, slot);
    } catch (error) {
      codec.encode(new DOMException(wordsOf(error), "AbortError"), slot);
    }
    if (!core.contextCancel(this.address, slot)) codec.drop(slot);
    this.abort();
  }

  /** A context that can be cancelled by itself, and is with this one. */
  withCancel(): Context {
    return this.child();
  }

  /** The same, cancelled with a TimeoutError after so many milliseconds. */
  withTimeout(ms: number): Context {
    if (!(ms >= 0)) throw new RangeError(`a timeout must be milliseconds, 0 or more, not ${String(ms)}`);
    return this.withDue(this.sync.host.now() + ms, Date.now() + Math.ceil(ms));
  }

  /** The same at a time; the earlier of this and its parent's counts. */
  withDeadline(at: Date | number): Context {
    if (Number.isNaN(Number(at))) throw new RangeError("a deadline must be a Date, or its number of milliseconds");
    return this.withDue(this.sync.host.now() + Number(at) - Date.now(), Number(at));
  }

  /**
   * The same, with a value for `key`, which goes along to other threads. Throws a DataCloneError if it cannot be cloned.
   */
  withValue(key: string | number, value: unknown): Context {
    const { codec } = this.sync.host;
    const { slot } = this.sync.ops;
    codec.encode([key, value], slot);
    const context = this.child();
    this.memory.copySlot(slot, this.memory.object(context.address).value);
    this.memory.object(context.address).elem = 1;
    return context;
  }

  /** Cancels it, so that whoever it was given to stops. */
  [Symbol.dispose](): void {
    this.#timer?.clear();
    this.cancel();
  }

  private child(): Context {
    const context = this.sync.newContext(this);
    const { deadline, deadlineDate } = this.memory.object(this.address);
    context.setDue(deadline, deadlineDate);
    return context;
  }

  private withDue(at: number, date: number): Context {
    const context = this.child();
    if (at !== Infinity && (this.due === 0 || at < this.due)) context.setDue(at, date);
    if (context.due !== 0) context.arm();
    return context;
  }

  /** When it will be cancelled, by the runtime's monotonic clock, as nobody sets that; 0 for never. */
  private get due(): number {
    return this.memory.object(this.address).deadline;
  }

  private setDue(at: number, date: number): void {
    const object = this.memory.object(this.address);
    object.deadline = at;
    object.deadlineDate = date;
  }

  private get state(): number {
    return this.memory.object(this.address).done;
  }

  /** Cancels it when its deadline has come; does not keep the process alive for that. */
  private arm(): void {
    const left = this.due - this.sync.host.now();
    if (left <= 0) return this.cancel(deadlineExceeded());
    const self = new WeakRef(this);
    this.#timer = new LongTimer(left, () => self.deref()?.arm(), false);
  }

  private abort(): void {
    this.#timer?.clear();
    if (this.#controller?.signal.aborted === false) this.#controller.abort(this.reason);
  }

  /** Has the signal follow: waits on the channel that is closed when the context is cancelled. */
  private follow(controller: AbortController): void {
    const { ops } = this.sync;
    const op = ops.take(OpCode.Recv, this.address);
    // The context may be collected meanwhile; when the last of all that stand for it has been, its channel is closed too.
    const self = new WeakRef(this);
    const status = ops.beginQuietly(op, (_, status) => {
      if (status === OP_ENDED) return;
      ops.give(op);
      if (!controller.signal.aborted) controller.abort(self.deref()?.reason);
    });
    if (status !== 0) {
      ops.give(op);
      controller.abort(this.reason);
    } else if (this.due !== 0 && this.#timer === undefined) {
      this.arm();
    }
  }
}

presentHandle(Context, ({ cancelled, deadline }) => ({ cancelled, deadline }));

function deadlineExceeded(): DOMException {
  return new DOMException("the context's deadline has passed", "TimeoutError");
}
