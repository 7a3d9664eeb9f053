/**
 * Looking for the next goroutine: on this P, in the global queue, in the network, on other Ps; and ceasing to look. The orderings
 * that keep work from being forgotten meanwhile are those of `proc.ts`.
 */
import { SCHED_STATE, STATE_RUNNING } from "../../layout";
import { dumpStopped } from "../debug/dump";
import { globrunqget, globrunqsize, schedLock } from "./globrunq";
import { lock, unlock } from "../base/lock";
import { acquirep, mstop, pidleget, pidleput, releasep } from "./mp";
import { netpoll, netpollLast, netpollWanted } from "../net/netpoll";
import { injectglist } from "../net/polldesc";
import { loadIdlePs, loadSpinning, spinningAddr, wakepIfIdle } from "../goroutine/proc";
import { fastrandn } from "../base/rand";
import { m } from "../base/registers";
import { runnextget, runqempty, runqget, runqput, runqsteal } from "../goroutine/runq";
import { Attention, G, P, allp, sched } from "../../abi";
import { checkTimers } from "../goroutine/time";
import { timersFirst } from "../goroutine/timers";
import { gcstopm } from "./world";

/** Every so many turns the global queue comes first, so that two goroutines readying each other cannot starve it. */
const GLOBAL_TICKS: u32 = 61;

/** How often an M goes round all Ps before it gives up stealing, and the number of rounds it spins on that. */
const STEAL_ROUNDS: i32 = 4;

/**
 * Finds a goroutine to run, sleeping until there is one; null if this M is to end. In Go's order: timers, every 61st time
 * the global queue, the local queue, the global queue, other Ps.
 */
export function findRunnable(): G | null {
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
