/**
 * The lock of a channel; and lanes, through which values pass without it.
 *
 * A channel is guarded by one lock, the word that it begins with. Two threads that send and receive all the time then wait for
 * each other although one works at the head of the ring and the other at its tail. So a channel with a buffer that JavaScript
 * has made has two *lanes*, on cache lines of their own: one for those who send, with the tail, and one for those who receive,
 * with the head. Each has a lock. To *hold the channel* (`chanlock`) is to hold its own lock and those of both lanes, taken
 * in this order: all that is said in `chan.ts` about the lock holds for that, and nothing else in the core knows of lanes.
 *
 * In the fast lane (`laneSend`, `laneRecv`) only one lane's lock is held, and only what is there may be done: put a value into
 * a slot that is free, or take one out of a slot that is not. A lane is *open* if that is all there is to it: for sending,
 * while no receiver waits and the channel is not closed; for receiving, while no sender waits. What an open lane depends on
 * changes only where the channel is held, and so not while a lane's lock is held.
 *
 * Why this is right
 * - `sent` and `received` only grow (modulo 2^32), and `sent - received` is the number of values. Without holding the channel
 *   `sent` is written under the sending lane's lock only, `received` under the other's; so each lane knows its own count, and
 *   a count that it reads of the other's is, at worst, too small: a slot is taken for not yet free, a value for not yet
 *   there, never the reverse.
 * - A value is stored before `sent` and read after it; a slot is read before `received` and filled again after that was
 *   read; the counts are accessed sequentially consistently. So the value that is read is the one that was sent, once.
 * - Order: slots are filled and emptied in turn, each side under a lock of its own. Nobody overtakes one who waits, since a lane
 *   with waiters on its other side is not open, nor one with waiters on its own: senders wait only while the ring is full,
 *   receivers only while it is empty, and both make the lanes look.
 * - No wake-up is missed: who is about to wait holds the channel, sees what has been sent or received before, and leaves the
 *   other lane closed.
 * - No deadlock: who holds only a lane's lock waits for nothing; who holds the channel has taken the lanes' locks last.
 *
 * `limit` is up to which count a lane may go on without looking at the other: its `received + capacity`, its `sent`. Where a lane
 * is closed it is the lane's own count, so one comparison tells both.
 *
 * Where the channel is held, `qcount`, `sendx` and `recvx` of the HChan are valid; else the lanes have them. The counts then move by
 * as much as `qcount` has changed: that a value was received and another sent in one critical section need not show.
 *
 * Reading without any lock. If `received` is read and then `sent`, and they are equal, the ring was empty when `sent` was read: it
 * cannot have been less than `received` was before. If `sent` is read and then `received`, and they are the capacity apart,
 * the ring was full when `received` was read, likewise. Critical sections of a whole channel are over by then or not begun.
 */
import { HCHAN_LANES, LANE_COUNT, LANE_RECV } from "../layout";
import { HChan, recvq, sendq } from "./chan";
import { lock, plock, punlock, unlock } from "./lock";


@unmanaged
class Lane {
  lock: i32;
  /** Values that have passed: sent or received. Written under the lock, read by all; atomic. */
  count: u32;
  /** The rest is guarded by the lock. See the top of the file. */
  limit: u32;
  open: u32;
  /** The next slot. */
  x: u32;
  /** Copies of what never changes, so that the channel's own line stays where it is. */
  capacity: u32;
  ring: usize;
}

/** Bytes that the lanes take behind the ring, with room to begin on a line. */
export const LANES_BYTES: usize = 3 * 64;

// @ts-ignore: decorator
@inline
function sendLane(c: HChan): Lane {
  return changetype<Lane>(c.lanes);
}
// @ts-ignore: decorator
@inline
function recvLane(c: HChan): Lane {
  return changetype<Lane>(c.lanes + LANE_RECV);
}
// @ts-ignore: decorator
@inline
function countAddr(lane: Lane): usize {
  return changetype<usize>(lane) + LANE_COUNT;
}

/** Gives a new channel lanes, in the LANES_BYTES that its memory has behind the ring. Before anybody else knows it. */
export function makeLanes(c: HChan, ring: usize): void {
  if (<i32>offsetof<HChan>("lanes") != HCHAN_LANES) ERROR("HChan.lanes");
  if (<i32>offsetof<Lane>("count") != LANE_COUNT) ERROR("Lane.count");
  const capacity = c.dataqsiz;
  c.lanes = (ring + ((<usize>capacity) << 3) + 63) & ~63;
  memory.fill(c.lanes, 0, 2 * LANE_RECV);
  sendLane(c).ring = ring;
  sendLane(c).capacity = capacity;
  recvLane(c).ring = ring;
  recvLane(c).capacity = capacity;
  openLanes(c);
}

