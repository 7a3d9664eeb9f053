/**
 * Channels. As in Go: a value goes straight from a sender to a waiting receiver, or through a ring of `capacity` slots;
 * waiting senders and receivers are served in the order they came, and no newcomer overtakes them.
 *
 * An object of class `Chan<T>` is an `HChan` followed by its ring. All of it is guarded by `lock`, which is the first word,
 * so a channel's address is its lock's and gives the order in which a select takes several locks. A slot is 64 bits and
 * holds any value or reference, so the core below knows nothing of `T`.
 *
 * Invariants, whenever the lock is free
 * - 0 <= qcount <= dataqsiz; the values are in slots recvx, recvx + 1, … (modulo dataqsiz); other slots are zero.
 * - A sender waits only if the ring is full and no receiver waits; a receiver only if it is empty and no sender waits.
 *   (Exception: one select that waits to send and to receive on the same channel does not serve itself.)
 * - `closed` never goes back to 0. Nobody waits on a closed channel.
 * - A select's waiter may be in the queue although the select was woken through another case: it is stale. Whoever takes a
 *   waiter from the queue must win `g.selectDone` before it wakes the goroutine, and passes over stale ones.
 *
 * Passing a value. The value of a waiting goroutine is in its waiter (`elem`): a sender leaves it there; for a receiver the
 * waker puts it there, then sets `success`, then makes the goroutine ready. The waiter belongs to the waker from dequeue to
 * `goready`, and to its goroutine at all other times, so neither needs a lock for it. A goroutine that did not have to
 * wait also finds what it received in its waiter: so no value is live across a switch of stacks.
 *
 * Without the lock. `length` and the attempts that fail at once (`chanready`) read qcount, closed and the heads of the
 * queues with atomic loads, while others may write them, holding the lock, with plain stores. These are aligned 32-bit words:
 * each load gives some value that was current between the call and the return. That suffices:
 * - Receiving: if qcount was 0 (ring) or no sender waited (no ring), then at that instant nothing could be received; for
 *   `tryRecv` it does not matter whether the channel was closed, as it answers the same. A select's `poll` must know: it
 *   looks at `closed` afterwards; a channel open then was open at the instant before.
 * - Sending: likewise the ring was full (so no receiver waited), or without a ring no receiver waited, at some instant, and
 *   the channel was still open afterwards, so at that instant it was open and could not take a value.
 *
 * Sending, receiving and closing by programs run on a goroutine, and park in `send` and `recv` alone. The `…Locked` functions, `timersend` and what else does not block also serve the scheduler and the operations of JavaScript, on any thread's own stack.
 */
import { fromBits, toBits } from "./bits";
import { plock, punlock, tryPlock } from "../base/lock";
import { markObject, markWord, shade } from "../memory/mark";
import { greyLate, putRest } from "../memory/work";
import { gopanic } from "../base/panic";
import { gopark, goready } from "../goroutine/proc";
import { g } from "../base/registers";
import { G, gc, GKind, sched, Waiter, WaitReason, waiterOf } from "../../abi";
import { dequeue, enqueue, link, mayBeWoken, ownWaiter, readyAll, unlink, WaitQ } from "./waitq";


@unmanaged
export class HChan {
  lock: i32;


  @atomic closed: u32;
  /** Values in the ring, and its slots; the latter never changes. */
  @atomic qcount: u32;


  @host dataqsiz: u32;
  /** A timer sends here: what programs see has no ring. */
  ofTimer: bool;
  /** A case of a select has been in one of its queues. */
  hasCases: bool;
  recvx: u32;
  // Two WaitQs.
  private recvqFirst: usize;
  private recvqLast: usize;
  private sendqFirst: usize;
  private sendqLast: usize;
}


@inline
export function recvq(c: HChan): WaitQ {
  return changetype<WaitQ>(changetype<usize>(c) + offsetof<HChan>("recvqFirst"));
}


