/**
 * The core's own lock: an i32 word in shared memory, for critical sections of a few dozen instructions. A goroutine never
 * parks while it holds one, with one exception: `gopark` is handed the lock and the scheduler releases it once the
 * goroutine's stack is saved, on the same M.
 *
 * After Drepper, "Futexes Are Tricky" (2011), mutex 3. The word is 0 (free), 1 (held) or 2 (held, and somebody may sleep).
 * Invariant: a thread sleeps only after it has itself put 2 there, and `unlock` always writes 0 and looks at what it
 * replaced; so whoever releases a lock that has a sleeper sees the 2 and wakes one. A woken thread takes the lock with 2,
 * never 1, because it cannot know whether others sleep still. All accesses are sequentially consistent atomics: taking
 * the lock sees everything written before its last release.
 *
 * Any thread, on either stack.
 */
import { LOCK_SPINS } from "../../layout";
import { CHECKED } from "./checked";
import { checkRank, hold, unhold } from "./lockrank";
import { sched } from "../../abi";

/** A word that is always 0 and that nobody notifies: in the null zone. */
const NOBODY_WAKES: usize = 8;


@inline
export function lock(addr: usize): void {
  if (CHECKED) checkRank(addr);
  if (atomic.cmpxchg<i32>(addr, 0, 1) != 0) lockSlow(addr);
  if (CHECKED) hold(addr);
}


@inline
export function tryLock(addr: usize): bool {
  const taken = atomic.cmpxchg<i32>(addr, 0, 1) == 0;
  if (CHECKED && taken) hold(addr);
  return taken;
}


@inline
export function unlock(addr: usize): void {
  if (CHECKED) unhold(addr);
  if (atomic.xchg<i32>(addr, 0) == 2) atomic.notify(addr, 1);
}

/**
 * The same for what only threads that hold a P ever touch: channels, semaphores, timers of a P. With a single P there is one
 * such thread at a time (a P changes hands through `sched.lock` and `M.park`, which order memory), so nothing is locked at
 * all. `solo` changes only while the world is stopped, when no such lock is held.
 */
@inline
export function plock(addr: usize): void {
  if (sched.solo == 0) lock(addr);
}


@inline
export function tryPlock(addr: usize): bool {
  return sched.solo != 0 || tryLock(addr);
}


@inline
export function punlock(addr: usize): void {
  if (sched.solo == 0) unlock(addr);
}

/**
 * Sleeps while the word at `addr` is `expected`, for at most `timeout` ns (-1: no limit), or until it is notified.
 *
 * A function of its own, which the compiler never inlines: V8's baseline compiler loses locals of the function that
 * contains `memory.atomic.wait32` (seen in V8 11.3, Node 20), and here there are none that matter afterwards.
 */
export function futexsleep(addr: usize, expected: i32, timeout: i64): void {
  atomic.wait<i32>(addr, expected, timeout);
}

/** Sleeps for `ns`, whatever happens. */
export function nap(ns: i64): void {
  futexsleep(NOBODY_WAKES, 0, ns);
}

function lockSlow(addr: usize): void {
  for (let i = 0; i < LOCK_SPINS; i++) {
    if (atomic.load<i32>(addr) == 0 && atomic.cmpxchg<i32>(addr, 0, 1) == 0) return;
  }
  while (atomic.xchg<i32>(addr, 2) != 0) futexsleep(addr, 2, -1);
}
