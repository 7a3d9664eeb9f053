/**
 * Stopping the world: nobody runs goroutines, all Ps belong to who stopped it. The mechanism of gomaxprocs, dumps and the
 * collector.
 *
 * Who stops the world sets `attention` and asks every running goroutine to yield at its next safepoint. Idle Ps, those in
 * blocking calls, and those of Ms whose threads have not come up yet, or not woken up, are claimed at once; an M that schedules sees the bit
 * and gives up its P. `stopwait` counts the Ps outstanding; all of this is under sched.lock, so an M that takes a P under the lock either sees the
 * bit or had the P before it was counted. It takes no longer than the longest way to a safepoint.
 *
 * On g0, or a goroutine that has a P: neither is switched out here.
 */
import { STOP_ASK_AGAIN, STOP_SPIN } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { globrunqput } from "./globrunq";
import { gfgather } from "../goroutine/gs";
import { entersyscallUnwatched, reacquirep } from "../goroutine/syscall";
import { nanotime } from "../base/clock";
import { futexsleep, lock, nap, unlock } from "../base/lock";
import { flushCaches } from "../memory/malloc";
import { tellFound } from "../memory/assist";
import { flushObjects } from "../memory/objects";
import { startSampling } from "../memory/profile";
import { shareGrey, shareRan } from "../memory/work";
import { acquirep, mstop, pidleget, pidleput, releasep, startIdle, wakepIfIdle } from "./mp";
import { takeUntaken } from "./newm";
import { m } from "../base/registers";
import { runnextget, runqempty, runqget } from "../goroutine/runq";
import { Attention, G, P, PStatus, ProgramState, TraceKind, addressOf, allm, allp, sched } from "../../abi";
import { moveTimers } from "../goroutine/time";
import { isTraced, trace } from "../debug/trace";

/** Claims the right to stop the world; false if somebody else has it. */
export function tryWorld(): bool {
  return atomic.cmpxchg<i32>(addressOf(sched.worldBusy), 0, 1) == 0;
}

/** Asks all running goroutines to yield. */
function preemptall(): void {
  for (let i = 0; i < sched.nprocs; i++) {
    const mp = allp(i).m;
    if (mp) mp.preempt = 1;
  }
}

/** Has an M look at what `attention` asks for: each that runs a goroutine, and, if none does, one that is idle. Any thread. */
export function callAttention(): void {
  preemptall();
  startIdle();
}

/**
 * Stops the world. The caller holds a P, which stays its own, and the right to it (`tryWorld`). False if the program is over: then
 * Ms end without giving up their Ps.
 */
export function stopTheWorld(): bool {
  if (isTraced()) trace(TraceKind.Stw, 0, sched.nprocs);
  lock(addressOf(sched.lock));
  atomic.or<i32>(addressOf(sched.attention), Attention.Stop);
  const own = m.p!;
  atomic.store<i32>(addressOf(sched.stopwait), sched.nprocs - 1);
  own.status = PStatus.Gcstop;
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    if (atomic.cmpxchg<u32>(addressOf(pp.status), PStatus.Syscall, PStatus.Gcstop) == PStatus.Syscall) {
      sched.nmblocked++;
      pp.m = null;
      if (isTraced()) trace(TraceKind.LoseP, 0, i);
      sched.stopwait--;
    }
  }
  let idle = pidleget();
  while (idle) {
    idle.status = PStatus.Gcstop;
    sched.stopwait--;
    idle = pidleget();
  }
  for (let id = 1; id <= sched.mcount; id++) {
    const given = takeUntaken(allm(id));
    if (!given) continue;
    given.status = PStatus.Gcstop;
    sched.stopwait--;
  }
  unlock(addressOf(sched.lock));
  preemptall();
  for (const until = nanotime() + STOP_SPIN; atomic.load<i32>(addressOf(sched.stopwait)) != 0 && nanotime() < until;);
  while (true) {
    const left = atomic.load<i32>(addressOf(sched.stopwait));
    if (left == 0) {
      if (CHECKED)
        for (let i = 0; i < sched.nprocs; i++) check(allp(i).status == PStatus.Gcstop, "in a stopped world all Ps are");
      return true;
    }
    if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return false;
    futexsleep(addressOf(sched.stopwait), left, STOP_ASK_AGAIN);
    preemptall();
  }
}

/**
 * Sleeps for `ns` where there is nothing to do for a moment: who stops the world need not wait for that, for the P is as in a blocking
 * call. False if the M is to end. On g0.
 */
export function napLending(ns: i64): bool {
  entersyscallUnwatched();
  nap(ns);
  return reacquirep() || mstop();
}

/** An M that schedules has seen that the world is being stopped: gives up its P. Under sched.lock. */
export function gcstopm(): void {
  stopp(releasep());
}

/** A P that nobody holds goes to who stops the world. Under sched.lock. */
export function stopp(pp: P): void {
  pp.status = PStatus.Gcstop;
  atomic.store<i32>(addressOf(sched.stopwait), sched.stopwait - 1);
  atomic.notify(addressOf(sched.stopwait), 1);
}

/** Lets the world go on with `n` Ps. By who stopped it. */
export function startTheWorld(n: i32): void {
  lock(addressOf(sched.lock));
  if (n != sched.nprocs) procresize(n);
  atomic.and<i32>(addressOf(sched.attention), ~Attention.Stop);
  sched.solo = n == 1 && sched.soloAllowed != 0 ? 1 : 0;
  const own = m.p!;
  own.status = PStatus.Running;
  for (let i = n - 1; i >= 0; i--) {
    const pp = allp(i);
    if (pp == own) continue;
    pp.status = PStatus.Idle;
    pidleput(pp);
  }
  // Each P that has something to do gets an M at once; wakep would start them one after the other.
  let ready = 0;
  for (let i = 0; i < n; i++) {
    const pp = allp(i);
    if (pp != own && (!runqempty(pp) || pp.timersLength != 0)) ready++;
  }
  unlock(addressOf(sched.lock));
  while (ready-- > 0) startIdle();
  if (isTraced()) trace(TraceKind.Unstw, 0, n);
  atomic.store<i32>(addressOf(sched.worldBusy), 0);
  wakepIfIdle();
}

/** Changes the number of Ps while the world is stopped; the caller ends up with a P below `n`. Under sched.lock. */
function procresize(n: i32): void {
  const old = sched.nprocs;
  for (let i = old; i < n; i++) {
    const pp = allp(i);
    pp.id = i;
    pp.status = PStatus.Gcstop;
    startSampling(pp);
  }
  const own = m.p!;
  const keep = own.id < n ? own : allp(0);
  // First: what is marked below becomes work of the P that this M has, and the work of one that has gone would be lost.
  if (keep != own) {
    m.p = null;
    own.m = null;
    acquirep(keep);
    keep.status = PStatus.Gcstop;
  }
  for (let i = n; i < old; i++) destroyp(allp(i), keep);
  sched.nprocs = n;
}

/** What a P holds goes to the global queue, or to `heir`. Under sched.lock. */
function destroyp(pp: P, heir: P): void {
  let gp: G | null = runnextget(pp);
  if (gp) globrunqput(gp);
  gp = runqget(pp);
  while (gp) {
    globrunqput(gp);
    gp = runqget(pp);
  }
  moveTimers(pp, heir);
  gfgather(pp);
  flushCaches(pp);
  flushObjects(pp);
  shareGrey(pp);
  shareRan(pp);
  tellFound(pp);
  heir.gcount += pp.gcount;
  pp.gcount = 0;
  heir.jscount += pp.jscount;
  pp.jscount = 0;
  pp.status = PStatus.Dead;
}
