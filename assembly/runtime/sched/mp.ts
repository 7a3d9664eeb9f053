/**
 * Ms and Ps: who holds which P, and how Ms sleep and are woken.
 *
 * Everything here that touches the idle lists holds `sched.lock`. An M sleeps in one of two places:
 * - on the idle list, until somebody gives it a P (`nextp`) and unparks it;
 * - as the *timer M*, at most one, until the next timer of any P is due, or until it is given a P all the same. While
 *   goroutines wait for the network it does so in the netpoller.
 *
 * `M.park` is its futex, one of Park. An M turns Awake into Parked by compare-and-swap and waits while it is Parked; a waker
 * exchanges Woken into it and notifies if it replaced Parked, or breaks the poll if it replaced Polling. An M that finds Woken
 * makes it Awake again and looks at what has changed. Wakers write first what the M is to find (`nextp`, the state), so the
 * exchange orders it; a wake-up too many is harmless, since the M looks and sleeps again.
 *
 * An M whose JavaScript waits for something (`owed`) does not sleep on the futex: its thread goes to its event loop
 * (`inLoop`), and comes back when `park` changes (the host waits for that with Atomics.waitAsync), or after a turn. There it
 * may run JavaScript at any time, for as long as that likes. So it counts as being in a blocking call: it is on a list of its
 * own, which comes after the idle Ms, and a P is put down for it in the state `Syscall`, as if it had had it when it left;
 * coming back it takes the P as after any blocking call, unless sysmon has taken it away meanwhile.
 *
 * There are always at least as many Ms as Ps, so an M that holds no P means that none is missing one.
 *
 * What orders all this is said in `schedule.ts`, 1 to 3. Ms sleep on g0; to hand on a P and wake an M any thread may, on either stack.
 */
import { JS_PARK_SPINS, LOOP_POLL_US, PARK_SPINS, SPINS_IN_VAIN, STOPPED_SPIN } from "../../layout";
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { checkdead, checkStuck } from "./deadlock";
import { loopget, loopput, putDown, toLoop } from "./inloop";
import { futexsleep, lock, unlock } from "../base/lock";
import { heldLocks, holds } from "../base/lockrank";
import { netpoll, netpollBreak, netpollLast, netpollWanted } from "../net/netpoll";
import { injectglist } from "../net/polldesc";
import { isGoalReached, newm, wakeSysmonIfAsleep } from "./newm";
import { anyWork } from "./findrunnable";
import { m } from "../base/registers";
import { runqempty } from "../goroutine/runq";
import {
  Attention,
  G,
  InLoop,
  M,
  P,
  PStatus,
  Park,
  ProgramState,
  TraceKind,
  addressOf,
  allm,
  allp,
  sched,
} from "../../abi";
import { checkTimers, timeSleepUntil } from "../goroutine/time";
import { timersFirst } from "../goroutine/timers";
import { isTraced, trace } from "../debug/trace";
import { countSpinner, loadIdlePs, loadSpinning, uncountSpinner } from "./spinning";
import { isStopping } from "../memory/assist";
import { stopp } from "./world";

// ---- Ps --------------------------------------------------------------------------------------------------------------

/** This M takes a P that nobody holds. */
export function acquirep(pp: P): void {
  if (CHECKED) check(!m.p && !pp.m, "an M takes a P only if it has none, and one that nobody holds");
  if (CHECKED) check(pp.status == PStatus.Idle || pp.status == PStatus.Gcstop, "a P that is taken is idle, or stopped");
  pp.m = m;
  pp.status = PStatus.Running;
  m.p = pp;
  if (isTraced()) trace(TraceKind.TakeP, 0, pp.id);
}

/** This M gives up its P. */
export function releasep(): P {
  const pp = m.p!;
  if (CHECKED) check(pp.m == m && pp.status == PStatus.Running, "an M gives up a P that it runs");
  if (isTraced()) trace(TraceKind.GiveP, 0, pp.id);
  pp.m = null;
  pp.status = PStatus.Idle;
  m.p = null;
  return pp;
}

/** Puts a P that nobody holds on the idle list. Under sched.lock. */
export function pidleput(pp: P): void {
  if (CHECKED) check(holds(addressOf(sched.lock)), "the idle Ps are guarded by sched.lock");
  if (CHECKED) check(!pp.m && pp.status == PStatus.Idle, "a P on the idle list is nobody's");
  pp.unwatched = false;
  pp.idlelink = sched.idleP;
  sched.idleP = pp;
  atomic.add<i32>(addressOf(sched.npidle), 1);
}

/** Takes a P from the idle list, and has sysmon watch it. Under sched.lock. */
export function pidleget(): P | null {
  const pp = pidlegetUnwatched();
  if (pp) watch(pp);
  return pp;
}

