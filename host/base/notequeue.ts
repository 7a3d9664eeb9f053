/**
 * Notes from any number of threads to one, in shared memory: the host's twin of the core's `mpsc.ts`.
 *
 * A queue is a stack that is only ever emptied whole. Its head is a word: 0 if there is nothing, else the note that was pushed
 * last, a number; each note has a word that links to the one before it. Where these words are is the user's business.
 *
 * - Order. A push installs its note by a compare-and-swap with the very head that it links to, so every note of the stack links
 *   to the one pushed before it. `takeNotes` reverses the whole: first in, first out, for one thread's notes and for those whose
 *   pushes anything else orders.
 * - Visibility. Both sides use sequentially consistent atomics on the head, so whatever a thread wrote before its push is seen
 *   by whoever takes the note.
 * - No ABA problem. If the head was taken and came back to the same note between a push's load and its swap, then that note is
 *   the last one pushed, and to link to it is right. Nobody ever pops a single note.
 * - A note belongs to its sender until the push, then to the queue, then to the taker. It must not be pushed again before.
 * - Waking. A push that found nothing must wake the taker. One that found something needs not: the push that made the queue
 *   non-empty has woken the taker or is about to, and its take comes after.
 * - Closing installs CLOSED for good: a note is taken, or refused to its sender.
 */

/** The head of a queue that takes no more notes. */
export const CLOSED = -1;

/** Pushes a note whose link is the word `link`. Returns the head that it found: 0 has the caller wake the taker, CLOSED refuses. */
export function pushNote(words: Int32Array, head: number, note: number, link: number): number {
  for (let seen = Atomics.load(words, head); ;) {
    if (seen === CLOSED) return CLOSED;
    Atomics.store(words, link, seen);
    const found = Atomics.compareExchange(words, head, seen, note);
    if (found === seen) return seen;
    seen = found;
  }
}

/** Takes all notes, the oldest first; `linkOf` gives the word that links a note. One thread's. */
export function takeNotes(words: Int32Array, head: number, linkOf: (note: number) => number, left = 0): number[] {
  const notes: number[] = [];
  for (let note = Atomics.exchange(words, head, left); note !== 0; note = Atomics.load(words, linkOf(note)))
    notes.push(note);
  return notes.reverse();
}

/** Takes the last notes, for good: all others are refused. The taker's, once. */
export function closeNotes(words: Int32Array, head: number, linkOf: (note: number) => number): number[] {
  return takeNotes(words, head, linkOf, CLOSED);
}

/**
 * A word that says that something has happened: a count of how often. Who waits reads the count, looks, and waits for that very
 * count to change, so nothing that happens after the look is missed.
 */
export class Signal {
  constructor(
    private readonly words: Int32Array,
    private readonly at: number,
  ) {}

  get count(): number {
    return Atomics.load(this.words, this.at);
  }

  raise(): void {
    Atomics.add(this.words, this.at, 1);
    Atomics.notify(this.words, this.at);
  }

  /** Resolves when the count is no longer `seen`; undefined if that is so already. Keeps no process alive. */
  changed(seen: number): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.words, this.at, seen);
    return wait.async ? wait.value : undefined;
  }
}
