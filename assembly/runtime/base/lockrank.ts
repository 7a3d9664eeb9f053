/**
 * The order in which the core's locks may be taken, checked at every one. After Go's runtime/lockrank.go. Checked builds only, any
 * thread and stack.
 *
 * Locks at fixed addresses have a rank each, and all others, those of channels, semaphores, timers and descriptors, the first. An M may
 * take a lock if it holds none of a higher rank, and of the same rank only in two cases: several objects, which a select takes in the
 * order of their addresses, a timer before its channel, a Cond before its mutex; and the timers of two Ps, the P with the lower number first. So there is no
 * cycle of Ms that wait for each other, but for objects, whose order their own files argue for.
 */
import { CENTRAL_BASE, M_HELD, MS_BASE, ORPHANS_BASE, PS_BASE } from "../../layout";
import { sched, addressOf, CENTRALS_BYTES, gc, OBJECT_CENTRALS } from "../../abi";
import { check } from "./checked";
import { m } from "./registers";

namespace LockRank {
  export const Object: i32 = 0;
  export const Poll: i32 = 1;
  export const Sched: i32 = 2;
  export const Timers: i32 = 3;
  export const Orphans: i32 = 4;
  export const Central: i32 = 5;
  export const Work: i32 = 6;
  export const Pages: i32 = 7;
  /** Nothing is taken under it, and whoever runs out of memory takes it, with the allocator's locks held. */
  export const Print: i32 = 8;
}

/** Locks that an M remembers it holds; a select of more channels than that is only counted. */
const HELD_MAX: i32 = 15;

/** What an M holds: how many locks, and where they are. */
@unmanaged
class Held {
  count: i32;
}


@inline
function heldBy(): Held {
  return changetype<Held>(changetype<usize>(m) + M_HELD);
}


@inline
function slotOf(held: Held, i: i32): usize {
  return changetype<usize>(held) + offsetof<Held>() + i * sizeof<usize>();
}

function rankOf(lock: usize): i32 {
  if (lock == addressOf(sched.lock)) return LockRank.Sched;
  if (lock == addressOf(sched.pollLock)) return LockRank.Poll;
  if (lock == addressOf(sched.printLock)) return LockRank.Print;
  if (lock == addressOf(sched.orphanLock)) return LockRank.Orphans;
  if (lock == addressOf(sched.pageLock)) return LockRank.Pages;
  if (lock >= <usize>CENTRAL_BASE && lock < <usize>ORPHANS_BASE) return LockRank.Central;
  if (lock >= OBJECT_CENTRALS && lock < OBJECT_CENTRALS + CENTRALS_BYTES) return LockRank.Central;
  if (lock == addressOf(gc.largeLock)) return LockRank.Central;
  if (lock == addressOf(gc.workLock) || lock == addressOf(gc.sampleLock)) return LockRank.Work;
  if (lock >= <usize>PS_BASE && lock < <usize>MS_BASE) return LockRank.Timers;
  return LockRank.Object;
}

/** This M is about to wait for a lock. */
export function checkRank(lock: usize): void {
  if (changetype<usize>(m) == 0) return;
  const held = heldBy();
  const rank = rankOf(lock);
  for (let i = 0; i < min(held.count, HELD_MAX); i++) {
    const other = load<usize>(slotOf(held, i));
    check(other != lock, "a lock is not taken twice");
    const before = rankOf(other);
    const pair = rank == before && (rank == LockRank.Object || (rank == LockRank.Timers && other < lock));
    check(before < rank || pair, "locks are taken in the order of their ranks");
  }
}

/** This M has taken a lock. */
export function hold(lock: usize): void {
  if (changetype<usize>(m) == 0) return;
  const held = heldBy();
  if (held.count < HELD_MAX) store<usize>(slotOf(held, held.count), lock);
  held.count++;
}

/** This M is about to release it. */
export function unhold(lock: usize): void {
  if (changetype<usize>(m) == 0) return;
  const held = heldBy();
  const n = min(held.count, HELD_MAX);
  let i = find(held, n, lock);
  if (i < 0) i = find(held, n, 0); // one that was only counted
  const overflows = held.count-- > HELD_MAX;
  check(i >= 0 || overflows, "a lock is released by the M that holds it");
  if (i >= 0) store<usize>(slotOf(held, i), overflows ? 0 : load<usize>(slotOf(held, n - 1)));
}

function find(held: Held, n: i32, lock: usize): i32 {
  let i = n - 1;
  while (i >= 0 && load<usize>(slotOf(held, i)) != lock) i--;
  return i;
}

/** Whether this M holds a lock, as far as it remembers. */
export function holds(lock: usize): bool {
  const held = heldBy();
  return held.count > HELD_MAX || find(held, held.count, lock) >= 0;
}

/** How many locks this M holds. */
export function heldLocks(): i32 {
  return heldBy().count;
}
