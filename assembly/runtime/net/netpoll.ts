/**
 * The netpoller: goroutines wait for descriptors, no thread does. After Go's runtime/netpoll_epoll.go.
 *
 * The process has one epoll descriptor for the program, in which every socket is registered once, edge-triggered, for both
 * directions. Whoever schedules asks it (`netpoll`): an M that has run out of goroutines, without blocking; the last idle
 * M, as the place where it sleeps (`mp.ts`); sysmon, when nobody else has for 10 ms. An eventfd, level-triggered, gets the
 * M that blocks out again. Only a poll that blocks drains it, so that one that does not cannot take the wake-up away.
 *
 * What goroutines wait at, and what an event does to it, is `polldesc.ts`.
 *
 * `netpoll` runs on g0 of an M that is out of work, on sysmon's thread, or on the goroutine of a loop that has too much; `netpollBreak` on any thread; the rest on a goroutine.
 */
import { CANNOT_POLL, POLL_BLOCK_MS, POLL_EVENTS } from "../../layout";
import { nanotime } from "../base/clock";
import { enterGate } from "../base/gate";
import { futexsleep, lock, unlock } from "../base/lock";
import { malloc } from "../memory/malloc";
import {
  netEpollCreate,
  netEpollCtl,
  netEpollWait,
  netEventfd,
  netFiles,
  netEventLayout,
  netRead,
  netStart,
  netWrite,
} from "./imports";
import { Sink, SinkEvent, sinkTell } from "./sink";
import { WATCH, Watch, watchTell } from "./watch";
import { pushNote } from "../js/mailbox";
import { throwFatal } from "../base/panic";
import { netpollAnyWaiters, netpollsink, netpollunblock, PollDesc, PollInfo, wordOf } from "./polldesc";
import { m } from "../base/registers";
import { G, NoteKind, sched, addressOf, PollerKind } from "../../abi";
import { link } from "../chan/waitq";

// epoll's bits.
const EPOLLIN: u32 = 0x1;
const EPOLLPRI: u32 = 0x2;
const EPOLLOUT: u32 = 0x4;
const EPOLLERR: u32 = 0x8;
const EPOLLHUP: u32 = 0x10;
const EPOLLRDHUP: u32 = 0x2000;
const EPOLLET: u32 = 0x80000000;
const EPOLL_CTL_ADD: i32 = 1;
const EINTR: i32 = 4;
const ENOSYS: i32 = 38;

/** Room for an event, on any machine. */
const EVENT_MAX: usize = 16;
/** A word that is always 0 and that nobody notifies: in the null zone. */
const NOBODY_WAKES: usize = 8;

/** Is there somebody to poll for? */
@inline
export function netpollWanted(): bool {
  return netpollAnyWaiters() && sched.pollerKind == PollerKind.Epoll;
}

/** When somebody last polled; 0 while an M blocks in `netpoll`. */
@inline
export function netpollLast(): i64 {
  return atomic.load<i64>(addressOf(sched.lastpoll));
}

/** Prepares the network on first use. Returns 0, or -errno if the system has no descriptor for it. */
export function netpollinit(): i32 {
  if (atomic.load<i32>(addressOf(sched.pollerKind)) != PollerKind.None) return 0;
  lock(addressOf(sched.pollLock));
  const error = sched.pollerKind == PollerKind.None ? initLocked() : 0;
  unlock(addressOf(sched.pollLock));
  return error;
}

function initLocked(): i32 {
  const kind = netStart();
  if (kind == PollerKind.Stdlib) pushNote(NoteKind.StartIo, 0, 0);
  if (kind == PollerKind.Epoll) {
    const layout = netEventLayout();
    sched.eventData = layout & 0xff;
    sched.eventSize = layout >> 8;
    const epfd = sched.epollFd != 0 ? sched.epollFd : netEpollCreate();
    if (epfd < 0) return epfd;
    sched.epollFd = epfd;
    const efd = netEventfd();
    if (efd < 0) return efd;
    const error = epollAdd(efd, EPOLLIN, 0, 0);
    if (error < 0) return error;
    sched.eventFd = efd;
    sched.files = netFiles();
  }
  atomic.store<i64>(addressOf(sched.lastpoll), nanotime());
  atomic.store<i32>(addressOf(sched.pollerKind), kind);
  return 0;
}

