/**
 * The scheduler: it brings goroutines that are ready to run to threads that have the right to run them. This is its door; what it
 * consists of is listed at the end.
 *
 * G is a goroutine, M a thread, P the right to run goroutines: there are gomaxprocs Ps, and an M must hold one to run Gs.
 * What an M needs for that at high rates (queue, timers, allocator caches, free Gs) belongs to the P, so that threads
 * seldom meet. After Go's runtime/proc.go; the design is Dmitry Vyukov's "Scalable Go Scheduler Design Doc" (2012).
 *
 * A parked goroutine is only bytes in shared memory, so any M can resume it. Its stack lies above `schedule`, which runs at the bottom of
 * each thread's own stack, where Go would say g0: nothing in this folder is instrumented, so nothing in it can be switched out.
 *
 * The approach. Waking a thread there and back costs some 60 µs, and starting, running and ending a goroutine 14 ns; so threads are not
 * woken for every goroutine that becomes ready. An M that runs out of work spins for a while, looking for goroutines to steal, before it
 * sleeps. Whoever makes a goroutine ready wakes a sleeping M only if a P is idle and nobody spins already. The last spinning M that finds
 * work wakes another before it runs it, if there is more: so the number of running Ms follows the work with some delay.
 *
 * Rejected
 * 1. One queue for all, under one lock, as Go had it before 2012. Every start and every switch meets every thread there. It is kept
 *    for comparison (`sched: "gm"`).
 * 2. To wake an M for each goroutine that becomes ready. Of two goroutines that ready each other by turns each would run on a thread
 *    that has just been woken, with the other's data in the wrong cache.
 * 3. To hand the thread itself over with each goroutine that becomes ready. The one that made it ready then waits for a P, though it
 *    runs and most often has only this left to do.
 * 4. To have idle Ms go on spinning. The processors are not theirs: the host's event loop, the I/O thread and the kernel run there too.
 * 5. To wake another M whenever a spinning one finds work, as Go does. In vain it costs more than many a goroutine takes; what the others
 *    relied on the spinning M for is seen when it looks once more (ordering 1).
 * 6. To start a goroutine before the one that is to run next, as Go does: it costs a second atomic operation on every start but the first.
 *
 * The orderings. All accesses named here are sequentially consistent, so there is one order of them that all threads agree on. `W x`
 * writes x, `R x` reads it. Most are Dekker's pattern: two threads write a word each and then read the other's; not both can come first.
 *
 * 1. Submitting against ceasing to look. Words: Q, any queue (`runqtail`, `runnext`, `runqSize`); I, `npidle`; S, `nmspinning`.
 *    Who submits does W Q, then R I and R S, and wakes an M if I > 0 and S = 0. An M that finds nothing puts its P on the idle list
 *    (W I), ceases to be counted (W S), and then reads all queues (R Q). Say the submitter wakes nobody.
 *    - It read S > 0. Each M that was counted then does W S later, and after that R Q: the last of them sees the goroutine. (`wakep` counts
 *      an M that does not run yet. If no P is left for it, it takes that back under sched.lock, and who puts a P there later reads Q.)
 *    - It read I = 0. Every P was held, and each M that holds one does W I, and R Q after that, before it sleeps. A P in a blocking call
 *      is given back the same way, or taken by sysmon, which does not sleep then (ordering 6).
 *    The M's R Q may also find what another M takes before it; then that M looks once more when it has run it.
 * 2. Timers. Words: T, any P's `timer0When`; A, `timerM` with `timerWhen`. Who adds the first timer of a P does W T, then R A; an M
 *    that is to sleep until the next timer does W A, then R T of all Ps. Either the M sleeps no longer than T says, or it is woken. If there
 *    is no such M, ordering 1 holds for the timer as for a goroutine: the M that comes to sleep reads T.
 * 3. Sleeping. Word: `M.park`. A waker writes what the M is to find (`nextp`, the state), then exchanges WOKEN into `park`; the M turns 0
 *    into PARKED by compare-and-swap and sleeps while it is that. If the exchange comes first the swap fails; if not, the waker sees
 *    PARKED and notifies. The M reads `park` before what it is to find.
 * 4. Parking a goroutine. Word: the lock L of what it waits for. It takes L, queues itself, and unwinds; the scheduler saves its stack and
 *    only then releases L. Who readies it has taken L to find it in the queue. So it is never resumed from a stack that is not saved. A
 *    descriptor has no lock: there the scheduler itself puts the goroutine where the waker looks (`netpollcommit`).
 * 5. Blocking calls. Word: `P.status`. The M writes what belongs to the P, then stores Syscall; whoever turns that into something else by
 *    compare-and-swap (the M that comes back, sysmon, who stops the world) has the P, sees those writes, and is the only one.
 * 6. sysmon's sleep. Words: I; Z, `sysmonIdle`. sysmon does W Z, then R I, and sleeps if all Ps are idle; who takes an idle P does W I,
 *    then R Z, and wakes it. A P that was taken and not watched (`entersyscallUnwatched`) was seen to have nothing queued; who queues
 *    something does W Q, then R I, and wakes sysmon if no P is idle (`globrunq.ts`).
 * 7. Stopping the world. `attention` is written, and every P taken or put down, under sched.lock: an M that takes a P sees the bit, or had
 *    the P before the Ps were counted. One that was put down for an M, in `nextp`, goes to whoever exchanges it for null first: the M, or who
 *    stops the world.
 *
 * This folder: `schedule.ts`, the loop of every M; `findrunnable.ts`, where the next goroutine comes from; `spinning.ts`; `globrunq.ts`, the
 * queue for all; `mp.ts`, who holds which P and how Ms sleep; `lockedm.ts`, Ms with a goroutine of their own; `inloop.ts`, Ms in their event
 * loops; `newm.ts`, making and ending Ms; `sysmon.ts`; `world.ts`, stopping all; `deadlock.ts`. Each function here is called by a thread
 * that is inside the core, on its own stack, or on top of a goroutine's where it neither parks nor waits for long.
 *
 * It and `goroutine/` import each other, for a goroutine that readies another wakes a thread, and a thread that schedules readies
 * goroutines. Below them, what parks goroutines (chan/, net/, js/, and sync/ for what ends with a goroutine) calls `park` and
 * `goready`, and leaves something to be done here once the stack is saved: that is why these are imported here too.
 */
