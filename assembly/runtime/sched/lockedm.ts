/**
 * Ms with a goroutine wired to them (`lockOSThread`). While one is locked only its M runs it, and its M runs nothing else: when it parks,
 * the M hands on its P and sleeps; an M that finds it ready hands its own P over to that M (`startlockedm`). On g0.
 */
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import { toLoop } from "./inloop";
import { awaitp, handoffp, mstop, releasep, unpark, wakepIfIdle } from "./mp";
import { checkdead } from "./deadlock";
import { m } from "../base/registers";
import { G, Owed, ProgramState, addressOf, sched } from "../../abi";

/**
 * This M's goroutine is locked and not running: sleeps until it is to. False if the M is to end. Coming out of a blocking
 * call it may have no P; on the idle list it must not be, for there startm would find it, and startlockedm would not.
 */
export function stoplockedm(): bool {
  if (CHECKED) check(!m.spinning, "an M that waits for its locked goroutine does not spin");
  const pp = m.p ? releasep() : null;
  lock(addressOf(sched.lock));
  sched.nmlocked++;
  unlock(addressOf(sched.lock));
  if (pp) handoffp(pp);
  // It found no P, and was queued afterwards: by then whoever had one may have let go of it, seeing nothing to do.
  else wakepIfIdle();
  lock(addressOf(sched.lock));
  if ((m.owed & Owed.Results) != 0) {
    toLoop(m, 0);
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
  return atomic.load<i32>(addressOf(sched.state)) == ProgramState.Running && mstop();
}
