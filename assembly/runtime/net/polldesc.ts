/**
 * What goroutines wait at for descriptors. After Go's runtime/netpoll.go.
 *
 * Each open descriptor has a PollDesc, with a word for the goroutine that reads and one for the one that writes:
 *
 *   0          nothing is known, nobody waits
 *   READY      there was an event; the next who would wait takes it, and does not
 *   WAIT       a goroutine is about to park
 *   a G        the goroutine that is parked
 *
 * A goroutine turns 0 into WAIT, looks whether the descriptor has been closed or its deadline has passed, and parks; once its
 * stack is saved, `netpollcommit` turns WAIT into the G. An event turns whatever there is into READY and readies the G; the
 * end of a deadline, and closing, set their bit in `info` and then turn WAIT or the G into 0. So a goroutine that has set
 * WAIT before the bit was set is found by whoever set it, and one that sets it later sees the bit: Dekker's pattern, over
 * sequentially consistent atomics. Nothing is lost between an attempt to read that would have blocked and the park: an
 * event in between leaves READY.
 *
 * Who serves many descriptors in one goroutine (`skein/serve`) gives each a Sink, which collects its events: `net/sink.ts`. Where many
 * goroutines wait for one, as C's may, it has a Watch: `net/watch.ts`.
 *
 * PollDescs are never freed, only reused, so an event may come for a descriptor that has been closed: `seq`, which the event
 * carries too, tells. Events come from epoll (`netpoll.ts`); where there is none the host's own sockets call `netpollnotify`
 * instead (`net/stdlib.ts`).
 *
 * What waits, opens and closes runs on a goroutine, and parks in `waitAt` alone. What tells of events and deadlines runs on any thread, on either stack, and is not switched out.
 */
import { CHECKED, check } from "../base/checked";
import { nanotime } from "../base/clock";
import { globrunqputBatch } from "../sched/globrunq";
import { lock, unlock } from "../base/lock";
import { malloc } from "../memory/malloc";
import { Sink, SinkEvent, sinkPost } from "./sink";
import { WATCH, Watch, watchPost } from "./watch";
import { gopanic } from "../base/panic";
import { goready, park } from "../goroutine/proc";
import { wakepIfIdle } from "../sched/mp";
import { m } from "../base/registers";
import { runqput } from "../goroutine/runq";
import { G, GStatus, Switch, WaitReason, sched, addressOf } from "../../abi";
import { setDeadlineTimer } from "../goroutine/time";
import { DeadlineTimer, TimerKind } from "../goroutine/timers";
import { isTraced, traceReady } from "../debug/trace";

const READY: usize = 1;
const WAIT: usize = 2;

/** Bits of PollDesc.info. */
export namespace PollInfo {
  /** It is being closed: nothing waits any more. */
  export const Closing: u32 = 1;
  export const ReadExpired: u32 = 2;
  export const WriteExpired: u32 = 4;
  /**
   * The other end will send nothing more, or has sent urgent data, or there is an error: that a read was short does not mean
   * that an event will tell of what comes next.
   */
  export const Done: u32 = 8;
}

/** Why a goroutine does not wait. */
export namespace PollError {
  export const None: i32 = 0;
  export const Closing: i32 = 1;
  export const Timeout: i32 = 2;
}


@unmanaged
export class PollDesc {
  /** Link in the list of those that serve no descriptor, and in that of all (pollLock). */
  link: usize;
  alllink: usize;
  fd: i32;
  /** Counts the descriptors that it has served. */
  seq: u32;
  /** The NetFD that it serves, or 0; the program's epoch when that was opened (pollLock). */
  owner: usize;
  epoch: u32;
  /** Bits of PollInfo. Atomic. */
  info: u32;
  /** The reader's and the writer's word. Atomic. */
  rg: usize;
  wg: usize;
  /** Guards the deadlines. */
  lock: i32;
  /** Counts the settings of each deadline: a timer that fires for an earlier one is too late. */
  rseq: u32;
  wseq: u32;
  /** The timers, made on first use: a DeadlineTimer each, or 0. */
  rt: usize;
  wt: usize;
  /** The Sink, or the Watch (with WATCH set), that gets the events instead of the two words; or 0. Atomic. */
  sink: usize;
  /** Link in a list of those whose owner nothing reaches. The collector's. */
  closing: usize;
}

