/**
 * Queues of waiting goroutines: first in, first out, unless a waiter is put at the front on purpose.
 *
 * A `WaitQ` has no lock of its own: whoever owns the queue (a channel, a semaphore) guards it with theirs.
 *
 * Invariants, under that lock
 * - A waiter is in at most one queue. `first` and `last` are both null or both not.
 * - A waiter that is in no queue has no neighbours: `next` and `prev` are null. The only waiter of a queue has none either,
 *   so "in the queue" is: it has a neighbour before it, or it is the first.
 */
import { goready } from "../goroutine/proc";
import { CHECKED, check } from "../base/checked";
import { m } from "../base/registers";
import { runqput } from "../goroutine/runq";
import { G, GKind, GStatus, Waiter } from "../../abi";
import { isTraced, traceReady } from "../debug/trace";


@unmanaged
export class WaitQ {
  first: Waiter | null;
  last: Waiter | null;
}

/** Puts `w` at the end. */
@inline
export function enqueue(q: WaitQ, w: Waiter): void {
  const last = q.last;
  w.next = null;
  w.prev = last;
  if (last) last.next = w;
  else q.first = w;
  q.last = w;
}

/** Puts `w` before all others. */
export function enqueueFirst(q: WaitQ, w: Waiter): void {
  const first = q.first;
  w.prev = null;
  w.next = first;
  if (first) first.prev = w;
  else q.last = w;
  q.first = w;
}

/** Takes the first waiter. */
@inline
export function dequeue(q: WaitQ): Waiter | null {
  const w = q.first;
  if (!w) return null;
  const next = w.next;
  q.first = next;
  if (next) next.prev = null;
  else q.last = null;
  w.next = null;
  return w;
}

/** Takes `w` out, wherever it stands; false if it is not in the queue (any more). */
export function unlink(q: WaitQ, w: Waiter): bool {
  const prev = w.prev;
  const next = w.next;
  if (!prev && q.first != w) return false;
  if (prev) prev.next = next;
  else q.first = next;
  if (next) next.prev = prev;
  else q.last = prev;
  w.next = null;
  w.prev = null;
  return true;
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
