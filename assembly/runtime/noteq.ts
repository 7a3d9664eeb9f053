/**
 * Mailboxes: results and events on their way to a thread that runs JavaScript. Each M has one; M0's is the main thread's.
 *
 * A Treiber stack (R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986) that is only ever emptied whole,
 * so it has no ABA problem: a push links its note in front of whatever head it saw and installs it with one
 * compare-and-swap; the owner takes everything with one exchange and reverses it. Pushes by one thread, and pushes
 * ordered by anything else, therefore come out first in, first out. What was written to a note before it was pushed is
 * seen by who takes it: the two atomic operations on the head order it.
 *
 * Waking: a push that found the mailbox empty wakes the owner. One that found it non-empty needs nothing: the one that made
 * it non-empty has woken the owner, or is about to. An M is unparked: it finds WOKEN when it is about to sleep, so it looks
 * again. The main thread reads `hostWake`, drains, sets `hostAsleep`, and waits for `hostWake` to change from what it
 * read; a push changes `hostWake`, then reads `hostAsleep`. Either the push sees that the main thread sleeps and notifies,
 * or the main thread sees the change and does not sleep.
 *
 * A note is any record that begins as one: the next note, and a kind. Who reads it frees it, or keeps it if it is
 * its own.
 */
import {
  NOTE_A,
  NOTE_B,
  NOTE_KIND,
  NOTE_NEXT,
  NOTE_ORPHAN,
  NOTE_SIZE,
  SCHED_HOST_ASLEEP,
  SCHED_HOST_WAKE,
} from "../layout";
import { malloc } from "./malloc";
import { unpark } from "./mp";
import { M, allm } from "./structs";

// @ts-ignore: decorator
@inline
function mailAddr(mp: M): usize {
  return changetype<usize>(mp) + offsetof<M>("mail");
}

/** Puts a note into the mailbox of an M's thread. */
export function post(mp: M, note: usize): void {
  const head = mailAddr(mp);
  let seen: usize;
  do {
    seen = atomic.load<usize>(head);
    store<usize>(note, seen, NOTE_NEXT);
  } while (atomic.cmpxchg<usize>(head, seen, note) != seen);
  if (seen == 0) wakeOwner(mp);
}

/** The same for the thread that was the M's `gen`th; where that has gone, the main thread gets it as an orphan. */
export function postOwned(mid: i32, gen: i32, note: usize): void {
  let mp = allm(mid);
  if (atomic.load<i32>(changetype<usize>(mp) + offsetof<M>("gen")) != gen) {
    store<i32>(note, load<i32>(note, NOTE_KIND) | NOTE_ORPHAN, NOTE_KIND);
    mp = allm(0);
  }
  post(mp, note);
}

function wakeOwner(mp: M): void {
  if (mp.id != 0) {
    unpark(mp);
    return;
  }
  atomic.add<i32>(SCHED_HOST_WAKE, 1);
  if (atomic.load<i32>(SCHED_HOST_ASLEEP) != 0) atomic.notify(SCHED_HOST_WAKE, 1);
}

/** Queues a note for the main thread. */
export function pushNote(kind: i32, a: usize, b: usize): void {
  const note = malloc(NOTE_SIZE);
  store<i32>(note, kind, NOTE_KIND);
  store<usize>(note, a, NOTE_A);
  store<usize>(note, b, NOTE_B);
  post(allm(0), note);
}

/** Takes all notes of a mailbox, oldest first, linked by NOTE_NEXT; 0 if there are none. The owner's. */
export function takeMail(mp: M): usize {
  if (atomic.load<usize>(mailAddr(mp)) == 0) return 0;
  let note = atomic.xchg<usize>(mailAddr(mp), 0);
  let first: usize = 0;
  while (note != 0) {
    const next = load<usize>(note, NOTE_NEXT);
    store<usize>(note, first, NOTE_NEXT);
    first = note;
    note = next;
  }
  return first;
}

/** Takes all notes for the main thread. */
export function drainNotes(): usize {
  return takeMail(allm(0));
}
