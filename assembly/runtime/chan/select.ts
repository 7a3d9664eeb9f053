/**
 * Select: waits until one of several channel operations can proceed, and does it; uniformly random among those that can.
 *
 * A `Select` keeps its cases in a block of memory: the cases, then the channels to lock, then an order for queueing.
 *
 * ```
 * cases   | SelectCase 0 | SelectCase 1 | … up to cap | locks: HChan x cap | order: SelectCase x cap |
 * ```
 * `locks` holds each channel of the cases once, sorted by address; it is made when it is first needed after a change.
 *
 * How a choice is made
 * 1. Without any lock: look at all cases (`chanready`), pick one of those that seem ready, lock its channel only, and do it.
 *    Any ready case is a right answer, and the operation itself is done under the channel's lock, so this is linearizable.
 *    If the case turns out not to be ready after all, go on as if none had been.
 * 2. With all channels locked, in the order of addresses (so two selects cannot wait for each other): look again. "None is
 *    ready" is only answered from here, or, with a single case to look at, from step 1; for of several cases one may
 *    become ready as another ceases to be, and looking at them in turn would miss both.
 * 3. Put a waiter into the queue of each case, in random order: so if several cases wait on one channel, each is equally
 *    likely to be the first. Then park; the scheduler calls `selparkcommit`, which releases the locks.
 * 4. Whoever takes one of the waiters from a queue and turns `g.selectDone` from 0 to 1 wakes the goroutine; the other
 *    waiters are stale. The goroutine takes them out, locking one channel at a time, and only then leaves the select.
 *
 * Why 4 may not overtake `selparkcommit`, which may still be unlocking when the goroutine already runs again: the goroutine
 * was woken by someone who held a channel's lock, so that one had been unlocked. It changes nothing in the Select before it
 * has locked the channel of each other case. If the last channel to be unlocked is among them, it waits for that; if not, it
 * was woken through it, after it had been unlocked. The last unlock is the last thing that `selparkcommit` does with the Select.
 *
 * `selectDone` is reset to 0 just before the first waiter is queued, when no waiter of the goroutine is in any queue.
 *
 * On a goroutine; `selparkcommit` on g0, once the goroutine is switched out.
 */
import { SELECT_FIRST } from "../../layout";
import { fromBits, toBits } from "./bits";
import { BLOCKED, Chan, chanready, CLOSED, HChan, recvLocked, recvq, sendLocked, sendOnClosed, sendq } from "./chan";
import { CASE_BYTES, converted, Elem, SelectCase, typeKey, typeName, wrongType } from "./selectcase";
import { CHECKED, check } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { nilCheck } from "../base/nil";
import { markWord, shade } from "../memory/mark";
import { gopanic } from "../base/panic";
import { goready, park } from "../goroutine/proc";
import { fastrandn } from "../base/rand";
import { g } from "../base/registers";
import { G, Switch, waiterOf, WaitReason, addressOf } from "../../abi";
import { enqueue, unlink } from "./waitq";

/** Several channel operations, of which `wait` or `poll` does one. Belongs to one goroutine at a time. */
export class Select {
  /** 1 while somebody is in `wait` or `poll`. */
  private busy: u32;
  count: i32;
  private cap: i32;
  /** The block described at the top. */
  private cases: usize;
  /** Channels in `locks`, -1 if it is to be made anew; and cases that have a channel, valid if `locks` is. */
  private lockCount: i32;
  private liveCount: i32;
  /** How many cases there were when `locks` was made: it holds while these are the cases, on the same channels. */
  private sortedCount: i32;
  /** What the latest receive got, and its case; -1 before there was one. */
  private recvIndex: i32 = -1;
  recvValue: u64;
  private recvType: u32;
  private recvTypeName: usize;
  private recvRef: bool;
  /** The case that `wait` or `poll` has chosen. */
  chosen: i32;
  /** The case that was chosen sends, on a closed channel. */
  failed: bool;

  /** Adds a case that receives; returns its index. On a null channel it is never ready. */
  recv<T>(ch: Chan<T> | null): i32 {
    return this.addCase<T>(changetype<usize>(ch), false, 0);
  }

  /** Adds a case that sends `v`, which `set` may give later; returns its index. On a null channel it is never ready. */
  send<T>(ch: Chan<T> | null, v: Elem<T> = fromBits<T>(0)): i32 {
    return this.addCase<T>(changetype<usize>(ch), true, toBits<T>(v));
  }

