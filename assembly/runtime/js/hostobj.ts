/**
 * What the host's JavaScript has made in the core and shares between threads: channels, locks, contexts. Goroutines in
 * WebAssembly use the very same objects (`target`).
 *
 * Life. `refs` counts the holders: JavaScript objects that stand for it, on any thread, and slots that carry it from one to
 * another. The host adds and subtracts with atomics of its own; whoever takes away the last one calls `objectFree`. An
 * operation that waits keeps the JavaScript object that it was called on alive, so nobody waits on an object when it is
 * freed. What is handed to a goroutine in WebAssembly keeps one count for good, since nobody can tell when it has let go.
 *
 * Holders of locks. A thread may die holding one. So each lock knows its owner: a key made of the M's number and the
 * generation of its thread, set by whoever grants the lock, and taken away by compare-and-swap by whoever releases it. When a
 * thread is lost, `objectsLost` finds the locks that it owns and releases them as abandoned; the next owner is told.
 *
 * The list of all locks, `first`, has a lock of its own, taken before any other.
 */
import {
  HCHAN_CLOSED,
  HCHAN_DATAQSIZ,
  HCHAN_QCOUNT,
  HOBJ_ABANDONED,
  HOBJ_DEADLINE,
  HOBJ_DONE,
  HOBJ_ELEM,
  HOBJ_KIND,
  HOBJ_OTHER,
  HOBJ_OWNER,
  HOBJ_REASON,
  HOBJ_TARGET,
  HOBJ_VALUE,
  SEMA_FREE,
  SEMA_SIZE,
} from "../../layout";
import { ObjectKind } from "../../abi";
import { CHECKED, check } from "../base/checked";
import { Chan, closechan, HChan } from "../chan/chan";
import { lock, unlock } from "../base/lock";
import { freeObject, malloc, mfree } from "../memory/malloc";
import { Cond } from "../sync/cond";
import { Mutex, mutexRelease } from "../sync/mutex";
import { RWMutex, rwRelease } from "../sync/rwmutex";
import { Semaphore } from "../sync/semaphore";
import { WaitGroup } from "../sync/waitgroup";


@unmanaged
export class HostObject {
  /** Holders (atomic). */
  refs: i32;
  /** One of HOST_*, and for channels the type of the elements. */
  kind: i32;
  /** The channel, the lock, … */
  target: usize;
  elem: i32;
  /** The key of the thread that holds it, for locks held by one; 0 for none. Atomic. */
  owner: u64;
  /** Its last owner died holding it. */
  abandoned: i32;
  /** A once has been done (1). A context has been cancelled: itself (2), with its parent (1). Atomic. */
  done: i32;
  /** Links in the list of locks. */
  next: HostObject | null;
  prev: HostObject | null;
  /** RWMutex: the threads that hold it for reading, guarded by `word`. */
  readers: Reader | null;
  word: i32;
  /** Cond: the HostObject of its mutex. Context: its parent. Each counts as a holder of that. */
  other: HostObject | null;
  /** Context: children that are to be cancelled with it, and its place among its parent's. Under the list's lock. */
  children: HostObject | null;
  sibling: HostObject | null;
  /**
   * Context: a slot with the reason, valid once `done`, and when it is due, in ms of the host's clock. The reason belongs to the
   * context that was cancelled itself; those below have a copy of the slot, and hold their parent.
   */
  reason: u64;
  deadline: f64;
  /** Context: a slot with a key and its value, if `elem` is 1. */
  value: u64;
}

/** A thread that holds an RWMutex for reading, and how often. */
@unmanaged
export class Reader {
  key: u64;
  count: i32;
  next: Reader | null;
}

/** The list of locks: its lock, its first; and how many objects there are, atomic. */
const LIST: usize = memory.data(16, 8);
const LIST_FIRST: usize = 4;
const LIST_COUNT: usize = 8;

/** Objects that JavaScript has made and may act upon at any time: while there are any, nobody waits for ever. */
export function objectCount(): i32 {
  return atomic.load<i32>(LIST + LIST_COUNT);
}

export function ownerKey(mid: i32, gen: i32): u64 {
  return ((<u64>gen) << 32) | (<u64>(mid + 1));
}


@inline
function ownerAddr(o: HostObject): usize {
  return changetype<usize>(o) + HOBJ_OWNER;
}

