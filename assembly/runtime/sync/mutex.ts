/**
 * Mutual exclusion, with Go's two modes (internal/sync/mutex.go).
 *
 * Normally waiters queue first in, first out, but a woken one competes with newcomers, who have the advantage of running
 * already: that is what makes a contended mutex fast. A waiter that has not got it within a millisecond switches the mutex
 * to starvation mode: `unlock` then hands the mutex to the first waiter and lets it run at once, and newcomers queue. The last
 * waiter, and one that waited less than a millisecond, switch back.
 *
 * `state` is LOCKED | WOKEN | STARVING | number of waiters * WAITER, changed by compare-and-swap only. Invariants
 * - Each waiter counted is in the semaphore's queue, or about to be, or woken in starvation mode and about to take over.
 * - WOKEN: somebody is awake and trying; `unlock` need not wake another. Set by `unlock`, which transfers it to the one it
 *   wakes, or by a spinning newcomer; cleared by its holder as it takes the mutex or queues again.
 * - STARVING: the mutex is not free although LOCKED may be clear; then the permit is on its way to a waiter.
 *
 * Ordering: taking and releasing are sequentially consistent read-modify-writes of `state`, or the hand-over of a permit
 * through the semaphore's lock; either way what the last holder wrote is visible to the next.
 *
 * Only `mutexLock` and `unlockContended` switch stacks; the rest also runs for JavaScript, on a thread's own.
 */
import { MUTEX_LOADS, MUTEX_ROUNDS, STARVATION } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { plock, punlock } from "../base/lock";
import { gopanic } from "../base/panic";
import { gopark, gosched } from "../goroutine/proc";
import { g, m } from "../base/registers";
import { runqempty } from "../goroutine/runq";
import { loadIdlePs, loadSpinning } from "../sched/spinning";
import { Sema, semaq, semrelease, semtake, visitSema } from "../chan/sema";
import { unlink } from "../chan/waitq";
import { addressOf, G, sched, Waiter, waiterOf, WaitReason } from "../../abi";
import { nilCheck } from "../base/nil";

const LOCKED: u32 = 1;
const WOKEN: u32 = 2;
const STARVING: u32 = 4;
const WAITER: u32 = 8;
const WAITER_SHIFT: u32 = 3;


@inline
function semaOf(mu: Mutex): Sema {
  return changetype<Sema>(changetype<usize>(mu) + offsetof<Mutex>("sema0"));
}

/** A mutual exclusion lock. Any goroutine may unlock it. */
export class Mutex {
  private state: u32;
  // A Sema.
  private sema0: u64;
  private sema1: u64;

  /** Takes the mutex, waiting until it is free. */
  lock(): void {
    mutexLock(this, WaitReason.MutexLock);
  }

  /** Takes the mutex if it is free. */
  tryLock(): bool {
    return mutexTryLock(this);
  }

  /** Releases the mutex; panics if nobody holds it. */
  unlock(): void {
    mutexUnlock(this);
  }

  /** For the collector: who waits for it. */
  @unsafe private __visit(cookie: u32): void {
    visitSema(changetype<usize>(this), semaOf(this));
  }
}

/** Takes the mutex; `reason` is what a goroutine that waits is reported to wait for. */
export function mutexLock(mu: Mutex, reason: u8): void {
  nilCheck(changetype<usize>(mu));
  if (atomic.cmpxchg<u32>(addressOf(mu.state), 0, LOCKED) == 0) return;
  waiterOf(g).elem = 0;
  while (mutexGoOn(mu) != 0) gopark(reason, changetype<usize>(semaOf(mu)));
}

/** Takes the mutex for the current G: 0; or has it wait as `semtake` does. It goes on with `mutexGoOn` when it is woken. */
@inline
export function mutexAcquire(mu: Mutex): usize {
  if (atomic.cmpxchg<u32>(addressOf(mu.state), 0, LOCKED) == 0) return 0;
  waiterOf(g).elem = 0;
  return mutexGoOn(mu);
}

export function mutexTryLock(mu: Mutex): bool {
  nilCheck(changetype<usize>(mu));
  const old = atomic.load<u32>(addressOf(mu.state));
  if ((old & (LOCKED | STARVING)) != 0) return false;
  return atomic.cmpxchg<u32>(addressOf(mu.state), old, old | LOCKED) == old;
}

/** Nobody waits, nearly always: that alone is in the place of each call. */
@inline
export function mutexUnlock(mu: Mutex): void {
  nilCheck(changetype<usize>(mu));
  if (atomic.cmpxchg<u32>(addressOf(mu.state), LOCKED, 0) != LOCKED) unlockContended(mu);
}

function unlockContended(mu: Mutex): void {
  // A thread without a P has nothing to yield; JavaScript's could not.
  if (mutexRelease(mu) && m.p) gosched();
}

/** Panics if nobody holds the mutex. */
export function mutexCheckLocked(mu: Mutex): void {
  nilCheck(changetype<usize>(mu));
  if ((atomic.load<u32>(addressOf(mu.state)) & LOCKED) == 0) notLocked();
}

function notLocked(): void {
  gopanic("sync: unlock of unlocked mutex");
}

/**
 * 0 if the mutex is the current G's; else that waits as with `semtake`, and this is to be called again when it has been woken.
 * Its waiter's `elem`, which permits do not use, is when it began to wait, and 0 until then.
 */