/** The word of the direction. */
@inline
export function wordOf(pd: PollDesc, write: bool): usize {
  return changetype<usize>(pd) + (write ? offsetof<PollDesc>("wg") : offsetof<PollDesc>("rg"));
}

/** Are goroutines parked that the network, or the host, will wake? */
@inline
export function netpollAnyWaiters(): bool {
  return atomic.load<i32>(addressOf(sched.netWaiters)) != 0;
}

/** Makes the goroutines of a list from `netpoll` runnable: on this P, or, from a thread without a P, on the global queue. */
export function injectglist(list: G | null): void {
  if (!list) return;
  let n = 0;
  const pp = m.p;
  let gp: G | null = list;
  let last = list;
  while (gp) {
    const next: G | null = gp.schedlink;
    if (CHECKED) check(gp.status == GStatus.Waiting, "what the network makes runnable has waited for it");
    gp.status = GStatus.Runnable;
    if (isTraced()) traceReady(gp);
    if (pp) runqput(pp, gp, false);
    last = gp;
    gp = next;
    n++;
  }
  if (!pp) globrunqputBatch(list, last, n);
  // Not before they are in a queue: else somebody could take the program for dead.
  countOff(n);
  // A single one is run by who has polled.
  if (n > 1 || !pp) wakepIfIdle();
}

// ---- waiting ---------------------------------------------------------------------------------------------------------

@inline
export function netpollsink(pd: PollDesc): usize {
  return atomic.load<usize>(addressOf(pd.sink));
}

/** From now on the Sink, or the Watch, gets the descriptor's events; for 0 they go to the words again. What came before is lost. */
export function netpollSetSink(pd: PollDesc, sink: usize): void {
  atomic.store<usize>(addressOf(pd.sink), sink);
}

/** A goroutine that waits to read at the PollDesc is taken out; with nobody there, the next to wait will not have to. */
export function netpollwake(pd: PollDesc): G | null {
  return netpollunblock(wordOf(pd, false), true);
}

/** Takes out who waits at a word; `ready` leaves READY there. The caller makes the goroutine runnable. */
export function netpollunblock(word: usize, ready: bool): G | null {
  const next = ready ? READY : 0;
  while (true) {
    const old = atomic.load<usize>(word);
    if (old == READY || (old == 0 && !ready)) return null;
    if (atomic.cmpxchg<usize>(word, old, next) == old) return old > WAIT ? changetype<G>(old) : null;
  }
}

/** The goroutine that was switched out in `waitAt` has its stack saved: puts it where it is found. */
@inline
export function netpollcommit(word: usize, gp: G): bool {
  // Counted first: whoever finds it there counts it off.
  atomic.add<i32>(addressOf(sched.netWaiters), 1);
  if (atomic.cmpxchg<usize>(word, WAIT, changetype<usize>(gp)) == WAIT) return true;
  atomic.sub<i32>(addressOf(sched.netWaiters), 1);
  return false;
}

/** Parks until the word is made ready or cleared; at once if it is READY. `pd` null: nothing but readiness ends the wait. */
function waitAt(word: usize, pd: PollDesc | null, write: bool): void {
  while (true) {
    if (atomic.cmpxchg<usize>(word, READY, 0) == READY) return;
    const seen = atomic.cmpxchg<usize>(word, 0, WAIT);
    if (seen == 0) break;
    if (seen != READY) gopanic("net: two goroutines wait for one direction of a descriptor");
  }
  if (!pd || netpollcheckerr(pd, write) == PollError.None) {
    park(Switch.Netpoll, word, WaitReason.IOWait);
    if (CHECKED) check(atomic.load<usize>(word) <= READY, "who wakes a goroutine has taken it out of its word");
  }
  atomic.xchg<usize>(word, 0);
}