  /**
   * Replaces the value of a case that sends. A number becomes one of the channel's type, as `ch.send(v)` would make it; panics where
   * that type cannot hold it.
   */
  set<T>(i: i32, v: T): void {
    const it = this.caseOf(i);
    if (isReference<T>()) this.checkedCase<T>(i);
    if (!it.isSend) gopanic("select: case " + i.toString() + " receives, it has no value to set");
    // Only what it is for is compiled: not every type can be a number's.
    if (isInteger<T>() || isFloat<T>()) it.value = it.type == typeKey<T>() ? toBits<T>(v) : converted<T>(v, it);
    else it.value = toBits<T>(v);
    shade(it.value);
  }

  /** Replaces the channel of a case; with null it is never ready. */
  channel<T>(i: i32, ch: Chan<T> | null): void {
    this.checkedCase<T>(i).chan = changetype<usize>(ch);
    shade(changetype<usize>(ch));
    this.lockCount = -1;
  }

  /** Removes all cases. */
  clear(): void {
    checkIdle(this);
    this.count = 0;
    this.lockCount = -1;
  }

  /** Removes all cases, of which the next are likely to be the same again: then `locks` stays as it is. */
  @unsafe restart(): void {
    checkIdle(this);
    this.count = 0;
  }

  /** Waits until a case can proceed, does it, and returns its index. */
  wait(): i32 {
    enter(this);
    if (!selectgo(this, true)) {
      park(Switch.Select, changetype<usize>(this), this.lockCount == 0 ? WaitReason.SelectNoCases : WaitReason.Select);
      finish(this);
    }
    if (this.failed) sendFailed(this);
    this.busy = 0;
    return this.chosen;
  }

  /** Does a case that can proceed at once and returns its index; -1 if there is none. */
  poll(): i32 {
    enter(this);
    selectgo(this, false);
    if (this.failed) sendFailed(this);
    this.busy = 0;
    return this.chosen;
  }

  /** What the latest receive got. Panics if T is not the type of that case. */
  value<T>(): T {
    checkIdle(this);
    if (this.recvIndex < 0) gopanic("select: value before any case has received");
    if (this.recvType != typeKey<T>()) wrongType(this.recvIndex, this.recvTypeName, typeName<T>());
    return fromBits<T>(this.recvValue);
  }

  private addCase<T>(chan: usize, isSend: bool, value: u64): i32 {
    checkIdle(this);
    const i = this.add(chan, isSend, value);
    const it = caseAt(this.cases, i);
    it.isRef = isManaged<T>();
    it.type = typeKey<T>();
    it.typeName = changetype<usize>(typeName<T>());
    return i;
  }

  /** A case on an HChan, or 0, whatever its type. */
  @unsafe add(chan: usize, isSend: bool, value: u64): i32 {
    const i = this.count;
    if (i == this.cap) grow(this);
    this.count = i + 1;
    const it = caseAt(this.cases, i);
    if (i >= this.sortedCount || it.chan != chan) this.lockCount = -1;
    shade(chan);
    shade(value);
    it.chan = chan;
    it.value = value;
    it.isSend = isSend;
    it.isSelect = true;
    it.index = i;
    it.next = null;
    it.prev = null;
    it.q = 0;
    it.body = 0;
    return i;
  }

  /** What `deliver` is to be called with, once case `i` has been done: by `callBody`. */
  @unsafe setBody(i: i32, body: usize, deliver: (select: Select, body: usize) => void): void {
    const it = caseAt(this.cases, i);
    shade(body);
    it.body = body;
    it.deliver = deliver;
  }

  /** Calls the body of a case, if it has one. */
  @unsafe callBody(i: i32): void {
    const it = caseAt(this.cases, i);
    if (it.body) it.deliver(this, it.body);
  }

  private caseOf(i: i32): SelectCase {
    checkIdle(this);
    if (<u32>i >= <u32>this.count) gopanic("select: there is no case " + i.toString());
    return caseAt(this.cases, i);
  }

  private checkedCase<T>(i: i32): SelectCase {
    const it = this.caseOf(i);
    if (it.type != typeKey<T>()) wrongType(i, it.typeName, typeName<T>());
    return it;
  }

