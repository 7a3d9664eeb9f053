/**
 * `poll_oneoff` of WASI preview 1, of which libc makes `poll`, `select` and their kin, and FIONREAD: waits for one of several things, times and
 * descriptors.
 *
 * Files and the standard streams are always ready: that standard input has something nobody can tell without reading it.
 *
 * On a goroutine.
 */
import { nanotime } from "../runtime/base/clock";
import { sleep } from "../runtime/goroutine/time";
import { beginWait, endWait } from "../runtime/net/watch";
import { Descriptor, Errno, hold, letGo } from "./files";
import { pause } from "./sockio";
import { MONOTONIC, REALTIME, timeOf } from "./wasi";

/** WASI's struct subscription, of 48 bytes; what follows the tag is of a clock, or of a descriptor. */
@unmanaged
class Subscription {
  userdata: u64;
  tag: u8;
  private pad: i32;
  /** The clock, or the descriptor. */
  id: i32;
  private pad2: i32;
  timeout: i64;
  precision: i64;
  flags: u16;
  private pad3: i32;
}

/** WASI's struct event, of 32 bytes. */
@unmanaged
class Event {
  userdata: u64;
  error: u16;
  type: u8;
  bytes: u64;
  flags: u16;
  private pad: i32;
}

namespace Tag {
  export const Clock: u8 = 0;
  export const Read: u8 = 1;
  export const Write: u8 = 2;
}

const ABSOLUTE: u16 = 1;


@inline
function at(subscriptions: usize, i: i32): Subscription {
  return changetype<Subscription>(subscriptions + i * offsetof<Subscription>());
}

/** When a clock's time has come, on the clock of `nanotime`. */
function endOf(it: Subscription, now: i64): i64 {
  const d = (it.flags & ABSOLUTE) != 0 ? it.timeout - timeOf(it.id) : it.timeout;
  return d <= 0 ? now : d > i64.MAX_VALUE - now ? i64.MAX_VALUE : now + d;
}

function tell(to: usize, n: i32, it: Subscription, error: i32): void {
  const event = changetype<Event>(to + n * offsetof<Event>());
  memory.fill(changetype<usize>(event), 0, offsetof<Event>());
  event.userdata = it.userdata;
  event.error = <u16>error;
  event.type = it.tag;
  if (it.tag == Tag.Read && error == 0) event.bytes = 1;
}

export function poll_oneoff(subscriptions: usize, events: usize, n: i32, stored: usize): i32 {
  if (n <= 0) return Errno.Inval;
  const now = nanotime();
  let end: i64 = i64.MAX_VALUE;
  let hasClock = false;
  for (let i = 0; i < n; i++) {
    const it = at(subscriptions, i);
    if (it.tag > Tag.Write || (it.tag == Tag.Clock && it.id != REALTIME && it.id != MONOTONIC)) return Errno.Inval;
    if (it.tag != Tag.Clock) continue;
    end = min(end, endOf(it, now));
    hasClock = true;
  }
  const held = new StaticArray<Descriptor | null>(n);
  let sockets = 0;
  for (let i = 0; i < n; i++) {
    const it = at(subscriptions, i);
    if (it.tag != Tag.Clock) held[i] = hold(it.id);
    const descriptor = held[i];
    if (descriptor && descriptor.isSocket) sockets++;
  }
  const result = waitIn(subscriptions, held, sockets, now, hasClock ? end : 0, events);
  for (let i = 0; i < n; i++) {
    const descriptor = held[i];
    if (descriptor) letGo(descriptor);
  }
  if (result < 0) return -result;
  store<i32>(stored, result);
  return Errno.Success;
}

/** Waits until `end`, 0 for ever: the number of events, or -errno. */
function waitIn(
  subscriptions: usize,
  held: StaticArray<Descriptor | null>,
  sockets: i32,
  now: i64,
  end: i64,
  events: usize,
): i32 {
  let found = look(subscriptions, held, events);
  if (found != 0) return found;
  if (sockets == 0) {
    // Nothing but clocks.
    if (end > now) sleep(end - now);
    return times(subscriptions, held.length, now, events);
  }
  if (end != 0 && end <= now) return times(subscriptions, held.length, now, events);
  const wait = beginWait(sockets);
  for (let i = 0; i < held.length; i++) {
    const descriptor = held[i];
    if (descriptor && descriptor.isSocket) descriptor.awaitIn(wait, at(subscriptions, i).tag == Tag.Write);
  }
  let errno = Errno.Success;
  while (errno == 0) {
    found = look(subscriptions, held, events);
    if (found != 0) break;
    errno = pause(wait, now, end == 0 ? 0 : end - now);
  }
  endWait(wait);
  if (found != 0) return found;
  return errno == Errno.Again ? times(subscriptions, held.length, now, events) : -errno;
}

/** Tells of the descriptors that are ready: how many. */
function look(subscriptions: usize, held: StaticArray<Descriptor | null>, events: usize): i32 {
  let found = 0;
  for (let i = 0; i < held.length; i++) {
    const it = at(subscriptions, i);
    if (it.tag == Tag.Clock) continue;
    const descriptor = held[i];
    if (!descriptor) tell(events, found++, it, <u32>it.id < 3 ? Errno.Success : Errno.BadF);
    else if (descriptor.isReady(it.tag == Tag.Write)) tell(events, found++, it, Errno.Success);
  }
  return found;
}

/** Tells of the clocks whose time has come: how many. */
function times(subscriptions: usize, n: i32, since: i64, events: usize): i32 {
  let found = 0;
  const now = nanotime();
  for (let i = 0; i < n; i++) {
    const it = at(subscriptions, i);
    if (it.tag == Tag.Clock && endOf(it, since) <= now) tell(events, found++, it, Errno.Success);
  }
  return found;
}
