/**
 * What tasks of one loop coordinate themselves with, after asyncio's `locks.py`: Lock, Event, Condition, Semaphore, Barrier.
 *
 * Guarantees: who waits is served in the order of coming. A wait that is cancelled leaves its line at once and takes nothing; what it
 * would have had goes to the next. What is handed over is handed over in the very turn in which the waiter goes on, so that a
 * task that is cancelled between the two does not hold what it never knew of.
 *
 * They belong to one loop and its thread. Between threads there are `rt.mutex()`, `rt.semaphore(n)` and the like.
 */
import type { EventLoop } from "./eventloop.js";
import { Future } from "./future.js";
import { BrokenBarrierError, CancelledError, LoopError } from "./looperrors.js";
import type { Task } from "./task.js";

/** @internal A future that is done already. */
export function doneWith<T>(loop: EventLoop, result: T): Future<T> {
  const future = new Future<T>(loop);
  future.setResult(result);
  return future;
}

/** @internal A future that has failed already. */
export function failedWith<T>(loop: EventLoop, exception: Error): Future<T> {
  const future = new Future<T>(loop);
  future.setException(exception);
  return future;
}

/** A place among those who wait: says when it is given up. */
class Place<T> extends Future<T> {
  constructor(
    loop: EventLoop,
    private readonly left: (place: Place<T>) => void,
  ) {
    super(loop);
  }

  override cancel(message?: string): boolean {
    const cancelled = super.cancel(message);
    if (cancelled) this.left(this);
    return cancelled;
  }
}

/** @internal Those who wait for something of which each takes a part, first come first served. */
export class Line<T> {
  /** Each with how it takes its part. */
  private readonly places = new Map<Place<T>, () => T>();

  /** @param has whether there is something for the first one */
  constructor(
    private readonly loop: EventLoop,
    private readonly has: () => boolean,
  ) {}

  get length(): number {
    return this.places.size;
  }

  /** Takes at once if there is something and nobody else waits for it; else when it is its turn. */
  join(take: () => T): Future<T> {
    if (this.places.size === 0 && this.has()) return doneWith(this.loop, take());
    const place = new Place<T>(this.loop, (place) => {
      this.places.delete(place);
      this.serve();
    });
    this.places.set(place, take);
    return place;
  }

  /** There may be something now: the first ones have it in the next turn. */
  serve(): void {
    if (this.places.size > 0 && this.has()) this.loop.callSoon(this.serveNow);
  }

  private readonly serveNow = (): void => {
    for (const [place, take] of this.places) {
      if (!this.has()) return;
      this.places.delete(place);
      place.settleNow(take());
    }
  };

  /** All have `exception`. */
  fail(exception: Error): void {
    const places = [...this.places.keys()];
    this.places.clear();
    for (const place of places) place.setException(exception);
  }
}

/** A lock that one task at a time has. */
export class Lock {
  readonly #line: Line<true>;
  #locked = false;

