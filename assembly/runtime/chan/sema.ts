/**
 * Semaphores on which Gs wait: the slow path of what is in `sync/`. After Go's runtime/sema.go, but each object has its
 * own queue inside, so there is no table of addresses. On any thread and stack; only `semacquire` switches.
 *
 * A `Sema` counts permits. `semtake` takes one or waits for one; `semrelease` hands one to the first waiter, or keeps it.
 * A permit given to a waiter never becomes available to anybody else: there is no barging, and no lost wakeup, because the
 * count and the queue are looked at and changed under one lock.
 *
 * Invariant, whenever the lock is free: value == 0 or nobody waits.
 *
 * Giving up. What a lock counts in its own word, and the permits that are on their way from whoever changed that word to this
 * queue, are as many as those that wait. So a waiter that gives up, under the queue's lock, takes itself off that
 * word by compare-and-swap; whichever permits come then go to the others. Where the word counts nobody any more, a permit
 * is on its way for the very last: that one stays in the queue and is served.
 */
import { CHECKED, check } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { gopark } from "../goroutine/proc";
import { G } from "../../abi";
import { dequeue, enqueue, enqueueFirst, link, ownWaiter, readyAll, visitWaiters, WaitQ } from "./waitq";


@unmanaged
export class Sema {
  lock: i32;
  /** Permits that nobody has taken. */
  value: u32;
  // A WaitQ.
  private first: usize;
  private last: usize;
}


@inline
export function semaq(s: Sema): WaitQ {
  return changetype<WaitQ>(changetype<usize>(s) + offsetof<Sema>("first"));
}

/** For the visitor of the object that it is part of. */
@inline
export function visitSema(object: usize, s: Sema): void {
  visitWaiters(object, changetype<usize>(s), semaq(s));
}

/** Takes a permit, waiting for one if need be. */
export function semacquire(s: Sema, first: bool, reason: u8): void {
  const word = semtake(s, first);
  if (word != 0) gopark(reason, word);
}

/**
 * Takes a permit for the current G: 0. Or puts it into the queue, before the others if `first`: then the address of the lock,
 * which is held, for whoever parks the G.
 */
export function semtake(s: Sema, first: bool): usize {
  plock(changetype<usize>(s));
  if (s.value != 0) {
    s.value--;
    punlock(changetype<usize>(s));
    return 0;
  }
  const w = ownWaiter();
  if (first) enqueueFirst(semaq(s), w);
  else enqueue(semaq(s), w);
  return changetype<usize>(s);
}

/** Gives `n` permits: to those who wait, in the order of the queue, and keeps the rest. */
export function semrelease(s: Sema, n: u32): void {
  plock(changetype<usize>(s));
  if (CHECKED) check(s.value == 0 || !semaq(s).first, "nobody waits for permits that are there");
  let head: G | null = null;
  let last: G | null = null;
  for (; n != 0; n--) {
    const w = dequeue(semaq(s));
    if (!w) break;
    last = link(last, w.g);
    if (!head) head = last;
  }
  s.value += n;
  punlock(changetype<usize>(s));
  readyAll(head);
}