import { LOOP_SLICE, MSTART_TURNS } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { findRunnable, nextHere } from "./findrunnable";
import { globrunqputOne } from "./globrunq";
import { endC } from "../goroutine/cstack";
import { gfput, gfputOrphan } from "../goroutine/gs";
import { passToCleanM } from "./inloop";
import { startRewind, stopUnwind } from "../base/imports";
import { needsNoWatch, wantsCleanM } from "../js/jsgo";
import { lock, punlock, unlock } from "../base/lock";
import { heldLocks, holds } from "../base/lockrank";
import { mstop, watch } from "./mp";
import { netpollcommit } from "../net/polldesc";
import { startlockedm, stoplockedm } from "./lockedm";
import { flushOutput } from "../goroutine/print";
import { goready } from "../goroutine/proc";
import { m, phase, setG, setPhase } from "../base/registers";
import { runqput } from "../goroutine/runq";
import { selparkcommit } from "../chan/select";
import { NORMAL, REWINDING, saveStack, UNWINDING } from "../goroutine/stack";
import {
  G,
  GKind,
  GStatus,
  InLoop,
  M,
  MainState,
  Owed,
  Switch,
  TraceKind,
  addressOf,
  gc,
  isPlain,
  sched,
} from "../../abi";
import { noteRun } from "../gc/roots";
import { runDeferrals } from "../sync/deferral";
import { entersyscall, leaveSyscall } from "../goroutine/syscall";
import { makeHostCall } from "./hostcall";
import { leaveUser } from "../memory/users";
import { isTraced, trace, traceRun, traceStop } from "../debug/trace";

/**
 * Runs goroutines on this M: for MSTART_TURNS of them, then true, to be called again; or until the program is over, or the M is to
 * end, then false. It returns now and then because V8 runs a function as it was compiled when it was entered: without
 * leaving, an M would never get beyond baseline code.
 */
export function schedule(): bool {
  for (let turns = 0; turns < MSTART_TURNS; turns++) {
    let gp = isUsualTurn(m) ? nextHere(m.p!, false) : null;
    if (!gp) {
      if (m.lockedg) {
        if (!m.lockedReady && !stoplockedm()) return false;
        m.lockedReady = false;
        m.preempt = 0;
        gp = m.lockedg!;
      } else {
        if (m.owed != 0 && nanotime() - m.lastTurn > LOOP_SLICE) {
          if (m.p) entersyscall();
          m.inLoop = InLoop.Turn;
          if (isTraced()) trace(TraceKind.Host, 0, 0);
          m.quick = false;
          return false;
        }
        if (!m.p && !mstop()) return false; // a goroutine left its M without a P, in a blocking call
        gp = findRunnable();
        if (!gp) return false;
        if ((m.owed & Owed.Results) != 0 && (gp.lockedCount == 0 || gp.m == m) && wantsCleanM(gp)) {
          gp = passToCleanM(gp);
          if (!gp) continue;
        }
      }
      const pp = m.p!;
      if (pp.unwatched && !needsNoWatch(gp)) watch(pp);
    }
    if (gp.lockedCount != 0 && gp.m != m) {
      if (!startlockedm(gp)) return false;
      continue;
    }
    execute(gp);
  }
  return true;
}