  /** @internal Made by `loop.lock()`. */
  constructor(readonly loop: EventLoop) {
    this.#line = new Line(loop, () => !this.#locked);
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** Is done once the lock is the caller's. */
  acquire(): Future<true> {
    return this.#line.join(() => (this.#locked = true));
  }

  /** Gives it to whoever has waited longest. Throws a `LoopError` if nobody has it. */
  release(): void {
    if (!this.#locked) throw new LoopError("Lock is not acquired.");
    this.#locked = false;
    this.#line.serve();
  }
}

/** Something that happens, which any number may wait for. */
export class LoopEvent {
  readonly #waiting = new Set<Place<true>>();
  #set = false;

  /** @internal Made by `loop.event()`. */
  constructor(readonly loop: EventLoop) {}

  get isSet(): boolean {
    return this.#set;
  }

  /** Lets all go on that wait, and those that come, until it is cleared. */
  set(): void {
    if (this.#set) return;
    this.#set = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const place of waiting) place.setResult(true);
  }

  clear(): void {
    this.#set = false;
  }

  /** Is done when it is set. */
  wait(): Future<true> {
    if (this.#set) return doneWith(this.loop, true);
    const place = new Place<true>(this.loop, (place) => this.#waiting.delete(place));
    this.#waiting.add(place);
    return place;
  }
}

/** A number of permits, of which each task that acquires takes one. */
export class LoopSemaphore {
  readonly #line: Line<true>;
  readonly #bound: number;
  #value: number;

  /** @internal Made by `loop.semaphore(value)`; with `bound` it is an error to release more than was acquired. */
  constructor(
    readonly loop: EventLoop,
    value: number,
    bound: boolean,
  ) {
    if (!Number.isInteger(value) || value < 0) throw new RangeError(`the initial value must be >= 0, not ${value}`);
    this.#value = value;
    this.#bound = bound ? value : Infinity;
    this.#line = new Line(loop, () => this.#value > 0);
  }

  /** Would `acquire` have to wait? */
  get locked(): boolean {
    return this.#value === 0 || this.#line.length > 0;
  }

  /** Is done once a permit is the caller's. */
  acquire(): Future<true> {
    return this.#line.join(() => {
      this.#value--;
      return true;
    });
  }

  /** Gives a permit back. */
  release(): void {
    if (this.#value >= this.#bound) throw new RangeError("BoundedSemaphore released too many times");
    this.#value++;
    this.#line.serve();
  }
}

/** Waits, while somebody has a lock, for what others do under it. */
export class Condition {
  readonly #waiting = new Set<Place<true>>();

  /** @internal Made by `loop.condition(lock)`. */
  constructor(
    readonly loop: EventLoop,
    readonly lock: Lock = new Lock(loop),
  ) {
    if (lock.loop !== loop) throw new LoopError("The lock belongs to a different loop");
  }

  get locked(): boolean {
    return this.lock.locked;
  }

  acquire(): Future<true> {
    return this.lock.acquire();
  }

  release(): void {
    this.lock.release();
  }

  /** Releases the lock until it is notified; however it ends, the lock is the caller's again then. */
  wait(): Task<true> {
    if (!this.lock.locked) throw new LoopError("cannot wait on un-acquired lock");
    return this.loop.createTask(this.#notified());
  }

  /** Waits until `predicate` gives something true, which is the result. */
  waitFor<T>(predicate: () => T): Task<T> {
    const { lock, loop } = this;
    if (!lock.locked) throw new LoopError("cannot wait on un-acquired lock");
    const notified = (): Generator<unknown, true, unknown> => this.#notified();
    return loop.createTask<T>(
      (function* (): Generator<unknown, T, unknown> {
        for (;;) {
          const value = predicate();
          if (value) return value;
          yield* notified();
        }
      })(),
    );
  }

  *#notified(): Generator<unknown, true, unknown> {
    const place = new Place<true>(this.loop, (place) => this.#waiting.delete(place));
    this.#waiting.add(place);
    this.lock.release();
    let failure: { readonly error: unknown } | undefined;
    try {
      yield place;
    } catch (error) {
      failure = { error };
      // Notified and cancelled in one turn: then it is somebody else who is to know.
      if (place.done() && !place.cancelled()) this.#notify(1);
    }
    for (let mine = false; !mine;) {
      try {
        yield this.lock.acquire();
        mine = true;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        failure = { error };
      }
    }
    if (failure !== undefined) throw failure.error;
    return true;
  }

  /** Lets `n` of those go on that wait. */
  notify(n = 1): void {
    if (!this.lock.locked) throw new LoopError("cannot notify on un-acquired lock");
    this.#notify(n);
  }

  notifyAll(): void {
    this.notify(Infinity);
  }

  #notify(n: number): void {
    for (const place of [...this.#waiting].slice(0, n)) {
      this.#waiting.delete(place);
      place.setResult(true);
    }
  }
}

/** A place where tasks wait until there are `parties` of them, again and again. */
export class Barrier {
  #waiting: Place<number>[] = [];
  #broken = false;

  /** @internal Made by `loop.barrier(parties)`. */
  constructor(
    readonly loop: EventLoop,
    readonly parties: number,
  ) {
    if (!Number.isInteger(parties) || parties < 1) throw new RangeError(`parties must be >= 1, not ${parties}`);
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** How many wait. */
  get nWaiting(): number {
    return this.#waiting.length;
  }

  /** Is done when the last one has come; its result is another number, from 0, for each of them. */
  wait(): Future<number> {
    if (this.#broken) return failedWith(this.loop, new BrokenBarrierError("Barrier aborted"));
    const place = new Place<number>(this.loop, (place) => {
      this.#waiting = this.#waiting.filter((other) => other !== place);
    });
    this.#waiting.push(place);
    if (this.#waiting.length === this.parties) this.#all().forEach((one, i) => one.setResult(i));
    return place;
  }

  /** Those who wait fail with a `BrokenBarrierError`; the barrier is as new. */
  reset(): void {
    this.#broken = false;
    for (const one of this.#all()) one.setException(new BrokenBarrierError("Barrier was reset"));
  }

  /** Those who wait, and all who come until it is reset, fail with a `BrokenBarrierError`. */
  abort(): void {
    this.#broken = true;
    for (const one of this.#all()) one.setException(new BrokenBarrierError("Barrier aborted"));
  }

  #all(): Place<number>[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }
}
