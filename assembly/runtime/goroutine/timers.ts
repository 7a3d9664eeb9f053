/**
 * The timers of a P: a 4-ary heap, as in Go, but stopped timers leave it at once.
 *
 * The heap is an array of entries, 16 bytes each: when the timer is due, and the timer. Keeping the time beside the pointer
 * spares a look at each timer that an entry is compared with.
 *
 * Invariants, whenever `timersLock` is free
 * - entry[i].when >= entry[(i - 1) / 4].when: the first entry is due first.
 * - For the timer t of entry[i]: t.index == i, t.pp is this P, t.when is the entry's.
 * - A timer is in at most one heap; t.pp is null if it is in none.
 * - timer0When is the time of the first entry, or 0 if there is none. Times are positive.
 *
 * Who may do what
 * - Putting a timer into a heap takes its own lock, then that P's timersLock. So two of it are never put in.
 * - Taking it out takes that P's timersLock only. So `t.pp` may become null under somebody who holds only the timer's lock,
 *   who therefore looks at it again once it has the P's (`timerRemove`).
 * - `timer0When` and `t.pp` are read without the lock, with atomic loads; a value read so is only a hint.
 *
 * On g0 or a goroutine, as nothing here is switched out.
 */
import { TIMERS_FIRST } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { malloc, mfree } from "../memory/malloc";
import { shadeObject } from "../memory/mark";
import { allp, P, sched, addressOf } from "../../abi";

/** What happens when a timer is due. */
export namespace TimerKind {
  /** The goroutine `arg` is made ready. */
  export const Sleep: u32 = 0;
  /** The time is sent on the channel `arg`. */
  export const Channel: u32 = 1;
  /** A goroutine is started for a copy of the task `arg`. */
  export const Func: u32 = 2;
  /** A deadline of the PollDesc `arg` has passed. */
  export const Deadline: u32 = 3;
}

/**
 * What all timers have in common; objects like any other, so that a collector finds those in a heap from the heap, whoever
 * else has forgotten them.
 */
export class RuntimeTimer {
  /** When it is due, on the clock of nanotime(). Guarded by `lock`. */
  when: i64;
  /** It repeats after so many nanoseconds; 0 for once. Guarded by `lock`. */
  period: i64;
  /** The timer's lock. A sleeping goroutine's is held until its stack has been saved. */
  lock: i32;
  /** The program that set it (see G.epoch); with that it ends. Guarded by `lock`. */
  epoch: u32;
  /** It has been set and has neither fired nor been stopped since. Guarded by `lock`. */
  armed: bool;
  kind: u32;
  arg: usize;
  /** The P whose heap it is in, or 0, and its place there. Written under that P's timersLock. */
  pp: usize;
  index: i32;

  /** For the collector: the channel, or the task. */
  @unsafe private __visit(cookie: u32): void {
    if (this.kind == TimerKind.Channel || this.kind == TimerKind.Func) __visit(this.arg, cookie);
  }
}

/** A G's own timer, for sleep; and what of C is a G's own, since few have either. */
export class SleepTimer extends RuntimeTimer {
  /** The goroutine's CStack, or 0 (owner; see `cstack.ts`). */
  cstack: usize;
}

/** The timer of a PollDesc's deadline for reading, or writing. */
export class DeadlineTimer extends RuntimeTimer {
  write: bool;
  /** Which of its settings it is armed for. Guarded by `lock`. */
  seq: u32;
}


@inline
function entry(base: usize, i: i32): usize {
  return base + ((<usize>i) << 4);
}


@inline
function whenAt(base: usize, i: i32): i64 {
  return load<i64>(entry(base, i));
}


@inline
function timerAt(base: usize, i: i32): RuntimeTimer {
  return changetype<RuntimeTimer>(load<usize>(entry(base, i), 8));
}

/** The timer of entry `i`. While nobody changes the heap. */
export function timerOf(pp: P, i: i32): RuntimeTimer {
  return timerAt(pp.timers, i);
}

/** Writes an entry and tells the timer where it is. */
@inline
function put(base: usize, i: i32, when: i64, t: RuntimeTimer): void {
  store<i64>(entry(base, i), when);
  store<usize>(entry(base, i), changetype<usize>(t), 8);
  t.index = i;
}

/** When the first timer of `pp` is due, 0 if it has none. Any thread, without the lock. */
@inline
export function timersFirst(pp: P): i64 {
  return atomic.load<i64>(addressOf(pp.timer0When));
}

/** When the first of all timers is due, 0 if there is none. */
export function timeSleepUntil(): i64 {
  let first: i64 = 0;
  for (let i = 0; i < sched.nprocs; i++) {
    const when = timersFirst(allp(i));
    if (when != 0 && (first == 0 || when < first)) first = when;
  }
  return first;
}

// ---- under the P's timersLock ------------------------------------------------------------------------------------------

