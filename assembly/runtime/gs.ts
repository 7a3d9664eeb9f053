/**
 * Making and reusing Gs. Dead ones wait on the P that buried them, up to 64; beyond that half go to `sched.gfree`, from
 * where Ps that run out fetch them. A G keeps its stack buffer for the next goroutine, unless it is large.
 */
import { schedLock } from "./globrunq";
import { lock, unlock } from "./lock";
import { malloc, mfree } from "./malloc";
import { G, G_BYTES, GStatus, P, Sched, sched } from "./structs";

/** Dead Gs that a P keeps, as in Go. */
// @ts-ignore: decorator
@inline
const GFREE_MAX: i32 = 64;
/** Numbers that a P takes at a time, as in Go. */
// @ts-ignore: decorator
@inline
const GOID_BATCH: i64 = 16;
/** A dead G gives up a stack buffer larger than this. */
// @ts-ignore: decorator
@inline
const STACK_KEPT: u32 = 512;

/** A G with a number, ready to be given something to run; on the P `pp` that this M holds. */
export function gfget(pp: P): G {
  let gp = pp.gfree;
  if (!gp) {
    gp = gfrefill(pp);
  }
  pp.gfree = gp.schedlink;
  pp.gfreeCount--;
  if (pp.goidNext == pp.goidEnd) {
    pp.goidNext = newGoids(GOID_BATCH);
    pp.goidEnd = pp.goidNext + GOID_BATCH;
  }
  gp.id = pp.goidNext++;
  gp.epoch = sched.epoch;
  return gp;
}

/** The same for a thread without a P. */
export function gfgetOrphan(): G {
  lock(schedLock());
  let gp = sched.gfree;
  if (gp) {
    sched.gfree = gp.schedlink;
    sched.gfreeCount--;
  }
  unlock(schedLock());
  if (!gp) gp = newG();
  gp.id = newGoids(1);
  gp.epoch = sched.epoch;
  return gp;
}

/** Buries a G. */
export function gfput(pp: P, gp: G): void {
  bury(gp);
  gp.schedlink = pp.gfree;
  pp.gfree = gp;
  if (++pp.gfreeCount > GFREE_MAX) gfshed(pp);
}

// @ts-ignore: decorator
@inline
function bury(gp: G): void {
  gp.status = GStatus.Dead;
  gp.stackTop = 0;
  gp.exiting = false;
  gp.ok = false;
  gp.call = 0;
  gp.once = 0;
  gp.netError = 0;
  if (gp.stackCap > STACK_KEPT) {
    mfree(gp.stack);
    gp.stack = 0;
    gp.stackCap = 0;
  }
}

/** The same for a thread without a P. */
export function gfputOrphan(gp: G): void {
  bury(gp);
  lock(schedLock());
  gp.schedlink = sched.gfree;
  sched.gfree = gp;
  sched.gfreeCount++;
  unlock(schedLock());
}

/** A P goes away: its dead Gs are for all. Under sched.lock. */
export function gfgather(pp: P): void {
  let gp = pp.gfree;
  while (gp) {
    const next = gp.schedlink;
    gp.schedlink = sched.gfree;
    sched.gfree = gp;
    sched.gfreeCount++;
    gp = next;
  }
  pp.gfree = null;
  pp.gfreeCount = 0;
}

export function newGoids(n: i64): i64 {
  return atomic.add<i64>(changetype<usize>(sched) + offsetof<Sched>("goidgen"), n) + 1;
}

export function newG(): G {
  const ptr = malloc(G_BYTES);
  memory.fill(ptr, 0, G_BYTES);
  const gp = changetype<G>(ptr);
  const head = changetype<usize>(sched) + offsetof<Sched>("allgs");
  let seen: usize;
  do {
    seen = atomic.load<usize>(head);
    gp.alllink = changetype<G | null>(seen);
  } while (atomic.cmpxchg<usize>(head, seen, ptr) != seen);
  return gp;
}

/** The P has no dead Gs: fetches some, or makes one. Returns the first of its list. */
function gfrefill(pp: P): G {
  if (sched.gfreeCount > 0) {
    lock(schedLock());
    while (pp.gfreeCount < GFREE_MAX / 2) {
      const gp = sched.gfree;
      if (!gp) break;
      sched.gfree = gp.schedlink;
      sched.gfreeCount--;
      gp.schedlink = pp.gfree;
      pp.gfree = gp;
      pp.gfreeCount++;
    }
    unlock(schedLock());
  }
  if (!pp.gfree) {
    const gp = newG();
    gp.schedlink = null;
    pp.gfree = gp;
    pp.gfreeCount = 1;
  }
  return pp.gfree!;
}

/** The P has too many dead Gs: half of them go to all. */
export function gfshed(pp: P): void {
  const n = GFREE_MAX / 2;
  const first = pp.gfree!;
  let last = first;
  for (let i = 1; i < n; i++) last = last.schedlink!;
  pp.gfree = last.schedlink;
  pp.gfreeCount -= n;
  lock(schedLock());
  last.schedlink = sched.gfree;
  sched.gfree = first;
  sched.gfreeCount += n;
  unlock(schedLock());
}
