/**
 * The loop of every M: takes the next goroutine, runs it until it parks, yields or ends, and does what it asked for.
 *
 * This file runs at the bottom of each M's stack, where Go would say g0, as does `findrunnable.ts`: nothing in it is
 * instrumented by Asyncify.
 */
import { SCHED_STATE } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { findRunnable, nextHere } from "./findrunnable";
import { globrunqputOne } from "./globrunq";
import { gfput, gfputOrphan } from "../goroutine/gs";
import { passToCleanM } from "./hosted";
import { startRewind, stopUnwind } from "../base/imports";
import { needsNoWatch, wantsCleanM } from "../js/jsgo";
import { lock, punlock, unlock } from "../base/lock";
import { heldLocks, holds } from "../base/lockrank";
import { mstop, watch } from "./mp";
import { netpollcommit } from "../net/polldesc";
import { startlockedm, stoplockedm } from "../goroutine/osthread";
import { flushOutput } from "../goroutine/print";
import { goready } from "../goroutine/proc";
import { m, phase, setG, setPhase } from "../base/registers";
import { runqput } from "../goroutine/runq";
import { selparkcommit } from "../chan/select";
import { NORMAL, REWINDING, saveStack, UNWINDING } from "../goroutine/stack";
import { G, GKind, GStatus, Hosted, M, MainState, Switch, TraceKind, addressOf, isPlain, sched } from "../../abi";
import { runDeferrals } from "../sync/deferral";
import { entersyscall, leaveSyscall } from "../goroutine/syscall";
import { isTraced, trace, traceRun, traceStop } from "../debug/trace";

/** Goroutines that `schedule` runs before it returns. */
const TURNS: i32 = 4096;

/** How long an M whose JavaScript waits for something may go without a turn of its event loop, in ns. */
const HOST_SLICE: i64 = 1_000_000;

/**
 * Runs goroutines on this M: for TURNS of them, then true, to be called again; or until the program is over, or the M is to
 * end, then false. It returns now and then because V8 runs a function as it was compiled when it was entered: without
 * leaving, an M would never get beyond baseline code.
 */
export function schedule(): bool {
  for (let turns = 0; turns < TURNS; turns++) {
    let gp = isUsualTurn(m) ? nextHere(m.p!, false) : null;
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
          if (isTraced()) trace(TraceKind.Host, 0, 0);
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
    mp.p != null && !mp.lockedg && mp.owed == 0 && mp.preempt == 0 && !mp.spinning && atomic.load<u64>(SCHED_STATE) == 0
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
      if (mp.syscalls != 0) leaveSyscall();
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
    else if (gp.kind != GKind.Program) pp.jscount--;
    gfput(pp, gp);
  } else {
    if (gp.epoch == sched.epoch) atomic.sub<i64>(addressOf(sched.gcount), 1);
    else if (gp.kind != GKind.Program) atomic.sub<i64>(addressOf(sched.jscount), 1);
    gfputOrphan(gp);
  }
}

/** Goroutine 1 has ended; if main had not returned, it has called goexit. */
function mainExited(): void {
  lock(addressOf(sched.lock));
  if (sched.main == MainState.Main) sched.main = MainState.Exited;
  unlock(addressOf(sched.lock));
}
