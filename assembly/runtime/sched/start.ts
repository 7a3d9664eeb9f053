/**
 * How threads come into the core and leave it: what the host calls on g0, a thread's own stack, before, between and after
 * goroutines. All of it runs on the thread that the comment says.
 */
import { MAX_THREADS } from "../../layout";
import { nanotime } from "../base/clock";
import { checkLayout } from "../base/checks";
import { enterCore, leaveCore } from "./gate";
import { globrunqput } from "./globrunq";
import { gfgetOrphan } from "../goroutine/gs";
import { stopRewind, stopUnwind } from "../base/imports";
import { lock, unlock } from "../base/lock";
import { mreturn } from "./inloop";
import { awaitp, pidleput, wakeAll, wakepIfIdle } from "./mp";
import { mexit, newm } from "./newm";
import { initGc } from "../gc/collect";
import { noteRun } from "../gc/roots";
import { initObjects } from "../memory/objects";
import { initPages } from "../memory/pages";
import { goexit0, schedule } from "./schedule";
import { g, m, phase, setG, setM, setPhase } from "../base/registers";
import { initScratch, NORMAL, REWINDING, UNWINDING } from "../goroutine/stack";
import { G, GStatus, InLoop, MainState, Mstart, ProgramState, allm, allp, sched, addressOf, gc } from "../../abi";
import { attachTrace, isTraced, traceCreate } from "../debug/trace";

/** Sets up the scheduler; on M0, once, in memory that is still zero but for the program's data. */
@host
export function init(procs: i32, numCPU: i32, maxThreads: i32, heapBase: usize, maxPages: i32, heapPlace: i32): void {
  checkLayout();
  setM(allm(0));
  m.rand = 1;
  sched.nprocs = procs;
  sched.soloAllowed = 1;
  sched.solo = procs == 1 ? 1 : 0;
  sched.startTime = nanotime();
  sched.numCPU = numCPU;
  sched.maxThreads = min(maxThreads, MAX_THREADS - 3);
  sched.maxPages = maxPages;
  initPages(heapBase, heapPlace);
  initObjects();
  sched.goidgen = 1; // 1 is main's
  lock(addressOf(sched.lock));
  for (let i = procs - 1; i >= 0; i--) {
    const pp = allp(i);
    pp.id = i;
    if (i > 0) pidleput(pp);
  }
  // As many Ms as Ps, begun together: to start a thread later, when work has come, would take longer than most work.
  newm(allp(0), false);
  for (let i = 1; i < procs; i++) newm(null, false);
  unlock(addressOf(sched.lock));
}

/** Makes no more than `n` Ms, unless there are more already. On M0, before any goroutine. */
@host
export function threadGoal(n: i32): void {
  sched.threadGoal = n;
}

/** Before anything runs: threads without a P will use channels, so what protects them is never left out. */
@host
export function noSolo(): void {
  sched.soloAllowed = 0;
  sched.solo = 0;
}

/** Before anything runs: one global queue and no local ones, as before Go 1.1. */
@host
export function useGm(): void {
  sched.gm = 1;
}

/**
 * Settings of SKEIN_DEBUG: milliseconds between lines of schedtrace, the long form, the watchdog's limit in ms, leaked
 * goroutines at the end; 0 for off.
 */
@host
export function setDebug(schedtrace: i32, scheddetail: i32, stall: i32, leaks: i32): void {
  sched.schedtrace = schedtrace;
  sched.scheddetail = scheddetail;
  sched.stall = stall;
  sched.leaks = leaks;
}

/**
 * The collector: GOGC (negative for off), the soft limit in bytes, and SKEIN_DEBUG's gctrace and gcstress, 0 for off. Without this call
 * nothing is ever collected.
 */
@host
export function setGc(percent: i32, limit: f64, trace: i32, stress: i32): void {
  initGc(percent, limit, trace, stress);
}

/** Makes this thread's instance known as M `id`'s before mstart, for what it does until then. */
@host
export function beM(id: i32): void {
  setM(allm(id));
}

/**
 * The life of M `id` on this thread: one of MSTART_*. To be called again also after a panic that was contained; on Mstart.Wait
 * once the word `park` is not Park.Parked any more, or the time is over; on Mstart.Turn after a turn of the event loop.
 */
@host
export function mstart(id: i32): i32 {
  const mp = allm(id);
  setM(mp);
  let goesOn = true;
  if (!mp.started) {
    mp.started = true;
    atomic.sub<i32>(addressOf(sched.nmstarting), 1);
    initScratch(mp);
    attachTrace(mp);
    goesOn = awaitp();
  } else if (mp.inLoop != InLoop.No) {
    goesOn = mreturn();
  }
  if (goesOn && schedule()) return Mstart.Again;
  if (mp.inLoop != InLoop.No) return mp.inLoop == InLoop.Wait ? Mstart.Wait : Mstart.Turn;
  if (mp.ending) mexit(mp);
  return Mstart.End;
}

/** Ends the goroutine that this thread was running when it threw. */
@host
export function discard(): void {
  const mp = m;
  // A stack overflow can come in the middle of a switch.
  mp.scratchTop = mp.scratch;
  if (phase == UNWINDING) stopUnwind();
  else if (phase == REWINDING) stopRewind();
  setPhase(NORMAL);
  const gp = mp.curg;
  mp.curg = null;
  setG(changetype<G>(0));
  if (gp) goexit0(gp);
}

/** Starts a goroutine for a task: kind 0 for a call, 1 for main, 2 for the top-level code alone. */
@host
export function submit(task: usize, kind: i32): void {
  enterCore();
  const gp = gfgetOrphan();
  gp.entry = load<i32>(task);
  gp.task = task;
  gp.owes = true;
  gp.status = GStatus.Runnable;
  if (gc.marking != 0) noteRun(gp);
  atomic.add<i64>(addressOf(sched.gcount), 1);
  lock(addressOf(sched.lock));
  if (kind == 0) {
    gp.call = task;
  } else {
    gp.id = 1;
    sched.main = kind == 1 ? MainState.Main : MainState.Init;
  }
  if (isTraced()) traceCreate(gp);
  globrunqput(gp);
  unlock(addressOf(sched.lock));
  leaveCore();
  wakepIfIdle();
}

/** The number of the goroutine that this thread runs, 0 if none. */
@host
export function currentGoid(): i64 {
  return changetype<usize>(g) == 0 ? 0 : g.id;
}

/** The number of the goroutine that started the one that this thread runs, 0 if the host did. */
@host
export function currentCreator(): i64 {
  return changetype<usize>(g) == 0 ? 0 : g.creator;
}

/** Ends all threads: Ms return from mstart when they next look for work, sysmon returns 0. */
@host
export function close(): void {
  atomic.cmpxchg<i32>(addressOf(sched.state), ProgramState.Running, ProgramState.Closing);
  wakeAll();
}
