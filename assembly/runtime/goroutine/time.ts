/**
 * Time: sleeping, timers, tickers. Nothing fires early: a timer set at `t` for `d` fires when the clock shows t + d or more,
 * and all threads read the same clock.
 *
 * Firing. Whoever schedules on a P looks at its timers first (`checkTimers`); thieves look at those of busy Ps, and an idle
 * M sleeps until the first of all is due. A timer that is due is taken out of its heap under the P's timersLock, and fired
 * under its own lock.
 *
 * Firing against stop and reset (Go 1.23's promise: once these have returned, no value of before is received). All three
 * hold the timer's lock, so they come one after the other. Between being taken out of the heap and being fired, a timer is
 * `armed` and in no heap. Say `stop` or `reset` takes the lock
 * - before that moment: it takes the timer out of the heap itself, and there is no firing;
 * - after it, but before the firing: `stop` disarms it; `reset` puts it into a heap. `fire`, when it gets the lock, goes on
 *   only with a timer that is armed and in no heap, so it does nothing. (If that timer came due and was taken out a second
 *   time meanwhile, then whichever `fire` comes first fires it, once and not early; the other finds it disarmed, or, a
 *   ticker, in a heap again.)
 * - after the firing: they take an unreceived value out of the channel, so it was as if the timer had not yet fired, and
 *   say so; a value received before was not stale.
 * The value is sent, and drained, under the timer's lock, so it cannot slip in between.
 *
 * Sleeping. A goroutine puts its own timer into the heap and parks. The timer's lock, held until the goroutine's stack has
 * been saved, keeps an M that takes it out at once from making the goroutine ready too early. (With a single P no other M can,
 * and no lock is kept; see `lock.ts`.)
 *
 * Lock order: a timer's lock, then a P's timersLock or a channel's lock.
 *
 * Setting, sleeping and what programs see run on a goroutine, firing on g0.
 */
import { shadeObject } from "../memory/mark";
import { Chan, HChan, timerchan, timerdrain, timersend } from "../chan/chan";
import { nanotime } from "../base/clock";
import { CHECKED } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { hold } from "../base/lockrank";
import { wakeTimerM } from "../sched/mp";
import { netpolldeadline, PollDesc } from "../net/polldesc";
import { nilCheck } from "../base/nil";
import { gopanic } from "../base/panic";
import { gopark, startTask } from "./proc";
import { g, m } from "../base/registers";
import { runnextget } from "./runq";
import { allp, G, GStatus, P, sched, WaitReason, addressOf } from "../../abi";
import { link, readyAll } from "../chan/waitq";
import { cloneTask, Task } from "./task";
import {
  DeadlineTimer,
  heapFirst,
  heapPush,
  heapRemove,
  RuntimeTimer,
  SleepTimer,
  TimerKind,
  timerRemove,
  timersFirst,
} from "./timers";
export { moveTimers, timeSleepUntil } from "./timers";

export const Nanosecond: i64 = 1;
export const Microsecond: i64 = 1_000;
export const Millisecond: i64 = 1_000_000;
export const Second: i64 = 1_000_000_000;

/** Nanoseconds on a clock that never goes back; the same on all threads. */
export function now(): i64 {
  return nanotime();
}

/** The clock's reading `d` from now: at least 1, at most the largest i64. */
function timeAfter(d: i64): i64 {
  const t = nanotime();
  if (d <= 0) return max<i64>(t, 1);
  return t > i64.MAX_VALUE - d ? i64.MAX_VALUE : t + d;
}

// ---- setting ----------------------------------------------------------------------------------------------------------

/** Puts an armed timer into the heap of this thread's P. Under the timer's lock. */
function addTimer(t: RuntimeTimer): void {
  const own = m.p;
  const pp = own ? own : allp(0);
  plock(addressOf(pp.timersLock));
  const first = heapPush(pp, t);
  punlock(addressOf(pp.timersLock));
  if (first) wakeTimerM(t.when);
}

function startTimer(t: RuntimeTimer, d: i64): void {
  plock(addressOf(t.lock));
  arm(t, d);
  punlock(addressOf(t.lock));
}

/** Sets a timer that is in no heap. Under the timer's lock. */
function arm(t: RuntimeTimer, d: i64): void {
  t.when = timeAfter(d);
  t.epoch = sched.epoch;
  t.armed = true;
  addTimer(t);
}