/** Waits until the descriptor may be read (or written); says why not, if it is closed or the deadline passes. */
export function netpollblock(pd: PollDesc, write: bool): i32 {
  const error = netpollcheckerr(pd, write);
  if (error != PollError.None) return error;
  waitAt(wordOf(pd, write), pd, write);
  return netpollcheckerr(pd, write);
}

/** Why nothing may be read (or written) any more. */
@inline
export function netpollcheckerr(pd: PollDesc, write: bool): i32 {
  const info = atomic.load<u32>(addressOf(pd.info));
  if ((info & PollInfo.Closing) != 0) return PollError.Closing;
  if ((info & (write ? PollInfo.WriteExpired : PollInfo.ReadExpired)) != 0) return PollError.Timeout;
  return PollError.None;
}

/** Forgets an event of before: the caller is about to find out for itself what there is. */
@inline
export function netpollreset(pd: PollDesc, write: bool): void {
  atomic.store<usize>(wordOf(pd, write), 0);
}

/** Will there be no further event because the other end is done, or in error? */
@inline
export function netpolldone(pd: PollDesc): bool {
  return (atomic.load<u32>(addressOf(pd.info)) & PollInfo.Done) != 0;
}

/** Waits until the host calls `hostReady` with the address of this word, which the caller has set to 0. */
export function awaitHost(word: usize): void {
  waitAt(word, null, false);
}

/** From a thread of the host: what was asked for at this word is there. */
@host
export function hostReady(word: usize): void {
  const gp = netpollunblock(word, true);
  if (gp) readyOne(gp);
}

/** From the host's own sockets: the other end is done, or there is an error (see PollInfo.Done). */
export function netpollfinish(pd: PollDesc): void {
  atomic.or<u32>(addressOf(pd.info), PollInfo.Done);
}

/** From the host's own sockets: the descriptor may be read (or written). */
export function netpollnotify(pd: PollDesc, write: bool): void {
  const sink = netpollsink(pd);
  const event = write ? SinkEvent.Write : SinkEvent.Read;
  if ((sink & WATCH) != 0) watchPost(changetype<Watch>(sink & ~WATCH), event);
  else if (sink != 0) sinkPost(changetype<Sink>(sink), event);
  else hostReady(wordOf(pd, write));
}

/** Makes a goroutine runnable that was taken out. */
export function readyOne(gp: G): void {
  goready(gp);
  countOff(1);
}

/** So many of `sched.netWaiters` have been queued. */
@inline
function countOff(n: i32): void {
  const before = atomic.sub<i32>(addressOf(sched.netWaiters), n);
  if (CHECKED) check(before >= n, "who waits for the network is counted before it can be found");
}

// ---- descriptors -----------------------------------------------------------------------------------------------------

/** A PollDesc for a descriptor that `owner`, a NetFD, has opened; nothing is registered yet. */
export function netpollopen(fd: i32, owner: usize): PollDesc {
  lock(addressOf(sched.pollLock));
  let at = sched.freePollDescs;
  if (at != 0) {
    sched.freePollDescs = changetype<PollDesc>(at).link;
  } else {
    at = malloc(offsetof<PollDesc>());
    memory.fill(at, 0, offsetof<PollDesc>());
    changetype<PollDesc>(at).alllink = sched.allPollDescs;
    sched.allPollDescs = at;
  }
  const pd = changetype<PollDesc>(at);
  if (CHECKED) check(pd.owner == 0 && pd.rg <= READY && pd.wg <= READY, "a PollDesc that is taken serves nobody");
  pd.fd = fd;
  pd.owner = owner;
  pd.epoch = sched.epoch;
  pd.info = 0;
  pd.rg = 0;
  pd.wg = 0;
  pd.sink = 0;
  unlock(addressOf(sched.pollLock));
  return pd;
}

