/**
 * Queues between the tasks of one loop, after asyncio's `queues.py`: first in first out, last in first out, or by order.
 *
 * Guarantees: who waits is served in the order of coming; an item is taken in the turn in which its taker goes on, so that a task that is
 * cancelled loses none. Between threads there are channels, `rt.chan()`.
 */
import type { EventLoop } from "./eventloop.js";
import type { Future } from "./future.js";
import { failedWith, Line, LoopEvent } from "./looplocks.js";
import { QueueEmpty, QueueFull, QueueShutDown } from "./looperrors.js";

export interface QueueOptions {
  /** How many items it holds before `put` waits; any number unless given, or 0. */
  readonly maxSize?: number;
}

export interface PriorityQueueOptions<T> extends QueueOptions {
  /** As for `sort`: negative if `a` comes first. By `<` unless given. */
  readonly compare?: (a: T, b: T) => number;
}

/** How items are kept. */
export interface Items<T> {
  readonly length: number;
  push(item: T): void;
  shift(): T;
  clear(): void;
}

/** First in first out, in time that does not grow with the length: what was taken is dropped when it is half of all. */
export class Fifo<T> implements Items<T> {
  private items: (T | undefined)[] = [];
  private taken = 0;

  get length(): number {
    return this.items.length - this.taken;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T {
    const item = this.items[this.taken] as T;
    this.items[this.taken++] = undefined;
    if (this.taken * 2 >= this.items.length) {
      this.items = this.items.slice(this.taken);
      this.taken = 0;
    }
    return item;
  }

  clear(): void {
    this.items = [];
    this.taken = 0;
  }
}

/** Last in first out. */
export class Lifo<T> implements Items<T> {
  private readonly items: T[] = [];

  get length(): number {
    return this.items.length;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T {
    return this.items.pop() as T;
  }

  clear(): void {
    this.items.length = 0;
  }
}

/** By order; equal ones first in first out. Kept sorted, the first at the end. */
export class Sorted<T> implements Items<T> {
  private readonly items: T[] = [];

  constructor(private readonly compare: (a: T, b: T) => number = (a, b) => (a < b ? -1 : b < a ? 1 : 0)) {}

  get length(): number {
    return this.items.length;
  }

  push(item: T): void {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.items[middle] as T, item) > 0) low = middle + 1;
      else high = middle;
    }
    this.items.splice(low, 0, item);
  }

  shift(): T {
    return this.items.pop() as T;
  }

  clear(): void {
    this.items.length = 0;
  }
}

/** A queue; `loop.queue()`, `loop.lifoQueue()` and `loop.priorityQueue()` make them. */
export class Queue<T> {
  readonly maxSize: number;
  readonly #items: Items<T>;
  readonly #getters: Line<T>;
  readonly #putters: Line<void>;
  readonly #finished: LoopEvent;
  #unfinished = 0;
  #shutDown = false;

  /** @internal */
  constructor(
    readonly loop: EventLoop,
    items: Items<T>,
    { maxSize = 0 }: QueueOptions,
  ) {
    if (typeof maxSize !== "number" || Number.isNaN(maxSize)) throw new TypeError("maxSize must be a number");
    this.maxSize = maxSize;
    this.#items = items;
    this.#getters = new Line(loop, () => items.length > 0);
    this.#putters = new Line(loop, () => !this.full);
    this.#finished = new LoopEvent(loop);
    this.#finished.set();
  }

  /** How many items it holds. */
  get size(): number {
    return this.#items.length;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  get full(): boolean {
    return this.maxSize > 0 && this.#items.length >= this.maxSize;
  }

  /** Puts an item in once there is room. */
  put(item: T): Future<void> {
    if (this.#shutDown) return failedWith(this.loop, shutDown());
    return this.#putters.join(() => this.#add(item));
  }

  /** Puts an item in; throws `QueueFull` if there is no room. */
  putNowait(item: T): void {
    if (this.#shutDown) throw shutDown();
    if (this.full) throw new QueueFull(`the queue holds ${this.maxSize} items already`);
    this.#add(item);
  }

  /** Takes the next item once there is one. */
  get(): Future<T> {
    if (this.#shutDown && this.empty) return failedWith(this.loop, shutDown());
    return this.#getters.join(() => this.#take());
  }

  /** Takes the next item; throws `QueueEmpty` if there is none. */
  getNowait(): T {
    if (!this.empty) return this.#take();
    if (this.#shutDown) throw shutDown();
    throw new QueueEmpty("the queue is empty");
  }

  /** An item that was taken is done with: once all are, `join` is done. */
  taskDone(): void {
    if (this.#unfinished === 0) throw new RangeError("taskDone() called too many times");
    if (--this.#unfinished === 0) this.#finished.set();
  }

  /** Is done when `taskDone` was called for every item that was put in. */
  join(): Future<true> {
    return this.#finished.wait();
  }

  /**
   * Has `put` fail from now on, and `get` once the queue is empty, with `QueueShutDown`.
   *
   * @param immediate drops what is in it, as if all of that were done
   */
  shutdown(immediate = false): void {
    this.#shutDown = true;
    if (immediate) {
      this.#unfinished -= this.#items.length;
      this.#items.clear();
      if (this.#unfinished === 0) this.#finished.set();
    }
    if (this.empty) this.#getters.fail(shutDown());
    this.#putters.fail(shutDown());
  }

  /** Takes items until the queue is shut down: `for await (const item of queue)`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) yield await this.get();
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
    }
  }

  #add(item: T): void {
    this.#items.push(item);
    this.#unfinished++;
    this.#finished.clear();
    this.#getters.serve();
  }

  #take(): T {
    const item = this.#items.shift();
    this.#putters.serve();
    if (this.#shutDown && this.empty) this.#getters.fail(shutDown());
    return item;
  }
}

function shutDown(): QueueShutDown {
  return new QueueShutDown("the queue is shut down");
}
