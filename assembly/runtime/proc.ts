/**
 * The scheduler: it brings goroutines that are ready to run to threads that have the right to run them.
 *
 * G is a goroutine, M a thread, P the right to run goroutines: there are gomaxprocs Ps, and an M must hold one to run Gs.
 * What an M needs for that at high rates (queue, timers, allocator caches, free Gs) belongs to the P, so that threads
 * seldom meet. After Go's runtime/proc.go; the design is Dmitry Vyukov's "Scalable Go Scheduler Design Doc" (2012).
 *
 * Parking and unparking threads. Waking a thread costs tens of microseconds, so it is not done for every goroutine that
 * becomes ready: an M that runs out of work spins for a while, looking for goroutines to steal, before it sleeps, and
 * whoever makes a goroutine ready wakes a sleeping M only if there is an idle P and nobody spins already. The last spinning
 * M that finds work wakes another before it runs it, so that the number of running Ms follows the work with some delay.
 *
 * Two orderings keep work from being forgotten; both are Dekker's pattern over sequentially consistent atomics.
 * 1. Submitting: make the goroutine visible (runq tail or runnext, global queue, timer), then look at nmspinning and npidle.
 * 2. Ceasing to spin: decrement nmspinning, then look at all queues and timers once more.
 * Whichever comes second sees the other: either the submitter finds nobody spinning and wakes an M, or the M that stops
 * spinning finds the work. Releasing the P comes before 2, so the submitter of that moment also sees the idle P.
 *
 * This file runs at the bottom of each M's stack, where Go would say g0: nothing in it is instrumented by Asyncify but
 * `gopark` and the other functions that goroutines call (`stack.ts`).
 */
import { SCHED_STATE, STATE_RUNNING } from "../layout";
import { nanotime } from "./clock";
import { globrunqget, globrunqputOne, globrunqsize, schedLock } from "./globrunq";
import { startRewind, stopUnwind } from "./imports";
import { parkunlock } from "./lanes";
import { lock, unlock } from "./lock";
import { operationReady } from "./hostop";
import { dumpStopped, reportStall, STALLED } from "./dump";
import { passToCleanM } from "./hosted";
import { acquirep, mstop, pidleget, pidleput, releasep, wakep } from "./mp";
import { wantsCleanM } from "./jsgo";
import { startlockedm, stoplockedm } from "./osthread";
import { netpoll, netpollLast, netpollWanted } from "./netpoll";
import { injectglist, netpollcommit } from "./polldesc";
import { fastrandn } from "./rand";
import { g, m, phase, setG, setPhase } from "./registers";
import { runnextget, runqempty, runqget, runqput, runqsteal } from "./runq";
import { selparkcommit } from "./select";
import { NORMAL, REWINDING, saveStack, switchOut, UNWINDING } from "./stack";
import {
  Attention,
  FOREVER,
  G,
  GStatus,
  Hosted,
  M,
  MainState,
  OPERATION,
  OWN_TASK,
  P,
  Sched,
  Switch,
  allp,
  isPlain,
  sched,
} from "./structs";
import { GoTask, IN_G, Task } from "./task";
import { checkTimers } from "./time";
import { timersFirst } from "./timers";
import { gfget, gfgetOrphan, gfput, gfputOrphan } from "./gs";
import { runDeferrals } from "./sync/deferral";
import { entersyscall, leaveSyscall } from "./syscall";
import { gcstopm } from "./world";
import { flushOutput } from "./print";

/** Every so many turns the global queue comes first, so that two goroutines readying each other cannot starve it. */
// @ts-ignore: decorator
@inline
const GLOBAL_TICKS: u32 = 61;
/** How often an M goes round all Ps before it gives up stealing, and the number of rounds it spins on that. */
// @ts-ignore: decorator
@inline
const STEAL_ROUNDS: i32 = 4;

/** Goroutines that `schedule` runs before it returns. */
// @ts-ignore: decorator
@inline
const TURNS: i32 = 4096;

