/**
 * Waiting at an address, for goroutines: what Linux's futex is for threads. C's mutexes, conditions and the rest are made of it
 * (`assembly/c/sync.c`), as in musl.
 *
 * `futexWait` parks while the word at an address has the value that the caller has seen there; `futexWake` makes ready those that have
 * waited longest. Both lock the bucket of the address. A waiter looks at the word once it has the lock, and who wakes has changed the word before
 * it takes it: so either the waiter sees the new value and does not park, or it is in the queue when the waker looks. No wake-up is lost.
 *
 * A waiter may be stopped by a second word, of its own: it does not park while that is not 0, which it looks at under the same lock. So who
 * sets that word and then wakes the address ends the wait, whichever comes first.
 *
 * Giving up. A timer starts a goroutine, `expire`, which takes the waiter out if it is still there for the same wait: it is in a queue of
 * this bucket, whose lock is held, and its ticket is that wait's. So it is woken once, by whoever unlinks it. One that comes before the
 * waiter is in the queue takes the ticket away, and who finds that so, under the lock, does not park. A ticket is no number that
 * other uses of `Waiter.count` know, and is taken away by an exchange; so an `expire` that comes too late does nothing.
 *
 * On a goroutine; only `futexWait` is switched out.
 */
import { plock, punlock } from "../base/lock";
import { g } from "../base/registers";
import { enqueue, link, ownWaiter, readyAll, unlink, WaitQ } from "../chan/waitq";
import { gopark, goready } from "../goroutine/proc";
import { afterFunc } from "../goroutine/time";
import { addressOf, G, Waiter, waiterOf } from "../../abi";

/** What `futexWait` says. */
namespace FutexWait {
  export const Woken: i32 = 0;
  /** The word has another value. */
  export const Changed: i32 = 1;
  export const TimedOut: i32 = 2;
}


@unmanaged
class Bucket {
  lock: i32;
  // A WaitQ.
  private first: usize;
  private last: usize;
  private pad: u32;
}

const BUCKETS: usize = 256;
const buckets: usize = memory.data(4096, 16); // BUCKETS x offsetof<Bucket>()


@inline
function bucketOf(address: usize): Bucket {
  return changetype<Bucket>(buckets + (((address >> 2) ^ (address >> 12)) & (BUCKETS - 1)) * offsetof<Bucket>());
}


@inline
function queueOf(bucket: Bucket): WaitQ {
  return changetype<WaitQ>(changetype<usize>(bucket) + offsetof<Bucket>("first"));
}

/** The latest number of a wait with a limit. With TICKET it is in `Waiter.count` meanwhile. */
const tickets: usize = memory.data(sizeof<i32>(), 4);
/** Semaphores keep positive numbers in that field. */
const TICKET: i32 = i32.MIN_VALUE;

/**
 * Waits for a wake-up at `address`, `timeout` nanoseconds at most unless that is negative, unless the word at `stop`, if there is one, is
 * not 0: one of FutexWait.
 */
export function futexWait(address: usize, expected: i32, timeout: i64, reason: u8, stop: usize): i32 {
  if (timeout >= 0) return waitFor(address, expected, timeout, reason, stop);
  const lock = enqueueIf(address, expected, 0, stop);
  if (lock == 0) return FutexWait.Changed;
  gopark(reason, lock);
  return FutexWait.Woken;
}

function waitFor(address: usize, expected: i32, timeout: i64, reason: u8, stop: usize): i32 {
  const ticket = atomic.add<i32>(tickets, 1) | TICKET;
  const w = waiterOf(g);
  w.count = ticket;
  const timer = afterFunc(timeout, expire(changetype<usize>(g), address, ticket));
  const lock = enqueueIf(address, expected, ticket, stop);
  if (lock == 0) {
    timer.stop();
    return takeTicket(w, ticket) ? FutexWait.Changed : FutexWait.TimedOut;
  }
  gopark(reason, lock);
  takeTicket(w, ticket);
  if (!w.success) return FutexWait.TimedOut;
  timer.stop();
  return FutexWait.Woken;
}

/** Ends the time of a wait for who has not seen that it is over: true for the first. */
function takeTicket(w: Waiter, ticket: i32): bool {
  return atomic.cmpxchg<i32>(addressOf(w.count), ticket, 0) == ticket;
}

/** Puts the goroutine into the queue: the lock, which is held; 0 if the word has changed, or the time of the ticket is over. */
function enqueueIf(address: usize, expected: i32, ticket: i32, stop: usize): usize {
  const bucket = bucketOf(address);
  plock(addressOf(bucket.lock));
  const w = ownWaiter();
  const isOver = ticket != 0 && atomic.load<i32>(addressOf(w.count)) != ticket;
  if (isOver || atomic.load<i32>(address) != expected || (stop != 0 && atomic.load<i32>(stop) != 0)) {
    punlock(addressOf(bucket.lock));
    return 0;
  }
  if (ticket == 0) w.count = 0;
  w.elem = address;
  enqueue(queueOf(bucket), w);
  return addressOf(bucket.lock);
}

/** The time of a wait is over. */
function expire(goroutine: usize, address: usize, ticket: i32): void {
  const gp = changetype<G>(goroutine);
  const w = waiterOf(gp);
  const bucket = bucketOf(address);
  plock(addressOf(bucket.lock));
  const isOver = w.q == changetype<usize>(queueOf(bucket)) && w.count == ticket && unlink(queueOf(bucket), w);
  if (!isOver) takeTicket(w, ticket);
  if (isOver) w.success = false;
  punlock(addressOf(bucket.lock));
  if (isOver) goready(gp);
}

/** Makes ready `n` of those that wait at `address`, or as many as there are; returns how many. */
export function futexWake(address: usize, n: i32): i32 {
  const bucket = bucketOf(address);
  plock(addressOf(bucket.lock));
  const q = queueOf(bucket);
  let head: G | null = null;
  let last: G | null = null;
  let woken = 0;
  let w = q.first;
  while (w && woken < n) {
    const next = w.next;
    if (<usize>w.elem == address) {
      unlink(q, w);
      w.success = true;
      last = link(last, w.g);
      if (!head) head = last;
      woken++;
    }
    w = next;
  }
  punlock(addressOf(bucket.lock));
  readyAll(head);
  return woken;
}
