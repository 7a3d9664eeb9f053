/**
 * Watches: the events of a descriptor for any number of goroutines, each of which may wait for many descriptors, with a time, and may be
 * told to stop. C's sockets and its `poll` wait so (`assembly/std/skein/c`); one goroutine that reads, which is all that `skein/net` has,
 * waits at the PollDesc itself.
 *
 * A Watch is the descriptor's `sink`, with WATCH set in the address. It has a bit for each direction in which something may be
 * possible, and a list of Watchers, each with the place where its goroutine sleeps: a PollDesc without a descriptor, a Sleeper.
 *
 * Who waits adds its Watchers, then tries what it wants to do, and sleeps if that would have blocked. An event sets the bit, then wakes
 * who is in the list. So an event that comes after the try finds the Watcher, and leaves READY at the Sleeper if its goroutine
 * is not asleep yet; one that came before it has been seen by the try. Who tries clears the bit first and sets it again if more may be there: a bit
 * that is not set means that an event will come.
 *
 * A Watch and a Sleeper are never freed, only used again: an event may come late, for a descriptor that is closed. So each wake-up
 * is a hint.
 *
 * `watchTell` runs on any thread, on either stack; the rest on a goroutine.
 */
import { lock, unlock } from "../base/lock";
import { nanotime } from "../base/clock";
import { link } from "../chan/waitq";
import { gosched } from "../goroutine/proc";
import { malloc, mfree } from "../memory/malloc";
import { addressOf, G, sched } from "../../abi";
import {
  netpollblock,
  netpollopen,
  netpollrenew,
  netpollSetDeadline,
  netpollwake,
  PollDesc,
  PollError,
  readyOne,
} from "./polldesc";

/** In `PollDesc.sink`: it is a Watch. */
export const WATCH: usize = 1;

/** SinkEvent.Read and Write: what `netpoll` tells. */
export const WATCH_ALL: u32 = 3;

/** The descriptor of a PollDesc that has none. */
const NO_FD: i32 = -1;


@unmanaged
export class Watch {
  /** Guards the list. */
  lock: i32;
  /** Bits of SinkEvent: what may be possible. Atomic. */
  ready: u32;
  /** The first Watcher. */
  first: usize;
  /** Link in the pool. */
  next: usize;
}

/** One goroutine's interest in one descriptor. */
@unmanaged
class Watcher {
  watch: Watch;
  next: usize;
  prev: usize;
  pd: PollDesc;
  /** Bits of SinkEvent. */
  wanted: u32;
}

/** What is not in use. */
@unmanaged
class Unused {
  /** Guards both. */
  lock: i32;
  /** Watches and Sleepers, linked. */
  watches: usize;
  sleepers: usize;
}

const unused = changetype<Unused>(memory.data(offsetof<Unused>(), 8));

export function newWatch(): Watch {
  lock(addressOf(unused.lock));
  let at = unused.watches;
  if (at != 0) unused.watches = changetype<Watch>(at).next;
  unlock(addressOf(unused.lock));
  if (at == 0) {
    at = malloc(offsetof<Watch>());
    memory.fill(at, 0, offsetof<Watch>());
  }
  atomic.store<u32>(at, 0, offsetof<Watch>("ready"));
  return changetype<Watch>(at);
}

/** Nobody watches it, and its descriptor is closed. */
export function freeWatch(watch: Watch): void {
  lock(addressOf(unused.lock));
  watch.next = unused.watches;
  unused.watches = changetype<usize>(watch);
  unlock(addressOf(unused.lock));
}

/** Something has happened: returns those to make runnable, as a list by their `schedlink`. Any thread. */
export function watchTell(watch: Watch, events: u32): G | null {
  atomic.or<u32>(addressOf(watch.ready), events);
  // Who is not in the list yet has not tried yet.
  if (atomic.load<usize>(addressOf(watch.first)) == 0) return null;
  let head: G | null = null;
  let last: G | null = null;
  lock(addressOf(watch.lock));
  for (let at = watch.first; at != 0; at = changetype<Watcher>(at).next) {
    const it = changetype<Watcher>(at);
    if ((it.wanted & events) == 0) continue;
    const gp = netpollwake(it.pd);
    if (!gp) continue;
    last = link(last, gp);
    if (!head) head = last;
  }
  unlock(addressOf(watch.lock));
  return head;
}

/** Makes the goroutines of such a list runnable. Any thread. */
function watchReady(list: G | null): void {
  while (list) {
    const next = list.schedlink;
    readyOne(list);
    list = next;
  }
}

/** Both. */
export function watchPost(watch: Watch, events: u32): void {
  watchReady(watchTell(watch, events));
}