/** A PollDesc without a descriptor, that nobody uses, is for this program again. */
export function netpollrenew(pd: PollDesc): void {
  lock(addressOf(sched.pollLock));
  pd.epoch = sched.epoch;
  atomic.store<u32>(addressOf(pd.info), 0);
  unlock(addressOf(sched.pollLock));
}

/** Nothing waits for the descriptor from now on: who does is woken. Returns how many were. */
export function netpollevict(pd: PollDesc): i32 {
  lock(addressOf(pd.lock));
  atomic.or<u32>(addressOf(pd.info), PollInfo.Closing);
  setTimer(pd, false, 0);
  setTimer(pd, true, 0);
  unlock(addressOf(pd.lock));
  let n = 0;
  const reader = netpollunblock(wordOf(pd, false), false);
  if (reader) {
    readyOne(reader);
    n++;
  }
  const writer = netpollunblock(wordOf(pd, true), false);
  if (writer) {
    readyOne(writer);
    n++;
  }
  return n;
}

/** The descriptor is about to be closed, and nobody uses it any more: its PollDesc is for the next. */
export function netpollclose(pd: PollDesc): void {
  lock(addressOf(sched.pollLock));
  atomic.add<u32>(addressOf(pd.seq), 1);
  if (CHECKED) check(pd.owner != 0, "a descriptor is closed once");
  if (CHECKED) check(pd.rg <= READY && pd.wg <= READY, "nobody waits at a descriptor that is closed");
  pd.owner = 0;
  pd.link = sched.freePollDescs;
  sched.freePollDescs = changetype<usize>(pd);
  unlock(addressOf(sched.pollLock));
}

// ---- deadlines -------------------------------------------------------------------------------------------------------

/** From the time `at` on, on the clock of `nanotime`, nobody waits to read (or write): those who do are woken. 0 for never. */
export function netpollSetDeadline(pd: PollDesc, write: bool, at: i64): void {
  const bit = write ? PollInfo.WriteExpired : PollInfo.ReadExpired;
  lock(addressOf(pd.lock));
  if ((atomic.load<u32>(addressOf(pd.info)) & PollInfo.Closing) != 0) {
    unlock(addressOf(pd.lock));
    return;
  }
  const expired = at != 0 && at <= nanotime();
  setTimer(pd, write, expired ? 0 : at);
  if (expired) atomic.or<u32>(addressOf(pd.info), bit);
  else atomic.and<u32>(addressOf(pd.info), ~bit);
  unlock(addressOf(pd.lock));
  if (!expired) return;
  const gp = netpollunblock(wordOf(pd, write), false);
  if (gp) readyOne(gp);
}

/** Sets the timer of a direction, or stops it where `at` is 0. Under pd.lock. */
function setTimer(pd: PollDesc, write: bool, at: i64): void {
  const seq = write ? ++pd.wseq : ++pd.rseq;
  let t = changetype<DeadlineTimer>(write ? pd.wt : pd.rt);
  if (changetype<usize>(t) == 0) {
    if (at == 0) return;
    t = new DeadlineTimer();
    t.kind = TimerKind.Deadline;
    t.arg = changetype<usize>(pd);
    t.write = write;
    if (write) pd.wt = changetype<usize>(t);
    else pd.rt = changetype<usize>(t);
  }
  setDeadlineTimer(t, at, seq);
}

/** A timer has fired that was set for the deadline `seq` of a direction. On an M that holds a P. */
export function netpolldeadline(pd: PollDesc, write: bool, seq: u32): void {
  lock(addressOf(pd.lock));
  if (seq != (write ? pd.wseq : pd.rseq)) {
    unlock(addressOf(pd.lock));
    return;
  }
  atomic.or<u32>(addressOf(pd.info), write ? PollInfo.WriteExpired : PollInfo.ReadExpired);
  unlock(addressOf(pd.lock));
  const gp = netpollunblock(wordOf(pd, write), false);
  if (!gp) return;
  gp.schedlink = null;
  injectglist(gp);
}
