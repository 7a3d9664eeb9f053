/**
 * Who marks, and when: every M, between goroutines, for a quarter of the time that its P has been used since (`markTurn`); one that finds nothing
 * to run, instead of going idle (`markIdle`); and who allocates (`memory/assist.ts`). After Go's gcBgMarkWorker; there goroutines of the
 * runtime's own do it, here the scheduler, since what it does is over before anybody can be kept waiting for long.
 *
 * Who finds no work while nobody else is marking, who might have some, tries to end the cycle. Whether there is none is seen only with the world
 * stopped; if there is, marking goes on (`collect.ts`).
 *
 * On g0, with a P.
 */
import { nanotime } from "../base/clock";
import { m } from "../base/registers";
import { addressOf, gc, P, sched } from "../../abi";
import { isStopping, tellFound } from "../memory/assist";
import { drainSome } from "../memory/mark";
import { shareGrey } from "../memory/work";
import { tryToEnd } from "./collect";
import { napLending } from "../sched/world";
import { markSomeRoots, rootsLeft, scanRan } from "./roots";

/**
 * Of the time since it has marked last a P marks this part again: with it, a quarter of all. A turn that took longer, for the system had the
 * thread wait, puts off the next: without that, what others take of the processor would be taken from the program alone.
 */
const TURN_PART: i64 = 3;
/** No turn of less than so many ns is worth a look at the clock, and none is longer. */
const TURN_MIN: i64 = 10_000;
const TURN_MAX: i64 = 4_000_000;
/** The clock is looked at every so many turns of the scheduler, a power of two; and whenever sysmon's has moved. */
const TURNS: u32 = 32;
/** How long an M that has nothing to run marks before it looks again, and how long it waits if others have all of the work, in ns. */
const IDLE_SLICE: i64 = 50_000;
const IDLE_NAP: i64 = 20_000;
/** Objects that are looked through between two looks at the clock. */
const AT_ONCE: i32 = 128;
/** How often goroutines that have run are scanned again before the world is stopped for those that have since. */
const RAN_PASSES: i32 = 4;

/** Marks if it is this P's turn to. False if the program is over. */
export function markTurn(pp: P): bool {
  const seen = sched.coarseNow;
  if ((pp.schedtick & (TURNS - 1)) != 0 && m.preempt == 0 && seen == pp.markSeen) return true;
  pp.markSeen = seen;
  const ns = min((nanotime() - pp.markedAt) / TURN_PART, TURN_MAX);
  return ns < TURN_MIN || !markFor(pp, ns) || tryToEnd();
}

/** Marks for a little, or waits for those who do. False if the program is over. */
export function markIdle(pp: P): bool {
  if (markFor(pp, IDLE_SLICE)) return tryToEnd();
  return gc.full != 0 || rootsLeft() || napLending(IDLE_NAP);
}

/** Marks for `ns`, or until somebody stops the world, or there is no work; true if nobody else seems to have any either. */
function markFor(pp: P, ns: i64): bool {
  atomic.add<i32>(addressOf(gc.markers), 1);
  const until = nanotime() + ns;
  let any = true;
  do any = drainSome(pp, AT_ONCE) || markSomeRoots() || scanSomeRan();
  while (any && !isStopping() && nanotime() < until);
  shareGrey(pp);
  tellFound(pp);
  const others = atomic.sub<i32>(addressOf(gc.markers), 1) - 1;
  const now = nanotime();
  pp.markedAt = now > until ? now + min(now - until, TURN_MAX) * TURN_PART : now;
  return !any && others == 0 && gc.full == 0 && !rootsLeft();
}

/** Scans those that have run once more, if they are many. */
function scanSomeRan(): bool {
  if (gc.ran == 0 || atomic.add<i32>(addressOf(gc.passes), 1) >= RAN_PASSES) return false;
  scanRan(false);
  return true;
}
