/**
 * Looking for the next goroutine: on this P, in the global queue, in the network, on other Ps; and ceasing to look. The orderings
 * that keep work from being forgotten meanwhile are those of `schedule.ts`. On g0, with a P.
 */
import { CLOCK_TURNS, GLOBAL_TICKS, STEAL_ROUNDS } from "../../layout";
import { dumpStopped } from "../debug/dump";
import { CHECKED, check } from "../base/checked";
import { heldLocks } from "../base/lockrank";
import { globrunqget, globrunqsize } from "./globrunq";
import { lock, unlock } from "../base/lock";
import { collect } from "../gc/collect";
import { markIdle, markTurn } from "../gc/marker";
import { acquirep, mstop, pidleget, pidleput, releasep, wakepIfIdle } from "./mp";
import { netpoll, netpollLast, netpollWanted } from "../net/netpoll";
import { injectglist } from "../net/polldesc";
import { loadIdlePs, loadSpinning, startSpinning, stopSpinning } from "./spinning";
import { fastrandn } from "../base/rand";
import { m } from "../base/registers";
import { runnextget, runqempty, runqget, runqput, runqsteal } from "../goroutine/runq";
import { Attention, G, P, ProgramState, addressOf, allp, gc, sched } from "../../abi";
import { checkTimers } from "../goroutine/time";
import { timersFirst } from "../goroutine/timers";
import { gcstopm } from "./world";

/**
 * Finds a goroutine to run, sleeping until there is one; null if this M is to end. In Go's order: timers, every 61st time
 * the global queue, the local queue, the global queue, the network, other Ps.
 */
export function findRunnable(): G | null {
  while (true) {
    if (CHECKED) check(heldLocks() == 0 && m.p != null, "who looks for a goroutine has a P and holds no locks");
    if (atomic.load<u64>(addressOf(sched.state)) != 0) {
      if (!onlyMarks()) {
        if (!attend()) return null;
        continue;
      }
      if (!markTurn(m.p!)) return null;
    }
    const pp = m.p!;
    let gp = nextHere(pp, true);
    if (!gp) gp = takeGlobal(pp, 0);
    if (gp) return found(gp);
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
        if (!mp.spinning) startSpinning();
        gp = stealWork(pp);
        if (gp) {
          mp.steals++;
          return found(gp);
        }
        if (CHECKED) check(runqempty(pp), "what the timers of others have put here is run first");
      }
    }
    if (gc.marking != 0) {
      if (m.spinning) stopSpinning();
      if (!markIdle(pp)) return null;
      continue;
    }
    gp = giveUp(pp);
    if (gp) return found(gp);
    if (!m.p && !mstop()) return null;
  }
}

/**
 * What comes next on this P: its timers run, then `runnext`, then the ring; or, by turns, the global queue. Null if there is nothing.
 * Without `exact` the clock is not looked at every time.
 */
@inline
export function nextHere(pp: P, exact: bool): G | null {
  // A goroutine taken from runnext inherits what is left of the time slice: it does not count as a turn, so sysmon sees
  // a pair that readies each other as one. After its request that one goes to the end of the ring.
  const expired = m.preempt != 0;
  if (expired) {
    const rest = runnextget(pp);
    if (rest) runqput(pp, rest, false);
  }
  if (exact || timerMayBeDue(pp)) checkTimers(pp, 0);
  const next = runnextget(pp);
  if (next && (!expired || takesTimerTurn(pp, next))) return next;
  pp.timerTurn = false;
  const tick = pp.schedtick++;
  const globalTurn = <i32>(tick - pp.globalTick) >= 0;
  if (globalTurn || expired) {
    const gp = takeGlobalTurn(pp, tick, globalTurn);
    if (gp) return gp;
  }
  return runqget(pp);
}

/**
 * After a slice, `next` has just been made ready by a timer: it need not wait for a slice of everybody. But not twice in a row, or two
 * goroutines that take turns in sleeping and computing would have the P for themselves.
 */