/**
 * The same without waking sysmon, which costs as much as waking an M: the M that is given the P owes that, and pays before it
 * runs what needs to be watched (`schedule`). Under sched.lock.
 */
function pidlegetUnwatched(): P | null {
  if (CHECKED) check(holds(addressOf(sched.lock)), "the idle Ps are guarded by sched.lock");
  const pp = sched.idleP;
  if (CHECKED) check((pp != null) == (sched.npidle != 0), "npidle counts the idle Ps");
  if (pp) {
    if (CHECKED) check(!pp.m && pp.status == PStatus.Idle, "a P from the idle list is nobody's");
    sched.idleP = pp.idlelink;
    atomic.sub<i32>(addressOf(sched.npidle), 1);
    pp.unwatched = true;
  }
  return pp;
}

/** Has sysmon watch what a P runs from now on. */
export function watch(pp: P): void {
  pp.unwatched = false;
  wakeSysmonIfAsleep();
}

// ---- waking Ms -------------------------------------------------------------------------------------------------------

export function unpark(mp: M): void {
  const was = atomic.xchg<i32>(addressOf(mp.park), Park.Woken);
  // All waiters, not one: a wait of its event loop that is not over yet would take the place of the M itself.
  if (was == Park.Parked) atomic.notify(addressOf(mp.park), i32.MAX_VALUE);
  else if (was == Park.Polling) netpollBreak();
}

/** After work was made visible: if a P is idle and nobody looks for work, wake an M that does. */
@inline
export function wakepIfIdle(): void {
  if (loadIdlePs() != 0 && loadSpinning() == 0) wakep();
}

/**
 * Wakes an M to look for work, unless somebody looks already or no P is idle. Where it comes to nothing it ceases to count as
 * spinning while it holds the lock: who saw it spin, and so woke nobody, made his work visible before that, and whoever lets
 * go of a P or becomes idle after that sees the work.
 */
export function wakep(): void {
  if (!countSpinner()) return;
  lock(addressOf(sched.lock));
  const pp = pidlegetUnwatched();
  if (!pp) {
    uncountSpinner();
    unlock(addressOf(sched.lock));
    return;
  }
  startm(pp, true);
}

/**
 * Gives a P to an idle M and wakes it, or makes a new M for it. Called with sched.lock held, which it releases. A spinning
 * M has been counted already.
 */
function startm(pp: P, spinning: bool): void {
  if (CHECKED) check(holds(addressOf(sched.lock)), "startm is called with sched.lock held");
  if (CHECKED) check(!pp.m && pp.status == PStatus.Idle, "a P that is handed on is nobody's");
  if (CHECKED) check(!spinning || loadSpinning() > 0, "an M that is started spinning has been counted");
  let mp = sched.idleM;
  if (mp) {
    sched.idleM = mp.idlelink;
    sched.nmidle--;
  } else if (sched.timerM != 0) {
    // No other M is idle, so no other P is: each P has an M that looks after its timers.
    mp = changetype<M>(sched.timerM);
    sched.timerM = 0;
  } else if (sched.loopM) {
    mp = sched.loopM;
    loopget(mp!);
  }
  if (mp && mp.inLoop != InLoop.No) {
    if (pp.unwatched) watch(pp);
    putDown(mp, pp);
    if (spinning) uncountSpinner();
    unlock(addressOf(sched.lock));
    unpark(mp);
    return;
  }
  if (!mp) {
    if (isGoalReached() || sched.mlive - sched.nmblocked - sched.nmlocked >= sched.nprocs) {
      // Every M holds a P, or is on its way to the idle list and looks for work once more when it gets there. Or it comes out
      // of a blocking call, and takes a P that is idle.
      pidleput(pp);
      if (spinning) uncountSpinner();
      unlock(addressOf(sched.lock));
      return;
    }
    newm(pp, spinning);
    unlock(addressOf(sched.lock));
    return;
  }
  if (CHECKED) check(!mp.p && !mp.nextp && !mp.spinning, "an M that is woken for a P has none");
  mp.spinning = spinning;
  mp.nextp = pp;
  unlock(addressOf(sched.lock));
  unpark(mp);
}

/** Gives an idle P, if there is one, to an M. */
export function startIdle(): void {
  lock(addressOf(sched.lock));
  const pp = pidleget();
  if (pp) startm(pp, false);
  else unlock(addressOf(sched.lock));
}

