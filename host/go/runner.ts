/**
 * Running JavaScript goroutines, on the thread of an M: what the core's import `run_js` does.
 *
 * A function that returns at once leaves its result in the record, and is over when `run` returns. One that returns a promise,
 * or is a generator, is *pending*: the record is posted when it is over, by a turn of this thread's event loop, which is owed
 * turns while anything is pending.
 *
 * Guarantees: nothing that the function does or throws gets out of `run`; its error reaches whoever started it, as far as it
 * can be cloned; and while its code runs this thread is marked as being in JavaScript.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { fileURLToPath } from "node:url";
import { FunctionFlag, JsStatus, NoteKind, RunJs } from "../abi/enums.js";
import { StopThread } from "../program/stops.js";
import type { Memory } from "../base/memory.js";
import { ALL } from "./cancelling.js";
import { trusted } from "../base/promises.js";
import { attempt, isError, stackOf, wordsOf } from "../base/thrown.js";
import { runCarried, type Carried } from "./carry.js";
import { OwnContext, type GoroutineContext } from "./current.js";
import type { AnyFunction } from "./goroutine.js";
import { Loader, type Loaded } from "./loader.js";
import { markOf, type Mark } from "./mark.js";
import type { Thread } from "./thread.js";
import { decodeArgs, dropArgs, encodeResult, sendRequest } from "./records.js";
import { WINDOW } from "./yields.js";

type AnyGenerator = AsyncGenerator<unknown, unknown> | Generator<unknown, unknown>;

/** A goroutine that this thread runs or that awaits here. */
class Running implements GoroutineContext {
  /** What its function is given. */
  readonly context = new OwnContext(this);
  readonly id: number;
  readonly record: number;
  private controller: AbortController | undefined;
  private reason: unknown;
  isCancelled = false;
  /** Values that it may yield, and whom to tell that there are more. */
  leave = WINDOW;
  wake: (() => void) | undefined;

  constructor(id: number, record: number) {
    this.id = id;
    this.record = record;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.isCancelled) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  cancel(reason: unknown): void {
    this.isCancelled = true;
    this.reason = reason;
    this.controller?.abort(reason);
  }
}

export class Runner {
  private readonly thread: Thread;
  private readonly mark: Mark;
  private readonly memory: Memory;
  private readonly loader: Loader;
  private readonly onPanic: ((error: unknown, goroutine: number) => void) | undefined;
  /** Goroutines that await here, by number. */
  private readonly pending = new Map<number, Running>();
  /** Follows functions that await. */
  private readonly following = new AsyncLocalStorage<Running>();
  /** The record of the function that is running, 0 if none; and what it has asked to know about itself. */
  private record = 0;
  private running: Running | undefined;

  /** @param onPanic told of an error that a function throws, if that is to end the program */
  constructor(thread: Thread, mark: Mark, onPanic?: (error: unknown, goroutine: number) => void) {
    this.thread = thread;
    this.mark = mark;
    this.onPanic = onPanic;
    this.memory = thread.memory;
    this.loader = new Loader(thread.memory);
    thread.starter.exportOf = (fn) => this.loader.exportOf(fn);
    thread.onBlocks = () => {
      if (this.record !== 0) this.note(this.record, FunctionFlag.IsBlocking);
    };
    thread.mailbox.on(NoteKind.Cancel, (note) => this.cancel(note));
    thread.mailbox.on(NoteKind.Pull, (note) => this.pull(note));
  }

  /** Whether any goroutine awaits here. */
  get isPending(): boolean {
    return this.pending.size > 0;
  }

  /** The goroutine that asks: the one whose function is on the stack, or that the current continuation belongs to. */
  context(): GoroutineContext | undefined {
    const { record } = this;
    if (record === 0) return this.following.getStore()?.context;
    return (this.running ??= new Running(this.memory.jsgo(record).id, record)).context;
  }

  /** Runs the goroutine of a record; returns one of RUNJS_*. */
  run(record: number): number {
    const { mark } = this;
    mark.enter(markOf(this.memory.jsgo(record).id));
    try {
      const loaded = this.loader.get(this.memory.jsgo(record).fn);
      if (loaded.call !== undefined) return this.call(record, loaded);
      if (loaded.error === undefined) return this.whenLoaded(record, loaded);
      dropArgs(this.thread, record);
      this.fail(record, loaded.error);
      return RunJs.Done;
    } finally {
      mark.leave();
    }
  }

  private whenLoaded(record: number, { loading }: Loaded): number {
    const { thread } = this;
    thread.hold();
    // Until then it may be cancelled like any that has not begun.
    this.memory.jsgo(record).state = JsStatus.Queued;
    void loading?.then(() => {
      thread.core.requeueDetached(record);
      thread.release();
    });
    return RunJs.Loading;
  }

