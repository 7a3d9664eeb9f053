/**
 * Many readers or one writer, with Go's preference for writers (sync/rwmutex.go): a writer that waits keeps new readers out, so
 * a stream of readers cannot starve it; and when it is done, the readers that have come meanwhile go before the next writer.
 *
 * `state` is WRITER | leaving << LEAVING_SHIFT | readers, in one word, where Go has two, so that a writer can also take its
 * announcement back. Invariants
 * - `readers` hold the lock or wait for it. WRITER is set while a writer holds the lock or waits for it; it holds `writers`.
 * - While WRITER is set, `leaving` readers hold the lock, and the others wait on `readerSem`; otherwise all hold it, or a permit is
 *   on its way to them. Who makes `leaving` 0 gives the writer a permit of `writerSem`.
 *
 * Ordering: all changes are sequentially consistent read-modify-writes; permits pass through a semaphore's lock.
 *
 * Only `lock`, `unlock` and `rlock` switch stacks; the rest also runs for JavaScript, on a thread's own.
 */
import { CHECKED, check } from "../base/checked";
import { plock, punlock } from "../base/lock";
import { gopanic } from "../base/panic";
import { Sema, semaq, semrelease, semtake, visitSema } from "../chan/sema";
import { unlink } from "../chan/waitq";
import { gopark } from "../goroutine/proc";
import { addressOf, Waiter, WaitReason } from "../../abi";
import { nilCheck } from "../base/nil";
import { Mutex, mutexLock, mutexRelease, mutexTryLock, mutexUnlock } from "./mutex";

const WRITER: i64 = i64.MIN_VALUE;
const LEAVING_SHIFT: i64 = 32;
const LEAVING: i64 = 1 << LEAVING_SHIFT;


@inline
function readerSemOf(rw: RWMutex): Sema {
  return changetype<Sema>(changetype<usize>(rw) + offsetof<RWMutex>("readerSem0"));
}


@inline
function writerSemOf(rw: RWMutex): Sema {
  return changetype<Sema>(changetype<usize>(rw) + offsetof<RWMutex>("writerSem0"));
}


@inline
function leavingOf(state: i64): u32 {
  return <u32>((state & ~WRITER) >> LEAVING_SHIFT);
}

/** A lock that any number of readers can hold together, or one writer alone. Not for reading twice in one goroutine. */
export class RWMutex {
  writers: Mutex = new Mutex();
  private state: i64;
  // Two Semas.
  private readerSem0: u64;
  private readerSem1: u64;
  private writerSem0: u64;
  private writerSem1: u64;

  /** Takes the lock for writing, waiting until nobody else holds it. */
  lock(): void {
    nilCheck(changetype<usize>(this));
    mutexLock(this.writers, WaitReason.RWMutexLock);
    const word = rwAnnounce(this);
    if (word != 0) gopark(WaitReason.RWMutexLock, word);
  }

  /** Takes the lock for writing if nobody holds it. */
  tryLock(): bool {
    nilCheck(changetype<usize>(this));
    if (!mutexTryLock(this.writers)) return false;
    if (atomic.cmpxchg<i64>(addressOf(this.state), 0, WRITER) == 0) return true;
    mutexRelease(this.writers); // JavaScript tries too, which could not give way to who gets it
    return false;
  }

  /** Releases a lock held for writing; panics if there is none. */
  unlock(): void {
    nilCheck(changetype<usize>(this));
    endWriting(this);
    mutexUnlock(this.writers);
  }

  /** Takes the lock for reading, waiting until no writer holds it or waits for it. */
  rlock(): void {
    nilCheck(changetype<usize>(this));
    const word = rwRead(this);
    if (word != 0) gopark(WaitReason.RWMutexRLock, word);
  }

  /** Takes the lock for reading if no writer holds it or waits for it. */
  tryRLock(): bool {
    nilCheck(changetype<usize>(this));
    let old = atomic.load<i64>(addressOf(this.state));
    while (old >= 0) {
      const seen = atomic.cmpxchg<i64>(addressOf(this.state), old, old + 1);
      if (seen == old) return true;
      old = seen;
    }
    return false;
  }

  /** Releases a lock held for reading; panics if there is none. */
  runlock(): void {
    nilCheck(changetype<usize>(this));
    let old = atomic.load<i64>(addressOf(this.state));
    while (true) {
      if (old < 0 ? leavingOf(old) == 0 : old == 0) gopanic("sync: RUnlock of unlocked RWMutex");
      const next = old < 0 ? old - LEAVING - 1 : old - 1;
      const seen = atomic.cmpxchg<i64>(addressOf(this.state), old, next);
      if (seen == old) {
        if (next < 0 && leavingOf(next) == 0) semrelease(writerSemOf(this), 1);
        return;
      }
      old = seen;
    }
  }