@inline
export function sendq(c: HChan): WaitQ {
  return changetype<WaitQ>(changetype<usize>(c) + offsetof<HChan>("sendqFirst"));
}


@inline
function chanbuf(c: HChan, i: u32): usize {
  return changetype<usize>(c) + offsetof<HChan>() + ((<usize>i) << 3);
}

/** Slots a ring may have: an object is at most 1 GiB, header included. */
const MAX_CAPACITY: i32 = ((1 << 30) - 4096) / 8;

function makechan(capacity: i32, id: u32): usize {
  if (<u32>capacity > <u32>MAX_CAPACITY) gopanic("makechan: size out of range");
  const c = __new(offsetof<HChan>() + ((<usize>capacity) << 3), id);
  changetype<HChan>(c).dataqsiz = capacity;
  return c;
}

// ---- under the lock ---------------------------------------------------------------------------------------------------

/** What sendLocked and recvLocked say: nothing could be done, it is done, the channel is closed; anything else is a G. */
export const BLOCKED: usize = 0;
export const DONE: usize = 1;
export const CLOSED: usize = 2;

/** The first waiter that may be woken; it is then the caller's. Goroutines of a program that has ended are passed over. */
@inline
function dequeueLive(q: WaitQ): Waiter | null {
  while (true) {
    const w = dequeue(q);
    if (!w) return null;
    if (w.g.epoch != sched.epoch && w.g.kind != GKind.Operation) continue;
    if (!w.isSelect) return w;
    if (atomic.cmpxchg<u32>(changetype<usize>(w.g) + offsetof<G>("selectDone"), 0, 1) == 0) return w;
  }
}

/** Says to a waiter's goroutine how its wait ended; it is to be made ready once the lock is free. */
@inline
function wake(w: Waiter, success: bool): usize {
  const gp = w.g;
  w.success = success;
  gp.param = changetype<usize>(w);
  return changetype<usize>(gp);
}

/** Sends if that is possible at once: BLOCKED, CLOSED, DONE, or done and the receiver to make ready. */
export function sendLocked(c: HChan, bits: u64): usize {
  if (c.closed != 0) return CLOSED;
  shade(bits);
  const receiver = dequeueLive(recvq(c));
  if (receiver) {
    receiver.elem = bits;
    return wake(receiver, true);
  }
  if (c.qcount == c.dataqsiz) return BLOCKED;
  const i = c.recvx + c.qcount;
  store<u64>(chanbuf(c, i < c.dataqsiz ? i : i - c.dataqsiz), bits);
  c.qcount++;
  return DONE;
}

/** Receives into the current goroutine's waiter, and sets its ok, if that is possible at once: BLOCKED, DONE or a sender. */
export function recvLocked(c: HChan): usize {
  const gp = g;
  const w = waiterOf(gp);
  if (c.qcount != 0) {
    const i = c.recvx;
    const slot = chanbuf(c, i);
    const next = i + 1 == c.dataqsiz ? 0 : i + 1;
    w.elem = load<u64>(slot);
    gp.ok = true;
    c.recvx = next;
    // A sender waits only for a full ring: its value goes to the end of the queue, which is the slot just emptied.
    const sender = dequeueLive(sendq(c));
    if (sender) {
      shade(sender.elem);
      store<u64>(slot, sender.elem);
      return wake(sender, true);
    }
    store<u64>(slot, 0);
    c.qcount--;
    return DONE;
  }
  const sender = dequeueLive(sendq(c));
  if (sender) {
    w.elem = sender.elem;
    gp.ok = true;
    return wake(sender, true);
  }
  if (c.closed == 0) return BLOCKED;
  w.elem = 0;
  gp.ok = false;
  return DONE;
}

