/**
 * The loop's timers: a 4-ary heap with lazy cancellation, as asyncio's, whose keys are numbers in an array of their own.
 *
 * A cancelled timer stays where it is until it comes to the top, or until `compact` throws out all cancelled ones at
 * once: taking one out of the middle costs a walk down the heap, and most timers (time limits, mostly) are cancelled.
 *
 * Invariants
 * - whens[i] and entries[i] belong together; (when, sequence) of an entry is not before that of its parent, (i - 1) / 4. So
 *   the first entry is due first, and of several due at one time the one that was set first.
 * - `cancelled` is the number of entries that were cancelled since they were put in.
 */

/** What the heap needs to know of a timer. */
export interface Timed {
  readonly when: number;
  /** Grows with each timer that is set. */
  readonly sequence: number;
  readonly cancelled: boolean;
  /** Is it in a heap? Written by the heap alone. */
  scheduled: boolean;
}

/** With fewer timers than this, cancelled ones are only dropped from the top; asyncio's value. */
const COMPACT_ABOVE = 100;
/** Cancelled ones above this share of all are thrown out; asyncio's value. */
const COMPACT_SHARE = 0.5;

const INITIAL_CAPACITY = 64;

export class TimerHeap<T extends Timed> {
  private whens = new Float64Array(INITIAL_CAPACITY);
  private entries: T[] = [];
  private cancelled = 0;

  /** Timers in the heap, cancelled ones that have not been dropped yet included. */
  get length(): number {
    return this.entries.length;
  }

  /** When the first timer is due, cancelled or not; Infinity if there is none. */
  get first(): number {
    return this.entries.length === 0 ? Infinity : (this.whens[0] as number);
  }

  push(timer: T): void {
    const place = this.entries.length;
    if (place === this.whens.length) this.grow();
    this.entries.push(timer);
    timer.scheduled = true;
    this.siftUp(place, timer.when, timer);
  }

  /** Takes the first timer; the heap must not be empty. */
  pop(): T {
    const top = this.entries[0] as T;
    const last = this.entries.pop() as T;
    const length = this.entries.length;
    if (length > 0) this.siftDown(0, length, this.whens[length] as number, last);
    top.scheduled = false;
    if (top.cancelled) this.cancelled--;
    return top;
  }

  /** A timer of this heap has just been cancelled. */
  noteCancelled(): void {
    this.cancelled++;
  }

  /** Drops cancelled timers: all if they are many, else those at the top. */
  dropCancelled(): void {
    if (this.cancelled === 0) return;
    if (this.entries.length > COMPACT_ABOVE && this.cancelled / this.entries.length > COMPACT_SHARE) this.compact();
    else while (this.entries.length > 0 && (this.entries[0] as T).cancelled) this.pop();
  }

  clear(): void {
    for (const timer of this.entries) timer.scheduled = false;
    this.entries = [];
    this.whens = new Float64Array(INITIAL_CAPACITY);
    this.cancelled = 0;
  }

  private compact(): void {
    const { entries, whens } = this;
    let kept = 0;
    for (let i = 0; i < entries.length; i++) {
      const timer = entries[i] as T;
      if (timer.cancelled) {
        timer.scheduled = false;
        continue;
      }
      whens[kept] = whens[i] as number;
      entries[kept++] = timer;
    }
    entries.length = kept;
    this.cancelled = 0;
    for (let i = (kept - 2) >> 2; i >= 0; i--) this.siftDown(i, kept, whens[i] as number, entries[i] as T);
  }

  private grow(): void {
    const whens = new Float64Array(this.whens.length * 2);
    whens.set(this.whens);
    this.whens = whens;
  }

  /** Finds the place for a timer from the gap at `place` upwards. */
  private siftUp(place: number, when: number, timer: T): void {
    const { entries, whens } = this;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      // What is pushed was set last: of two due at one time it comes second.
      if ((whens[parent] as number) <= when) break;
      whens[place] = whens[parent] as number;
      entries[place] = entries[parent] as T;
      place = parent;
    }
    whens[place] = when;
    entries[place] = timer;
  }

  /** Finds the place for a timer from the gap at `place` downwards, in a heap of `length`. */
  private siftDown(place: number, length: number, when: number, timer: T): void {
    const { entries, whens } = this;
    while (true) {
      let child = place * 4 + 1;
      if (child >= length) break;
      const end = Math.min(child + 4, length);
      let least = whens[child] as number;
      for (let i = child + 1; i < end; i++) {
        const other = whens[i] as number;
        if (other < least || (other === least && before(entries[i] as T, entries[child] as T))) {
          least = other;
          child = i;
        }
      }
      if (when < least || (when === least && before(timer, entries[child] as T))) break;
      whens[place] = least;
      entries[place] = entries[child] as T;
      place = child;
    }
    whens[place] = when;
    entries[place] = timer;
  }
}

/** Of two timers that are due at one time, was `a` set first? */
function before(a: Timed, b: Timed): boolean {
  return a.sequence < b.sequence;
}