  /** For the collector: who waits for it. */
  @unsafe private __visit(cookie: u32): void {
    __visit(changetype<usize>(this.writers), cookie);
    visitSema(changetype<usize>(this), readerSemOf(this));
    visitSema(changetype<usize>(this), writerSemOf(this));
  }
}

/** A writer that holds `writers` takes the lock: 0; or the current G waits for the readers to leave, as with `semtake`. */
export function rwAnnounce(rw: RWMutex): usize {
  let old = atomic.load<i64>(addressOf(rw.state));
  while (true) {
    if (CHECKED) check(old >= 0 && leavingOf(old) == 0, "who holds `writers` is the only writer announced");
    const seen = atomic.cmpxchg<i64>(addressOf(rw.state), old, WRITER | (old << LEAVING_SHIFT) | old);
    if (seen == old) return old == 0 ? 0 : semtake(writerSemOf(rw), false);
    old = seen;
  }
}

/** The current G takes the lock for reading: 0; or waits, as with `semtake`. */
export function rwRead(rw: RWMutex): usize {
  return atomic.add<i64>(addressOf(rw.state), 1) >= 0 ? 0 : semtake(readerSemOf(rw), false);
}

/** Releases a lock held for writing, and lets nobody run at once: for who cannot switch stacks. */
export function rwRelease(rw: RWMutex): void {
  endWriting(rw);
  mutexRelease(rw.writers);
}

/** There is no writer any more: the readers that have come meanwhile hold the lock. */
function endWriting(rw: RWMutex): void {
  let old = atomic.load<i64>(addressOf(rw.state));
  while (true) {
    // Of two unlocks at once, only one finds a writer to take away.
    if (old >= 0 || leavingOf(old) != 0) gopanic("sync: Unlock of unlocked RWMutex");
    const seen = atomic.cmpxchg<i64>(addressOf(rw.state), old, <i64>(<u32>old));
    if (seen == old) break;
    old = seen;
  }
  if (<u32>old != 0) semrelease(readerSemOf(rw), <u32>old);
}

/**
 * A writer that waits for readers to leave gives up: false if it is not in the queue, or the last is leaving, and the lock comes
 * at once (see "Giving up" in `sema.ts`). The lock of the queue may be `held` already; if not so it is released in any case, and
 * it is if this is true: then all who waited behind the writer go on.
 */
export function rwWithdrawWriter(rw: RWMutex, w: Waiter, held: bool): bool {
  const s = writerSemOf(rw);
  if (!held) plock(changetype<usize>(s));
  let readers: u32 = 0;
  let waited = w.q == changetype<usize>(semaq(s));
  let old = atomic.load<i64>(addressOf(rw.state));
  while (waited) {
    if (leavingOf(old) == 0) {
      waited = false;
      break;
    }
    const seen = atomic.cmpxchg<i64>(addressOf(rw.state), old, <i64>(<u32>old));
    if (seen == old) {
      readers = <u32>old - leavingOf(old);
      unlink(semaq(s), w);
      break;
    }
    old = seen;
  }
  if (waited || !held) punlock(changetype<usize>(s));
  if (!waited) return false;
  if (readers != 0) semrelease(readerSemOf(rw), readers);
  mutexRelease(rw.writers);
  return true;
}

/** A reader that waits gives up: false if it has the lock, or is being given it (see "Giving up" in `sema.ts`). */
export function rwWithdrawReader(rw: RWMutex, w: Waiter): bool {
  const s = readerSemOf(rw);
  plock(changetype<usize>(s));
  const waited = w.q == changetype<usize>(semaq(s)) && countOut(rw);
  if (waited) unlink(semaq(s), w);
  punlock(changetype<usize>(s));
  return waited;
}

/** Takes a reader that waits off the state, unless to each of those a permit is on its way. */
function countOut(rw: RWMutex): bool {
  let old = atomic.load<i64>(addressOf(rw.state));
  while (old < 0 && <u32>old != leavingOf(old)) {
    const seen = atomic.cmpxchg<i64>(addressOf(rw.state), old, old - 1);
    if (seen == old) return true;
    old = seen;
  }
  return false;
}
