/**
 * sysmon: the thread that runs no goroutines and has no P. It takes Ps away from blocking calls that last, asks goroutines
 * that run for 10 ms to yield, starts the threads of new Ms, ends idle ones, and prints schedtrace. After Go's sysmon.
 *
 * It sleeps 20 µs at first, and, once it has had nothing to do fifty times, twice as long each time, up to 10 ms; but no
 * longer than until a slice ends that it knows of, or a timer is overdue on a P whose goroutine does not let go, and, after a
 * request to yield, only until the next goroutine's slice has begun: so slices are of 10 ms, not of 10 to 20 as in Go.
 *
 * When all Ps are idle it sleeps until one is not: it sets `sysmonIdle`, then looks at `npidle` once more; whoever takes an
 * idle P has decremented that and then looks at `sysmonIdle`. But a server goes from idle to busy and back with every request, and
 * each time to wake sysmon would cost as much as the request; so while something has run since it last looked, it only
 * dozes: for 2 ms, and only a blocking call wakes it.
 */
import {
  SYSMON_M,
  JS_COMPUTING_PATIENCE,
  JS_SAMPLE,
  JS_UNKNOWN_PATIENCE,
  POLL_AGE,
  SLICE,
  SUCCESSOR,
  SYSMON_DOZE,
  SYSMON_IDLE_TURNS,
  SYSMON_LOOP_TURN,
  SYSMON_MAX,
  SYSMON_MIN,
  TIMER_OVERDUE,
} from "../../layout";
import { nanotime } from "../base/clock";
import { STALLED, writeError } from "../debug/dump";
import { globrunqsize } from "./globrunq";
import { futexsleep, lock, unlock } from "../base/lock";
import { runsJsgo, takeKillM } from "../js/jsgo";
import { enterCore, leaveCore } from "./gate";
import { collectIfLongAgo } from "../gc/collect";
import { releaseSome } from "../memory/release";
import { handoffp } from "./mp";
import { endIdleM } from "./newm";
import { netpoll, netpollLast, netpollWanted } from "../net/netpoll";
import { injectglist } from "../net/polldesc";
import { hostThreadTime } from "../base/imports";
import { setM } from "../base/registers";
import { runqempty } from "../goroutine/runq";
import { loadIdlePs, loadSpinning } from "./spinning";
import { schedtrace } from "../debug/schedtrace";
import {
  InLoop,
  M,
  P,
  PStatus,
  ProgramState,
  SysmonSleep,
  SysmonWish,
  TraceKind,
  WishShift,
  addressOf,
  allm,
  allp,
  gc,
  sched,
} from "../../abi";
import { timersFirst } from "../goroutine/timers";
import { isTraced, trace } from "../debug/trace";

/** Runs sysmon until its thread is needed: returns what that is to do, one of SysmonWish, before it calls again. */
@host
export function sysmon(): i32 {
  setM(allm(SYSMON_M)); // it is never given a P
  let idle = 0;
  let delay: i64 = SYSMON_MIN;
  let nextLook: i64 = 0;
  let lastTicks: u32 = 0;
  const until = nanotime() + SYSMON_LOOP_TURN;
  while (true) {
    const seen = atomic.load<i32>(addressOf(sched.sysmonWake));
    if (atomic.load<i32>(addressOf(sched.state)) != ProgramState.Running) return SysmonWish.End;
    const mp = takeNewM();
    if (mp) return SysmonWish.Start | (mp.id << WishShift.Number);
    const doomed = takeKillM();
    if (doomed) return SysmonWish.Kill | (doomed.id << WishShift.Number);
    let now = nanotime();
    const part = releaseSome(now);
    if (part != 0) return part;
    collectIfLongAgo(now);
    if (now >= until) return SysmonWish.Turn;
    if (sched.schedtrace != 0) schedtrace(now);

    if (allIdle()) {
      const ticks = scheduled();
      const dozes = ticks != lastTicks;
      lastTicks = ticks;
      atomic.store<i32>(addressOf(sched.sysmonIdle), dozes ? SysmonSleep.Dozing : SysmonSleep.Asleep);
      if (allIdle()) futexsleep(addressOf(sched.sysmonWake), seen, dozes ? SYSMON_DOZE : idleTimeout(now));
      atomic.store<i32>(addressOf(sched.sysmonIdle), SysmonSleep.No);
      idle = 0;
      delay = SYSMON_MIN;
    } else {
      if (idle == 0) delay = SYSMON_MIN;
      else if (idle > SYSMON_IDLE_TURNS) delay = min(delay * 2, SYSMON_MAX);
      futexsleep(addressOf(sched.sysmonWake), seen, max(min(delay, nextLook - now), SYSMON_MIN));
    }
    now = nanotime();
    atomic.store<i64>(addressOf(sched.coarseNow), now);
    idle = retake(now) ? 0 : idle + 1;
    nextLook = watchSlices(now);
    if (netpollWanted()) {
      const last = netpollLast();
      if (last != 0 && last + POLL_AGE < now) injectglist(netpoll(0));
    }
    endIdleM(now);
  }
}

/** Counts turns of the scheduler: the same number twice means that hardly anything has run in between. */
function scheduled(): u32 {
  let ticks: u32 = 0;
  for (let i = 0; i < sched.nprocs; i++) ticks += allp(i).schedtick;
  return ticks;
}

function allIdle(): bool {
  return loadIdlePs() == sched.nprocs;
}