// ---- holding the channel -----------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
export function chanlock(c: HChan): void {
  plock(changetype<usize>(c));
  if (c.lanes != 0) lockLanes(c);
}

// @ts-ignore: decorator
@inline
export function chanunlock(c: HChan): void {
  if (c.lanes != 0) unlockLanes(c);
  punlock(changetype<usize>(c));
}

function lockLanes(c: HChan): void {
  const s = sendLane(c);
  const r = recvLane(c);
  lock(changetype<usize>(s));
  lock(changetype<usize>(r));
  c.qcount = s.count - r.count;
  c.sendx = s.x;
  c.recvx = r.x;
}

function unlockLanes(c: HChan): void {
  const s = sendLane(c);
  const r = recvLane(c);
  s.x = c.sendx;
  r.x = c.recvx;
  const more = <i32>c.qcount - <i32>(s.count - r.count);
  if (more > 0) atomic.store<u32>(countAddr(s), s.count + more);
  else if (more < 0) atomic.store<u32>(countAddr(r), r.count - more);
  openLanes(c);
  unlock(changetype<usize>(r));
  unlock(changetype<usize>(s));
}

/** Opens the lanes or closes them, as those who wait want it. */
function openLanes(c: HChan): void {
  const s = sendLane(c);
  const r = recvLane(c);
  s.open = c.closed == 0 && recvq(c).first == null ? 1 : 0;
  s.limit = s.open != 0 ? r.count + s.capacity : s.count;
  r.open = sendq(c).first == null ? 1 : 0;
  r.limit = r.open != 0 ? s.count : r.count;
}

/** The word for `gopark`, which has the channel let go of once the goroutine is saved (`parkunlock`). */
// @ts-ignore: decorator
@inline
export function parkWord(c: HChan): usize {
  const word = changetype<usize>(c);
  return word != 0 && c.lanes != 0 ? word | 1 : word;
}

/** Releases the lock, or lets go of the channel, that a goroutine has parked with. */
// @ts-ignore: decorator
@inline
export function parkunlock(word: usize): void {
  if (word & 1) chanunlock(changetype<HChan>(word ^ 1));
  else punlock(word);
}

// ---- the fast lane -----------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function nextSlot(lane: Lane): usize {
  const i = lane.x;
  lane.x = i + 1 == lane.capacity ? 0 : i + 1;
  return lane.ring + ((<usize>i) << 3);
}

/** Puts a value into the ring if the lane is open and there is room; false: look at the channel. It has lanes. */
export function laneSend(c: HChan, bits: u64): bool {
  const s = sendLane(c);
  lock(changetype<usize>(s));
  const count = s.count;
  if (count == s.limit) {
    if (s.open != 0) s.limit = atomic.load<u32>(countAddr(recvLane(c))) + s.capacity;
    if (count == s.limit) {
      unlock(changetype<usize>(s));
      return false;
    }
  }
  store<u64>(nextSlot(s), bits);
  atomic.store<u32>(countAddr(s), count + 1);
  unlock(changetype<usize>(s));
  return true;
}

/** Takes a value out of the ring to `at` if the lane is open and there is one; false: look at the channel. It has lanes. */
export function laneRecv(c: HChan, at: usize): bool {
  const r = recvLane(c);
  lock(changetype<usize>(r));
  const count = r.count;
  if (count == r.limit) {
    if (r.open != 0) r.limit = atomic.load<u32>(countAddr(sendLane(c)));
    if (count == r.limit) {
      unlock(changetype<usize>(r));
      return false;
    }
  }
  store<u64>(at, load<u64>(nextSlot(r))); // what is left behind in the slot nobody reads: to empty it would cost its line
  atomic.store<u32>(countAddr(r), count + 1);
  unlock(changetype<usize>(r));
  return true;
}

// ---- without any lock --------------------------------------------------------------------------------------------------

/** False if, at some instant of the call, there was no value. */
export function lanesHold(c: HChan): bool {
  const received = atomic.load<u32>(countAddr(recvLane(c)));
  return atomic.load<u32>(countAddr(sendLane(c))) != received;
}

/** False if, at some instant of the call, there was no room. */
export function lanesTake(c: HChan): bool {
  const sent = atomic.load<u32>(countAddr(sendLane(c)));
  return sent - atomic.load<u32>(countAddr(recvLane(c))) != c.dataqsiz;
}

/** How many values there are, about now. */
export function lanesLength(c: HChan): u32 {
  const received = atomic.load<u32>(countAddr(recvLane(c)));
  return min<u32>(atomic.load<u32>(countAddr(sendLane(c))) - received, c.dataqsiz);
}