function takesTimerTurn(pp: P, next: G): bool {
  if (pp.timerTurn) {
    runqput(pp, next, false);
    return false;
  }
  pp.timerTurn = true;
  m.preempt = 0;
  pp.schedtick++;
  return true;
}

/** After a slice the first of the ring and of the global queue, where goroutines are that were made to yield, come by turns. */
function takeGlobalTurn(pp: P, tick: u32, globalTurn: bool): G | null {
  const expired = m.preempt != 0;
  m.preempt = 0;
  if (globalTurn) pp.globalTick = tick + <u32>GLOBAL_TICKS;
  return globalTurn || (expired && (tick & 1) != 0) ? takeGlobal(pp, 1) : null;
}

/** Takes from the global queue, at most `max` (see `globrunqget`). */
function takeGlobal(pp: P, max: i32): G | null {
  if (globrunqsize() == 0) return null;
  lock(addressOf(sched.lock));
  const gp = globrunqget(pp, max);
  unlock(addressOf(sched.lock));
  return gp;
}

/**
 * Whether it is time to look at the clock, for the timers of `pp`. That is a call into JavaScript, more than many a turn takes, so
 * it is not done at each: at every CLOCK_TURNS-th, and at all once sysmon, which reads the clock in time for each
 * timer (`sliceEnd`), has found it due.
 */
@inline
function timerMayBeDue(pp: P): bool {
  const when = timersFirst(pp);
  return when != 0 && (pp.schedtick % <u32>CLOCK_TURNS == 0 || when <= atomic.load<i64>(addressOf(sched.coarseNow)));
}

/**
 * There is nothing to do: gives up the P, stops spinning, and looks once more (see the orderings in `schedule.ts`). Returns a goroutine if
 * one has come to the global queue meanwhile. Else the M is to sleep if it has no P afterwards, and to look again if it has.
 */
function giveUp(pp: P): G | null {
  lock(addressOf(sched.lock));
  if (atomic.load<u64>(addressOf(sched.state)) != 0) {
    unlock(addressOf(sched.lock));
    return null;
  }
  if (sched.runqSize != 0) {
    const gp = globrunqget(pp, 0);
    unlock(addressOf(sched.lock));
    return gp;
  }
  if (CHECKED) check(runqempty(pp), "a P whose M gives up looking has nothing queued");
  releasep();
  pidleput(pp);
  unlock(addressOf(sched.lock));
  const wasSpinning = m.spinning;
  if (wasSpinning) stopSpinning();
  if (!anyWork()) return null;
  lock(addressOf(sched.lock));
  const idle = pidleget();
  unlock(addressOf(sched.lock));
  if (!idle) return null;
  acquirep(idle);
  if (wasSpinning) startSpinning();
  return null;
}

/** Whether nothing is wanted but that this M marks now and then. */
function onlyMarks(): bool {
  return (
    atomic.load<i32>(addressOf(sched.attention)) == Attention.Mark &&
    atomic.load<i32>(addressOf(sched.state)) == ProgramState.Running
  );
}

/** There is a reason not to go on: false if the program is over, true when this M may look for work again. */
function attend(): bool {
  if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return false;
  if (m.spinning) stopSpinning();
  lock(addressOf(sched.lock));
  const bits = sched.attention;
  if (bits & Attention.Stop) {
    gcstopm();
    unlock(addressOf(sched.lock));
    return mstop();
  }
  unlock(addressOf(sched.lock));
  if (bits & Attention.Dump) dumpStopped();
  if (bits & Attention.Gc) return collect();
  return true;
}

/**
 * This M has found work: if it was the last that looked, somebody else should begin to. Who relied on it to look made his work visible
 * before he saw it spin, so before the count went down: it is seen here. Go wakes another M in any case; to wake one for nothing
 * costs more than many a goroutine takes.
 */
function found(gp: G): G {
  if (m.spinning) {
    stopSpinning();
    if (anyWork()) wakepIfIdle();
  }
  return gp;
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
        // Whom a timer of its readies is put here, and must be gone before anything is stolen to the same place.
        const readied = runnextget(pp) || runqget(pp);
        if (readied) return readied;
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
