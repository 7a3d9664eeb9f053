/**
 * The host's locks: who holds them, and taking and releasing them at once. On any thread's own stack, g0; the caller runs no
 * goroutine of WebAssembly. What panics throws into the caller, before anything has changed. `o` stands for what the name says.
 *
 * A thread may die holding a lock. So each lock knows its owner: a key made of the M's number and the generation of its thread, set
 * by whoever grants the lock, and taken away by compare-and-swap by whoever releases it. Of a lock that many hold, and of tickets, it
 * knows how many each thread has. When a thread is lost, `objectsLost` releases what it holds, locks as abandoned: the next owner is
 * told.
 */
import { addressOf, HostObject, LockHolder, ObjectKind, OpStatus } from "../../abi";
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import { malloc } from "../memory/malloc";
import { objectFree } from "./object";
import { Cond } from "../sync/cond";
import { Mutex, mutexRelease, mutexTryLock } from "../sync/mutex";
import { RWMutex, rwRelease } from "../sync/rwmutex";
import { Semaphore } from "../sync/semaphore";
import { WaitGroup } from "../sync/waitgroup";

export function ownerKey(mid: i32, gen: i32): u64 {
  return ((<u64>gen) << 32) | (<u64>(mid + 1));
}

/** The thread of `key` has been granted the lock. */
export function setOwner(o: HostObject, key: u64): void {
  if (CHECKED) check(atomic.load<u64>(addressOf(o.owner)) == 0, "a lock that is granted has no owner");
  atomic.store<u64>(addressOf(o.owner), key);
}

/** Was the last owner lost holding it? Says so once. */
export function tellAbandoned(o: HostObject): bool {
  return atomic.xchg<i32>(addressOf(o.abandoned), 0) != 0;
}

/** Before a lock is released by whoever: nobody holds it. */
export function clearOwner(o: HostObject): void {
  atomic.store<u64>(addressOf(o.owner), 0);
}

/** Releases a lock that the thread of `key` holds, which has died; the next owner is told if that may have changed what it guards. */
export function releaseFrom(o: HostObject, key: u64, abandoned: bool): void {
  if (atomic.cmpxchg<u64>(addressOf(o.owner), key, 0) == key) {
    if (abandoned) atomic.store<i32>(addressOf(o.abandoned), 1);
    if (o.kind == ObjectKind.RWMutex) rwRelease(changetype<RWMutex>(o.target));
    else mutexRelease(changetype<Mutex>(o.target));
  }
  const n = takeHeld(o, key);
  if (n == 0) return;
  if (isTickets(o)) changetype<Semaphore>(o.target).release(n);
  else for (let i = 0; i < n; i++) changetype<RWMutex>(o.target).runlock();
}


@inline
function isTickets(o: HostObject): bool {
  return o.kind == ObjectKind.Semaphore || o.kind == ObjectKind.Pool;
}

/** How often the thread of `key` holds the lock for reading, or how many tickets it has; from now on it does not. */
function takeHeld(o: HostObject, key: u64): i32 {
  const word = addressOf(o.word);
  lock(word);
  const holder = holderOf(o, key);
  let n = 0;
  if (holder) {
    n = holder.count;
    holder.count = 0;
  }
  unlock(word);
  return n;
}

/** Under the object's `word`. */
function holderOf(o: HostObject, key: u64): LockHolder | null {
  let holder = o.holders;
  while (holder && holder.key != key) holder = holder.next;
  return holder;
}

/** The thread of `key` holds the lock for reading `n` times more, or has `n` tickets more. */
export function countHeld(o: HostObject, key: u64, n: i32): void {
  const word = addressOf(o.word);
  lock(word);
  let holder = holderOf(o, key);
  if (!holder) {
    holder = o.holders; // one that has nothing any more
    while (holder && holder.count != 0) holder = holder.next;
    if (!holder) {
      holder = changetype<LockHolder>(malloc(offsetof<LockHolder>()));
      holder.count = 0;
      holder.next = o.holders;
      o.holders = holder;
    }
    holder.key = key;
  }
  holder.count += n;
  unlock(word);
}

/** It gives back `n` of these. What it has not taken itself another has, whichever: Go allows that. */
function uncountHeld(o: HostObject, key: u64, n: i32): void {
  const word = addressOf(o.word);
  lock(word);
  const own = holderOf(o, key);
  if (own) n = takeFrom(own, n);
  let holder = o.holders;
  while (holder && n > 0) {
    n = takeFrom(holder, n);
    holder = holder.next;
  }
  unlock(word);
}

/** Returns what it does not have of `n`. */
function takeFrom(holder: LockHolder, n: i32): i32 {
  const part = min(n, holder.count);
  holder.count -= part;
  return n - part;
}

// ---- at once -------------------------------------------------------------------------------------------------------------

/** Takes a mutex, or a RWMutex for writing, for a thread if it is free: OpStatus.Done, OpStatus.Abandoned, or 0. */
@host
export function lockTry(o: HostObject, mid: i32, gen: i32): i32 {
  const isFree =
    o.kind == ObjectKind.RWMutex ? changetype<RWMutex>(o.target).tryLock() : mutexTryLock(changetype<Mutex>(o.target));
  if (!isFree) return OpStatus.None;
  setOwner(o, ownerKey(mid, gen));
  return tellAbandoned(o) ? OpStatus.Abandoned : OpStatus.Done;
}

/** Releases it. */
@host
export function lockRelease(o: HostObject): void {
  clearOwner(o);
  if (o.kind == ObjectKind.RWMutex) rwRelease(changetype<RWMutex>(o.target));
  else mutexRelease(changetype<Mutex>(o.target));
}

/** The same for reading. */
@host
export function readTry(o: HostObject, mid: i32, gen: i32): i32 {
  if (!changetype<RWMutex>(o.target).tryRLock()) return OpStatus.None;
  countHeld(o, ownerKey(mid, gen), 1);
  return tellAbandoned(o) ? OpStatus.Abandoned : OpStatus.Done;
}


@host
export function readRelease(o: HostObject, mid: i32, gen: i32): void {
  uncountHeld(o, ownerKey(mid, gen), 1);
  changetype<RWMutex>(o.target).runlock();
}


@host
export function waitGroupAdd(o: HostObject, n: i32): void {
  changetype<WaitGroup>(o.target).add(n);
}


@host
export function semaphoreTry(o: HostObject, n: i32, mid: i32, gen: i32): bool {
  if (!changetype<Semaphore>(o.target).tryAcquire(n)) return false;
  countHeld(o, ownerKey(mid, gen), n);
  return true;
}


@host
export function semaphoreRelease(o: HostObject, n: i32, mid: i32, gen: i32): void {
  changetype<Semaphore>(o.target).release(n);
  uncountHeld(o, ownerKey(mid, gen), n);
}

/** A ticket of the thread's is now that of a goroutine which it starts, whose record is a holder of the pool. */
export function ticketToGoroutine(o: HostObject, key: u64): void {
  uncountHeld(o, key, 1);
}

/** That goroutine is over, or nobody waits for it any more: the ticket is free. */
@host
export function ticketBack(o: HostObject): void {
  changetype<Semaphore>(o.target).release(1);
  if (atomic.sub<i32>(addressOf(o.refs), 1) == 1) objectFree(o);
}


@host
export function condSignal(o: HostObject): void {
  changetype<Cond>(o.target).signal();
}


@host
export function condBroadcast(o: HostObject): void {
  changetype<Cond>(o.target).broadcast();
}