  private call(record: number, loaded: Loaded): number {
    const { thread } = this;
    const fn = loaded.call!;
    this.record = record;
    this.running = undefined;
    try {
      let value: unknown;
      if (loaded.isAsync || this.memory.jsgo(record).hasExtra !== 0) {
        value = this.callFollowed(record, fn);
      } else {
        const { codec } = thread;
        switch (this.memory.jsgo(record).argc) {
          case 0:
            value = fn();
            break;
          case 1:
            value = fn(codec.decode(this.memory.jsgo(record).args(0)));
            break;
          case 2:
            value = fn(codec.decode(this.memory.jsgo(record).args(0)), codec.decode(this.memory.jsgo(record).args(1)));
            break;
          default:
            value = fn(...decodeArgs(thread, record));
        }
      }
      if (typeof value === "object" && value !== null) {
        if (isThenable(value)) {
          loaded.isAsync = true;
          return this.await(record, value);
        }
        if (isGenerator(value)) {
          loaded.isAsync = true;
          this.memory.jsgo(record).isGenerator = 1;
          const running = this.pend(record);
          void this.following.run(running, () => this.generate(running, value));
          return RunJs.Await;
        }
      }
      encodeResult(thread.codec, value, this.memory.jsgo(record).result);
      this.memory.jsgo(record).state = JsStatus.Done;
    } catch (error) {
      if (attempt(() => error instanceof StopThread) === true) throw error; // not a proxy
      this.fail(record, error);
    } finally {
      this.record = 0;
    }
    return RunJs.Done;
  }

  /** With `context()` and what the goroutine has brought along following the function into what it awaits. */
  private callFollowed(record: number, fn: AnyFunction): unknown {
    const running = (this.running = new Running(this.memory.jsgo(record).id, record));
    const args = decodeArgs(this.thread, record);
    const call = (): unknown => fn(...args);
    if (this.memory.jsgo(record).hasExtra === 0) return this.following.run(running, call);
    const extra = this.thread.codec.decode(this.memory.jsgo(record).extra) as Carried;
    return this.following.run(running, () => runCarried(extra, call));
  }

  /** Puts an error into the record, or as much of it as can be cloned. */
  private fail(record: number, error: unknown): void {
    const { codec } = this.thread;
    const id = this.memory.jsgo(record).id;
    trimStack(error);
    if ((this.pending.get(id) ?? this.running)?.signal.aborted !== true) this.onPanic?.(error, id);
    try {
      codec.encode(error, this.memory.jsgo(record).result);
    } catch {
      this.thread.insist(() => codec.encode(plain(error), this.memory.jsgo(record).result));
    }
    this.memory.jsgo(record).state = JsStatus.Failed;
  }

  // ---- pending goroutines --------------------------------------------------------------------------------------------

  private pend(record: number): Running {
    const running = (this.running ??= new Running(this.memory.jsgo(record).id, record));
    this.pending.set(running.id, running);
    this.note(record, FunctionFlag.IsAsync);
    this.thread.hold();
    this.memory.jsgo(record).state = JsStatus.Waiting;
    return running;
  }

  /** Notes what has come out about the function of a record. */
  private note(record: number, flag: number): void {
    const fn = this.memory.fn(this.memory.jsgo(record).fn);
    if ((fn.flags & flag) === 0) Atomics.or(fn.words, fn.flagsIndex, flag);
  }

  private await(record: number, promise: PromiseLike<unknown>): number {
    const running = this.pend(record);
    const done = (value: unknown): void => this.end(running, value);
    const failed = (error: unknown): void => this.endFailed(running, error);
    void trusted(promise).then(done, failed);
    return RunJs.Await;
  }

  private end(running: Running, value: unknown): void {
    try {
      encodeResult(this.thread.codec, value, this.memory.jsgo(running.record).result);
    } catch (error) {
      return this.endFailed(running, error);
    }
    this.memory.jsgo(running.record).state = JsStatus.Done;
    this.over(running);
  }

  private endFailed(running: Running, error: unknown): void {
    this.fail(running.record, error);
    this.over(running);
  }

  private over(running: Running): void {
    this.pending.delete(running.id);
    this.thread.core.endDetached(running.record);
    this.thread.release();
  }