/** False if, at some instant of the call, the operation would have blocked. Needs no lock (see the top of the file). */
@inline
export function chanready(c: HChan, isSend: bool): bool {
  const addr = changetype<usize>(c);
  if (isSend) {
    if (atomic.load<usize>(changetype<usize>(recvq(c))) != 0) return true;
    if (atomic.load<u32>(addr + offsetof<HChan>("qcount")) < c.dataqsiz) return true;
  } else {
    if (atomic.load<u32>(addr + offsetof<HChan>("qcount")) != 0) return true;
    if (atomic.load<usize>(changetype<usize>(sendq(c))) != 0) return true;
  }
  return atomic.load<u32>(addr + offsetof<HChan>("closed")) != 0;
}

// ---- the operations ---------------------------------------------------------------------------------------------------

/**
 * Sends for the current G, which is a goroutine's or stands for an operation of JavaScript (`js/operation.ts`): DONE or CLOSED;
 * or BLOCKED if it would have to wait. With `block` it then is in the queue, and the lock is held, for whoever parks the G.
 * On a null channel there is neither queue nor lock: who parks there parks for ever, as in Go. Inlined, as `block` is a constant at
 * each call.
 */
@inline
export function send(c: HChan, bits: u64, block: bool): usize {
  if (changetype<usize>(c) == 0 || (!block && !chanready(c, true))) return BLOCKED;
  plock(changetype<usize>(c));
  const done = sendLocked(c, bits);
  if (block && done == BLOCKED) {
    const w = ownWaiter();
    w.elem = bits;
    enqueue(sendq(c), w);
    return BLOCKED;
  }
  punlock(changetype<usize>(c));
  if (done <= CLOSED) return done;
  goready(changetype<G>(done));
  return DONE;
}

/** Receives likewise: DONE, and the value is in the G's waiter, whether it is one in its ok; or BLOCKED. */
@inline
export function recv(c: HChan, block: bool): usize {
  if (changetype<usize>(c) == 0 || (!block && !chanready(c, false))) return BLOCKED;
  plock(changetype<usize>(c));
  const done = recvLocked(c);
  if (block && done == BLOCKED) {
    const w = ownWaiter();
    w.elem = 0;
    enqueue(recvq(c), w);
    return BLOCKED;
  }
  punlock(changetype<usize>(c));
  if (done <= DONE) return done;
  goready(changetype<G>(done));
  return DONE;
}

/** Who waits gives up: false if it has just been, or is being, served. */
export function withdraw(c: HChan, isSend: bool, w: Waiter): bool {
  plock(changetype<usize>(c));
  const waited = unlink(isSend ? sendq(c) : recvq(c), w);
  punlock(changetype<usize>(c));
  return waited;
}

// The functions that park are small, have one place where they do, and keep nothing across it: their frames are saved and
// restored with the stack.

function chansend(c: HChan, bits: u64): void {
  if (sendOrEnqueue(c, bits)) return;
  gopark(changetype<usize>(c) != 0 ? WaitReason.ChanSend : WaitReason.ChanSendNil, changetype<usize>(c));
  if (!waiterOf(g).success) sendOnClosed();
}

/** What comes before parking, in a function of its own, which does not switch: false if the goroutine is to park. */
function sendOrEnqueue(c: HChan, bits: u64): bool {
  const done = send(c, bits, true);
  if (done == CLOSED) sendOnClosed();
  return done != BLOCKED;
}

/** Receives; the value is returned, whether it is one is the goroutine's ok. */
function chanrecv(c: HChan): u64 {
  if (!recvOrEnqueue(c)) {
    gopark(changetype<usize>(c) != 0 ? WaitReason.ChanReceive : WaitReason.ChanReceiveNil, changetype<usize>(c));
    g.ok = waiterOf(g).success;
  }
  return waiterOf(g).elem;
}

function recvOrEnqueue(c: HChan): bool {
  return recv(c, true) != BLOCKED;
}

/** Sends if that is possible at once. */
function chantrysend(c: HChan, bits: u64): bool {
  const done = send(c, bits, false);
  if (done == CLOSED) sendOnClosed();
  return done != BLOCKED;
}

