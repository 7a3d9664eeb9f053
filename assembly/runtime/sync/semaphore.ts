/**
 * Weighted semaphores: `size` tickets, of which goroutines take any number at a time. First in, first out: a goroutine that
 * wants many is not passed by ones that want few, and no newcomer takes what a waiter was given. Only `acquire` switches
 * stacks; the rest also runs for JavaScript, on a thread's own.
 *
 * Invariants, whenever the lock is free
 * - 0 <= free <= size.
 * - The first waiter, if any, wants more than `free`.
 */
import { CHECKED, check } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { gopanic } from "../base/panic";
import { gopark } from "../goroutine/proc";
import { addressOf, G, Waiter, WaitReason } from "../../abi";
import { dequeue, enqueue, link, ownWaiter, readyAll, unlink, visitWaiters, WaitQ } from "../chan/waitq";
import { nilCheck } from "../base/nil";


@inline
function queueOf(s: Semaphore): WaitQ {
  return changetype<WaitQ>(changetype<usize>(s) + offsetof<Semaphore>("first"));
}

/** A number of tickets that goroutines take and give back. */
export class Semaphore {
  word: i32;


  @atomic free: i32;
  // A WaitQ.
  first: usize;
  last: usize;


  @atomic size: i32;

  /** A semaphore of `size` tickets, all free. */
  constructor(size: i32) {
    if (size < 0) gopanic("semaphore: negative size " + size.toString());
    this.size = size;
    this.free = size;
  }

  /** Takes `n` tickets, waiting until they are free and everybody who came before has got theirs. */
  acquire(n: i32 = 1): void {
    const word = semaphoreAcquire(this, n);
    if (word != 0) gopark(WaitReason.Semacquire, word);
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

  /** For the collector: who waits for it. */
  @unsafe private __visit(cookie: u32): void {
    visitWaiters(changetype<usize>(this), addressOf(this.word), queueOf(this));
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

/** Takes `n` tickets for the current G: 0; or has it wait, and the lock, whose address this is, is held. */
export function semaphoreAcquire(s: Semaphore, n: i32): usize {
  nilCheck(changetype<usize>(s));
  checkCount(s, n);
  plock(addressOf(s.word));
  if (take(s, n)) {
    punlock(addressOf(s.word));
    return 0;
  }
  const w = ownWaiter();
  w.count = n;
  enqueue(queueOf(s), w);
  return addressOf(s.word);
}

/** Who waits gives up: false if it has just been given its tickets. Those behind it may have been waiting for it alone. */
export function semaphoreWithdraw(s: Semaphore, w: Waiter): bool {
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
  if (CHECKED) check(s.free >= 0 && s.free <= s.size, "a semaphore has from none to all of its tickets");
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
