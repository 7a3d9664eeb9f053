/**
 * A goroutine as the thread that started it sees it: a promise of its result that also knows its number and state, can cancel
 * it, and, if its function is a generator, gives the values that it yields.
 *
 * It is a native promise, so awaiting it takes the engine's short way; `constructor` is Promise itself for that reason, and
 * what `then` returns is an ordinary promise.
 */
import { JsStatus } from "../abi/enums.js";
import { present } from "../base/present.js";
import type { LongTimer } from "../base/timers.js";
import type { Arrived } from "../sync/arrival.js";
import type { Starter } from "./starter.js";
import type { Yields } from "./yields.js";

/** Any function at all. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of a constraint, which nobody else can name
export type AnyFunction = (...args: any[]) => unknown;

/** What a goroutine of a function that returns `T` gives: what `T` resolves to; of a generator, what it returns; as it arrives. */
export type ResultOf<T> = Arrived<
  T extends AsyncGenerator<unknown, infer R> | Generator<unknown, infer R> ? R : Awaited<T>
>;
/** What it yields; never unless it is a generator. Of a task, which returns a goroutine, what that yields. */
export type YieldOf<T> =
  T extends Goroutine<unknown, infer Y>
    ? Y
    : T extends AsyncGenerator<infer Y> | Generator<infer Y>
      ? Arrived<Awaited<Y>>
      : never;

/** What a goroutine is doing: waiting for an M, running, awaiting a promise; or how it has ended. */
export type GoroutineStatus = "queued" | "running" | "waiting" | "done" | "failed" | "cancelled";

/**
 * A goroutine: a promise of its function's result, or error. Of a generator function it is also an async iterable of what it
 * yields; the generator runs ahead of who reads by some values at most.
 */
export interface Goroutine<R, Y = never> extends Promise<R>, AsyncIterable<Y, R> {
  /** Its number, unique within the runtime. */
  readonly id: number;
  /** The name that it was given, or its function's. */
  readonly name: string;
  readonly status: GoroutineStatus;
  /**
   * Cancels it: the promise rejects with `reason` (an AbortError if there is none). If it has not begun it never will; if it
   * awaits, its `context().signal` aborts; if it does not heed that within the grace time it is given up, and one that then computes for
   * ever is stopped with its thread. False if it has ended already.
   */
  cancel(reason?: unknown): boolean;
}

let resolveLatest: (value: never) => void;
let rejectLatest: (reason: unknown) => void;
const executor = (resolve: (value: never) => void, reject: (reason: unknown) => void): void => {
  resolveLatest = resolve;
  rejectLatest = reject;
};

const STATES: Readonly<Record<number, GoroutineStatus>> = {
  [JsStatus.Queued]: "queued",
  [JsStatus.Running]: "running",
  [JsStatus.Waiting]: "waiting",
  [JsStatus.Done]: "done",
  [JsStatus.Failed]: "failed",
  [JsStatus.Cancelled]: "cancelled",
  [JsStatus.Lost]: "failed",
};

/** @internal What few goroutines have. */
interface Rare {
  cancelled: boolean;
  /** How often its M was told so. */
  told: number;
  reason: unknown;
  name: string | undefined;
  timers: Set<LongTimer>;
  /** Undoes what ties it to an AbortSignal. */
  detach: (() => void) | undefined;
  yields: Yields | undefined;
  /** Its function has returned a generator. */
  isGenerator: boolean;
}

/** @internal A goroutine that this thread has started, as its starter sees it. */
export class Started {
  readonly promise: GoroutinePromise;
  readonly settle: (value: never) => void;
  readonly fail: (reason: unknown) => void;
  readonly starter: Starter;
  readonly id: number;
  /** Address of its record, 0 once it has ended. */
  at: number;
  ended: GoroutineStatus = "queued";
  rare: Rare | undefined = undefined;
  /** Who started it, or another of its function: an object with a stack. */
  startedAt: { stack?: string } | undefined = undefined;
  hasOwnStack = false;
  readonly functionName: string;

  constructor(starter: Starter, id: number, at: number, functionName: string) {
    this.promise = new GoroutinePromise(this);
    this.settle = resolveLatest;
    this.fail = rejectLatest;
    this.starter = starter;
    this.id = id;
    this.at = at;
    this.functionName = functionName;
  }

  get name(): string {
    return this.rare?.name ?? this.functionName;
  }

  get status(): GoroutineStatus {
    if (this.at === 0) return this.ended;
    return STATES[this.starter.stateOf(this.at)] ?? "queued";
  }

  get more(): Rare {
    return (this.rare ??= {
      cancelled: false,
      told: 0,
      reason: undefined,
      name: undefined,
      timers: new Set(),
      detach: undefined,
      yields: undefined,
      isGenerator: false,
    });
  }
}

/** @internal What `Goroutine` is made of. */
class GoroutinePromise extends Promise<unknown> implements Goroutine<unknown, unknown> {
  readonly #started: Started;

  constructor(started: Started) {
    super(executor);
    this.#started = started;
  }

  get id(): number {
    return this.#started.id;
  }

  get name(): string {
    return this.#started.name;
  }

  get status(): GoroutineStatus {
    return this.#started.status;
  }

  cancel(reason?: unknown): boolean {
    const started = this.#started;
    return started.starter.cancel(started, reason ?? new DOMException("the goroutine was cancelled", "AbortError"));
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, unknown> {
    return this.#started.starter.yieldsOf(this.#started);
  }

  override get [Symbol.toStringTag](): string {
    return "Goroutine";
  }
}

present(GoroutinePromise, "Goroutine", ({ id, status, name }) => ({ id, status, name }), "await it to have its result");

// Otherwise `await` and `then` would take the long way, made for promises that are not the engine's own.
Reflect.defineProperty(GoroutinePromise.prototype, "constructor", {
  value: Promise,
  writable: true,
  configurable: true,
});
