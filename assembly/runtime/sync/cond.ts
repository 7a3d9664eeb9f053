/**
 * Condition variables: goroutines wait for a signal that what a mutex guards has changed. First in, first out.
 *
 * `wait` must not miss a signal that comes after it has released the mutex. So the G is in the queue before that: `condWait`
 * takes the lock of the queue, queues, and releases the mutex, and the lock is held until the G is parked. Who signals holds the
 * mutex then or has held it since, so it sees that the queue is not empty, and takes that lock. (Go, whose goroutines release
 * the mutex before they queue, has each draw a ticket first; one that then gives up would leave a ticket to be signalled in vain.)
 *
 * Locks: that of the queue is taken before that of the mutex's semaphore, and while it is held the next holder of the mutex is made
 * ready. That may be an operation of JavaScript, whose step is taken there and then: of those that wait for a mutex none
 * takes a lock of a Cond.
 *
 * Only `wait` switches stacks; the rest also runs for JavaScript, on a thread's own.
 */
import { plock, punlock } from "../base/lock";
import { gopark, goready } from "../goroutine/proc";
import { addressOf, Waiter, WaitReason } from "../../abi";
import { dequeue, dequeueAll, enqueue, ownWaiter, readyAll, unlink, visitWaiters, WaitQ } from "../chan/waitq";
import { nilCheck } from "../base/nil";
import { Mutex, mutexCheckLocked, mutexLock, mutexRelease } from "./mutex";


@inline
function queueOf(c: Cond): WaitQ {
  return changetype<WaitQ>(changetype<usize>(c) + offsetof<Cond>("first"));
}

/** A place to wait for a change of what `mutex` guards. */
export class Cond {
  private word: i32;
  // A WaitQ.
  private first: usize;
  private last: usize;

  /** `mutex` is to be held when the condition is looked at or changed, and for `wait`. */
  constructor(public mutex: Mutex = new Mutex()) {}

  /** Releases the mutex, waits for a signal, and takes the mutex again. Check the condition in a loop. */
  wait(): void {
    nilCheck(changetype<usize>(this));
    gopark(WaitReason.CondWait, condWait(this));
    mutexLock(this.mutex, WaitReason.MutexLock);
  }

  /** Wakes the goroutine that has waited longest, if any waits. */
  signal(): void {
    nilCheck(changetype<usize>(this));
    if (isEmpty(this)) return;
    plock(addressOf(this.word));
    const w = dequeue(queueOf(this));
    punlock(addressOf(this.word));
    if (w) goready(w.g);
  }

  /** Wakes all that wait. */
  broadcast(): void {
    nilCheck(changetype<usize>(this));
    if (isEmpty(this)) return;
    plock(addressOf(this.word));
    const head = dequeueAll(queueOf(this));
    punlock(addressOf(this.word));
    readyAll(head);
  }

  /** For the collector: who waits for it. */
  @unsafe private __visit(cookie: u32): void {
    __visit(changetype<usize>(this.mutex), cookie);
    visitWaiters(changetype<usize>(this), addressOf(this.word), queueOf(this));
  }
}

/** Whether nobody waits: who has held the mutex since a `wait` released it does not see this. */
function isEmpty(c: Cond): bool {
  return atomic.load<usize>(changetype<usize>(queueOf(c)) + offsetof<WaitQ>("first")) == 0;
}

/**
 * Queues the current G and releases the mutex, or panics if that is not held. Returns the address of the lock, which is held, for
 * whoever parks the G.
 */
export function condWait(c: Cond): usize {
  mutexCheckLocked(c.mutex);
  plock(addressOf(c.word));
  enqueue(queueOf(c), ownWaiter());
  mutexRelease(c.mutex);
  return addressOf(c.word);
}

/** Who waits gives up: false if it has been signalled. */
export function condWithdraw(c: Cond, w: Waiter): bool {
  plock(addressOf(c.word));
  const waited = unlink(queueOf(c), w);
  punlock(addressOf(c.word));
  return waited;
}
