/**
 * The mark of a thread that runs JavaScript: it says whether the thread is inside the core, and if not, on whose behalf it runs
 * (see `assembly/runtime/js/jsgo.ts`). A thread may be killed only while it is not in the core.
 *
 * Invariant: whenever the core runs on an M's thread, the mark is ThreadMark.Core, and nobody can doom the thread.
 */
import { ThreadMark } from "../abi/enums.js";
import type { M } from "../abi/records.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";

/** The mark of a thread that runs the function of a goroutine. */
export function markOf(goroutine: number): number {
  return ((goroutine % 2 ** 28) << 2) | 1;
}

/** This thread's mark. */
export class Mark {
  private readonly m: M;
  private value = ThreadMark.Core;
  /** What turns of the event loop go by. */
  private turns = ThreadMark.Turn;

  constructor(memory: Memory, mid: number) {
    this.m = memory.m(mid);
  }

  get current(): number {
    return this.value;
  }

  /** Leaves the core for JavaScript, in the name of `value`. */
  enter(value: number): void {
    this.value = value;
    this.m.mark = value;
  }

  /** Leaves the core for a turn of the event loop. */
  enterTurn(): void {
    this.enter(this.turns);
  }

  /** Has what is left of this turn go in the name of `value`: if the event loop does not come to its next, it is for what was just called or its microtasks. */
  blame(value: number): void {
    this.turns = value;
    if (this.value === ThreadMark.Turn) this.enter(value);
    setImmediate(() => {
      if (this.turns !== value) return;
      this.turns = ThreadMark.Turn;
      if (this.value === value) this.enter(ThreadMark.Turn);
    });
  }

  /** Back to the core. Does not return if the thread is to be killed. */
  leave(): void {
    const { value, m } = this;
    this.value = ThreadMark.Core;
    if (Atomics.compareExchange(m.words, m.markIndex, value, ThreadMark.Core) !== value) sleepForEver();
  }

  /** The same core, for JavaScript to call: the mark is taken off for each call and put on again. */
  crossing(core: Core): Core {
    const wrapped: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(core) as [string, unknown][]) {
      wrapped[name] = typeof value === "function" ? this.wrap(value as CoreFunction) : value;
    }
    return wrapped as unknown as Core;
  }

  private wrap(call: CoreFunction): CoreFunction {
    return (a, b, c, d, e, f) => {
      const { value } = this;
      if (value === ThreadMark.Core) return call(a, b, c, d, e, f);
      this.leave();
      try {
        return call(a, b, c, d, e, f);
      } finally {
        this.enter(value);
      }
    };
  }
}

/** Stands still until this thread is ended. */
export function sleepForEver(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0);
}

/** Of the core's functions none takes more arguments; to pass them on one by one costs less than as a list. */
type CoreFunction = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown) => unknown;