/** A new object with one holder; `n` is a channel's capacity, a semaphore's size, bytes; `elem` the type of a channel's elements. */
export function objectNew(kind: i32, n: i32, elem: i32, other: HostObject | null): HostObject {
  if (<i32>offsetof<HostObject>("target") != HOBJ_TARGET) ERROR("HostObject.target");
  if (<i32>offsetof<HostObject>("kind") != HOBJ_KIND) ERROR("HostObject.kind");
  if (<i32>offsetof<HostObject>("elem") != HOBJ_ELEM) ERROR("HostObject.elem");
  if (<i32>offsetof<HostObject>("owner") != HOBJ_OWNER) ERROR("HostObject.owner");
  if (<i32>offsetof<HostObject>("abandoned") != HOBJ_ABANDONED) ERROR("HostObject.abandoned");
  if (<i32>offsetof<HostObject>("done") != HOBJ_DONE) ERROR("HostObject.done");
  if (<i32>offsetof<HostObject>("other") != HOBJ_OTHER) ERROR("HostObject.other");
  if (<i32>offsetof<HostObject>("reason") != HOBJ_REASON) ERROR("HostObject.reason");
  if (<i32>offsetof<HostObject>("deadline") != HOBJ_DEADLINE) ERROR("HostObject.deadline");
  if (<i32>offsetof<HostObject>("value") != HOBJ_VALUE) ERROR("HostObject.value");
  if (<i32>offsetof<HChan>("closed") != HCHAN_CLOSED) ERROR("HChan.closed");
  if (<i32>offsetof<HChan>("qcount") != HCHAN_QCOUNT) ERROR("HChan.qcount");
  if (<i32>offsetof<HChan>("dataqsiz") != HCHAN_DATAQSIZ) ERROR("HChan.dataqsiz");
  if (<i32>offsetof<Semaphore>("free") != SEMA_FREE) ERROR("Semaphore.free");
  if (<i32>offsetof<Semaphore>("size") != SEMA_SIZE) ERROR("Semaphore.size");
  const o = changetype<HostObject>(malloc(offsetof<HostObject>()));
  memory.fill(changetype<usize>(o), 0, offsetof<HostObject>());
  o.kind = kind;
  o.elem = elem;
  o.other = other;
  if (kind == ObjectKind.Chan) o.target = newChan(n, elem);
  else if (kind == ObjectKind.Context) o.target = newChan(0, 0);
  else if (kind == ObjectKind.Mutex || kind == ObjectKind.Once) o.target = changetype<usize>(new Mutex());
  else if (kind == ObjectKind.RWMutex) o.target = changetype<usize>(new RWMutex());
  else if (kind == ObjectKind.WaitGroup) o.target = changetype<usize>(new WaitGroup());
  else if (kind == ObjectKind.Semaphore || kind == ObjectKind.Pool) o.target = changetype<usize>(new Semaphore(n));
  else if (kind == ObjectKind.Bytes) o.target = malloc(n);
  else if (kind == ObjectKind.Cond) o.target = changetype<usize>(new Cond(changetype<Mutex>(other!.target)));
  o.refs = 1;
  atomic.add<i32>(LIST + LIST_COUNT, 1);
  if (kind == ObjectKind.Mutex || kind == ObjectKind.Once || kind == ObjectKind.RWMutex || kind == ObjectKind.Context) {
    lock(LIST);
    if (kind == ObjectKind.Context) {
      if (other) adopt(other, o);
    } else {
      const first = load<HostObject>(LIST, LIST_FIRST);
      o.next = first;
      if (changetype<usize>(first) != 0) first.prev = o;
      store<HostObject>(LIST, o, LIST_FIRST);
    }
    unlock(LIST);
  }
  return o;
}

/** Elements of channels: any JavaScript value in a slot, or what goroutines in WebAssembly know. */
function newChan(n: i32, elem: i32): usize {
  switch (elem) {
    case 1:
      return changetype<usize>(new Chan<f64>(n));
    case 2:
      return changetype<usize>(new Chan<i32>(n));
    case 3:
      return changetype<usize>(new Chan<i64>(n));
    case 4:
      return changetype<usize>(new Chan<Uint8Array>(n));
    default:
      return changetype<usize>(new Chan<u64>(n));
  }
}

/** Frees an object that nobody holds any more; what its channel still held, the host has taken out. Returns `other`. */
export function objectFree(o: HostObject): usize {
  const kind = o.kind;
  const other = changetype<usize>(o.other);
  if (kind == ObjectKind.Mutex || kind == ObjectKind.Once || kind == ObjectKind.RWMutex || kind == ObjectKind.Context) {
    lock(LIST);
    if (kind == ObjectKind.Context) {
      if (o.other) disown(o.other!, o);
    } else {
      const next = o.next;
      const prev = o.prev;
      if (next) next.prev = prev;
      if (prev) prev.next = next;
      else store<usize>(LIST, changetype<usize>(next), LIST_FIRST);
    }
    unlock(LIST);
  }
  if (kind == ObjectKind.RWMutex) {
    freeObject(changetype<usize>(changetype<RWMutex>(o.target).writers));
    let reader = o.readers;
    while (reader) {
      const next = reader.next;
      mfree(changetype<usize>(reader));
      reader = next;
    }
  }
  if (kind == ObjectKind.Bytes) mfree(o.target);
  else if (o.target != 0) freeObject(o.target);
  mfree(changetype<usize>(o));
  atomic.sub<i32>(LIST + LIST_COUNT, 1);
  return other;
}