/** Turns between looks at the clock; a power of two. */
// @ts-ignore: decorator
@inline
const CLOCK_TURNS: u32 = 4;

/** How long an M whose JavaScript waits for something may go without a turn of its event loop, in ns. */
// @ts-ignore: decorator
@inline
const HOST_SLICE: i64 = 1_000_000;

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

// @ts-ignore: decorator
@inline
function start(gp: G, task: Task): void {
  gp.entry = task.thunk;
  gp.task = changetype<usize>(task);
  gp.creator = g.id;
  gp.status = GStatus.Runnable;
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
 * Parks the current goroutine. Once its stack is saved, so that any M may resume it, the scheduler releases the lock at
 * `lockWord` (0 for none), which the caller took to put the goroutine where its waker will find it.
 */
// @ts-ignore: decorator
@inline
export function gopark(reason: u8, lockWord: usize): void {
  g.waitReason = reason;
  g.waitSince = sched.coarseNow;
  g.status = GStatus.Waiting;
  g.waitOn = lockWord;
  m.waitUnlock = lockWord;
  m.switchTo = Switch.Park;
  switchOut();
}

/** Parks the current goroutine; once its stack is saved `selparkcommit(select)` releases what the select has locked. */
export function goparkSelect(select: usize, reason: u8): void {
  g.waitReason = reason;
  g.waitSince = sched.coarseNow;
  g.status = GStatus.Waiting;
  g.waitOn = select;
  m.waitUnlock = select;
  m.switchTo = Switch.Select;
  switchOut();
}

/** Makes a parked goroutine runnable: the next on this P, or, from a thread without a P, on the global queue. */
export function goready(gp: G): void {
  if (gp.epoch == OPERATION) {
    operationReady(gp);
    return;
  }
  gp.status = GStatus.Runnable;
  const pp = m.p;
  if (pp) runqput(pp, gp, true);
  else globrunqputOne(gp);
  wakepIfIdle();
}

/** Lets the other goroutines of this P run, then goes on. */
// @ts-ignore: decorator
@inline
export function gosched(): void {
  m.switchTo = Switch.Yield;
  switchOut();
}

/** Whether this M was asked to have its goroutine give way: what a safepoint looks at. Inlined into each. */
export function preemptWanted(): bool {
  return atomic.load<u32>(changetype<usize>(m) + offsetof<M>("preempt")) != 0;
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

/** Ends the current goroutine. If it is main's, the program goes on until nothing is left. Does not return. */
export function goexit(): void {
  g.exiting = true;
  switchOut();
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
export function numGoroutine(): i32 {
  return total(offsetof<Sched>("gcount"), offsetof<P>("gcount"));
}

/** JavaScript goroutines that exist. */
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

// ---- the loop --------------------------------------------------------------------------------------------------------

/**
 * Runs goroutines on this M: for TURNS of them, then true, to be called again; or until the program is over, or the M is to
 * end, then false. It returns now and then because V8 runs a function as it was compiled when it was entered: without
 * leaving, an M would never get beyond baseline code.
 */
export function schedule(): bool {
  for (let turns = 0; turns < TURNS; turns++) {
    let gp = runnableHere();
    if (!gp) {
      if (m.lockedg) {
        if (!m.lockedReady && !stoplockedm()) return false;
        m.lockedReady = false;
        m.preempt = 0;
        gp = m.lockedg!;
      } else {
        if (m.owed != 0 && nanotime() - m.lastTurn > HOST_SLICE) {
          if (m.p) entersyscall();
          m.hosted = Hosted.Turn;
          m.quick = false;
          return false;
        }
        if (!m.p && !mstop()) return false; // a goroutine left its M without a P, in a blocking call
        gp = findRunnable();
        if (!gp) return false;
        if (m.owed != 0 && (gp.lockedCount == 0 || gp.m == m) && wantsCleanM(gp)) {
          gp = passToCleanM(gp);
          if (!gp) continue;
        }
      }
    }
    if (gp.lockedCount != 0 && gp.m != m) {
      if (!startlockedm(gp)) return false;
      continue;
    }
    execute(gp);
  }
  return true;
}

/**
 * What comes next on this P's own queue, if nothing else has a claim before it: what `findRunnable` would find there, in
 * fewer steps. Null says nothing.
 */
// @ts-ignore: decorator
@inline
function runnableHere(): G | null {
  const mp = m;
  const pp = mp.p;
  if (!pp || changetype<usize>(mp.lockedg) != 0 || mp.owed != 0 || mp.preempt != 0 || mp.spinning) return null;
  if (atomic.load<u64>(SCHED_STATE) != 0 || timerMayBeDue(pp)) return null;
  const next = runnextget(pp);
  if (next) return next;
  const tick = pp.schedtick;
  if (<i32>(tick - pp.globalTick) >= 0) return null;
  const gp = runqget(pp);
  if (gp) {
    pp.timerTurn = false;
    pp.schedtick = tick + 1;
  }
  return gp;
}

/**
 * Whether it is time to look at the clock, for the timers of `pp`. That is a call into JavaScript, more than many a turn takes, so
 * it is not done at each: at every CLOCK_TURNS-th, and at all once sysmon, which reads the clock in time for each
 * timer (`sliceEnd`), has found it due.
 */
// @ts-ignore: decorator
@inline
function timerMayBeDue(pp: P): bool {
  const when = timersFirst(pp);
  return when != 0 && (pp.schedtick % CLOCK_TURNS == 0 || when <= atomic.load<i64>(coarseNowAddr()));
}

/** Runs a goroutine until it parks, yields or ends, and does what it asked for. */
function execute(gp: G): void {
  const mp = m;
  if (gp.epoch != sched.epoch && gp.epoch != FOREVER) {
    drop(gp);
    return;
  }
  mp.curg = gp;
  gp.m = mp;
  gp.status = GStatus.Running;
  setG(gp);
  mp.switches++;
  if (gp.stackTop == 0) {
    mp.goroutines++;
    call_indirect<void>(gp.entry, gp.task);
  } else {
    setPhase(REWINDING);
    startRewind(changetype<usize>(gp)); // the first two words of a G are Asyncify's view of its stack
    call_indirect<void>(gp.entry, 0);
  }
  setG(changetype<G>(0));
  mp.curg = null;
  if (phase == UNWINDING) {
    setPhase(NORMAL);
    stopUnwind();
    if (!gp.exiting) {
      saveStack(mp, gp);
      if (mp.syscalls != 0) leaveSyscall();
      // Once it is on a queue, or its lock is free, the goroutine may already be running elsewhere.
      const to = mp.switchTo;
      if (to == Switch.Park) {
        const word = mp.waitUnlock;
        if (word != 0) parkunlock(word);
      } else if (to == Switch.Select) {
        selparkcommit(mp.waitUnlock);
      } else if (to == Switch.Netpoll) {
        if (!netpollcommit(mp.waitUnlock, gp)) goready(gp);
      } else {
        gp.status = GStatus.Runnable;
        const pp = mp.p;
        if (to == Switch.Yield && pp) runqput(pp, gp, false);
        else globrunqputOne(gp);
      }
      return;
    }
  }
  const pp = mp.p;
  if (pp && mp.syscalls == 0 && isPlain(gp) && gp.epoch == sched.epoch) {
    // As goexit0, of one that leaves nothing to do.
    pp.gcount--;
    gfput(pp, gp);
    return;
  }
  if (gp.detached) {
    gp.waitSince = sched.coarseNow;
    gp.status = GStatus.Waiting;
    leaveSyscall();
    return;
  }
  goexit0(gp);
}

/** The program of a goroutine is over: it ends where it stands, and does not count any more. */
function drop(gp: G): void {
  if ((gp.out | gp.err) != 0) flushOutput(gp);
  if (gp.lockedCount != 0) m.lockedg = null;
  gfput(m.p!, gp);
}

/** A goroutine has ended. */
export function goexit0(gp: G): void {
  if (m.syscalls != 0) leaveSyscall();
  if (gp.once != 0) runDeferrals(gp);
  if (gp.lockedCount != 0) m.lockedg = null;
  if ((gp.out | gp.err) != 0) flushOutput(gp);
  if (gp.id == 1) mainExited();
  const pp = m.p;
  if (pp) {
    if (gp.epoch == sched.epoch) pp.gcount--;
    else if (gp.epoch == FOREVER) pp.jscount--;
    gfput(pp, gp);
  } else {
    if (gp.epoch == sched.epoch) atomic.sub<i64>(changetype<usize>(sched) + offsetof<Sched>("gcount"), 1);
    else if (gp.epoch == FOREVER) atomic.sub<i64>(changetype<usize>(sched) + offsetof<Sched>("jscount"), 1);
    gfputOrphan(gp);
  }
}

/** Goroutine 1 has ended; if main had not returned, it has called goexit. */
function mainExited(): void {
  lock(schedLock());
  if (sched.main == MainState.Main) sched.main = MainState.Exited;
  unlock(schedLock());
}

/**
 * Finds a goroutine to run, sleeping until there is one; null if this M is to end. In Go's order: timers, every 61st time
 * the global queue, the local queue, the global queue, other Ps.
 */
function findRunnable(): G | null {
  while (true) {
    if (atomic.load<u64>(SCHED_STATE) != 0) {
      if (!attend()) return null;
      continue;
    }
    const pp = m.p!;
    // A goroutine taken from runnext inherits what is left of the time slice: it does not count as a turn, so sysmon sees
    // a pair that readies each other as one. After its request that one goes to the end of the ring.
    const expired = m.preempt != 0;
    if (expired) {
      const rest = runnextget(pp);
      if (rest) runqput(pp, rest, false);
    }
    checkTimers(pp, 0);
    const next = runnextget(pp);
    if (next) {
      if (!expired) return stopSpinning(next);
      // What a timer has just made ready need not wait for a slice of everybody; but not twice in a row, or two goroutines
      // that take turns in sleeping and computing would have the P for themselves.
      if (!pp.timerTurn) {
        pp.timerTurn = true;
        m.preempt = 0;
        pp.schedtick++;
        return stopSpinning(next);
      }
      runqput(pp, next, false);
    }
    pp.timerTurn = false;
    m.preempt = 0;
    // After a slice the first of the ring and of the global queue, where goroutines are that were made to yield, come by turns.
    const tick = pp.schedtick++;
    const globalTurn = <i32>(tick - pp.globalTick) >= 0;
    if (globalTurn) pp.globalTick = tick + GLOBAL_TICKS;
    if ((globalTurn || (expired && (tick & 1) != 0)) && globrunqsize() > 0) {
      lock(schedLock());
      const gp = globrunqget(pp, 1);
      unlock(schedLock());
      if (gp) return stopSpinning(gp);
    }

    let gp = runqget(pp);
    if (gp) return stopSpinning(gp);
    if (globrunqsize() > 0) {
      lock(schedLock());
      gp = globrunqget(pp, 0);
      unlock(schedLock());
      if (gp) return stopSpinning(gp);
    }
    // The network, unless somebody waits for it already: an optimisation before stealing, as in Go.
    if (netpollWanted() && netpollLast() != 0) {
      const list = netpoll(0);
      if (list) {
        injectglist(list);
        continue;
      }
    }
    // Steal, unless half as many as the busy Ps already try: more would only get in each other's way.
    if (sched.nprocs > 1 && sched.gm == 0) {
      const mp = m;
      if (mp.spinning || 2 * loadSpinning() < sched.nprocs - loadIdlePs()) {
        if (!mp.spinning) {
          mp.spinning = true;
          atomic.add<i32>(spinningAddr(), 1);
        }
        gp = stealWork(pp);
        if (gp) {
          mp.steals++;
          return stopSpinning(gp);
        }
        // A timer that just ran may have put a goroutine here.
        if (!runqempty(pp)) continue;
      }
    }

    // Nothing: give up the P, stop spinning, look once more (see the orderings above), and sleep.
    lock(schedLock());
    if (atomic.load<u64>(SCHED_STATE) != 0) {
      unlock(schedLock());
      continue;
    }
    if (sched.runqSize != 0) {
      gp = globrunqget(pp, 0);
      unlock(schedLock());
      return stopSpinning(gp!);
    }
    releasep();
    pidleput(pp);
    unlock(schedLock());
    const wasSpinning = m.spinning;
    if (wasSpinning) {
      m.spinning = false;
      atomic.sub<i32>(spinningAddr(), 1);
    }
    if (anyWork()) {
      lock(schedLock());
      const idle = pidleget();
      unlock(schedLock());
      if (idle) {
        acquirep(idle);
        if (wasSpinning) {
          m.spinning = true;
          atomic.add<i32>(spinningAddr(), 1);
        }
        continue;
      }
    }
    if (!mstop()) return null;
  }
}

/** There is a reason not to go on: false if the program is over, true when this M may look for work again. */
function attend(): bool {
  if (atomic.load<i32>(SCHED_STATE) != STATE_RUNNING) return false;
  const mp = m;
  if (mp.spinning) {
    mp.spinning = false;
    atomic.sub<i32>(spinningAddr(), 1);
  }
  lock(schedLock());
  const bits = sched.attention;
  if (bits & Attention.Stop) {
    gcstopm();
    unlock(schedLock());
    return mstop();
  }
  unlock(schedLock());
  if (bits & Attention.Dump) dumpStopped();
  return true;
}

/** This M has found work: if it was the last that looked, somebody else should begin to. */
// @ts-ignore: decorator
@inline
function stopSpinning(gp: G): G {
  if (m.spinning) resetspinning();
  return gp;
}

/**
 * Who relied on this M to look made his work visible before he saw it spin, so before the count went down: it is seen here. Go
 * wakes another M in any case; to wake one for nothing costs more than many a goroutine takes.
 */
function resetspinning(): void {
  m.spinning = false;
  atomic.sub<i32>(spinningAddr(), 1);
  if (anyWork()) wakepIfIdle();
}

/** Goes round the other Ps from a random one; on the last round also takes their runnext and runs their timers. */
function stealWork(pp: P): G | null {
  const n = sched.nprocs;
  for (let round = 0; round < STEAL_ROUNDS; round++) {
    const last = round == STEAL_ROUNDS - 1;
    let i = <i32>fastrandn(n);
    for (let k = 0; k < n; k++) {
      const victim = allp(i);
      if (++i == n) i = 0;
      if (victim == pp) continue;
      if (last && timersFirst(victim) != 0) {
        checkTimers(victim, 0);
        const gp = runnextget(pp);
        if (gp) return gp;
      }
      const gp = runqsteal(pp, victim, last);
      if (gp) return gp;
    }
  }
  return null;
}

/** Is there anything to run anywhere? After giving up the P. */
export function anyWork(): bool {
  if (globrunqsize() > 0) return true;
  const n = sched.nprocs;
  for (let i = 0; i < n; i++) {
    if (!runqempty(allp(i))) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function coarseNowAddr(): usize {
  return changetype<usize>(sched) + offsetof<Sched>("coarseNow");
}

// ---- waking ----------------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function spinningAddr(): usize {
  return changetype<usize>(sched) + offsetof<Sched>("nmspinning");
}
// @ts-ignore: decorator
@inline
function loadSpinning(): i32 {
  return atomic.load<i32>(spinningAddr());
}
// @ts-ignore: decorator
@inline
function loadIdlePs(): i32 {
  return atomic.load<i32>(changetype<usize>(sched) + offsetof<Sched>("npidle"));
}

/** After work was made visible: if a P is idle and nobody looks for work, wake an M that does. */
// @ts-ignore: decorator
@inline
export function wakepIfIdle(): void {
  if (loadIdlePs() != 0 && loadSpinning() == 0) wakep();
}