  /** For the collector: the block, the channels and values of the cases, and the value received. */
  @unsafe private __visit(from: u32): void {
    const cases = this.cases;
    if (cases != 0) {
      __visit(cases, 0);
      // The count may be that of a larger block, which has taken this one's place meanwhile.
      const count = min<u32>(this.count, load<u32>(cases - 4) / <u32>CASE_BYTES);
      for (let i: u32 = 0; i < count; i++) {
        const it = caseAt(cases, i);
        markWord(it.chan);
        markWord(it.body);
        if (!it.isRef) continue;
        // What it sends, or what a sender has put there for it to find when it runs.
        markWord(<usize>(it.isSend ? it.value : it.elem));
      }
    }
    if (this.recvRef) markWord(<usize>this.recvValue);
  }
}

// ---- the block --------------------------------------------------------------------------------------------------------

@inline
function caseAt(cases: usize, i: i32): SelectCase {
  return changetype<SelectCase>(cases + <usize>i * CASE_BYTES);
}


@inline
function locksOf(s: Select): usize {
  return s.cases + <usize>s.cap * CASE_BYTES;
}


@inline
function orderOf(s: Select): usize {
  return locksOf(s) + <usize>s.cap * sizeof<usize>();
}
/** Word `i` of `locks` or `order`. */
@inline
function word(base: usize, i: i32): usize {
  return base + <usize>i * sizeof<usize>();
}


@inline
function chanOf(it: SelectCase): HChan {
  return changetype<HChan>(it.chan);
}

function grow(s: Select): void {
  const cap = max(SELECT_FIRST, s.cap << 1);
  const block = __new(<usize>cap * (CASE_BYTES + 2 * sizeof<usize>()), idof<ArrayBuffer>());
  memory.copy(block, s.cases, <usize>s.count * CASE_BYTES);
  s.cases = block;
  s.cap = cap;
}

/** Makes `locks`: the channels of all cases, sorted by address, each once. */
function sortLocks(s: Select): void {
  const locks = locksOf(s);
  let n = 0;
  for (let i = 0; i < s.count; i++) {
    const chan = caseAt(s.cases, i).chan;
    if (chan != 0) store<usize>(word(locks, n++), chan);
  }
  s.liveCount = n;
  // Shell's sort with Knuth's gaps: in place, and fast for few.
  let gap = 1;
  while (gap < n / 3) gap = 3 * gap + 1;
  for (; gap > 0; gap /= 3) {
    for (let i = gap; i < n; i++) {
      const chan = load<usize>(word(locks, i));
      let k = i;
      for (; k >= gap && load<usize>(word(locks, k - gap)) > chan; k -= gap) {
        store<usize>(word(locks, k), load<usize>(word(locks, k - gap)));
      }
      store<usize>(word(locks, k), chan);
    }
  }
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const chan = load<usize>(word(locks, i));
    if (kept == 0 || load<usize>(word(locks, kept - 1)) != chan) store<usize>(word(locks, kept++), chan);
  }
  s.lockCount = kept;
  s.sortedCount = s.count;
}

function lockAll(s: Select): void {
  const locks = locksOf(s);
  const n = s.lockCount;
  for (let i = 0; i < n; i++) plock(load<usize>(word(locks, i)));
}

/**
 * Releases the locks of all channels. The scheduler calls it when the goroutine that `wait`s has been saved: from the first
 * unlock on it may be woken, and from the last on the Select may change.
 */
export function selparkcommit(select: usize): void {
  const s = changetype<Select>(select);
  const locks = locksOf(s);
  const last = s.lockCount - 1;
  if (last < 0) return;
  const lastLock = load<usize>(word(locks, last));
  for (let i = 0; i < last; i++) punlock(load<usize>(word(locks, i)));
  punlock(lastLock);
}

// ---- choosing ---------------------------------------------------------------------------------------------------------

function enter(s: Select): void {
  nilCheck(changetype<usize>(s));
  if (atomic.xchg<u32>(addressOf(s.busy), 1) != 0) usedTwice();
}

function sendFailed(s: Select): void {
  s.failed = false;
  s.busy = 0;
  sendOnClosed();
}


@inline
function checkIdle(s: Select): void {
  nilCheck(changetype<usize>(s));
  if (s.busy != 0) usedTwice();
}

function usedTwice(): void {
  gopanic("select: used by two goroutines at once");
}