/** Finds a P that nobody holds something to do, or puts it on the idle list. */
export function handoffp(pp: P): void {
  pp.status = PStatus.Idle;
  lock(addressOf(sched.lock));
  if (sched.attention & Attention.Stop) {
    stopp(pp);
    unlock(addressOf(sched.lock));
    return;
  }
  // What is asked of every M somebody has to see: who asks takes an idle P for that, and this one was not idle when he looked.
  if (!runqempty(pp) || sched.runqSize != 0 || sched.attention != 0) {
    startm(pp, false);
    return;
  }
  if (sched.npidle == sched.nprocs - 1 && netpollWanted() && netpollLast() != 0) {
    // The last P, and nobody polls.
    startm(pp, false);
    return;
  }
  pidleput(pp);
  unlock(addressOf(sched.lock));
  const when = timersFirst(pp);
  if (when != 0) wakeTimerM(when);
  // What other Ps had queued before this one was seen to be idle: who queued it has woken nobody.
  if (anyWork()) wakepIfIdle();
}

/** Wakes everybody, to see that the state has changed. */
export function wakeAll(): void {
  const n = atomic.load<i32>(addressOf(sched.mcount));
  for (let id = 1; id <= n; id++) unpark(allm(id));
  atomic.add<i32>(addressOf(sched.sysmonWake), 1);
  atomic.notify(addressOf(sched.sysmonWake), i32.MAX_VALUE);
  atomic.add<i32>(addressOf(sched.ioWake), 1);
  atomic.notify(addressOf(sched.ioWake), 1);
}

/** Called after a timer was added that is the first of its P: somebody must look at it in time. */
export function wakeTimerM(when: i64): void {
  const tm = atomic.load<usize>(addressOf(sched.timerM));
  if (tm != 0) {
    if (when < atomic.load<i64>(addressOf(sched.timerWhen))) unpark(changetype<M>(tm));
  } else {
    wakepIfIdle();
  }
}

// ---- sleeping --------------------------------------------------------------------------------------------------------

/** Sleeps, at most for `timeout` ns (-1: no limit), unless it has been woken already. */
function parkM(timeout: i64): void {
  if (CHECKED) check(heldLocks() == 0 && !m.p, "an M sleeps without locks and without a P");
  const addr = addressOf(m.park);
  if (isStopping() || m.quick) spinLonger(addr);
  else for (let i = 0; i < PARK_SPINS && atomic.load<i32>(addr) != Park.Woken; i++);
  if (atomic.cmpxchg<i32>(addr, 0, Park.Parked) == 0) {
    m.parks++;
    futexsleep(addr, Park.Parked, timeout);
  }
  atomic.store<i32>(addr, 0);
}

/** Where it is likely that this M is woken in a moment, unless that has been in vain. */
function spinLonger(addr: usize): void {
  const mp = m;
  if (mp.spinsLeftOut > 0) {
    mp.spinsLeftOut--;
  } else if (isStopping() ? spinStopped(addr) : spinAfterJs(addr)) {
    mp.spinsInVain = 0;
  } else {
    mp.spinsInVain = min(mp.spinsInVain + 1, SPINS_IN_VAIN);
    mp.spinsLeftOut = (1 << mp.spinsInVain) - 1;
  }
}

function spinAfterJs(addr: usize): bool {
  let i = 0;
  while (i < JS_PARK_SPINS && atomic.load<i32>(addr) != Park.Woken) i++;
  return i < JS_PARK_SPINS;
}

function spinStopped(addr: usize): bool {
  const until = nanotime() + STOPPED_SPIN;
  while (atomic.load<i32>(addr) != Park.Woken) if (nanotime() >= until) return false;
  return true;
}

/** Sleeps in the netpoller, as parkM on the futex; returns what has become runnable, for `injectglist`. */
function pollM(timeout: i64): G | null {
  const addr = addressOf(m.park);
  let list: G | null = null;
  if (atomic.cmpxchg<i32>(addr, 0, Park.Polling) == 0) {
    m.parks++;
    list = netpoll(timeout);
  } else {
    atomic.store<i64>(addressOf(sched.lastpoll), nanotime());
  }
  atomic.store<i32>(addr, 0);
  return list;
}