@inline
export function watchIsReady(watch: Watch, event: u32): bool {
  return (atomic.load<u32>(addressOf(watch.ready)) & event) != 0;
}

/** Before a try: an event from now on counts. */
@inline
export function watchClear(watch: Watch, event: u32): void {
  atomic.and<u32>(addressOf(watch.ready), ~event);
}

// ---- waiting ---------------------------------------------------------------------------------------------------------

/** A wait of one goroutine for `n` descriptors at most; the Watchers follow. */
@unmanaged
export class Wait {
  pd: PollDesc;
  n: i32;
}

export function beginWait(max: i32): Wait {
  const wait = changetype<Wait>(malloc(offsetof<Wait>() + <usize>max * offsetof<Watcher>()));
  wait.n = 0;
  lock(addressOf(unused.lock));
  let at = unused.sleepers;
  if (at != 0) unused.sleepers = changetype<PollDesc>(at).link;
  unlock(addressOf(unused.lock));
  if (at == 0) at = changetype<usize>(netpollopen(NO_FD, 0));
  else if (changetype<PollDesc>(at).epoch != sched.epoch) netpollrenew(changetype<PollDesc>(at));
  wait.pd = changetype<PollDesc>(at);
  return wait;
}

/** From now on events of the descriptor wake the goroutine. */
export function waitFor(wait: Wait, watch: Watch, wanted: u32): void {
  const at = changetype<usize>(wait) + offsetof<Wait>() + <usize>wait.n * offsetof<Watcher>();
  wait.n++;
  const it = changetype<Watcher>(at);
  it.watch = watch;
  it.wanted = wanted;
  it.pd = wait.pd;
  it.prev = 0;
  lock(addressOf(watch.lock));
  it.next = watch.first;
  if (watch.first != 0) changetype<Watcher>(watch.first).prev = at;
  atomic.store<usize>(addressOf(watch.first), at);
  unlock(addressOf(watch.lock));
}

/** Takes the Watchers out. */
export function endWait(wait: Wait): void {
  for (let i = 0; i < wait.n; i++) {
    const it = changetype<Watcher>(changetype<usize>(wait) + offsetof<Wait>() + <usize>i * offsetof<Watcher>());
    lock(addressOf(it.watch.lock));
    if (it.next != 0) changetype<Watcher>(it.next).prev = it.prev;
    if (it.prev != 0) changetype<Watcher>(it.prev).next = it.next;
    else atomic.store<usize>(addressOf(it.watch.first), it.next);
    unlock(addressOf(it.watch.lock));
  }
  const pd = wait.pd;
  netpollSetDeadline(pd, false, 0);
  lock(addressOf(unused.lock));
  pd.link = unused.sleepers;
  unused.sleepers = changetype<usize>(pd);
  unlock(addressOf(unused.lock));
  mfree(changetype<usize>(wait));
}

/** Why a goroutine sleeps no more. */
export namespace Woken {
  /** There may be something. */
  export const Event: i32 = 0;
  export const Timeout: i32 = 1;
  /** `stop` was set. */
  export const Stopped: i32 = 2;
}

/** A word that ends a wait once it is not 0, and where the one who sets it finds whom to wake (`wakeSleeper`). Of C's (`threads.c`). */
@unmanaged
export class Stop {
  word: i32;
  sleeper: usize;
}

/** Sleeps until an event, the time `deadline` (0 for none), or until `stop`, unless that is null, is set. It may return early. */
export function waitSleep(wait: Wait, deadline: i64, stop: Stop | null): i32 {
  const pd = wait.pd;
  if (deadline != 0 && deadline <= nanotime()) return Woken.Timeout;
  netpollSetDeadline(pd, false, deadline);
  if (stop) {
    // Who stops sets the word, then looks at this: either it finds the Sleeper, or its word is seen here.
    atomic.store<usize>(addressOf(stop.sleeper), changetype<usize>(pd));
    if (atomic.load<i32>(addressOf(stop.word)) != 0) {
      atomic.store<usize>(addressOf(stop.sleeper), 0);
      return Woken.Stopped;
    }
  }
  const error = netpollblock(pd, false);
  if (stop) {
    atomic.store<usize>(addressOf(stop.sleeper), 0);
    if (atomic.load<i32>(addressOf(stop.word)) != 0) return Woken.Stopped;
  }
  // The program of this goroutine is over: it is dropped here.
  if (error == PollError.Closing) gosched();
  return error == PollError.Timeout ? Woken.Timeout : Woken.Event;
}

/** Wakes the goroutine that a `Stop.sleeper` says. */
export function wakeSleeper(sleeper: usize): void {
  const gp = netpollwake(changetype<PollDesc>(sleeper));
  if (gp) readyOne(gp);
}
