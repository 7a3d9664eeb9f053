/**
 * The values that a generator goroutine yields, on their way to who reads them.
 *
 * Back-pressure: the generator starts with leave to yield WINDOW values; reading gives it leave for as many more. So it is
 * never more than WINDOW values ahead.
 */

import { SkeinError } from "../base/errors.js";
import { present } from "../base/present.js";

/** How many values a generator may be ahead of who reads them. */
export const WINDOW = 16;
/** Leave is given this many values at a time. */
const BATCH = WINDOW / 2;

interface Reader {
  resolve(result: IteratorResult<unknown, unknown>): void;
  reject(reason: unknown): void;
}

export class Yields implements AsyncIterableIterator<unknown, unknown> {
  readonly #values: unknown[] = [];
  readonly #readers: Reader[] = [];
  readonly #name: string;
  readonly #end: Promise<unknown>;
  /** Gives the generator leave for more values; or, -1, has it return. */
  readonly #ask: (more: number) => void;
  #taken = 0;
  #isOver = false;
  /** It is over, and was no generator's. */
  #isNone = false;
  /** Its reader has left: what still comes is for nobody. */
  #isLeft = false;

  /** @param name what errors call the function */
  constructor(name: string, end: Promise<unknown>, ask: (more: number) => void) {
    this.#name = name;
    this.#end = end;
    this.#ask = ask;
  }

  /** The generator has yielded. */
  push(value: unknown): void {
    if (this.#isLeft) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#values.push(value);
    else this.give(reader, value);
  }

  /** It has ended, one way or the other; `end` says how. Where its function is no generator, there is nothing to iterate. */
  finish(isGenerator: boolean): void {
    this.#isOver = true;
    this.#isNone = !isGenerator;
    for (const reader of this.#readers.splice(0)) this.over(reader);
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.#values.length > 0) this.give(reader, this.#values.shift());
      else if (this.#isOver || this.#isLeft) this.over(reader);
      else this.#readers.push(reader);
    });
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    this.#isLeft = true;
    this.#values.length = 0;
    if (!this.#isOver) {
      this.#ask(-1);
      await this.#end.catch(() => undefined);
    }
    return { done: true, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private give(reader: Reader, value: unknown): void {
    if (++this.#taken === BATCH) {
      this.#taken = 0;
      if (!this.#isOver) this.#ask(BATCH);
    }
    reader.resolve({ done: false, value });
  }

  private over(reader: Reader): void {
    this.#end.then(
      (value) => {
        if (this.#isNone) reader.reject(this.none());
        else reader.resolve({ done: true, value });
      },
      (error: unknown) => reader.reject(error),
    );
  }

  private none(): SkeinError {
    return new SkeinError(
      `\`for await\` over a goroutine takes what a generator yields, and ${this.#name} is none: await the goroutine to have its result, or write function*`,
    );
  }
}

present(Yields, "Yields", () => ({}), "iterate it with `for await`");