function eventsOf(): usize {
  const mp = m;
  if (mp.pollEvents == 0) mp.pollEvents = malloc(<usize>POLL_EVENTS * EVENT_MAX + 8);
  return mp.pollEvents;
}

function epollAdd(fd: i32, events: u32, data: usize, seq: u32): i32 {
  const ev = eventsOf();
  store<u32>(ev, events);
  store<u32>(ev + sched.eventData, <u32>data);
  store<u32>(ev + sched.eventData, seq, 4);
  return netEpollCtl(sched.epollFd, EPOLL_CTL_ADD, fd, ev);
}

/** Some bytes of this thread's own, for the arguments of a system call: 64 for values, then what fits an address. */
export function netScratch(): usize {
  return eventsOf();
}

/** Gets the M that blocks in `netpoll` out of it. From any thread. */
export function netpollBreak(): void {
  // The value that is written is 1; the word is nobody's until a poll drains the eventfd into its own.
  netWrite(sched.eventFd, BREAK, 8);
}

/** The number 1, in 64 bits. */
const BREAK: usize = memory.data<u64>([1]);

function pollFailed(error: i32): void {
  enterGate(); // for the text: this M has no P
  throwFatal("netpoll: epoll_wait failed with error " + error.toString());
}

/**
 * Looks which descriptors are ready: not blocking for a `delay` of 0, until there is something for a negative one, else for so
 * many nanoseconds at most. Returns the goroutines that become runnable by that, as a list for `injectglist`. It may
 * return early, and with nothing.
 */
export function netpoll(delay: i64): G | null {
  const events = eventsOf();
  let ms: i64 = 0;
  if (delay != 0) {
    ms = delay < 0 || delay > POLL_BLOCK_MS * 1_000_000 ? POLL_BLOCK_MS : (delay + 999_999) / 1_000_000;
    atomic.store<i64>(addressOf(sched.lastpoll), 0);
  }
  const n = netEpollWait(sched.epollFd, events, POLL_EVENTS, <i32>ms);
  atomic.store<i64>(addressOf(sched.lastpoll), nanotime());
  if (n == -ENOSYS) {
    // This thread could not load the way to call the system, for want of descriptors perhaps; it will try again.
    if (delay != 0) futexsleep(NOBODY_WAKES, 0, CANNOT_POLL);
    return null;
  }
  if (n < 0 && n != -EINTR) pollFailed(-n);
  let head: G | null = null;
  let last: G | null = null;
  for (let i = 0; i < n; i++) {
    const ev = events + <usize>(i * sched.eventSize);
    const bits = load<u32>(ev);
    const data = load<u32>(ev + sched.eventData);
    if (data == 0) {
      if (delay != 0) netRead(sched.eventFd, events + <usize>POLL_EVENTS * EVENT_MAX, 8);
      continue;
    }
    const pd = changetype<PollDesc>(<usize>data);
    if (atomic.load<u32>(addressOf(pd.seq)) != load<u32>(ev + sched.eventData, 4)) continue;
    if ((bits & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) atomic.or<u32>(addressOf(pd.info), PollInfo.Done);
    const sink = netpollsink(pd);
    if (sink != 0) {
      let told: u32 = 0;
      if ((bits & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) told = SinkEvent.Read;
      if ((bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) told |= SinkEvent.Write;
      let gp: G | null;
      if ((sink & WATCH) != 0) gp = watchTell(changetype<Watch>(sink & ~WATCH), told);
      else gp = sinkTell(changetype<Sink>(sink), told);
      while (gp) {
        const next: G | null = (sink & WATCH) != 0 ? gp.schedlink : null;
        last = link(last, gp);
        if (!head) head = last;
        gp = next;
      }
      continue;
    }
    if ((bits & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      const gp = netpollunblock(wordOf(pd, false), true);
      if (gp) {
        last = link(last, gp);
        if (!head) head = last;
      }
    }
    if ((bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
      const gp = netpollunblock(wordOf(pd, true), true);
      if (gp) {
        last = link(last, gp);
        if (!head) head = last;
      }
    }
  }
  return head;
}

/** Has the kernel report what happens to the descriptor. Returns 0 or -errno. */
export function netpollregister(pd: PollDesc): i32 {
  return epollAdd(pd.fd, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, changetype<usize>(pd), pd.seq);
}