/** Nothing happens: sleep until woken, but for the next line of schedtrace, the turns of the host, and memory to give back. */
function idleTimeout(now: i64): i64 {
  const turn = min(<i64>SYSMON_LOOP_TURN, max<i64>(gc.nextRelease - now, SYSMON_MIN));
  return sched.schedtrace != 0 ? min(<i64>sched.schedtrace * 1_000_000, turn) : turn;
}

function takeNewM(): M | null {
  if (!sched.newM) return null;
  lock(addressOf(sched.lock));
  const mp = sched.newM;
  if (mp) {
    sched.newM = mp.newlink;
    mp.newlink = null;
  }
  unlock(addressOf(sched.lock));
  return mp;
}

/** Asks goroutines to yield whose slice is over, or that keep a timer waiting. Returns when to look again at the latest. */
function watchSlices(now: i64): i64 {
  let next = now + SYSMON_MAX;
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    const status = atomic.load<u32>(addressOf(pp.status));
    if (status != PStatus.Running && status != PStatus.Syscall) continue;
    if (pp.seenSchedtick != pp.schedtick) {
      pp.seenSchedtick = pp.schedtick;
      pp.seenScheduled = now;
    }
    if (status == PStatus.Syscall) continue;
    const mp = pp.m;
    if (!mp) continue;
    const due = sliceEnd(pp);
    if (due > now) {
      next = min(next, due);
      continue;
    }
    const stall = <i64>sched.stall * 1_000_000;
    if (stall != 0 && now - pp.seenScheduled >= stall && pp.seenStall != pp.seenScheduled) {
      pp.seenStall = pp.seenScheduled;
      stalled(pp, mp, now);
    } else if (mp.preempt == 0) {
      mp.preempt = 1;
      next = now + SUCCESSOR;
    }
  }
  return next;
}

/** When the goroutine that `pp` runs is to yield. */
function sliceEnd(pp: P): i64 {
  const end = pp.seenScheduled + SLICE;
  const when = timersFirst(pp);
  return when == 0 ? end : min(end, max(when, pp.seenScheduled) + TIMER_OVERDUE);
}

/** Takes Ps from blocking calls that last; true if there was one. */
function retake(now: i64): bool {
  let did = false;
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    const status = atomic.load<u32>(addressOf(pp.status));
    if (status == PStatus.Syscall) {
      if (pp.seenSyscalltick != pp.syscalltick) {
        pp.seenSyscalltick = pp.syscalltick;
        pp.seenSyscall = now;
        continue;
      }
      // Nothing waits for this P and others are free: leave it for a slice, to spare the hand-over.
      if (runqempty(pp) && globrunqsize() == 0 && free() && pp.seenSyscall + SLICE > now) continue;
      const mp = pp.m;
      const isJs = mp != null && (runsJsgo(mp) || mp.inLoop != InLoop.No);
      if (isJs && keepsP(mp!, pp, now)) continue;
      lock(addressOf(sched.lock));
      const mine = atomic.cmpxchg<u32>(addressOf(pp.status), PStatus.Syscall, PStatus.Idle) == PStatus.Syscall;
      if (mine) {
        sched.nmblocked++;
        if (isJs && mp) {
          mp.jsBlocked = true;
          sched.jsblocked++;
        }
        pp.m = null;
        if (isTraced()) trace(TraceKind.LoseP, 0, pp.id);
      }
      unlock(addressOf(sched.lock));
      if (mine) {
        handoffp(pp);
        did = true;
      }
    }
  }
  return did;
}

/**
 * Whether an M keeps its P although its JavaScript lasts. If it blocks, the P is of more use elsewhere; if it computes, a further
 * thread is only one more to share the processors with, and with it the memory. So the first ones, half as many as there are Ps,
 * lose theirs at once: what is short need not wait for them. A further one that blocks does too, as soon as the system says that
 * its thread has not wanted a processor lately. One that computes has to run four times as long each time: it may be waiting for what
 * another would do. Where the system does not say, each further one has to last longer.
 */
function keepsP(mp: M, pp: P, now: i64): bool {
  const more = sched.jsblocked - ((sched.nprocs + 1) >> 1);
  if (more < 0) return false;
  const lasts = now - pp.seenSyscall;
  const isNew = mp.sampledTick != pp.syscalltick;
  const since = now - mp.sampledAt;
  if (!isNew && since < (lasts < JS_SAMPLE ? JS_SAMPLE / 4 : JS_SAMPLE)) return true;
  const run = mp.tid == 0 ? -1 : hostThreadTime(mp.tid);
  mp.sampledTick = pp.syscalltick;
  mp.sampledAt = now;
  if (run < 0) return lasts < <i64>(more + 1) * JS_UNKNOWN_PATIENCE;
  if (isNew) mp.sampledRun = run;
  return isNew || (run != 0 && <i64>(run - mp.sampledRun) < (<i64>JS_COMPUTING_PATIENCE) << min(2 * more, 20));
}

/** SKEIN_DEBUG's watchdog: says who has held a P for long, and asks the goroutine to say where it is. */
function stalled(pp: P, mp: M, now: i64): void {
  enterCore();
  const gp = mp.curg;
  const name = gp ? gp.id.toString() : "?";
  const ms = ((now - pp.seenScheduled) / 1_000_000).toString();
  writeError(`stall: goroutine ${name} has held P${pp.id} on M${mp.id} for ${ms} ms\n`);
  leaveCore();
  mp.preempt = STALLED;
}

/** Is there an idle P, or an M that looks for work? */
function free(): bool {
  return loadIdlePs() + loadSpinning() > 0;
}

/** The next M whose thread the caller is to start, 0 if there is none. The main thread, at the beginning. */
@host
export function nextM(): i32 {
  const mp = takeNewM();
  return mp ? mp.id : 0;
}
