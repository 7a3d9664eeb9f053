/**
 * Semaphores that park goroutines: the slow path of what is in `sync/`. After Go's runtime/sema.go, but each object has its
 * own queue inside, so there is no table of addresses.
 *
 * A `Sema` counts permits. `semacquire` takes one or waits for one; `semrelease` hands one to the first waiter, or keeps it.
 * A permit given to a waiter never becomes available to anybody else: there is no barging, and no lost wakeup, because the
 * count and the queue are looked at and changed under one lock.
 *
 * Invariant, whenever the lock is free: value == 0 or nobody waits.
 */
import { plock, punlock } from "../base/lock";
import { gopark } from "../goroutine/proc";
import { g } from "../base/registers";
import { G, waiterOf, addressOf } from "../../abi";
import { dequeue, enqueue, enqueueFirst, link, readyAll, WaitQ } from "./waitq";


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
  return changetype<WaitQ>(addressOf(s.first));
}

/** Takes a permit, waiting for one if need be; `first` puts the goroutine before the others. */
export function semacquire(s: Sema, first: bool, reason: u8): void {
  if (!semtake(s, first)) gopark(reason, changetype<usize>(s));
}

/** Takes a permit and is true, or puts the goroutine in the queue and is false with the lock held. */
export function semtake(s: Sema, first: bool): bool {
  plock(changetype<usize>(s));
  if (s.value != 0) {
    s.value--;
    punlock(changetype<usize>(s));
    return true;
  }
  const gp = g;
  const w = waiterOf(gp);
  w.g = gp;
  w.isSelect = false;
  if (first) enqueueFirst(semaq(s), w);
  else enqueue(semaq(s), w);
  return false;
}

/** Gives `n` permits: to those who wait, in the order of the queue, and keeps the rest. */
export function semrelease(s: Sema, n: u32): void {
  plock(changetype<usize>(s));
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