/** This M has no P and nothing to do: it sleeps until it is given a P. False if it is to end instead. */
export function mstop(): bool {
  const mp = m;
  lock(addressOf(sched.lock));
  while (!mp.nextp) {
    if (sched.idleP && anyWork()) {
      // It came while this M was between giving up its P and here, where startm could not find it.
      acquirep(pidleget()!);
      unlock(addressOf(sched.lock));
      return true;
    }
    if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) {
      unlock(addressOf(sched.lock));
      return false;
    }
    if (sched.timerM == 0) {
      // Of two Ms that block in the poller one could drain the wake-up of the other, which may be one that has just been given a P.
      const polls = netpollWanted() && netpollLast() != 0;
      const when = armTimer(mp, polls);
      if (when != 0 && mp.owed != 0) {
        // Its thread cannot block in the poller, so it looks at the network now and then.
        const us = min<i64>((when - nanotime()) / 1000 + 1, polls ? LOOP_POLL_US : i32.MAX_VALUE);
        sched.timerMPolls = false;
        toLoop(mp, <i32>max<i64>(1, us));
        unlock(addressOf(sched.lock));
        return false;
      }
      const slept = when == 0 ? Slept.Unneeded : sleepAsTimerM(mp, when, polls);
      if (slept == Slept.Again) continue;
      if (slept != Slept.Unneeded) return slept == Slept.HasP;
    } else if (!sched.timerMPolls && netpollWanted()) {
      // It went to sleep when nobody waited for the network: it is to look again.
      unpark(changetype<M>(sched.timerM));
    }
    if (sched.mainStuck) checkStuck(mp);
    if (mp.owed != 0) {
      loopput(mp);
      toLoop(mp, 0);
      unlock(addressOf(sched.lock));
      return false;
    }
    midleput(mp);
    checkdead();
    break;
  }
  unlock(addressOf(sched.lock));
  return awaitp();
}

/** How an M is that has slept as the timer M; sched.lock is held if it still has no P. */
namespace Slept {
  /** There is no need of a timer M: there are no timers, or all Ps are held, so their Ms look after them. */
  export const Unneeded: i32 = 0;
  /** What it waited for has to be looked at again. */
  export const Again: i32 = 1;
  /** It has a P. */
  export const HasP: i32 = 2;
  /** It is to end. */
  export const Ends: i32 = 3;
}

/** The timer M sleeps until `when`, in the netpoller if it `polls`, and takes a P for what it has waited for. Begins under sched.lock. */
function sleepAsTimerM(mp: M, when: i64, polls: bool): i32 {
  sched.timerMPolls = polls;
  if (polls) atomic.store<i64>(addressOf(sched.lastpoll), 0); // before any other M looks
  unlock(addressOf(sched.lock));
  let list: G | null = null;
  const delay = when - nanotime();
  if (polls) list = pollM(when == i64.MAX_VALUE ? -1 : max<i64>(delay, 0));
  else if (delay > 0) parkM(delay);
  lock(addressOf(sched.lock));
  if (sched.timerM != changetype<usize>(mp)) {
    // Whoever gave it a P has taken the role back; and who stops the world may have taken the P, and put the M on the idle list.
    const given = takeGiven(mp);
    unlock(addressOf(sched.lock));
    if (given) acquirep(given);
    injectglist(list);
    return given != null || awaitp() ? Slept.HasP : Slept.Ends;
  }
  sched.timerM = 0;
  if (!list && nanotime() < when) return Slept.Again; // an earlier timer was added, or woken for nothing
  const pp = pidleget();
  if (!list && !pp) return Slept.Unneeded;
  unlock(addressOf(sched.lock));
  if (pp) acquirep(pp);
  injectglist(list);
  if (pp) {
    runTimers();
    return Slept.HasP;
  }
  lock(addressOf(sched.lock));
  return Slept.Again;
}

/** This M is on the idle list, or has been given a P: sleeps until then. False if it is to end instead. */
export function awaitp(): bool {
  const mp = m;
  while (true) {
    const pp = takeGiven(mp);
    if (pp) {
      acquirep(pp);
      return true;
    }
    if (mp.ending || atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return false;
    parkM(-1);
  }
}

/** The P that was put down for an M. By exchange, for who stops the world takes it from an M whose thread is just coming up. */
export function takeGiven(mp: M): P | null {
  return changetype<P | null>(atomic.xchg<usize>(addressOf(mp.nextp), 0));
}

/** Under sched.lock. */
export function midleput(mp: M): void {
  if (CHECKED)
    check(holds(addressOf(sched.lock)) && !mp.p && !mp.spinning, "an M on the idle list has no P and does not spin");
  mp.idlelink = sched.idleM;
  mp.idleSince = sched.coarseNow;
  sched.idleM = mp;
  sched.nmidle++;
}

/**
 * Takes the role of the timer M if there are timers, or the network is to be polled: returns when the first timer is due, the
 * largest i64 if there is none; 0 if there is nothing to do. Under sched.lock.
 */
function armTimer(mp: M, polls: bool): i64 {
  let when = timeSleepUntil();
  if (when == 0) {
    if (!polls) return 0;
    when = i64.MAX_VALUE;
  }
  atomic.store<usize>(addressOf(sched.timerM), changetype<usize>(mp));
  while (true) {
    atomic.store<i64>(addressOf(sched.timerWhen), when);
    const again = timeSleepUntil();
    if (again == 0 || again >= when) return when;
    when = again;
  }
}

/** Runs what is due of all Ps' timers. */
export function runTimers(): void {
  const now = nanotime();
  for (let i = 0; i < sched.nprocs; i++) checkTimers(allp(i), now);
}