  private cancel(note: number): void {
    const { codec, core } = this.thread;
    let reason: unknown;
    try {
      reason = codec.decode(this.memory.request(note).value);
    } catch (error) {
      reason = error; // it is cancelled all the same
    }
    const id = this.memory.request(note).id;
    const running = this.pending.get(id);
    core.mfree(note);
    // One that has ended meanwhile is not there.
    for (const each of id === ALL ? [...this.pending.values()] : running === undefined ? [] : [running]) {
      this.memory.jsgo(each.record).seen++;
      if (each.isCancelled) continue; // it is only asked whether this thread turns its event loop
      this.mark.blame(markOf(each.id));
      each.cancel(reason);
      each.wake?.();
    }
  }

  // ---- generators ----------------------------------------------------------------------------------------------------

  private pull(note: number): void {
    const { core, codec } = this.thread;
    codec.drop(this.memory.request(note).value);
    const running = this.pending.get(this.memory.request(note).id);
    const more = this.memory.request(note).arg;
    core.mfree(note);
    if (running === undefined) return;
    running.leave = more < 0 ? -1 : running.leave + more;
    running.wake?.();
  }

  /**
   * Takes a generator's values and sends them, as far as there is leave to. A value that cannot be sent its `yield` throws, as one
   * that is a rejected promise: so the generator's `finally` blocks run whatever ends it.
   */
  private async generate(running: Running, generator: AnyGenerator): Promise<void> {
    let advance = (): ReturnType<AnyGenerator["next"]> => generator.next();
    try {
      for (;;) {
        while (running.leave === 0 && !running.signal.aborted) {
          if (!this.isOwned(running)) {
            running.leave = -1; // who started it has died
            break;
          }
          await new Promise<void>((resolve) => (running.wake = resolve));
          running.wake = undefined;
        }
        const isLeft = running.leave < 0 || running.signal.aborted;
        const { value, done } = await (isLeft ? generator.return(undefined) : advance());
        if (isLeft || done === true) return this.end(running, value);
        advance = () => generator.next();
        try {
          this.sendYield(running, await value);
        } catch (error) {
          advance = () => generator.throw(error);
        }
      }
    } catch (error) {
      this.endFailed(running, error);
    }
  }

  /** Whether the thread is there that started a goroutine. */
  private isOwned({ record }: Running): boolean {
    const { owner, ownerGen } = this.memory.jsgo(record);
    return this.memory.m(owner).gen === ownerGen;
  }

  private sendYield(running: Running, value: unknown): void {
    if (running.leave < 0) return; // nobody reads any more
    const { codec } = this.thread;
    const { owner, ownerGen, slot } = this.memory.jsgo(running.record);
    const request = { kind: NoteKind.Yield, id: running.id, arg: slot };
    sendRequest(this.thread, { mid: owner, gen: ownerGen }, request, (at) => encodeResult(codec, value, at));
    running.leave--;
  }
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return value instanceof Promise || typeof (value as { then?: unknown }).then === "function";
}

function isGenerator(value: object): value is AnyGenerator {
  const tag = Object.prototype.toString.call(value);
  return tag === "[object AsyncGenerator]" || tag === "[object Generator]";
}

/** Lines of a stack that are the runtime's own: internal modules, the core. */
const INTERNAL = /\((?:node:internal|ext:|wasm:)|\bat (?:async )?(?:node:internal|ext:|wasm:)|~lib\/skein\//;

/** This file, which all of a thread's code is bundled into, as stacks name it: a path, or the end of a URL. */
const OWN_FILE = fileURLToPath(import.meta.url);

/** Takes this thread's way to the function, the lowest lines, out of an error's stack. */
function trimStack(error: unknown): void {
  const stack = isError(error) ? stackOf(error) : undefined;
  if (stack === undefined) return;
  const lines = stack.split("\n");
  let n = lines.length;
  while (n > 1 && isOwn(lines[n - 1]!)) n--;
  if (n === lines.length) return;
  // A frozen error keeps the stack that it has, and so does one that is a proxy.
  attempt(() =>
    Reflect.defineProperty(error as Error, "stack", {
      value: lines.slice(0, n).join("\n"),
      writable: true,
      configurable: true,
    }),
  );
}

function isOwn(line: string): boolean {
  if (!/^\s+at /.test(line)) return false;
  // A function that was sent as its source was made by this file, and says so.
  return INTERNAL.test(line) || (line.includes(OWN_FILE) && !line.includes("<anonymous>"));
}

/** What is left of an error that has parts which cannot be cloned. */
function plain(error: unknown): unknown {
  if (!isError(error)) return new Error(`the goroutine threw ${wordsOf(error)}, which cannot be cloned`);
  const copy = new Error(attempt(() => String(error.message)));
  copy.name = attempt(() => String(error.name)) ?? "Error";
  copy.stack = stackOf(error) ?? `${copy.name}: ${copy.message}`;
  return copy;
}
