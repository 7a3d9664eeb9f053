/**
 * Goroutines' own side of the scheduler: to start one, park, be made ready, yield, end. `sched/schedule.ts` says how it all works.
 *
 * What is here runs on the stack of a goroutine, but for `goready` and `startTask`, which the scheduler and the host's threads call too.
 */
import { MAX_PROCS } from "../../layout";
import { reportStall, STALLED } from "../debug/dump";
import { globrunqputOne } from "../sched/globrunq";
import { gfget, gfgetOrphan } from "./gs";
import { operationReady } from "../js/operation";
import { wakepIfIdle } from "../sched/mp";
import { CHECKED, check } from "../base/checked";
import { gopanic } from "../base/panic";
import { g, m } from "../base/registers";
import { runqput } from "./runq";
import { startTheWorld, stopTheWorld, tryWorld } from "../sched/world";
import { switchOut } from "./stack";
import { exitsyscall } from "./syscall";
import { FOREVER, G, GKind, GStatus, OWN_TASK, P, Sched, Switch, allp, gc, sched, addressOf } from "../../abi";
import { noteRun } from "../gc/roots";
import { GoTask, IN_G, Task } from "./task";
import { isTraced, traceCreate, traceReady } from "../debug/trace";

// ---- what goroutines call --------------------------------------------------------------------------------------------

/**
 * Starts a goroutine for a deferred call. It is the next to run on this P, unless another is so already; then it goes to
 * the end of the queue. (Go displaces the other; that costs a second atomic operation on every start but the first.)
 */
export function newproc(task: GoTask): void {
  if (task.size == IN_G) start(changetype<G>(changetype<usize>(task) - OWN_TASK), task);
  else startTask(task);
}

/** The same for a record that does not lie in a G. */
export function startTask(task: Task): void {
  const pp = m.p;
  start(pp ? gfget(pp) : gfgetOrphan(), task);
}


@inline
function start(gp: G, task: Task): void {
  if (CHECKED)
    check(gp.status == GStatus.Idle || gp.status == GStatus.Dead, "a goroutine that is started is in a G that is free");
  gp.entry = task.thunk;
  gp.task = changetype<usize>(task);
  gp.creator = g.id;
  gp.status = GStatus.Runnable;
  if (gc.marking != 0) noteRun(gp);
  if (isTraced()) traceCreate(gp);
  const pp = m.p;
  if (pp) {
    pp.gcount++;
    runqput(pp, gp, pp.runnext == 0);
  } else {
    globrunqputOne(gp); // inside a blocking call
  }
  wakepIfIdle();
}

/**
 * Parks the current goroutine until somebody calls `goready` for it. `word` is what it waits for, and what the scheduler does once
 * its stack is saved, so that any M may resume it, is said by `how`, one of Switch.
 */
@inline
export function park(how: u8, word: usize, reason: u8): void {
  const gp = g;
  const mp = m;
  if (CHECKED) check(gp.status == GStatus.Running && mp.curg == gp, "who parks is the goroutine that runs");
  gp.waitReason = reason;
  gp.waitSince = sched.coarseNow;
  gp.status = GStatus.Waiting;
  gp.waitOn = word;
  mp.waitUnlock = word;
  mp.switchTo = how;
  switchOut();
}

/** Parks on the lock at `lockWord` (0 for none), which the caller took to put the goroutine where its waker will find it. */
@inline
export function gopark(reason: u8, lockWord: usize): void {
  park(Switch.Park, lockWord, reason);
}

/** Makes a parked goroutine runnable: the next on this P, or, from a thread without a P, on the global queue. */
export function goready(gp: G): void {
  if (gp.kind == GKind.Operation) {
    operationReady(gp);
    return;
  }
  if (CHECKED) check(gp.status == GStatus.Waiting, "a goroutine that is made ready waits");
  gp.status = GStatus.Runnable;
  if (isTraced()) traceReady(gp);
  const pp = m.p;
  if (pp) runqput(pp, gp, true);
  else globrunqputOne(gp);
  wakepIfIdle();
}

/** Starts a goroutine of the runtime's own, which counts nowhere, for the function `(arg: usize) => void` at a table index. */
export function startHosted(entry: i32, arg: usize): void {
  const pp = m.p;
  const gp = pp ? gfget(pp) : gfgetOrphan();
  gp.epoch = FOREVER;
  gp.kind = GKind.Runtime;
  gp.entry = entry;
  gp.task = arg;
  gp.creator = 0;
  gp.status = GStatus.Runnable;
  if (gc.marking != 0) noteRun(gp);
  if (pp) runqput(pp, gp, false);
  else globrunqputOne(gp);
  wakepIfIdle();
}

/** Lets the other goroutines of this P run, then goes on. */
@inline
export function gosched(): void {
  m.switchTo = Switch.Yield;
  switchOut();
}

/**
 * Whether this M was asked to have its goroutine give way: what a safepoint looks at. Inlined into each. All values but 0 differ from it in their
 * lowest byte, and of a byte the engine need not ask first whether its address is aligned.
 */
export function preemptWanted(): bool {
  return atomic.load<u8>(addressOf(m.preempt)) != 0;
}

/**
 * A safepoint whose M was asked to give way: the goroutine goes to the end of the global queue. The compiler puts the check
 * of `m.preempt` and this call into loops (`host/compiler`); never into the core, so no lock is held here.
 */
export function preempted(): void {
  if (m.preempt == STALLED) reportStall();
  m.switchTo = Switch.Global;
  switchOut();
}

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

/** The number of the current goroutine; main is 1. */
export function goid(): i64 {
  return g.id;
}

/** The number of the thread that runs the current goroutine. */
export function threadId(): i32 {
  return m.id;
}

/** Goroutines of the program that exist. */
@host
export function numGoroutine(): i32 {
  return total(offsetof<Sched>("gcount"), offsetof<P>("gcount"));
}

/** JavaScript goroutines that exist. */
@host
export function numJsGoroutine(): i32 {
  return total(offsetof<Sched>("jscount"), offsetof<P>("jscount"));
}

/** What a counter of the scheduler and those of the Ps, at these offsets, come to. */
function total(inSched: usize, inP: usize): i32 {
  let n = atomic.load<i64>(changetype<usize>(sched) + inSched);
  for (let i = 0; i < sched.nprocs; i++) n += atomic.load<i64>(changetype<usize>(allp(i)) + inP);
  return <i32>n;
}

/** Processors of the machine that this process may use. */
export function numCPU(): i32 {
  return sched.numCPU;
}

/** Sets the number of Ps and returns the previous; n < 1 only asks. Panics if it is more than MAX_PROCS. */
export function gomaxprocs(n: i32): i32 {
  if (n > <i32>MAX_PROCS) gopanic("gomaxprocs: the limit is " + MAX_PROCS.toString());
  while (m.syscalls != 0) exitsyscall(); // who stops the world needs a P
  while (true) {
    const old = sched.nprocs;
    if (n < 1 || n == old) return old;
    if (tryWorld()) {
      const before = sched.nprocs;
      stopTheWorld();
      startTheWorld(n);
      return before;
    }
    gosched();
  }
}

/** The function of a goroutine that sets gomaxprocs for the host, which has no P to stop the world with. */
export function procsgo(n: usize): void {
  gomaxprocs(<i32>n);
}
