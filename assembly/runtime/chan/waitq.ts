/**
 * Queues of waiting Gs, goroutines and operations of JavaScript alike: first in, first out, unless a waiter is put at the
 * front on purpose. On any thread and stack; nothing here switches.
 *
 * A `WaitQ` has no lock of its own: whoever owns the queue (a channel, a semaphore) guards it with theirs.
 *
 * Invariants, under that lock
 * - A waiter is in at most one queue, and `q` says in which: it becomes and ceases to be this queue's address under this
 *   queue's lock only, so whoever holds that can tell whether the waiter is in it, wherever else it may be going.
 * - `first` and `last` are both null or both not. A waiter that is in no queue has no neighbours.
 */
import { CHECKED, check } from "../base/checked";
import { punlock, tryPlock } from "../base/lock";
import { greyLate, loseRan, putRan } from "../memory/work";
import { goready } from "../goroutine/proc";
import { g, m } from "../base/registers";
import { runqput } from "../goroutine/runq";
import { G, gc, GKind, GStatus, Waiter, waiterOf } from "../../abi";
import { isTraced, traceReady } from "../debug/trace";


@unmanaged
export class WaitQ {
  first: Waiter | null;
  last: Waiter | null;
}

/** Puts `w` at the end. */
@inline
export function enqueue(q: WaitQ, w: Waiter): void {
  if (CHECKED) check(w.q == 0, "a waiter that is queued is in no queue");
  const last = q.last;
  w.q = changetype<usize>(q);
  w.next = null;
  w.prev = last;
  if (last) last.next = w;
  else q.first = w;
  q.last = w;
}

/** Puts `w` before all others. */
export function enqueueFirst(q: WaitQ, w: Waiter): void {
  if (CHECKED) check(w.q == 0, "a waiter that is queued is in no queue");
  const first = q.first;
  w.q = changetype<usize>(q);
  w.prev = null;
  w.next = first;
  if (first) first.prev = w;
  else q.last = w;
  q.first = w;
}

/** The current G's waiter, to be put into a queue. */
@inline
export function ownWaiter(): Waiter {
  const gp = g;
  const w = waiterOf(gp);
  w.g = gp;
  w.isSelect = false;
  return w;
}

/** Takes the first waiter. */
@inline
export function dequeue(q: WaitQ): Waiter | null {
  const w = q.first;
  if (!w) return null;
  if (CHECKED) checkQueued(q, w);
  const next = w.next;
  w.q = 0;
  q.first = next;
  if (next) next.prev = null;
  else q.last = null;
  w.next = null;
  return w;
}

/** Takes `w` out, wherever it stands; false if it is not in the queue (any more). */
export function unlink(q: WaitQ, w: Waiter): bool {
  if (w.q != changetype<usize>(q)) return false;
  if (CHECKED) checkQueued(q, w);
  const prev = w.prev;
  const next = w.next;
  w.q = 0;
  if (prev) prev.next = next;
  else q.first = next;
  if (next) next.prev = prev;
  else q.last = prev;
  w.next = null;
  w.prev = null;
  return true;
}

/** The links of a waiter and those of its neighbours agree, and its G waits or is about to. */
function checkQueued(q: WaitQ, w: Waiter): void {
  const prev = w.prev;
  const next = w.next;
  check(w.q == changetype<usize>(q), "a waiter knows the queue it is taken from");
  check(prev ? prev.next == w : q.first == w, "a queue's links agree forwards");
  check(next ? next.prev == w : q.last == w, "a queue's links agree backwards");
  check(w.isSelect || w.g.status == GStatus.Waiting, "a goroutine taken from a queue waits");
}

/** Appends a goroutine to a list of those to make ready together (`readyAll`); returns it, the list's new last. */
@inline
export function link(last: G | null, gp: G): G {
  gp.schedlink = null;
  if (last) last.schedlink = gp;
  return gp;
}

/** Takes out all waiters; returns their goroutines as a list. */
export function dequeueAll(q: WaitQ): G | null {
  let head: G | null = null;
  let last: G | null = null;
  while (true) {
    const w = dequeue(q);
    if (!w) return head;
    last = link(last, w.g);
    if (!head) head = last;
  }
}

/**
 * For the visitor of an object that goroutines wait for: it has been found, so somebody can wake them. `word` is the queue's lock. A
 * marker waits for no lock (see `visitQueues` in `chan.ts`).
 */
@inline
export function visitWaiters(object: usize, word: usize, q: WaitQ): void {
  if (gc.surveying != 0) surveyWaiters(object, word, q);
}

function surveyWaiters(object: usize, word: usize, q: WaitQ): void {
  if (!tryPlock(word)) {
    greyLate(object);
    return;
  }
  let w = q.first;
  while (w) {
    mayBeWoken(w.g);
    w = w.next;
  }
  punlock(word);
}

/** A visitor has come to what a goroutine waits for: it is not leaked, and is scanned like those that have run. */
export function mayBeWoken(gp: G): void {
  if (!gp.leaked) return;
  gp.leaked = false;
  if (!putRan(changetype<usize>(gp))) loseRan();
}

/** Makes goroutines runnable that are linked by schedlink. They run in that order: the first next, the others in turn. */
export function readyAll(head: G | null): void {
  if (!head) return;
  const pp = m.p;
  let gp = head.schedlink;
  while (gp) {
    const next = gp.schedlink; // once the goroutine is queued, the link is the queue's
    if (pp && gp.kind != GKind.Operation) {
      if (CHECKED) check(gp.status == GStatus.Waiting, "a goroutine that is made ready waits");
      gp.status = GStatus.Runnable;
      if (isTraced()) traceReady(gp);
      runqput(pp, gp, false);
    } else {
      goready(gp);
    }
    gp = next;
  }
  goready(head);
}
