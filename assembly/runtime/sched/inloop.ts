/**
 * Ms in their event loops: how a thread whose JavaScript waits for something leaves the scheduler and comes back.
 *
 * `mp.ts` says when it does. While it is there it holds no P, or one in the state `Syscall`; it is on `sched.loopM`, unless it is
 * the timer M or waits for its locked goroutine.
 *
 * On g0.
 */
import { nanotime } from "../base/clock";
import { lock, unlock } from "../base/lock";
import { acquirep, mstop, pidleget, releasep, runTimers, unpark } from "./mp";
import { mayMakeM, newm } from "./newm";
import { m } from "../base/registers";
import { runnextget, runqput } from "../goroutine/runq";
import { Attention, G, InLoop, M, P, PStatus, Park, ProgramState, TraceKind, sched, addressOf } from "../../abi";
import { reacquirep } from "../goroutine/syscall";
import { isTraced, trace } from "../debug/trace";

/**
 * This M has found a goroutine that it should not run, as its event loop has things to do: gives it, with the P, to an M
 * that has none such. Where there is no such M and there are too many already to make one, returns what to run here.
 */
export function passToCleanM(gp: G): G | null {
  const isFull = sched.mlive - sched.nmblocked - sched.nmlocked > 2 * sched.nprocs || !mayMakeM();
  if (!sched.idleM && isFull) return gp;
  runqput(m.p!, gp, true);
  lock(addressOf(sched.lock));
  const mp = sched.idleM;
  if (!mp && !mayMakeM()) {
    unlock(addressOf(sched.lock));
    return runnextget(m.p!);
  }
  const pp = releasep();
  if (mp) {
    sched.idleM = mp.idlelink;
    sched.nmidle--;
    mp.spinning = false;
    mp.nextp = pp;
  } else {
    newm(pp, false);
  }
  unlock(addressOf(sched.lock));
  if (mp) unpark(mp);
  return null;
}

/** Puts a P down for an M that is in its event loop. Under sched.lock. */
export function putDown(mp: M, pp: P): void {
  mp.syscalls = 1;
  mp.oldp = pp;
  pp.m = mp;
  pp.syscalltick++;
  atomic.store<u32>(addressOf(pp.status), PStatus.Syscall);
}

/** The M's thread is to go to its event loop, until it is woken or for `us` µs. Under sched.lock. */
export function toLoop(mp: M, us: i32): void {
  mp.inLoop = InLoop.Wait;
  mp.quick = false;
  if (isTraced()) trace(TraceKind.Host, 0, 0);
  mp.waitUs = us;
  atomic.cmpxchg<i32>(addressOf(mp.park), 0, Park.Parked);
}

/**
 * This M's thread is back from its event loop: takes the P that was put down for it, or an idle one. False if it is to end,
 * or to go there again.
 */
export function mreturn(): bool {
  const mp = m;
  if (isTraced()) trace(TraceKind.Unhost, 0, 0);
  lock(addressOf(sched.lock));
  atomic.store<i32>(addressOf(mp.park), 0);
  mp.lastTurn = nanotime();
  if (mp.inLoop == InLoop.Wait && mp.lockedg) {
    // Only startlockedm gives it a P.
    const given = mp.nextp;
    const goesOn = given != null || atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running;
    if (goesOn) mp.inLoop = InLoop.No;
    else toLoop(mp, 0);
    unlock(addressOf(sched.lock));
    if (!given) return false;
    acquirep(given);
    mp.nextp = null;
    mp.lockedReady = true;
    return true;
  }
  mp.inLoop = InLoop.No;
  if (mp.onLoopList) loopget(mp);
  const isTimerM = sched.timerM == changetype<usize>(mp);
  if (isTimerM) sched.timerM = 0;
  let pp: P | null = null;
  if (mp.syscalls == 0 && (sched.attention & Attention.Stop) == 0) pp = pidleget();
  unlock(addressOf(sched.lock));
  if (pp) acquirep(pp);
  else if (mp.syscalls != 0) reacquirep();
  if (!mp.p) return mstop();
  if (isTimerM) runTimers();
  return true;
}

/** Under sched.lock. */
export function loopput(mp: M): void {
  mp.looplink = sched.loopM;
  sched.loopM = mp;
  mp.onLoopList = true;
}

/** Takes an M off the list of those in their event loops. Under sched.lock. */
export function loopget(mp: M): void {
  mp.onLoopList = false;
  let it = sched.loopM;
  if (it == mp) {
    sched.loopM = mp.looplink;
    return;
  }
  while (it && it.looplink != mp) it = it.looplink;
  if (it) it.looplink = mp.looplink;
}
