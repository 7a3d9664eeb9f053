/**
 * Many readers or one writer, with Go's preference for writers (sync/rwmutex.go): a writer that waits keeps new readers out, so
 * a stream of readers cannot starve it; and when it is done, the readers that have come meanwhile go before the next writer.
 *
 * `readerCount` is the number of readers that hold the lock or wait for it, less MAX_READERS while a writer holds it or
 * waits for it. Invariants
 * - `writers` is held by the writer that holds the lock or is the next to.
 * - A reader that finds `readerCount` negative waits on `readerSem`; the writer gives it a permit when it is done.
 * - A writer that finds readers adds their number to `readerWait` and waits on `writerSem`. Each reader that leaves while a
 *   writer is announced takes 1 off; the one that makes it 0 gives the writer a permit. A reader may leave before the writer
 *   has added: then the sum is 0 only when all have left, and whoever makes it 0 knows.
 *
 * Ordering: all changes are sequentially consistent read-modify-writes; permits pass through a semaphore's lock.
 */
import { gopanic } from "../base/panic";
import { Sema, semacquire, semrelease, semtake } from "../chan/sema";
import { WaitReason, addressOf } from "../../abi";
import { nilCheck } from "../base/nil";
import { Mutex, mutexLock, mutexTryLock, mutexUnlock } from "./mutex";

const MAX_READERS: i32 = 1 << 30;


@inline
function readerSemOf(rw: RWMutex): Sema {
  return changetype<Sema>(addressOf(rw.readerSem0));
}


@inline
function writerSemOf(rw: RWMutex): Sema {
  return changetype<Sema>(addressOf(rw.writerSem0));
}

/** A lock that any number of readers can hold together, or one writer alone. Not for reading twice in one goroutine. */
export class RWMutex {
  writers: Mutex = new Mutex();
  private readerCount: i32;
  private readerWait: i32;
  // Two Semas.
  private readerSem0: u64;
  private readerSem1: u64;
  private writerSem0: u64;
  private writerSem1: u64;

  /** Takes the lock for writing, waiting until nobody else holds it. */
  lock(): void {
    nilCheck(changetype<usize>(this));
    mutexLock(this.writers, WaitReason.RWMutexLock);
    // Announce the writer; from here on readers wait.
    const readers = atomic.sub<i32>(addressOf(this.readerCount), MAX_READERS);
    if (readers != 0 && atomic.add<i32>(addressOf(this.readerWait), readers) + readers != 0) {
      semacquire(writerSemOf(this), false, WaitReason.RWMutexLock);
    }
  }

  /** Takes the lock for writing if nobody holds it. */
  tryLock(): bool {
    nilCheck(changetype<usize>(this));
    if (!mutexTryLock(this.writers)) return false;
    if (atomic.cmpxchg<i32>(addressOf(this.readerCount), 0, -MAX_READERS) == 0) return true;
    mutexUnlock(this.writers);
    return false;
  }

  /** Releases a lock held for writing; panics if there is none. */
  unlock(): void {
    nilCheck(changetype<usize>(this));
    const addr = addressOf(this.readerCount);
    // Of two unlocks at once, only one finds a writer to take away.
    let old = atomic.load<i32>(addr);
    while (true) {
      if (old >= 0) gopanic("sync: Unlock of unlocked RWMutex");
      const seen = atomic.cmpxchg<i32>(addr, old, old + MAX_READERS);
      if (seen == old) break;
      old = seen;
    }
    const readers = old + MAX_READERS;
    if (readers != 0) semrelease(readerSemOf(this), readers);
    mutexUnlock(this.writers);
  }

  /** Takes the lock for reading, waiting until no writer holds it or waits for it. */
  rlock(): void {
    nilCheck(changetype<usize>(this));
    if (atomic.add<i32>(addressOf(this.readerCount), 1) < -1)
      semacquire(readerSemOf(this), false, WaitReason.RWMutexRLock);
  }

  /** Takes the lock for reading if no writer holds it or waits for it. */
  tryRLock(): bool {
    nilCheck(changetype<usize>(this));
    const addr = addressOf(this.readerCount);
    let old = atomic.load<i32>(addr);
    while (old >= 0) {
      const seen = atomic.cmpxchg<i32>(addr, old, old + 1);
      if (seen == old) return true;
      old = seen;
    }
    return false;
  }

  /** Releases a lock held for reading; panics if there is none. */
  runlock(): void {
    nilCheck(changetype<usize>(this));
    const old = atomic.sub<i32>(addressOf(this.readerCount), 1);
    if (old <= 0) readerLeaves(this, old);
  }
}

// ---- the steps of waiting, for who waits without a stack (`hostop.ts`) -----------------------------------------------------

/** A writer that holds `writers` takes the lock, or waits: then false, with the lock of `writerSem` held. */
export function rwAnnounce(rw: RWMutex): bool {
  const readers = atomic.sub<i32>(addressOf(rw.readerCount), MAX_READERS);
  if (readers == 0 || atomic.add<i32>(addressOf(rw.readerWait), readers) + readers == 0) return true;
  return semtake(writerSemOf(rw), false);
}

/** A reader takes the lock, or waits: then false, with the lock of `readerSem` held. */
export function rwRead(rw: RWMutex): bool {
  return atomic.add<i32>(addressOf(rw.readerCount), 1) >= -1 || semtake(readerSemOf(rw), false);
}

export function rwWriterSem(rw: RWMutex): Sema {
  return writerSemOf(rw);
}

export function rwReaderSem(rw: RWMutex): Sema {
  return readerSemOf(rw);
}

/** A reader has left and found a writer announced, or that nobody held the lock for reading. */
function readerLeaves(rw: RWMutex, old: i32): void {
  if (old == 0 || old == -MAX_READERS) {
    atomic.add<i32>(addressOf(rw.readerCount), 1);
    gopanic("sync: RUnlock of unlocked RWMutex");
  }
  if (atomic.sub<i32>(addressOf(rw.readerWait), 1) == 1) semrelease(writerSemOf(rw), 1);
}