export function mutexGoOn(mu: Mutex): usize {
  const w = waiterOf(g);
  const state = addressOf(mu.state);
  while (true) {
    let awake = w.elem != 0;
    let starving = false;
    let old = atomic.load<u32>(state);
    if (awake) {
      starving = nanotime() - <i64>w.elem > STARVATION;
      if ((old & STARVING) != 0) {
        // The mutex was handed to us: LOCKED is still to be set, and we are counted as waiting.
        let delta = WAITER - LOCKED;
        if (!starving || old >> WAITER_SHIFT == 1) delta += STARVING;
        if (CHECKED)
          check((old & LOCKED) == 0 && old >> WAITER_SHIFT != 0, "a mutex is handed to one that waits for it");
        atomic.sub<u32>(state, delta);
        return 0;
      }
    }
    let rounds = 0;
    while (true) {
      if ((old & (LOCKED | STARVING)) == LOCKED && rounds < MUTEX_ROUNDS && worthSpinning()) {
        if (!awake && (old & WOKEN) == 0 && old >> WAITER_SHIFT != 0) {
          awake = atomic.cmpxchg<u32>(state, old, old | WOKEN) == old;
        }
        spin();
        rounds++;
        old = atomic.load<u32>(state);
        continue;
      }
      let next = old;
      if ((old & STARVING) == 0) next |= LOCKED;
      if ((old & (LOCKED | STARVING)) != 0) next += WAITER;
      // Whoever unlocks relies on a starving mutex having waiters, so a free one is not switched.
      if (starving && (old & LOCKED) != 0) next |= STARVING;
      if (awake) next &= ~WOKEN;
      const seen = atomic.cmpxchg<u32>(state, old, next);
      if (seen == old) break;
      old = seen;
    }
    if ((old & (LOCKED | STARVING)) == 0) return 0;
    // One who has waited before keeps its place at the front.
    const again = w.elem != 0;
    if (!again) w.elem = nanotime() | 1;
    const word = semtake(semaOf(mu), again);
    if (word != 0) return word;
    // The permit came before we had queued: as if we had been woken.
  }
}

/** Releases the mutex and wakes who should be woken; true if the caller should let it run at once. */
export function mutexRelease(mu: Mutex): bool {
  const state = addressOf(mu.state);
  let old = atomic.load<u32>(state);
  let wake: bool;
  while (true) {
    if ((old & LOCKED) == 0) notLocked();
    let next = old - LOCKED;
    if ((old & STARVING) != 0) {
      wake = true;
    } else {
      // Nobody needs waking if nobody waits, or somebody is awake already.
      wake = old >> WAITER_SHIFT != 0 && (old & WOKEN) == 0;
      if (wake) next = (next - WAITER) | WOKEN;
    }
    const seen = atomic.cmpxchg<u32>(state, old, next);
    if (seen == old) break;
    old = seen;
  }
  if (wake) semrelease(semaOf(mu), 1);
  return (old & STARVING) != 0;
}

/**
 * Who waits gives up: false if it is not in the queue, or is being woken (see "Giving up" in `sema.ts`): then `mutexDecline` is for
 * who resumes it. The lock of the queue may be `held` already; it stays so.
 */
export function mutexWithdraw(mu: Mutex, w: Waiter, held: bool): bool {
  const s = semaOf(mu);
  if (!held) plock(changetype<usize>(s));
  const waited = w.q == changetype<usize>(semaq(s)) && countOut(mu);
  if (waited) unlink(semaq(s), w);
  if (!held) punlock(changetype<usize>(s));
  return waited;
}

/** Takes a waiter off the state, unless the last is being woken. A mutex without waiters does not starve. */
function countOut(mu: Mutex): bool {
  let old = atomic.load<u32>(addressOf(mu.state));
  while (true) {
    const waiters = old >> WAITER_SHIFT;
    // In starvation mode whoever is being handed the mutex is still counted.
    const due: u32 = (old & (LOCKED | STARVING)) == STARVING ? 1 : 0;
    if (waiters == due) return false;
    let next = old - WAITER;
    if (waiters == 1) next &= ~STARVING;
    const seen = atomic.cmpxchg<u32>(addressOf(mu.state), old, next);
    if (seen == old) return true;
    old = seen;
  }
}

/** The current G has been woken, and does not want the mutex any more: the turn is the next one's. */
export function mutexDecline(mu: Mutex): void {
  let old = atomic.load<u32>(addressOf(mu.state));
  while (true) {
    if ((old & STARVING) != 0) {
      mutexGoOn(mu); // it was handed over
      mutexRelease(mu);
      return;
    }
    const pass = (old & LOCKED) == 0 && old >> WAITER_SHIFT != 0;
    const seen = atomic.cmpxchg<u32>(addressOf(mu.state), old, pass ? old - WAITER : old & ~WOKEN);
    if (seen == old) {
      if (pass) semrelease(semaOf(mu), 1); // with WOKEN, which was ours
      return;
    }
    old = seen;
  }
}

/** Spinning pays only if the holder runs on another P, and nobody waits for ours. */
function worthSpinning(): bool {
  const procs = sched.nprocs;
  if (procs < 2 || sched.numCPU < 2) return false;
  const notRunning = loadIdlePs() + loadSpinning();
  const pp = m.p; // none inside a blocking call
  return notRunning + 1 < procs && pp != null && runqempty(pp);
}

/** Wasm has no pause instruction; atomic loads from a line of our own take the time without disturbing anybody. */
function spin(): void {
  const own = changetype<usize>(g) + offsetof<G>("status");
  for (let i = 0; i < MUTEX_LOADS; i++) atomic.load<u32>(own);
}