/** Receives if that is possible at once; else gives 0, and ok is false. */
function chantryrecv(c: HChan): u64 {
  if (recv(c, false) != BLOCKED) return waiterOf(g).elem;
  g.ok = false;
  return 0;
}

/** Closes the channel: all who wait are woken, receivers with a zero value, senders to panic. */
export function closechan(c: HChan): void {
  if (changetype<usize>(c) == 0) gopanic("close of nil channel");
  plock(changetype<usize>(c));
  if (c.closed != 0) {
    punlock(changetype<usize>(c));
    gopanic("close of closed channel");
  }
  c.closed = 1;
  // At most one of the queues has live waiters. They are linked up first and made ready without the lock.
  let head: G | null = null;
  let last: G | null = null;
  while (true) {
    let w = dequeueLive(recvq(c));
    if (w) w.elem = 0;
    else w = dequeueLive(sendq(c));
    if (!w) break;
    last = link(last, changetype<G>(wake(w, false)));
    if (!head) head = last;
  }
  punlock(changetype<usize>(c));
  readyAll(head);
}

/** A channel for a timer: the one slot of its ring is the timer's own, and not to be seen by `length` and `capacity`. */
export function timerchan(): Chan<i64> {
  const chan = new Chan<i64>(1);
  changetype<HChan>(changetype<usize>(chan)).ofTimer = true;
  return chan;
}

/** A timer fires: puts `bits` where a receiver finds it, or drops it if the last one is still there. The receiver to wake. */
export function timersend(c: HChan, bits: u64): G | null {
  plock(changetype<usize>(c));
  const done = sendLocked(c, bits);
  punlock(changetype<usize>(c));
  return done > CLOSED ? changetype<G>(done) : null;
}

/**
 * Removes what a timer has put into its channel; was there something? Where the program itself waits to send on that channel
 * the ring stays full, as the invariant wants.
 */
export function timerdrain(c: HChan): bool {
  if (atomic.load<u32>(changetype<usize>(c) + offsetof<HChan>("qcount")) == 0) return false;
  plock(changetype<usize>(c));
  const any = c.qcount != 0 && !sendq(c).first;
  if (any) {
    store<u64>(chanbuf(c, 0), 0); // the one slot
    c.qcount = 0;
  }
  punlock(changetype<usize>(c));
  return any;
}

export function sendOnClosed(): void {
  gopanic("send on closed channel");
}

// ---- marking ----------------------------------------------------------------------------------------------------------

/** Slots that are visited at a time. */
const SLOTS_AT_ONCE: u32 = 1024;

function visitRing(c: HChan, from: u32): void {
  let end = c.dataqsiz;
  if (end - from > SLOTS_AT_ONCE && putRest(changetype<usize>(c), from + SLOTS_AT_ONCE)) end = from + SLOTS_AT_ONCE;
  for (let i = from; i < end; i++) {
    const ref = <usize>load<u64>(chanbuf(c, i));
    if (ref != 0) markObject(ref);
  }
}

/**
 * Under the lock, or others would take waiters out of the queues meanwhile. A marker waits for no lock, for its thread may be the one that
 * holds it; so where it is taken the channel's turn comes later.
 */
function visitQueues(c: HChan): void {
  if (!c.hasCases && gc.surveying == 0) return;
  if (!tryPlock(changetype<usize>(c))) {
    greyLate(changetype<usize>(c));
    return;
  }
  visitQueue(recvq(c).first);
  visitQueue(sendq(c).first);
  punlock(changetype<usize>(c));
}

function visitQueue(first: Waiter | null): void {
  let w = first;
  while (w) {
    if (w.isSelect) markWord(changetype<usize>(w));
    if (gc.surveying != 0) mayBeWoken(w.g);
    w = w.next;
  }
}

// ---- what programs see ------------------------------------------------------------------------------------------------