// ---- who holds a lock ----------------------------------------------------------------------------------------------------

/** The thread of `key` has been granted the lock. */
export function setOwner(o: HostObject, key: u64): void {
  if (CHECKED) check(atomic.load<u64>(ownerAddr(o)) == 0, "a lock that is granted has no owner");
  atomic.store<u64>(ownerAddr(o), key);
}

/** Was the last owner lost holding it? Says so once. */
export function tellAbandoned(o: HostObject): bool {
  return atomic.xchg<i32>(changetype<usize>(o) + HOBJ_ABANDONED, 0) != 0;
}

/** Before a lock is released by whoever: nobody holds it. */
export function clearOwner(o: HostObject): void {
  atomic.store<u64>(ownerAddr(o), 0);
}

/** Releases a lock that the thread of `key` holds, which has died; the next owner is told if that may have changed what it guards. */
export function releaseFrom(o: HostObject, key: u64, abandoned: bool): void {
  if (atomic.cmpxchg<u64>(ownerAddr(o), key, 0) == key) {
    if (abandoned) atomic.store<i32>(changetype<usize>(o) + HOBJ_ABANDONED, 1);
    if (o.kind == ObjectKind.RWMutex) rwRelease(changetype<RWMutex>(o.target));
    else mutexRelease(changetype<Mutex>(o.target));
  }
  for (let n = takeReads(o, key); n > 0; n--) changetype<RWMutex>(o.target).runlock();
}

/** How often the thread of `key` holds the lock for reading; from now on it does not. */
function takeReads(o: HostObject, key: u64): i32 {
  const word = changetype<usize>(o) + offsetof<HostObject>("word");
  lock(word);
  let reader = o.readers;
  while (reader && reader.key != key) reader = reader.next;
  let n = 0;
  if (reader) {
    n = reader.count;
    reader.count = 0;
  }
  unlock(word);
  return n;
}

/** The thread of `key` holds the lock for reading once more, or (-1) once less. False if it does not hold it. */
export function countReader(o: HostObject, key: u64, delta: i32): bool {
  const word = changetype<usize>(o) + offsetof<HostObject>("word");
  lock(word);
  let free: Reader | null = null;
  let reader = o.readers;
  while (reader && reader.key != key) {
    if (reader.count == 0) free = reader;
    reader = reader.next;
  }
  let known = reader != null && reader.count > 0;
  if (delta > 0 && !reader) {
    if (free) {
      reader = free;
    } else {
      reader = changetype<Reader>(malloc(offsetof<Reader>()));
      reader.next = o.readers;
      o.readers = reader;
    }
    reader.key = key;
    reader.count = 0;
  }
  if (delta < 0 && !known) {
    // Another thread releases what this one's has taken, which Go allows: any of them.
    reader = o.readers;
    while (reader && reader.count == 0) reader = reader.next;
    known = reader != null;
  }
  if (reader && (delta > 0 || known)) reader.count += delta;
  unlock(word);
  return known;
}

/** A thread has died: releases the locks that it held. */
export function objectsLost(key: u64): void {
  lock(LIST);
  let o = load<HostObject | null>(LIST, LIST_FIRST);
  while (o) {
    releaseFrom(o, key, true);
    o = o.next;
  }
  unlock(LIST);
}

// ---- contexts ------------------------------------------------------------------------------------------------------------

/** Under the list's lock. */
function adopt(parent: HostObject, child: HostObject): void {
  if (parent.done != 0) {
    child.reason = parent.reason;
    cancelTree(child, 1);
    return;
  }
  child.sibling = parent.children;
  parent.children = child;
}

/** Under the list's lock. */
function disown(parent: HostObject, child: HostObject): void {
  let it = parent.children;
  if (it == child) {
    parent.children = child.sibling;
    return;
  }
  while (it && it.sibling != child) it = it.sibling;
  if (it) it.sibling = child.sibling;
}

/** Cancels a context and those below it, with `reason`, a slot that is then its own; false if it has been cancelled before. */
export function contextCancel(o: HostObject, reason: u64): bool {
  lock(LIST);
  const first = o.done == 0;
  if (first) {
    o.reason = reason;
    cancelTree(o, 2);
  }
  unlock(LIST);
  return first;
}

/** Under the list's lock. Waiters are made ready under it too: they only post to mailboxes. */
function cancelTree(o: HostObject, done: i32): void {
  atomic.store<i32>(changetype<usize>(o) + HOBJ_DONE, done);
  closechan(changetype<HChan>(o.target));
  let child = o.children;
  while (child) {
    if (child.done == 0) {
      child.reason = o.reason;
      cancelTree(child, 1);
    }
    child = child.sibling;
  }
}