/** Whether nothing has a claim before what comes next on this P. */
@inline
function isUsualTurn(mp: M): bool {
  return (
    mp.p != null &&
    !mp.lockedg &&
    mp.owed == 0 &&
    mp.preempt == 0 &&
    !mp.spinning &&
    atomic.load<u64>(addressOf(sched.state)) == 0
  );
}

/** Runs a goroutine until it parks, yields or ends, and does what it asked for. */
function execute(gp: G): void {
  const mp = m;
  if (gp.epoch != sched.epoch && gp.kind == GKind.Program) {
    drop(gp);
    return;
  }
  if (CHECKED) check(heldLocks() == 0, "the scheduler runs a goroutine without locks");
  if (CHECKED)
    check(mp.p != null && !mp.spinning && !mp.curg, "an M that runs a goroutine has a P, has found it, and runs one");
  if (CHECKED) check(gp.status == GStatus.Runnable, "a goroutine that begins to run was runnable");
  mp.curg = gp;
  gp.m = mp;
  gp.status = GStatus.Running;
  setG(gp);
  mp.switches++;
  if (isTraced()) traceRun(gp);
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
  if (isTraced()) traceStop(gp);
  if (phase == UNWINDING) {
    setPhase(NORMAL);
    stopUnwind();
    if (!gp.exiting) {
      saveStack(mp, gp);
      if (gc.marking != 0) noteRun(gp);
      if (mp.syscalls != 0) leaveSyscall();
      if (mp.inUser) leaveUser(mp);
      // Once it is on a queue, or its lock is free, the goroutine may already be running elsewhere.
      const to = mp.switchTo;
      if (CHECKED) checkSwitched(gp, to, mp.waitUnlock);
      if (to == Switch.Park) {
        const word = mp.waitUnlock;
        if (word != 0) punlock(word);
      } else if (to == Switch.Select) {
        selparkcommit(mp.waitUnlock);
      } else if (to == Switch.Netpoll) {
        if (!netpollcommit(mp.waitUnlock, gp)) goready(gp);
      } else if (to == Switch.Call) {
        makeHostCall(gp);
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

/** A goroutine has been switched out: it holds no locks but those that are released for it now. */
function checkSwitched(gp: G, to: u8, word: usize): void {
  const waits = to == Switch.Park || to == Switch.Select || to == Switch.Netpoll;
  check(
    gp.status == (waits ? GStatus.Waiting : GStatus.Running),
    "a goroutine that parks waits, and one that yields runs",
  );
  if (to == Switch.Park)
    check(heldLocks() == (word != 0 && holds(word) ? 1 : 0), "a goroutine parks with one lock at most");
  else if (to != Switch.Select) check(heldLocks() == 0, "a goroutine is switched out without locks");
}

/** The program of a goroutine is over: it ends where it stands, and does not count any more. */
function drop(gp: G): void {
  if (gp.sleepTimer != 0) endC(gp);
  if ((gp.out | gp.err) != 0) flushOutput(gp);
  if (gp.lockedCount != 0) m.lockedg = null;
  gfput(m.p!, gp);
}

/** A goroutine has ended. */
export function goexit0(gp: G): void {
  if (m.syscalls != 0) leaveSyscall();
  if (gp.once != 0) runDeferrals(gp);
  if (gp.sleepTimer != 0) endC(gp);
  if (gp.lockedCount != 0) m.lockedg = null;
  if ((gp.out | gp.err) != 0) flushOutput(gp);
  if (gp.id == 1) mainExited();
  const pp = m.p;
  if (pp) {
    if (gp.epoch == sched.epoch) pp.gcount--;
    else if (isCountedApart(gp)) pp.jscount--;
    gfput(pp, gp);
  } else {
    if (gp.epoch == sched.epoch) atomic.sub<i64>(addressOf(sched.gcount), 1);
    else if (isCountedApart(gp)) atomic.sub<i64>(addressOf(sched.jscount), 1);
    gfputOrphan(gp);
  }
  if (m.inUser) leaveUser(m);
}

/** Whether a goroutine that belongs to no program counts among those of the host. */
function isCountedApart(gp: G): bool {
  return gp.kind == GKind.Js || gp.kind == GKind.Host;
}

/** Goroutine 1 has ended; if main had not returned, it has called goexit. */
function mainExited(): void {
  lock(addressOf(sched.lock));
  if (sched.main == MainState.Main) sched.main = MainState.Exited;
  unlock(addressOf(sched.lock));
}
