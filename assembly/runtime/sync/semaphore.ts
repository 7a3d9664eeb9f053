/**
 * Weighted semaphores: `size` tickets, of which goroutines take any number at a time. First in, first out: a goroutine that
 * wants many is not passed by ones that want few, and no newcomer takes what a waiter was given.
 *
 * Invariants, whenever the lock is free
 * - 0 <= free <= size.
 * - The first waiter, if any, wants more than `free`.
 */
import { plock, punlock } from "../base/lock";
import { gopanic } from "../base/panic";
import { gopark } from "../goroutine/proc";
import { g } from "../base/registers";
import { G, Waiter, WaitReason, waiterOf, addressOf } from "../../abi";
import { dequeue, enqueue, link, readyAll, unlink, WaitQ } from "../chan/waitq";
import { nilCheck } from "../base/nil";


@inline
function queueOf(s: Semaphore): WaitQ {
  return changetype<WaitQ>(addressOf(s.first));
}

/** A number of tickets that goroutines take and give back. */
export class Semaphore {
  word: i32;
  free: i32;
  // A WaitQ.
  first: usize;
  last: usize;

  /** A semaphore of `size` tickets, all free. */
  constructor(public size: i32) {
    if (size < 0) gopanic("semaphore: negative size " + size.toString());
    this.free = size;
  }

  /** Takes `n` tickets, waiting until they are free and everybody who came before has got theirs. */
  acquire(n: i32 = 1): void {
    if (!takeOrEnqueue(this, n)) gopark(WaitReason.Semacquire, addressOf(this.word));
  }

  /** Takes `n` tickets if they are free and nobody waits. */
  tryAcquire(n: i32 = 1): bool {
    nilCheck(changetype<usize>(this));
    checkCount(this, n);
    plock(addressOf(this.word));
    const done = take(this, n);
    punlock(addressOf(this.word));
    return done;
  }

  /** Gives `n` tickets back. Panics if that makes more than there are. */
  release(n: i32 = 1): void {
    nilCheck(changetype<usize>(this));
    giveBack(this, n);
  }
}

export function checkCount(s: Semaphore, n: i32): void {
  if (n < 0) gopanic("semaphore: negative count " + n.toString());
  if (n > s.size) gopanic("semaphore: acquire of " + n.toString() + " from a size of " + s.size.toString());
}

/** Under the lock: takes `n` tickets if they are free and nobody waits. */
@inline
function take(s: Semaphore, n: i32): bool {
  if (s.free < n || s.first != 0) return false;
  s.free -= n;
  return true;
}

/** True if the tickets have been taken; false with the lock held and this goroutine in the queue. */
export function takeOrEnqueue(s: Semaphore, n: i32): bool {
  nilCheck(changetype<usize>(s));
  checkCount(s, n);
  plock(addressOf(s.word));
  if (take(s, n)) {
    punlock(addressOf(s.word));
    return true;
  }
  const gp = g;
  const w = waiterOf(gp);
  w.g = gp;
  w.isSelect = false;
  w.count = n;
  enqueue(queueOf(s), w);
  return false;
}

export function semaphoreLock(s: Semaphore): usize {
  return addressOf(s.word);
}

/** A waiter gives up: false if it has just been given its tickets. Those behind it may have been waiting for it alone. */
export function giveUp(s: Semaphore, w: Waiter): bool {
  plock(addressOf(s.word));
  const waited = unlink(queueOf(s), w);
  punlock(addressOf(s.word));
  if (waited) giveBack(s, 0);
  return waited;
}

function giveBack(s: Semaphore, n: i32): void {
  if (n < 0) gopanic("semaphore: negative count " + n.toString());
  plock(addressOf(s.word));
  if (n > s.size - s.free) {
    punlock(addressOf(s.word));
    gopanic("semaphore: released more than was acquired");
  }
  s.free += n;
  let head: G | null = null;
  let last: G | null = null;
  while (true) {
    const w = queueOf(s).first;
    if (!w || w.count > s.free) break;
    dequeue(queueOf(s));
    s.free -= w.count;
    last = link(last, w.g);
    if (!head) head = last;
  }
  punlock(addressOf(s.word));
  readyAll(head);
}