/** Sets the timer of a network deadline, known by `seq`, anew; `when` 0 only stops it. */
export function setDeadlineTimer(t: DeadlineTimer, when: i64, seq: u32): void {
  plock(addressOf(t.lock));
  disarm(t);
  t.seq = seq;
  if (when != 0) {
    t.when = when;
    t.epoch = sched.epoch;
    t.armed = true;
    addTimer(t);
  }
  punlock(addressOf(t.lock));
}

/** Stops a timer; false if it had fired (and its value, if any, was received), or been stopped, already. */
function stopTimer(t: RuntimeTimer): bool {
  nilCheck(changetype<usize>(t));
  plock(addressOf(t.lock));
  const pending = disarm(t);
  punlock(addressOf(t.lock));
  return pending;
}

/** Sets a timer anew; says what stopping it would have said. */
function resetTimer(t: RuntimeTimer, d: i64, period: i64): bool {
  nilCheck(changetype<usize>(t));
  plock(addressOf(t.lock));
  const pending = disarm(t);
  t.period = period;
  arm(t, d);
  punlock(addressOf(t.lock));
  return pending;
}

/** Takes a timer out of its heap, and its value out of its channel; was there either? Under the timer's lock. */
function disarm(t: RuntimeTimer): bool {
  let pending = t.armed;
  t.armed = false;
  timerRemove(t);
  if (t.kind == TimerKind.Channel && timerdrain(changetype<HChan>(t.arg))) pending = true;
  return pending;
}

// ---- firing -----------------------------------------------------------------------------------------------------------

/**
 * Fires what is due of `pp`'s timers, from any M that holds a P. `now` is the time if the caller has it, else 0. Returns when
 * the next timer is due, 0 if there is none.
 */
@inline
export function checkTimers(pp: P, now: i64): i64 {
  const when = timersFirst(pp);
  return when == 0 ? 0 : checkTimersSlow(pp, now, when);
}

function checkTimersSlow(pp: P, now: i64, when: i64): i64 {
  if (now == 0) now = nanotime();
  if (when > now) return when;
  runTimers(pp, now);
  return timersFirst(pp);
}

/** Goroutines that timers have woken or started are made ready together at the end, in the order in which the timers were due. */
function runTimers(pp: P, now: i64): void {
  let head: G | null = null;
  let last: G | null = null;
  plock(addressOf(pp.timersLock));
  while (pp.timersLength != 0) {
    const t = heapFirst(pp);
    if (t.when > now) break;
    heapRemove(pp, t);
    let gp: G | null;
    if (t.kind == TimerKind.Sleep) {
      // Nobody stops or resets it, so it needs no lock of its own.
      gp = changetype<G>(t.arg);
    } else {
      punlock(addressOf(pp.timersLock));
      gp = fire(t, now);
      plock(addressOf(pp.timersLock));
    }
    if (gp) {
      last = link(last, gp);
      if (!head) head = last;
    }
  }
  punlock(addressOf(pp.timersLock));
  let it = head;
  while (it) {
    awaitSleeper(it);
    it = it.schedlink;
  }
  readyAll(head);
}

/** Fires a timer that has just been taken out of its heap; returns the goroutine that this wakes or starts, if any. */
function fire(t: RuntimeTimer, now: i64): G | null {
  plock(addressOf(t.lock));
  if (!t.armed || t.pp != 0) {
    punlock(addressOf(t.lock));
    return null;
  }
  if (t.epoch != sched.epoch) {
    // Its program is over.
    t.armed = false;
    punlock(addressOf(t.lock));
    return null;
  }
  if (t.kind == TimerKind.Deadline) {
    t.armed = false;
    const deadline = changetype<DeadlineTimer>(t);
    const seq = deadline.seq;
    // The netpoller takes its own lock first, then the timer's.
    punlock(addressOf(t.lock));
    netpolldeadline(changetype<PollDesc>(t.arg), deadline.write, seq);
    return null;
  }
  // A timer that was reset and came due again meanwhile may be due later than `now`, but it is due.
  now = max<i64>(now, t.when);
  if (t.period != 0) {
    // The next tick that is not past: missed ones are dropped.
    const step = t.period * (1 + (now - t.when) / t.period);
    t.when = t.when > i64.MAX_VALUE - step ? i64.MAX_VALUE : t.when + step;
    addTimer(t);
  } else {
    t.armed = false;
  }
  let gp: G | null = null;
  if (t.kind == TimerKind.Channel) {
    gp = timersend(changetype<HChan>(t.arg), now);
  } else {
    // It would be the next to run, before those of earlier timers: it is taken back, unless a thief was faster, and waits to be
    // queued with them.
    startTask(cloneTask(changetype<Task>(t.arg)));
    gp = runnextget(m.p!);
    if (gp) gp.status = GStatus.Waiting;
  }
  punlock(addressOf(t.lock));
  return gp;
}

