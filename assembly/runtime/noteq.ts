/**
 * The note queue: results and events on their way to the main thread.
 *
 * A Treiber stack (R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986) that is only ever emptied whole,
 * so it has no ABA problem: a push links its note in front of whatever head it saw and installs it with one
 * compare-and-swap; the consumer takes everything with one exchange and reverses it. Pushes by one thread, and pushes
 * ordered by anything else, therefore come out first in, first out.
 *
 * Waking: a push that found the queue empty bumps `hostWake` and notifies. The main thread reads `hostWake`, drains, and
 * waits for that very value to change; a push after the drain finds the queue empty and changes it, so no note is left
 * lying while the main thread sleeps. A push that found the queue non-empty needs nothing: the one that made it
 * non-empty has bumped or is about to.
 */
import { NOTE_A, NOTE_B, NOTE_KIND, NOTE_NEXT, NOTE_SIZE, SCHED_HOST_WAKE } from "../layout";
import { malloc } from "./malloc";
import { sched, Sched } from "./structs";

/** Queues a note for the main thread. */
export function pushNote(kind: i32, a: usize, b: usize): void {
  const note = malloc(NOTE_SIZE);
  store<i32>(note, kind, NOTE_KIND);
  store<usize>(note, a, NOTE_A);
  store<usize>(note, b, NOTE_B);
  const head = changetype<usize>(sched) + offsetof<Sched>("notes");
  let seen: usize;
  do {
    seen = atomic.load<usize>(head);
    store<usize>(note, seen, NOTE_NEXT);
  } while (atomic.cmpxchg<usize>(head, seen, note) != seen);
  if (seen == 0) {
    atomic.add<i32>(SCHED_HOST_WAKE, 1);
    atomic.notify(SCHED_HOST_WAKE, 1);
  }
}

/** Takes all notes, oldest first, linked by NOTE_NEXT; 0 if there are none. The main thread's. */
export function drainNotes(): usize {
  const head = changetype<usize>(sched) + offsetof<Sched>("notes");
  let note = atomic.xchg<usize>(head, 0);
  let first: usize = 0;
  while (note != 0) {
    const next = load<usize>(note, NOTE_NEXT);
    store<usize>(note, first, NOTE_NEXT);
    first = note;
    note = next;
  }
  return first;
}
