/**
 * The host's locks: who holds them, and taking and releasing them at once. On any thread's own stack, g0; the caller runs no
 * goroutine of WebAssembly. What panics throws into the caller, before anything has changed. `o` stands for what the name says.
 *
 * A thread may die holding a lock. So each lock knows its owner: a key made of the M's number and the generation of its thread, set
 * by whoever grants the lock, and taken away by compare-and-swap by whoever releases it. When a thread is lost, `objectsLost`
 * releases the locks that it owns as abandoned; the next owner is told.
 */
import { addressOf, HostObject, ObjectKind, OpStatus, Reader } from "../../abi";
import { CHECKED, check } from "../base/checked";
import { lock, unlock } from "../base/lock";
import { malloc } from "../memory/malloc";
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
  for (let n = takeReads(o, key); n > 0; n--) changetype<RWMutex>(o.target).runlock();
}

/** How often the thread of `key` holds the lock for reading; from now on it does not. */
function takeReads(o: HostObject, key: u64): i32 {
  const word = addressOf(o.word);
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
  const word = addressOf(o.word);
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
  countReader(o, ownerKey(mid, gen), 1);
  return tellAbandoned(o) ? OpStatus.Abandoned : OpStatus.Done;
}


@host
export function readRelease(o: HostObject, mid: i32, gen: i32): void {
  countReader(o, ownerKey(mid, gen), -1);
  changetype<RWMutex>(o.target).runlock();
}


@host
export function waitGroupAdd(o: HostObject, n: i32): void {
  changetype<WaitGroup>(o.target).add(n);
}


@host
export function semaphoreTry(o: HostObject, n: i32): bool {
  return changetype<Semaphore>(o.target).tryAcquire(n);
}


@host
export function semaphoreRelease(o: HostObject, n: i32): void {
  changetype<Semaphore>(o.target).release(n);
}


@host
export function condSignal(o: HostObject): void {
  changetype<Cond>(o.target).signal();
}


@host
export function condBroadcast(o: HostObject): void {
  changetype<Cond>(o.target).broadcast();
}
