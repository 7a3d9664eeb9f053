/**
 * Condition variables: goroutines wait for a signal that what a mutex guards has changed. First in, first out.
 *
 * `wait` must not miss a signal that comes after it has released the mutex, though it is not in the queue yet. As in Go
 * (runtime/sema.go, notifyList) it draws a ticket while it still holds the mutex. Invariants
 * - `waits` tickets have been drawn, those before `notified` have been signalled; `notified` never overtakes `waits`.
 * - Under the lock, the queue holds waiters with tickets from `notified` on. Tickets from `notified` on that are not in the
 *   queue belong to goroutines on their way into it; they look at `notified` under the lock first.
 * - Tickets wrap around after 2^32; differences are taken modulo that.
 */
import { plock, punlock } from "../base/lock";
import { gopark, goready } from "../goroutine/proc";
import { g } from "../base/registers";
import { WaitReason, waiterOf, addressOf } from "../../abi";
import { dequeueAll, enqueue, readyAll, unlink, WaitQ } from "../chan/waitq";
import { nilCheck } from "../base/nil";
import { Mutex, mutexCheckLocked, mutexLock, mutexUnlock } from "./mutex";


@inline
function queueOf(c: Cond): WaitQ {
  return changetype<WaitQ>(addressOf(c.first));
}

/** A place to wait for a change of what `mutex` guards. */
export class Cond {
  private word: i32;
  /** Tickets drawn: changed atomically. Tickets signalled: written under the lock, read by anybody. */
  private waits: u32;
  private notified: u32;
  // A WaitQ.
  private first: usize;
  private last: usize;

  /** `mutex` is to be held when the condition is looked at or changed, and for `wait`. */
  constructor(public mutex: Mutex = new Mutex()) {}

  /** Releases the mutex, waits for a signal, and takes the mutex again. Check the condition in a loop. */
  wait(): void {
    nilCheck(changetype<usize>(this));
    mutexCheckLocked(this.mutex); // before a ticket is drawn that would never be waited with
    const ticket = atomic.add<u32>(addressOf(this.waits), 1);
    mutexUnlock(this.mutex);
    if (enqueueTicket(this, ticket)) gopark(WaitReason.CondWait, addressOf(this.word));
    mutexLock(this.mutex, WaitReason.MutexLock);
  }

  /** Wakes the goroutine that has waited longest, if any waits. */
  signal(): void {
    nilCheck(changetype<usize>(this));
    notifyOne(this);
  }

  /** Wakes all that wait. */
  broadcast(): void {
    nilCheck(changetype<usize>(this));
    notifyAll(this);
  }
}

/** Draws a ticket to wait with; panics if the mutex is not held. */
export function drawTicket(c: Cond): u32 {
  mutexCheckLocked(c.mutex);
  return atomic.add<u32>(addressOf(c.waits), 1);
}

export function condLock(c: Cond): usize {
  return addressOf(c.word);
}

/** True with the lock held and this goroutine in the queue; false if its ticket has been signalled already. */
export function enqueueTicket(c: Cond, ticket: u32): bool {
  plock(addressOf(c.word));
  if (<i32>(ticket - c.notified) < 0) {
    punlock(addressOf(c.word));
    return false;
  }
  const gp = g;
  const w = waiterOf(gp);
  w.g = gp;
  w.isSelect = false;
  w.count = <i32>ticket;
  enqueue(queueOf(c), w);
  return true;
}

function notifyOne(c: Cond): void {
  // Without a waiter since the last signal there is nothing to do. A `wait` that draws its ticket after this load comes
  // after the signal.
  if (atomic.load<u32>(addressOf(c.waits)) == atomic.load<u32>(addressOf(c.notified))) return;
  plock(addressOf(c.word));
  const ticket = c.notified;
  if (ticket == atomic.load<u32>(addressOf(c.waits))) {
    punlock(addressOf(c.word));
    return;
  }
  atomic.store<u32>(addressOf(c.notified), ticket + 1);
  // Goroutines may have queued in another order than that of their tickets, but not by much.
  let w = queueOf(c).first;
  while (w && <u32>w.count != ticket) w = w.next;
  if (w) unlink(queueOf(c), w);
  punlock(addressOf(c.word));
  if (w) goready(w.g);
}

function notifyAll(c: Cond): void {
  if (atomic.load<u32>(addressOf(c.waits)) == atomic.load<u32>(addressOf(c.notified))) return;
  plock(addressOf(c.word));
  atomic.store<u32>(addressOf(c.notified), atomic.load<u32>(addressOf(c.waits)));
  const head = dequeueAll(queueOf(c));
  punlock(addressOf(c.word));
  readyAll(head);
}
