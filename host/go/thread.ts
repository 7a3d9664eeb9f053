/**
 * What a thread that runs JavaScript has: its view of the core, its codec and mailbox, and the means to start goroutines whose
 * results come back to it. The main thread has one in each runtime, an M has one.
 */
import type { Core } from "../abi/core.js";
import { clockOf, type ClockBase } from "../base/clock.js";
import type { Memory } from "../base/memory.js";
import { SyncMembers } from "../sync/index.js";
import { Sync } from "../sync/sync.js";
import { Codec } from "../values/index.js";
import { Starter, type GoOptions } from "./starter.js";
import type { AnyFunction, Goroutine, ResultOf, YieldOf } from "./goroutine.js";
import { Mailbox } from "./mailbox.js";
import { makeTasks, type GoTasks } from "./tasks.js";

/** Starts goroutines. */
export interface Go {
  /**
   * Starts a goroutine: `fn`, a task of `rt.tasks` or a function that uses nothing from outside itself, is called with clones of
   * `args` on one of the runtime's threads.
   *
   * @throws SkeinError if `fn` cannot run on another thread; a DataCloneError if an argument cannot be cloned
   */
  <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Goroutine<ResultOf<R>, YieldOf<R>>;
  /** The same with options. */
  with<A extends unknown[], R>(
    options: GoOptions,
    fn: (...args: A) => R,
    ...args: A
  ): Goroutine<ResultOf<R>, YieldOf<R>>;
}

/** @internal What a thread tells those who keep it going how much it waits for. */
export interface Holder {
  /** The first result is waited for; none is any more. */
  changed(isHeld: boolean): void;
  /** Another result is waited for, which may come soon. */
  expects?(): void;
}

/** The part of a runtime that every thread has: what `current()` gives inside a goroutine. */
export interface Scope extends Pick<SyncMembers, keyof SyncMembers> {
  readonly go: Go;
  /**
   * The functions that a module exports, as tasks for `go`. The module is loaded by the threads that run them, once by each.
   *
   * @param url the module's absolute URL, such as `new URL("./work.js", import.meta.url)`
   */
  tasks<M>(url: string | URL): GoTasks<M>;
}

/** @internal */
export class Thread extends SyncMembers implements Scope {
  readonly core: Core;
  readonly memory: Memory;
  /** The M that this thread is; 0 for the main thread. */
  readonly mid: number;
  /** How many threads have been that M before. */
  readonly gen: number;
  readonly codec: Codec;
  readonly mailbox: Mailbox;
  readonly starter: Starter;
  /** @internal */
  readonly sync: Sync;
  readonly go: Go;
  readonly now: () => number;
  private readonly holder: Holder;
  private held = 0;
  private isInsisting = false;
  /** @internal Told when this thread is about to block. */
  onBlocks: (() => void) | undefined;

  constructor(core: Core, memory: Memory, mid: number, holder: Holder, clock: ClockBase) {
    super();
    const nanotime = clockOf(clock);
    this.now = () => nanotime() / 1e6;
    this.core = core;
    this.memory = memory;
    this.mid = mid;
    this.gen = memory.m(mid).gen;
    this.holder = holder;
    this.codec = new Codec(
      memory,
      (bytes) => {
        const address = this.isInsisting ? core.malloc(bytes) : core.mallocTry(bytes);
        if (address === 0) throw memory.full(bytes);
        return address;
      },
      (address) => core.mfree(address),
    );
    this.mailbox = new Mailbox(core, memory, mid);
    const starter = new Starter(this);
    this.starter = starter;
    this.sync = new Sync(this, (fn, args, pool) => starter.go(fn as AnyFunction, args, undefined, pool));
    const go = (fn: AnyFunction, ...args: unknown[]): unknown => starter.go(fn, args);
    const withOptions = (options: GoOptions, fn: AnyFunction, ...args: unknown[]): unknown =>
      starter.go(fn, args, options);
    this.go = Object.assign(go, { with: withOptions }) as Go;
  }

  tasks<M>(url: string | URL): GoTasks<M> {
    return makeTasks<M>(url, (task, args) => this.starter.go(task, args));
  }

  /** Results that are waited for. */
  get holds(): number {
    return this.held;
  }

  /** One more result is waited for: the mailbox is looked at until it has come. */
  hold(): void {
    if (this.held++ === 0) this.holder.changed(true);
    else this.holder.expects?.();
  }

  /** It has come. */
  release(): void {
    if (--this.held === 0) this.holder.changed(false);
  }

  /** This thread is about to block. */
  blocks(): void {
    this.starter.flush();
    this.onBlocks?.();
  }

  /** Has `action`, which must succeed, take the memory that is spared for that. */
  insist(action: () => void): void {
    this.isInsisting = true;
    try {
      action();
    } finally {
      this.isInsisting = false;
    }
  }

  /** Takes what has come. */
  drain(): boolean {
    this.starter.newTurn(performance.now());
    return this.mailbox.drain();
  }
}
