/** P, the right to run goroutines, with what that takes (see `index.ts`). */
import { P_SIZE, PS_BASE } from "../layout";
import { CHECKED } from "../runtime/base/checked";
import { G } from "./g";
import { M } from "./m";

/** States of a P. */
export namespace PStatus {
  export const Idle: u32 = 0;
  export const Running: u32 = 1;
  export const Syscall: u32 = 2;
  export const Gcstop: u32 = 3;
  export const Dead: u32 = 4;
}

/** Slots of a P's run queue; a power of two, as in Go. So few in a checked build that it overflows all the time. */
export const RUNQ_LENGTH: u32 = CHECKED ? 4 : 256;

/** Size classes of the allocator, see `malloc.ts`. */
export const CLASS_COUNT: i32 = 38;

/** One class of one P's allocator cache: a list of freed cells and a fresh run to cut cells from. */
@unmanaged
export class Cache {
  free: usize;
  freeCount: i32;
  bump: usize;
  bumpEnd: usize;
}


@unmanaged
export class P {
  id: i32;
  /** One of PStatus; changed by compare-and-swap where two might. */
  status: u32;
  m: M | null;
  /** Counts schedule's turns, and the turn that is to look at the global queue first: each 61st (owner). */
  schedtick: u32;
  globalTick: u32;
  /** Link in sched's list of idle Ps (sched.lock). */
  idlelink: P | null;
  /** Dead goroutines for reuse, and as many as `gs.ts` moves at a time, or null (owner). */
  gfree: G | null;
  gfreeCount: i32;
  gspare: G | null;
  /** Next goroutine numbers, taken from sched in batches (owner). */
  goidNext: i64;
  goidEnd: i64;
  /** Goroutines started less goroutines ended on this P (owner); numGoroutine adds them up. */
  gcount: i64;
  /** The same of JavaScript goroutines, which main's return does not end. */
  jscount: i64;
  /** Blocking calls so far: entered or left (owner; and sysmon, which retakes the P). */
  syscalltick: u32;
  /** The last slice that ended was followed by what a timer had made ready (owner). */
  timerTurn: bool;
  /** It was idle, and sysmon has not been told that it is not any more (owner). */
  unwatched: bool;
  // What sysmon saw of this P, and when; sysmon's own.
  seenSchedtick: u32;
  seenSyscalltick: u32;
  seenScheduled: i64;
  seenSyscall: i64;
  seenStall: i64;
  /** The run queue's consumer index: advanced by the owner and by thieves, always by compare-and-swap. */
  runqhead: u32;
  private pad1: u32;
  private pad2: u64;
  private pad3: u64;
  private pad4: u64;
  private pad5: u64;
  private pad6: u64;
  private pad7: u64;
  private pad8: u64;
  /** The producer index: written by the owner only, read by thieves. */
  runqtail: u32;
  /** The goroutine to run next, before the queue; thieves may take it. A G or 0, swapped atomically. */
  runnext: usize;
  private pad9: u64;
  private pad10: u64;
  private pad11: u64;
  private pad12: u64;
  private pad13: u64;
  private pad14: u64;
  private pad15: u64;
  /** Timers: a heap of `Timer` pointers (see `time.ts`), all guarded by timersLock but timer0When. */
  timersLock: i32;
  timersLength: i32;
  timersCap: i32;
  timers: usize;
  /** When the first timer is due, 0 for none; written under timersLock, read by anybody. */
  timer0When: i64;
  /** While objects are marked: blocks of grey ones, and of goroutines that have run (see `work.ts`; owner). */
  grey: usize;
  ran: usize;
  /** Bytes of objects that it has found (owner; the collector while the world is stopped). */
  found: i64;
  /** When it has marked last, and sysmon's clock when it looked at that last (owner). */
  markedAt: i64;
  markSeen: i64;
  private pad16: u64;
}

export const P_RUNQ: usize = 384;
const P_CACHES: usize = P_RUNQ + RUNQ_LENGTH * sizeof<usize>();


@inline
export function runqSlot(pp: P, i: u32): usize {
  return changetype<usize>(pp) + P_RUNQ + ((i & (RUNQ_LENGTH - 1)) << alignof<usize>());
}


@inline
export function cacheOf(pp: P, sizeClass: i32): Cache {
  return changetype<Cache>(changetype<usize>(pp) + P_CACHES + sizeClass * offsetof<Cache>());
}

/**
 * One class of a P's cache of objects: what is left of a run of free cells, [bump, end), in the span that is the page `span`; and cells
 * that were freed by hand, linked through their second word.
 */
@unmanaged
export class ObjectCache {
  bump: usize;
  end: usize;
  freed: usize;
  span: u32;
}

/** What a P has handed out of its spans and not yet told the collector. */
@unmanaged
export class Handed {
  bytes: u32;
  cells: u32;
}

const P_OBJECTS: usize = P_CACHES + CLASS_COUNT * offsetof<Cache>();
const P_HANDED: usize = P_OBJECTS + CLASS_COUNT * offsetof<ObjectCache>();


@inline
export function objectsOf(pp: P, sizeClass: i32): ObjectCache {
  return changetype<ObjectCache>(changetype<usize>(pp) + P_OBJECTS + sizeClass * offsetof<ObjectCache>());
}


@inline
export function handedBy(pp: P): Handed {
  return changetype<Handed>(changetype<usize>(pp) + P_HANDED);
}

/** Where a P counts down the bytes of a class to the next sample (`memory/profile.ts`), a u32. */
export const P_SAMPLES: usize = P_HANDED + offsetof<Handed>();


@inline
export function samplesOf(pp: P, sizeClass: i32): usize {
  return changetype<usize>(pp) + P_SAMPLES + ((<usize>sizeClass) << 2);
}


@inline
export function allp(i: i32): P {
  return changetype<P>(PS_BASE + i * P_SIZE);
}