/** True if it is done and `chosen` is set; false with all channels locked and the goroutine in their queues. */
export function selectgo(s: Select, block: bool): bool {
  let it = pickReady(s);
  if (it) {
    const c = chanOf(it);
    plock(changetype<usize>(c));
    const done = perform(it);
    punlock(changetype<usize>(c));
    if (done != BLOCKED) {
      settle(s, it, done);
      return true;
    }
  }
  if (s.lockCount < 0 || s.count != s.sortedCount) sortLocks(s);
  if (!block && !it && s.liveCount < 2) {
    s.chosen = -1;
    return true;
  }
  lockAll(s);
  while (true) {
    it = pickReady(s);
    if (!it) break;
    // If there were only stale waiters, they are gone now.
    const done = perform(it);
    if (done == BLOCKED) continue;
    selparkcommit(changetype<usize>(s));
    settle(s, it, done);
    return true;
  }
  if (block) {
    queueAll(s);
    return false;
  }
  selparkcommit(changetype<usize>(s));
  s.chosen = -1;
  return true;
}

/** One of the cases that are ready, each with the same probability; null if none is. */
function pickReady(s: Select): SelectCase | null {
  let picked: SelectCase | null = null;
  let ready: u32 = 0;
  let at = s.cases;
  const end = at + <usize>s.count * CASE_BYTES;
  for (; at < end; at += CASE_BYTES) {
    const it = changetype<SelectCase>(at);
    if (it.chan == 0 || !chanready(chanOf(it), it.isSend)) continue;
    ready++;
    if (ready == 1 || fastrandn(ready) == 0) picked = it;
  }
  return picked;
}

/** Does a case's operation if it is possible. Under its channel's lock. */
@inline
function perform(it: SelectCase): usize {
  return it.isSend ? sendLocked(chanOf(it), it.value) : recvLocked(chanOf(it));
}

/** A case's operation has been done at once, with this outcome. */
function settle(s: Select, it: SelectCase, done: usize): void {
  s.chosen = it.index;
  if (done == CLOSED) {
    s.failed = true;
    return;
  }
  if (!it.isSend) {
    received(s, it, waiterOf(g).elem);
    waiterOf(g).elem = 0; // the Select has it
  }
  if (done > CLOSED) goready(changetype<G>(done));
}

function received(s: Select, it: SelectCase, value: u64): void {
  s.recvIndex = it.index;
  s.recvValue = value;
  shade(value);
  s.recvType = it.type;
  s.recvTypeName = it.typeName;
  s.recvRef = it.isRef;
}

// ---- waiting ----------------------------------------------------------------------------------------------------------

/** Puts the current goroutine into the queues of all cases. With all channels locked. */
function queueAll(s: Select): void {
  g.selectDone = 0;
  if (s.liveCount == s.lockCount) {
    for (let i = 0; i < s.count; i++) queue(caseAt(s.cases, i));
    return;
  }
  // Several cases of one channel: in random order (the inside-out variant of Fisher and Yates's shuffle).
  const order = orderOf(s);
  for (let i = 0; i < s.count; i++) {
    const j = <i32>fastrandn(i + 1);
    store<usize>(word(order, i), load<usize>(word(order, j)));
    store<usize>(word(order, j), changetype<usize>(caseAt(s.cases, i)));
  }
  for (let i = 0; i < s.count; i++) queue(changetype<SelectCase>(load<usize>(word(order, i))));
}

function queue(it: SelectCase): void {
  if (it.chan == 0) return;
  it.g = g;
  it.elem = it.value;
  chanOf(it).hasCases = true;
  shade(changetype<usize>(it)); // the channel keeps the block of the cases
  enqueue(it.isSend ? sendq(chanOf(it)) : recvq(chanOf(it)), it);
}

/** The goroutine has been woken through one case, or (param is null) through none: takes its other waiters out of the queues. */
export function finish(s: Select): void {
  const won = changetype<SelectCase>(g.param);
  for (let i = 0; i < s.count; i++) {
    const it = caseAt(s.cases, i);
    if (it == won || it.chan == 0) continue;
    const c = chanOf(it);
    plock(changetype<usize>(c));
    unlink(it.isSend ? sendq(c) : recvq(c), it);
    punlock(changetype<usize>(c));
  }
  if (changetype<usize>(won) == 0) {
    s.chosen = -1;
    return;
  }
  s.chosen = won.index;
  if (CHECKED) check(won.q == 0, "the case through which a select was woken is in no queue");
  if (!won.isSend) {
    g.ok = won.success;
    received(s, won, won.elem);
    won.elem = 0; // the Select has it
  } else {
    s.failed = !won.success;
  }
}
