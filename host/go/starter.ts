/**
 * Starting goroutines, on any thread that runs JavaScript: writes their records, hands them to the scheduler, and settles
 * their promises when the records come back to this thread's mailbox.
 *
 * Guarantees: every goroutine's promise is settled, also when its thread dies or the runtime ends; what cannot be sent is an
 * error at the call, and then nothing has been started. Records and numbers are reused, so starting a goroutine allocates
 * nothing in shared memory but what its arguments need.
 *
 * The first few goroutines of a tick are handed over at once, so that they start even if this thread then blocks; those that
 * follow go in batches, at the latest in a microtask.
 */
import { JsStatus, NoteKind } from "../abi/enums.js";
import { JsGo } from "../abi/records.js";
import { SkeinError, WorkerError } from "../base/errors.js";
import { checkOptions, shown, type Names } from "../base/options.js";
import { onAbort } from "../base/signals.js";
import { wordsOf } from "../base/thrown.js";
import type { Memory } from "../base/memory.js";
import { LongTimer } from "../base/timers.js";
import { takeText } from "../program/notes.js";
import { Callers, withCaller } from "./callers.js";
import { Cancelling, whyLost } from "./cancelling.js";
import { Functions } from "./functions.js";
import { writeOutput } from "./stdout.js";
import type { TaskName } from "./tasks.js";
import { Started, type AnyFunction } from "./goroutine.js";
import { dropArgs, encodeArgs, sendRequest } from "./records.js";
import type { Thread } from "./thread.js";
import { Yields } from "./yields.js";

/** Goroutine numbers fetched at a time. */
const IDS = 64;
/** Goroutines of one tick that are handed over one by one. */
const AT_ONCE = 8;
/** How many may wait to be handed over together. */
const BATCH = 32;
/** How a goroutine is started, beside its function and arguments. */
export interface GoOptions {
  /** Cancels it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** What is moved rather than cloned. */
  readonly transfer?: readonly object[] | undefined;
  /** What it is called in dumps and errors. Default: its function's name. */
  readonly name?: string | undefined;
  /** Milliseconds after which it is cancelled with a TimeoutError. */
  readonly timeout?: number | undefined;
}