// ---- sleeping ---------------------------------------------------------------------------------------------------------

/** Pauses this goroutine for at least `d` nanoseconds; returns at once if that is not positive. */
export function sleep(d: i64): void {
  if (d > 0) gopark(WaitReason.Sleep, setSleep(d));
}

/** Sets this goroutine's own timer; returns the timer's lock, which is held. */
function setSleep(d: i64): usize {
  const t = sleepTimerOf(g);
  // Free since the last sleep ended, and nobody else takes it before the timer is in the heap, whose lock orders this store.
  if (sched.solo == 0) t.lock = 1;
  if (CHECKED && sched.solo == 0) hold(addressOf(t.lock));
  t.when = timeAfter(d);
  addTimer(t);
  return addressOf(t.lock);
}

/** A G's own timer, made on first use. */
export function sleepTimerOf(gp: G): SleepTimer {
  let t = changetype<SleepTimer>(gp.sleepTimer);
  if (changetype<usize>(t) == 0) {
    t = new SleepTimer();
    t.kind = TimerKind.Sleep;
    t.arg = changetype<usize>(gp);
    gp.sleepTimer = changetype<usize>(t);
  }
  return t;
}

/** If this goroutine was woken by its sleep timer, waits until its stack has been saved. */
function awaitSleeper(gp: G): void {
  const t = changetype<RuntimeTimer>(gp.sleepTimer);
  if (changetype<usize>(t) == 0 || atomic.load<i32>(addressOf(t.lock)) == 0) return;
  plock(addressOf(t.lock));
  punlock(addressOf(t.lock));
}

// ---- what programs see ------------------------------------------------------------------------------------------------

/** A timer: sends the time on `chan` once, or, made by `afterFunc`, makes a call. */
export class Timer extends RuntimeTimer {
  /** Where the time at which the timer fired can be received; null for a timer of `afterFunc`. */
  chan: Chan<i64>;

  constructor(d: i64) {
    super();
    const chan = timerchan();
    this.chan = chan;
    this.kind = TimerKind.Channel;
    this.arg = changetype<usize>(chan);
    startTimer(this, d);
  }

  /** Stops the timer; false if it had fired or been stopped already. No value is received afterwards. */
  stop(): bool {
    return stopTimer(this);
  }

  /** Sets the timer to fire `d` from now; true if it had been set before. No value of before is received afterwards. */
  reset(d: i64): bool {
    return resetTimer(this, d, 0);
  }
}

/** Sends the time on `chan` every `d` nanoseconds. The channel holds one tick; what nobody takes in time is dropped. */
export class Ticker extends RuntimeTimer {
  /** Where the ticks can be received. */
  chan: Chan<i64>;

  constructor(d: i64) {
    super();
    if (d <= 0) gopanic("non-positive interval for NewTicker");
    const chan = timerchan();
    this.chan = chan;
    this.kind = TimerKind.Channel;
    this.arg = changetype<usize>(chan);
    this.period = d;
    startTimer(this, d);
  }

  /** Stops the ticker; false if it was stopped already. No tick is received afterwards. */
  stop(): bool {
    return stopTimer(this);
  }

  /** Ticks every `d` from now on; true if it had been ticking. No tick of before is received afterwards. */
  reset(d: i64): bool {
    if (d <= 0) gopanic("non-positive interval for Ticker.Reset");
    return resetTimer(this, d, d);
  }
}

/** A channel on which the time is sent once, `d` from now. */
export function after(d: i64): Chan<i64> {
  return new Timer(d).chan;
}

/** Makes the call in a goroutine of its own, `d` from now; again after each `reset`. */
export function afterFunc(d: i64, task: Task): Timer {
  const t = changetype<Timer>(__new(offsetof<Timer>(), idof<Timer>()));
  t.kind = TimerKind.Func;
  t.arg = changetype<usize>(task);
  shadeObject(t.arg);
  startTimer(t, d);
  return t;
}