/** Puts `t`, due at `t.when`, into the heap; true if it is now the first. */
export function heapPush(pp: P, t: RuntimeTimer): bool {
  const n = pp.timersLength;
  if (n == pp.timersCap) grow(pp);
  pp.timersLength = n + 1;
  shadeObject(changetype<usize>(t));
  atomic.store<usize>(addressOf(t.pp), changetype<usize>(pp));
  siftUp(pp.timers, n, t.when, t);
  if (CHECKED) checkEntry(pp, t.index);
  if (t.index != 0) return false;
  atomic.store<i64>(addressOf(pp.timer0When), t.when);
  return true;
}

/** The first timer; the heap must not be empty. */
@inline
export function heapFirst(pp: P): RuntimeTimer {
  return timerAt(pp.timers, 0);
}

/** Takes `t` out of the heap. */
export function heapRemove(pp: P, t: RuntimeTimer): void {
  const base = pp.timers;
  const i = t.index;
  const n = pp.timersLength - 1;
  if (CHECKED) checkEntry(pp, i);
  pp.timersLength = n;
  if (i != n) {
    // The last entry fills the gap, and goes down from there, or up.
    const when = whenAt(base, n);
    const last = timerAt(base, n);
    if (i != 0 && when < whenAt(base, (i - 1) >> 2)) siftUp(base, i, when, last);
    else siftDown(base, n, i, when, last);
  }
  atomic.store<usize>(addressOf(t.pp), 0);
  if (CHECKED && i < n) checkEntry(pp, i);
  if (i == 0) atomic.store<i64>(addressOf(pp.timer0When), n != 0 ? whenAt(base, 0) : 0);
}

/** The entry at `i` is its timer's, due no sooner than its parent and no later than its children. */
function checkEntry(pp: P, i: i32): void {
  const base = pp.timers;
  const t = timerAt(base, i);
  check(t.index == i && t.pp == changetype<usize>(pp), "a timer knows its place in the heap");
  const when = whenAt(base, i);
  check(t.when == when && when > 0, "a timer in a heap is due when its entry says");
  check(i == 0 || whenAt(base, (i - 1) >> 2) <= when, "a timer's parent is due first");
  for (let k = (i << 2) + 1, end = min(k + 4, pp.timersLength); k < end; k++)
    check(when <= whenAt(base, k), "a timer's children are due later");
}

function grow(pp: P): void {
  const old = pp.timers;
  const cap = max(TIMERS_FIRST, pp.timersCap << 1);
  const base = malloc((<usize>cap) << 4);
  memory.copy(base, old, (<usize>pp.timersLength) << 4);
  mfree(old);
  pp.timers = base;
  pp.timersCap = cap;
}

/** Finds the place for an entry from the gap at `i` upwards. */
function siftUp(base: usize, i: i32, when: i64, t: RuntimeTimer): void {
  while (i > 0) {
    const parent = (i - 1) >> 2;
    const parentWhen = whenAt(base, parent);
    if (parentWhen <= when) break;
    put(base, i, parentWhen, timerAt(base, parent));
    i = parent;
  }
  put(base, i, when, t);
}

/** Finds the place for an entry from the gap at `i` downwards in a heap of `n`. */
function siftDown(base: usize, n: i32, i: i32, when: i64, t: RuntimeTimer): void {
  while (true) {
    let child = (i << 2) + 1;
    if (child >= n) break;
    let childWhen = whenAt(base, child);
    const end = min(child + 4, n);
    for (let k = child + 1; k < end; k++) {
      const w = whenAt(base, k);
      if (w < childWhen) {
        childWhen = w;
        child = k;
      }
    }
    if (when <= childWhen) break;
    put(base, i, childWhen, timerAt(base, child));
    i = child;
  }
  put(base, i, when, t);
}

// ---- under the timer's own lock ----------------------------------------------------------------------------------------

/** Takes `t` out of the heap that it is in, if any. */
export function timerRemove(t: RuntimeTimer): void {
  while (true) {
    const at = atomic.load<usize>(addressOf(t.pp));
    if (at == 0) return;
    const pp = changetype<P>(at);
    plock(addressOf(pp.timersLock));
    // It may have come due meanwhile, or moved with all others of its P.
    const found = t.pp == at;
    if (found) heapRemove(pp, t);
    punlock(addressOf(pp.timersLock));
    if (found) return;
  }
}

// ---- when gomaxprocs changes -------------------------------------------------------------------------------------------

/** Moves all timers of `from`, which nobody runs any more, to `to`. */
export function moveTimers(from: P, to: P): void {
  const first = from.id < to.id ? from : to;
  const second = from.id < to.id ? to : from;
  plock(addressOf(first.timersLock));
  plock(addressOf(second.timersLock));
  // `t.pp` goes from the one P to the other directly: 0 would tell a concurrent reset that it may put the timer into a heap.
  while (from.timersLength != 0) heapPush(to, timerAt(from.timers, --from.timersLength));
  atomic.store<i64>(addressOf(from.timer0When), 0);
  punlock(addressOf(second.timersLock));
  punlock(addressOf(first.timersLock));
}
