/**
 * The queue of callbacks that are ready: first in, first out, in a ring whose size is a power of two.
 *
 * Invariant: the entries are at `head`, `head + 1`, … `tail - 1`, each modulo the ring's size; all other places hold
 * undefined, so that the queue keeps nothing alive that has left it.
 */
const INITIAL_SIZE = 64;

export class ReadyQueue<T> {
  private ring: (T | undefined)[] = new Array<T | undefined>(INITIAL_SIZE).fill(undefined);
  private mask = INITIAL_SIZE - 1;
  private head = 0;
  private tail = 0;

  get length(): number {
    return this.tail - this.head;
  }

  push(entry: T): void {
    if (this.tail - this.head > this.mask) this.grow();
    this.ring[this.tail++ & this.mask] = entry;
  }

  /** Takes the oldest entry; undefined if there is none. */
  shift(): T | undefined {
    if (this.head === this.tail) return undefined;
    const place = this.head & this.mask;
    const entry = this.ring[place];
    this.ring[place] = undefined;
    // An empty queue starts over, so that the counters stay small integers however long the loop runs.
    if (++this.head === this.tail) this.head = this.tail = 0;
    else if (this.head > this.mask) {
      this.head -= this.mask + 1;
      this.tail -= this.mask + 1;
    }
    return entry;
  }

  clear(): void {
    this.ring = new Array<T | undefined>(INITIAL_SIZE).fill(undefined);
    this.mask = INITIAL_SIZE - 1;
    this.head = this.tail = 0;
  }

  private grow(): void {
    const size = (this.mask + 1) * 2;
    const ring = new Array<T | undefined>(size).fill(undefined);
    const length = this.length;
    for (let i = 0; i < length; i++) ring[i] = this.ring[(this.head + i) & this.mask];
    this.ring = ring;
    this.mask = size - 1;
    this.head = 0;
    this.tail = length;
  }
}
