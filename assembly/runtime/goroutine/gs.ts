/**
 * Making and reusing Gs. A G keeps its stack buffer for the next goroutine, unless it is large.
 *
 * Dead ones wait on the P that buried them: in `gfree`, where they come and go one by one, and a batch of G_BATCH in
 * `gspare`. When `gfree` has grown to a batch it becomes the spare one, and the spare one before it goes to all
 * (`sched.gbatches`); when `gfree` is empty, the spare batch takes its place, or else one that some P has given up. So a
 * batch moves as a whole, by its first G: nobody walks through it, and to get through the lock a P must have started, or
 * ended, G_BATCH goroutines more than the other way round.
 *
 * Batches are linked by `task` of their first Gs, which dead ones do not use. Invariants: `gfreeCount` is the length of
 * `gfree`, less than G_BATCH whenever `gfput` returns; `gspare` and each of `sched.gbatches` have G_BATCH Gs; `sched.gfreeCount`
 * counts those in batches and the single ones in `sched.gfree`.
 *
 * On g0 or a goroutine, by the M that holds the P; the `Orphan` functions by any thread.
 */
import { GOID_BATCH, G_BATCH, STACK_KEPT } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import { malloc, mfree } from "../memory/malloc";
import {
  G,
  G_BYTES,
  GKind,
  GStatus,
  isPlain,
  makePlain,
  OWN_STACK_BYTES,
  ownStack,
  P,
  sched,
  addressOf,
} from "../../abi";

/** A G with a number, ready to be given something to run; on the P `pp` that this M holds. */
@inline
export function gfget(pp: P): G {
  const first = pp.gfree;
  const gp = first ? first : gfrefill(pp);
  pp.gfree = gp.schedlink;
  pp.gfreeCount--;
  const id = pp.goidNext;
  if (id == pp.goidEnd) {
    gp.id = refillGoids(pp);
  } else {
    gp.id = id;
    pp.goidNext = id + 1;
  }
  gp.epoch = sched.epoch;
  return gp;
}

/** The same for a thread without a P. */
export function gfgetOrphan(): G {
  lock(addressOf(sched.lock));
  const dead = takeDead(1);
  unlock(addressOf(sched.lock));
  const gp = dead ? dead : newG();
  gp.id = newGoids(1);
  gp.epoch = sched.epoch;
  return gp;
}

/** Buries a G. */
@inline
export function gfput(pp: P, gp: G): void {
  bury(gp);
  gp.schedlink = pp.gfree;
  pp.gfree = gp;
  if (++pp.gfreeCount == G_BATCH) gfshed(pp);
}


@inline
function bury(gp: G): void {
  if (CHECKED) check(gp.status != GStatus.Dead, "a goroutine is buried once");
  gp.status = GStatus.Dead;
  gp.kind = GKind.Program;
  gp.stackTop = 0;
  gp.ok = false;
  if (!isPlain(gp)) {
    makePlain(gp);
    gp.call = 0;
    gp.once = 0;
    gp.netError = 0;
  }
  if (gp.stackCap > <u32>STACK_KEPT) dropStack(gp);
}

function dropStack(gp: G): void {
  mfree(gp.stack);
  useOwnStack(gp);
}

/** Has a G save its frames inside itself. */
export function useOwnStack(gp: G): void {
  gp.stack = ownStack(gp);
  gp.stackCap = OWN_STACK_BYTES;
  gp.stackEnd = gp.stack + OWN_STACK_BYTES;
}

/** The same for a thread without a P. */
export function gfputOrphan(gp: G): void {
  bury(gp);
  lock(addressOf(sched.lock));
  giveBack(gp);
  unlock(addressOf(sched.lock));
}

/** Adds a dead G to those for all. Under sched.lock. */
@inline
function giveBack(gp: G): void {
  gp.schedlink = sched.gfree;
  sched.gfree = gp;
  sched.gfreeCount++;
}

/** How many dead Gs a P has. */
export function gfcount(pp: P): i32 {
  return pp.gfreeCount + (pp.gspare ? G_BATCH : 0);
}

/** A P goes away: its dead Gs are for all. Under sched.lock. */
export function gfgather(pp: P): void {
  let gp = pp.gfree;
  while (gp) {
    const next = gp.schedlink;
    giveBack(gp);
    gp = next;
  }
  pp.gfree = null;
  pp.gfreeCount = 0;
  if (pp.gspare) giveBatch(pp.gspare!);
  pp.gspare = null;
}

/** Takes up to `n` dead Gs that no P has, linked by schedlink. Under sched.lock. */
export function takeDead(n: i32): G | null {
  let list: G | null = null;
  for (; n > 0; n--) {
    let gp = sched.gfree;
    if (!gp) {
      gp = takeBatch();
      if (!gp) break;
      sched.gfreeCount += G_BATCH;
    }
    sched.gfree = gp.schedlink;
    sched.gfreeCount--;
    gp.schedlink = list;
    list = gp;
  }
  return list;
}

/** Adds a batch to those for all. Under sched.lock. */
function giveBatch(first: G): void {
  first.task = changetype<usize>(sched.gbatches);
  sched.gbatches = first;
  sched.gfreeCount += G_BATCH;
}

/** Takes a batch, if there is one. Under sched.lock. */
function takeBatch(): G | null {
  const first = sched.gbatches;
  if (first) {
    sched.gbatches = changetype<G | null>(first.task);
    sched.gfreeCount -= G_BATCH;
  }
  return first;
}

function refillGoids(pp: P): i64 {
  const id = newGoids(GOID_BATCH);
  pp.goidNext = id + 1;
  pp.goidEnd = id + GOID_BATCH;
  return id;
}

export function newGoids(n: i64): i64 {
  return atomic.add<i64>(addressOf(sched.goidgen), n) + 1;
}

/** What `G.scanned` is of one that is new: neither a cycle, nor 0. */
const NEVER_SCANNED: u8 = 3;

export function newG(): G {
  const ptr = malloc(G_BYTES);
  memory.fill(ptr, 0, G_BYTES);
  const gp = changetype<G>(ptr);
  gp.scanned = NEVER_SCANNED;
  useOwnStack(gp);
  const head = addressOf(sched.allgs);
  let seen: usize;
  do {
    seen = atomic.load<usize>(head);
    gp.alllink = changetype<G | null>(seen);
  } while (atomic.cmpxchg<usize>(head, seen, ptr) != seen);
  return gp;
}

/** `gfree` is empty: fills it and returns its first. */
function gfrefill(pp: P): G {
  let first = pp.gspare;
  let n = G_BATCH;
  if (first) {
    pp.gspare = null;
  } else if (sched.gfreeCount > 0) {
    lock(addressOf(sched.lock));
    first = takeBatch();
    if (!first) {
      const before = sched.gfreeCount;
      first = takeDead(G_BATCH - 1);
      n = before - sched.gfreeCount;
    }
    unlock(addressOf(sched.lock));
  }
  if (!first) {
    first = newG();
    first.schedlink = null;
    n = 1;
  }
  pp.gfreeCount = n;
  return first;
}

/** `gfree` has become a batch. */
function gfshed(pp: P): void {
  const spare = pp.gspare;
  pp.gspare = pp.gfree;
  pp.gfree = null;
  pp.gfreeCount = 0;
  if (!spare) return;
  lock(addressOf(sched.lock));
  giveBatch(spare);
  unlock(addressOf(sched.lock));
}
