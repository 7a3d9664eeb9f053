/**
 * Making Ms and ending them. Whoever needs an M takes its struct, from one that has ended if there is one, and puts it on
 * `sched.newM`; sysmon finds it there and has the host start a thread for it, which begins with the P that the struct
 * holds. Idle Ms beyond the number of Ps end after a while.
 *
 * Any thread, on either stack; `mexit` on the M that ends, `endIdleM` on sysmon's thread.
 */
import { MAX_THREADS, IDLE_M_MAX } from "../../layout";
import { nanotime } from "../base/clock";
import { enterGate } from "../base/gate";
import { lock, unlock } from "../base/lock";
import { midleput, takeGiven, unpark } from "./mp";
import { gopanic, throwFatal } from "../base/panic";
import { M, P, SysmonSleep, allm, sched, addressOf } from "../../abi";
import { uncountSpinner } from "./spinning";

/** The last M's place is sysmon's, the one before it the I/O thread's. */
const THREAD_LIMIT: i32 = MAX_THREADS - 3;

/** Are there as many Ms as there are to be, whatever waits? */
export function isGoalReached(): bool {
  return sched.threadGoal != 0 && sched.mlive >= sched.threadGoal;
}

/** Can one more M be made without ending the program? */
export function mayMakeM(): bool {
  return sched.mlive < sched.maxThreads && !isGoalReached();
}

/**
 * Makes an M and has the sysmon thread start a thread for it; without a P the M is idle from the beginning. Under
 * sched.lock.
 */
export function newm(pp: P | null, spinning: bool): void {
  if (sched.mlive >= sched.maxThreads) {
    unlock(addressOf(sched.lock));
    threadExhaustion();
  }
  sched.mlive++;
  let mp = sched.freeM;
  if (mp) {
    sched.freeM = mp.newlink;
  } else {
    const id = sched.mcount + 1;
    mp = allm(id);
    mp.id = id;
    mp.rand = (<u64>nanotime() + 1) * 0x9e3779b97f4a7c15 + <u64>id;
    atomic.store<i32>(addressOf(sched.mcount), id);
  }
  mp.ending = false;
  mp.park = 0;
  mp.started = false;
  atomic.add<i32>(addressOf(sched.nmstarting), 1);
  mp.spinning = spinning;
  mp.nextp = pp;
  if (!pp) midleput(mp);
  mp.newlink = null;
  const first = sched.newM;
  if (!first) {
    sched.newM = mp;
  } else {
    let last = first;
    while (last.newlink) last = last.newlink!;
    last.newlink = mp;
  }
  wakeSysmon();
}

/** Sets the limit on threads and returns the previous one. To need more, now or later, ends the program. */
export function setMaxThreads(n: i32): i32 {
  if (n < 1) gopanic("setMaxThreads: the limit must be positive");
  lock(addressOf(sched.lock));
  const old = sched.maxThreads;
  sched.maxThreads = min(n, THREAD_LIMIT);
  const exhausted = sched.mlive > n;
  unlock(addressOf(sched.lock));
  if (exhausted) threadExhaustion();
  return old;
}

function threadExhaustion(): void {
  enterGate(); // for the text: the P may be another's already
  throwFatal("thread exhaustion: the program exceeds " + sched.maxThreads.toString() + "-thread limit");
}

/** Gets sysmon out of its sleep. */
export function wakeSysmon(): void {
  atomic.add<i32>(addressOf(sched.sysmonWake), 1);
  atomic.notify(addressOf(sched.sysmonWake), 1);
}

/** The same if it sleeps until it is woken; a doze ends by itself. */
export function wakeSysmonIfAsleep(): void {
  if (atomic.load<i32>(addressOf(sched.sysmonIdle)) == SysmonSleep.Asleep) wakeSysmon();
}

/**
 * Ends an M that has been idle for long, if there are more idle ones than Ps; called by sysmon now and then. One that must stay takes the
 * first place of the list, so that the next one is looked at next time.
 */
export function endIdleM(now: i64): void {
  if (sched.nmidle <= sched.nprocs) return;
  lock(addressOf(sched.lock));
  // The list is last in, first out, so the one at its end has been idle longest.
  let prev: M | null = null;
  let mp = sched.idleM;
  while (mp && mp.idlelink) {
    prev = mp;
    mp = mp.idlelink;
  }
  if (mp && prev && sched.nmidle > sched.nprocs && mp.idleSince != 0 && mp.idleSince + IDLE_M_MAX < now) {
    prev.idlelink = null;
    if (mp.keeps != 0) {
      mp.idlelink = sched.idleM;
      sched.idleM = mp;
      unlock(addressOf(sched.lock));
      return;
    }
    sched.nmidle--;
    sched.mlive--;
    mp.ending = true;
    unlock(addressOf(sched.lock));
    unpark(mp);
    return;
  }
  unlock(addressOf(sched.lock));
}

/**
 * Takes the P away that was put down for an M which has not come to take it: its thread is starting, which can take milliseconds, or waking up,
 * which can take as long where the processors are busy. The M is idle until it is given another. Null if there is none to take. (An M that
 * waits for its locked goroutine keeps it, for on the idle list it must not be.) Under sched.lock.
 */
export function takeUntaken(mp: M): P | null {
  if (!mp.nextp || mp.lockedg) return null;
  const pp = takeGiven(mp);
  if (!pp) return null;
  stopLooking(mp);
  midleput(mp);
  return pp;
}

/** An M that has not begun to look for work was counted all the same. */
function stopLooking(mp: M): void {
  if (!mp.spinning) return;
  mp.spinning = false;
  uncountSpinner();
}

/** An M has no thread, since none could be started, and never had: nobody is to wait for it. Under sched.lock. */
export function takeBack(mp: M): void {
  atomic.sub<i32>(addressOf(sched.nmstarting), 1);
  stopLooking(mp);
  let prev: M | null = null;
  let it = sched.idleM;
  while (it && it != mp) {
    prev = it;
    it = it.idlelink;
  }
  if (!it) return;
  if (prev) prev.idlelink = mp.idlelink;
  else sched.idleM = mp.idlelink;
  sched.nmidle--;
}

/** An M that is to end calls this last; its struct is then free for another thread. */
export function mexit(mp: M): void {
  lock(addressOf(sched.lock));
  atomic.add<i32>(addressOf(mp.gen), 1);
  mp.newlink = sched.freeM;
  sched.freeM = mp;
  unlock(addressOf(sched.lock));
}