/** A channel of `T`s. */
@final
export class Chan<T> {
  // No fields: the object is an HChan and its ring.

  constructor(capacity: i32 = 0) {
    if (isVector<T>()) ERROR("channels do not carry v128: send an object with one, or its two halves");
    return changetype<Chan<T>>(makechan(capacity, idof<Chan<T>>()));
  }

  /** Sends `v`: waits until a receiver takes it or the ring has room. Panics if the channel is closed. */
  send(v: T): void {
    chansend(changetype<HChan>(changetype<usize>(this)), toBits<T>(v));
    if (isManaged<T>()) waiterOf(g).elem = 0;
  }

  /** Receives: waits for a value. The zero value, and `ok() == false`, once the channel is closed and drained. */
  recv(): T {
    const bits = chanrecv(changetype<HChan>(changetype<usize>(this)));
    if (isManaged<T>()) waiterOf(g).elem = 0;
    return fromBits<T>(bits);
  }

  /** Receives as `recv` does; whether it is a value that somebody sent is in the result, too. */
  @inline receive(): Received<T> {
    const value = this.recv();
    return new Received<T>(value, g.ok);
  }

  /** Sends if that is possible at once. Panics if the channel is closed. */
  trySend(v: T): bool {
    return chantrysend(changetype<HChan>(changetype<usize>(this)), toBits<T>(v));
  }

  /** Receives if that is possible at once; else the zero value, and `ok() == false`. */
  tryRecv(): T {
    const bits = chantryrecv(changetype<HChan>(changetype<usize>(this)));
    if (isManaged<T>()) waiterOf(g).elem = 0;
    return fromBits<T>(bits);
  }

  /** No more values will be sent: receivers get what is left, then the zero value. */
  close(): void {
    closechan(changetype<HChan>(changetype<usize>(this)));
  }

  /** For `for (let r = ch.range(); r.next();) use(r.value);`, which ends when the channel is closed and drained. */
  range(): ChanRange<T> {
    return new ChanRange<T>(this);
  }

  /** Values in the ring. */
  get length(): i32 {
    if (this.isUnbuffered) return 0;
    return atomic.load<i32>(changetype<usize>(this) + offsetof<HChan>("qcount"));
  }

  /** Slots of the ring; 0 if every send waits for its receiver. */
  get capacity(): i32 {
    if (this.isUnbuffered) return 0;
    return changetype<HChan>(changetype<usize>(this)).dataqsiz;
  }

  private get isUnbuffered(): bool {
    return changetype<usize>(this) == 0 || changetype<HChan>(changetype<usize>(this)).ofTimer;
  }

  /**
   * For the collector: everything in the ring, and the cases of selects in the queues, some of which may be stale. Values of waiting senders
   * are visited with their goroutines. A value that is put into a slot which was visited before is shaded, as is a case that is queued.
   */
  @unsafe private __visit(from: u32): void {
    if (from == 0) visitQueues(changetype<HChan>(changetype<usize>(this)));
    if (isManaged<T>()) visitRing(changetype<HChan>(changetype<usize>(this)), from);
  }
}

/** What a receive got: in Go, `v, ok := <-ch`. */
@final
export class Received<T> {
  constructor(
    /** The zero value where `ok` is false. */
    readonly value: T,
    /** Somebody sent it; false once the channel is closed and drained. */
    readonly ok: bool,
  ) {}
}

/** The values of a channel, one after the other. */
export class ChanRange<T> {
  /** The value that `next` has received. */
  value: T = fromBits<T>(0);

  constructor(private ch: Chan<T>) {}

  /** Receives the next value into `value`; false once the channel is closed and drained. */
  next(): bool {
    this.value = this.ch.recv();
    return g.ok;
  }
}

/** The comma-ok of this goroutine's latest receive: was it given a value that somebody sent? */
export function ok(): bool {
  return g.ok;
}