/** @internal */
export class Starter {
  readonly thread: Thread;
  private readonly memory: Memory;
  private readonly cancelling: Cancelling;
  private readonly functions: Functions;
  /** Records not in use. */
  private readonly free: number[] = [];
  /** Goroutines under way, by their records' numbers. */
  private readonly slots: (Started | undefined)[] = [];
  private nextId = 0;
  private endId = 0;
  private first = 0;
  private last = 0;
  private count = 0;
  private thisTick = 0;
  private readonly callers = new Callers();
  private refusal: Error | undefined;
  private isEnded = false;
  /** Told, on the main thread, of what goroutines that nobody watches have left rejected. */
  onUnwatched = (error: unknown): void => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever was thrown
    void Promise.reject(error);
  };
  private readonly endTick = (): void => {
    this.thisTick = 0;
    this.flush();
  };

  constructor(thread: Thread) {
    this.thread = thread;
    this.memory = thread.memory;
    this.functions = new Functions(thread.core, thread.memory);
    this.cancelling = new Cancelling(this);
    thread.mailbox.on(NoteKind.Task, (address) => this.returned(address));
    thread.mailbox.on(NoteKind.Yield, (address) => this.yielded(address));
    if (thread.mid === 0) {
      thread.mailbox.on(NoteKind.Unwatched, (note) => this.onUnwatched(this.take(note)));
      thread.mailbox.on(NoteKind.Output, (note) => {
        const { arg } = this.memory.request(note);
        const bytes = this.take(note);
        if (bytes instanceof Uint8Array) writeOutput(arg, bytes);
      });
      thread.mailbox.onOrphan(NoteKind.Task, (address) => this.orphan(address));
      for (const kind of [NoteKind.Yield, NoteKind.Cancel, NoteKind.Pull]) {
        thread.mailbox.onOrphan(kind, (address) => {
          thread.codec.drop(this.memory.request(address).value);
          thread.core.mfree(address);
        });
      }
    }
  }

  /**
   * @param pool the pool that has given this thread a ticket for it, and a count as its holder: where nothing is thrown, both are the goroutine's
   * @throws what `rt.go` throws
   */
  go(fn: AnyFunction, args: readonly unknown[], given?: GoOptions, pool = 0): Started["promise"] {
    if (this.refusal !== undefined) throw this.refusal;
    const options = given === undefined ? undefined : checkGo(given);
    const shared = this.functions.share(fn);
    const at = this.free.pop() ?? this.newRecord();
    try {
      encodeArgs(this.thread, at, args, options?.transfer);
    } catch (error) {
      this.free.push(at);
      throw error;
    }
    if (this.nextId === this.endId) {
      this.nextId = this.thread.core.takeGoids(IDS);
      this.endId = this.nextId + IDS;
    }
    const id = this.nextId++;
    const record = this.memory.jsgo(at);
    record.id = id;
    record.state = JsStatus.Queued;
    record.fn = shared.address;
    record.seen = 0;
    record.isGenerator = 0;
    if (options?.signal?.aborted === true) {
      const never = new Started(this, id, at, shared.name);
      dropArgs(this.thread, at);
      this.free.push(at);
      never.at = 0;
      never.ended = "cancelled";
      if (options.name !== undefined) never.more.name = options.name;
      never.fail(options.signal.reason);
      return never.promise;
    }
    record.pool = pool;
    const { slot } = record;
    this.thread.hold(); // first: whoever posts the result while this thread still counts as asleep wakes it the long way
    this.enqueue(at);
    // It can come back only when this thread looks at its mailbox: the rest is done while another thread wakes up for it.
    const g = (this.slots[slot] = new Started(this, id, at, shared.name));
    this.callers.note(g, shared);
    if (options !== undefined) this.apply(g, options);
    return g.promise;
  }

  /** Has functions that modules export be tasks, as far as this thread knows them. */
  set exportOf(find: (fn: object) => TaskName | undefined) {
    this.functions.exportOf = find;
  }

  /** Hands over what waits to be: before this thread blocks. */
  flush(): void {
    const { count } = this;
    if (count === 0) return;
    this.count = 0;
    this.thread.core.submitRecords(this.first, count);
  }

  /** The mailbox is about to be looked at, at that time. */
  newTurn(now: number): void {
    this.callers.newTurn(now);
  }

  /** @internal How far the goroutine of a record is: one of JsStatus. */
  stateOf(at: number): number {
    return this.memory.jsgo(at).state;
  }

  /** Nothing can be started any more: it is an error. */
  refuse(error: Error): void {
    this.refusal ??= error;
  }

  /** Nothing will come back any more: everything fails with `error`. If that is expected, those that nobody waits for do so quietly. */
  end(error: Error, isExpected: boolean): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.refuse(error);
    this.count = 0;
    for (const g of this.live()) {
      if (isExpected) g.promise.catch(() => undefined);
      this.finish(g, "failed").fail(error);
    }
  }

  /** Goroutines that have not ended. */
  *live(): Iterable<Started> {
    for (const g of this.slots) if (g !== undefined && g.at !== 0) yield g;
  }

  // ---- starting ------------------------------------------------------------------------------------------------------

  private newRecord(): number {
    const { core, mid, gen } = this.thread;
    const at = core.malloc(JsGo.SIZE);
    const record = this.memory.jsgo(at);
    record.kind = NoteKind.Task;
    record.owner = mid;
    record.ownerGen = gen;
    record.hasExtra = 0;
    record.pool = 0;
    record.slot = this.slots.length;
    this.slots.push(undefined);
    return at;
  }

  private enqueue(at: number): void {
    if (this.count++ === 0) this.first = at;
    else this.memory.note(this.last).next = at;
    this.last = at;
    this.memory.note(at).next = 0;
    if (this.thisTick++ === 0) queueMicrotask(this.endTick);
    if (this.thisTick <= AT_ONCE || this.count >= BATCH) this.flush();
  }

  private apply(g: Started, { signal, name, timeout }: GoOptions): void {
    if (name !== undefined) g.more.name = name;
    if (timeout !== undefined) {
      this.later(g, timeout, () =>
        this.cancel(g, new DOMException(`the goroutine took longer than ${timeout} ms`, "TimeoutError")),
      );
    }
    if (signal === undefined) return;
    const abort = (): void => void this.cancel(g, signal.reason);
    g.more.detach = onAbort(signal, abort);
  }

  /** @internal Has `action` happen in `ms` unless it ends before. */
  later(g: Started, ms: number, action: () => void): void {
    const { timers } = g.more;
    const timed = (): void => {
      timers.delete(timer);
      action();
    };
    const timer = new LongTimer(ms, timed, false);
    timers.add(timer);
  }

  // ---- ending --------------------------------------------------------------------------------------------------------

  /** @internal Its promise is about to be settled: it counts no more. */
  finish(g: Started, ended: "done" | "failed" | "cancelled"): Started {
    if (this.memory.jsgo(g.at).isGenerator !== 0) g.more.isGenerator = true;
    this.ticketBack(g.at);
    g.at = 0;
    g.ended = ended;
    this.thread.release();
    const { rare } = g;
    if (rare !== undefined) {
      for (const timer of rare.timers) timer.clear();
      rare.timers.clear();
      rare.detach?.();
      const { yields } = rare;
      if (yields !== undefined) {
        g.promise.catch(() => undefined);
        queueMicrotask(() => yields.finish(rare.isGenerator));
      }
    }
    return g;
  }

  /** Gives back the ticket that a record has, if it has one. */
  private ticketBack(at: number): void {
    const record = this.memory.jsgo(at);
    const { pool } = record;
    if (pool === 0) return;
    record.pool = 0;
    this.thread.core.ticketBack(pool);
  }

  /** A record has come back. */
  private returned(at: number): void {
    const { thread } = this;
    const slot = this.memory.jsgo(at).slot;
    const g = this.slots[slot];
    this.slots[slot] = undefined;
    const isWaitedFor = g !== undefined && g.at === at;
    const state = this.memory.jsgo(at).state;
    if (state === JsStatus.Done) {
      let value: unknown;
      try {
        value = thread.codec.decode(this.memory.jsgo(at).result);
      } catch (error) {
        // It was lost on its way: what a message port carries can be.
        this.free.push(at);
        if (isWaitedFor) this.finish(g, "failed").fail(error);
        return;
      }
      this.free.push(at);
      if (!isWaitedFor) return;
      if (g.rare?.cancelled === true) this.finish(g, "cancelled").fail(g.rare.reason);
      else this.finish(g, "done").settle(value as never);
      return;
    }
    let error: unknown;
    switch (state) {
      case JsStatus.Failed:
        error = orError(() => thread.codec.decode(this.memory.jsgo(at).result));
        break;
      case JsStatus.Lost:
        error = new WorkerError(
          this.memory.jsgo(at).mid,
          whyLost(this.takeText(at), this.memory.jsgo(at).isBystander !== 0),
        );
        break;
      default:
        dropArgs(this.thread, at);
    }
    if (!isWaitedFor) {
      this.free.push(at);
      return;
    }
    const mid = this.memory.jsgo(at).mid;
    this.free.push(at);
    const { rare } = g;
    if (rare?.cancelled === true) this.finish(g, "cancelled").fail(rare.reason);
    else this.finish(g, "failed").fail(withCaller(error, g, mid));
  }

  private takeText(at: number): string {
    const { thread, memory } = this;
    return takeText(thread.core, memory, memory.address(memory.jsgo(at).result));
  }

  /** A record whose owner has died: nobody wants what is in it. */
  private orphan(at: number): void {
    switch (this.memory.jsgo(at).state) {
      case JsStatus.Done:
      case JsStatus.Failed:
        this.thread.codec.drop(this.memory.jsgo(at).result);
        break;
      case JsStatus.Lost:
        this.takeText(at);
        break;
      case JsStatus.Cancelled:
        dropArgs(this.thread, at);
    }
    this.ticketBack(at);
    this.thread.core.mfree(at);
  }

  /** @internal Whether a goroutine is still under way whose record is, or was, this one: its promise may have been settled. */
  isUnderWay(g: Started, at: number): boolean {
    return !this.isEnded && this.slots[this.memory.jsgo(at).slot] === g;
  }

  /** See `Goroutine.cancel`. */
  cancel(g: Started, reason: unknown): boolean {
    return this.cancelling.cancel(g, reason);
  }

  /** Cancels all goroutines: those that this thread has started, and all that await on any. */
  cancelAll(reason: Error): void {
    this.cancelling.cancelAll(reason);
  }

  // ---- generators ----------------------------------------------------------------------------------------------------

  /** The values that a goroutine yields. */
  yieldsOf(g: Started): Yields {
    const { more } = g;
    if (more.yields === undefined) {
      more.yields = new Yields(g.name, g.promise, (leave) => {
        if (g.at !== 0) this.request(g, NoteKind.Pull, leave, undefined);
      });
      if (g.at === 0) more.yields.finish(more.isGenerator);
    }
    return more.yields;
  }

  private yielded(note: number): void {
    const { thread } = this;
    const g = this.slots[this.memory.request(note).arg];
    const value = orError(() => thread.codec.decode(this.memory.request(note).value));
    const isFor = g !== undefined && g.at !== 0 && this.memory.request(note).id === g.id;
    thread.core.mfree(note);
    if (isFor) this.yieldsOf(g).push(value);
  }

  /** Tells the M of a goroutine something about it. */
  private request(g: Started, kind: number, arg: number, value: unknown): void {
    this.notify(this.memory.jsgo(g.at).mid, kind, g.id, arg, value);
  }

  /** What nobody on this thread watches has failed: the process's main thread is told, as of any rejection. */
  tellUnwatched(error: unknown): void {
    this.notify(0, NoteKind.Unwatched, 0, 0, error);
  }

  /** Has the main thread write what was printed here; false if there is no memory to spare for that. */
  tellOutput(fd: number, bytes: Uint8Array): boolean {
    const { thread } = this;
    const main = { mid: 0, gen: this.memory.m(0).gen };
    try {
      sendRequest(thread, main, { kind: NoteKind.Output, id: 0, arg: fd }, (at) => thread.codec.encode(bytes, at));
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** The value of a note, which is freed. */
  private take(note: number): unknown {
    const { codec, core } = this.thread;
    const value = orError(() => codec.decode(this.memory.request(note).value));
    core.mfree(note);
    return value;
  }

  /** @internal Tells an M something about a goroutine. */
  notify(mid: number, kind: number, id: number, arg: number, value: unknown): void {
    const { thread } = this;
    const { codec } = thread;
    sendRequest(thread, { mid, gen: this.memory.m(mid).gen }, { kind, id, arg }, (at) => {
      try {
        codec.encode(value, at);
      } catch {
        // The reason is for this side; the other gets as much of it as can be sent.
        thread.insist(() => codec.encode(wordsOf(value), at));
      }
    });
  }
}

/** What `take` returns, or what it throws. */
function orError(take: () => unknown): unknown {
  try {
    return take();
  } catch (error) {
    return error;
  }
}

const OPTIONS: Names<GoOptions> = { signal: true, transfer: true, name: true, timeout: true };

function checkGo(given: GoOptions): GoOptions {
  if (typeof given !== "object" || given === null) {
    throw new SkeinError("rt.go.with takes its options first: rt.go.with({ signal }, fn, ...args)");
  }
  const options = checkOptions<GoOptions>("rt.go.with", given, OPTIONS);
  const { signal, timeout, transfer, name } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new SkeinError("signal must be an AbortSignal");
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0)) {
    throw new SkeinError(`timeout must be a number of milliseconds, not ${shown(timeout)}`);
  }
  if (transfer !== undefined && !Array.isArray(transfer)) throw new SkeinError("transfer must be an array");
  if (name !== undefined && typeof name !== "string") throw new SkeinError("name must be a string");
  return options;
}
