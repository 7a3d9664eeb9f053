/**
 * Goroutines wired to their M. While one is locked only its M runs it, and its M runs nothing else: when it parks, the M hands
 * on its P and sleeps; an M that finds it ready hands its own P over to that M (`startlockedm`).
 */
import { SCHED_STATE } from "../../layout";
import { lock, unlock } from "../base/lock";
import { toHost } from "../sched/hosted";
import { awaitp, handoffp, mstop, releasep, unpark, wakepIfIdle } from "../sched/mp";
import { checkdead } from "../sched/deadlock";
import { gopanic } from "../base/panic";
import { g, m } from "../base/registers";
import { G, ProgramState, sched, addressOf } from "../../abi";

/** Wires the current goroutine to its M, until as many calls of unlockOSThread. */
export function lockOSThread(): void {
  if (g.lockedCount == 255) gopanic("lockOSThread nesting overflow");
  g.lockedCount++;
  m.lockedg = g;
}

/** Undoes one lockOSThread; does nothing if there is none. */
export function unlockOSThread(): void {
  if (g.lockedCount == 0) return;
  if (--g.lockedCount == 0) m.lockedg = null;
}

/**
 * This M's goroutine is locked and not running: sleeps until it is to. False if the M is to end. Coming out of a blocking
 * call it may have no P; on the idle list it must not be, for there startm would find it, and startlockedm would not.
 */
export function stoplockedm(): bool {
  if (m.spinning) unreachable();
  const pp = m.p ? releasep() : null;
  lock(addressOf(sched.lock));
  sched.nmlocked++;
  unlock(addressOf(sched.lock));
  if (pp) handoffp(pp);
  // It found no P, and was queued afterwards: by then whoever had one may have let go of it, seeing nothing to do.
  else wakepIfIdle();
  lock(addressOf(sched.lock));
  if (m.owed != 0) {
    toHost(m, 0);
    unlock(addressOf(sched.lock));
    return false;
  }
  checkdead();
  unlock(addressOf(sched.lock));
  return awaitp();
}

/** This M has found a goroutine that is locked to another: hands its P over and looks for another. */
export function startlockedm(gp: G): bool {
  const mp = gp.m;
  const pp = releasep();
  lock(addressOf(sched.lock));
  sched.nmlocked--;
  unlock(addressOf(sched.lock));
  mp.nextp = pp;
  unpark(mp);
  return atomic.load<i32>(SCHED_STATE) == ProgramState.Running && mstop();
}
