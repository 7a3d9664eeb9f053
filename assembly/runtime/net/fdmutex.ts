/**
 * Who uses a descriptor: keeps it from being closed under a system call, and readers (and writers) from mixing. After Go's
 * internal/poll/fd_mutex.go.
 *
 * One word, changed by compare-and-swap only:
 *
 *   bit 0        closed: nobody may begin to use it
 *   bit 1        the lock for reading is held
 *   bit 2        the lock for writing is held
 *   bits 3-22    references: one for each holder of a lock, and for each other call that is using it
 *   bits 23-42   readers that wait for the lock
 *   bits 43-62   writers that wait for the lock
 *
 * Invariants: a holder of a lock holds a reference, a waiter none. Whoever takes the last reference away from a closed
 * descriptor, and nobody else, is told so, and closes it. Who releases a lock, or closes, takes the waiters off the word that
 * it then wakes; a woken one tries again from the beginning.
 *
 * On a goroutine; only `fdRWLock` parks.
 */
import { CHECKED, check } from "../base/checked";
import { gopanic } from "../base/panic";
import { Sema, semacquire, semrelease } from "../chan/sema";
import { WaitReason, addressOf } from "../../abi";

const CLOSED: u64 = 1;
const RLOCK: u64 = 2;
const WLOCK: u64 = 4;
const REF: u64 = 8;
const COUNT: u64 = (1 << 20) - 1;
const REFS: u64 = COUNT << 3;
const RWAIT: u64 = 1 << 23;
const RWAITERS: u64 = COUNT << 23;
const WWAIT: u64 = 1 << 43;
const WWAITERS: u64 = COUNT << 43;

/** Inside another object; all zero is open and unused. */
@unmanaged
export class FDMutex {
  state: u64;
  // Semas.
  rsema: u64;
  private rsema1: u64;
  wsema: u64;
  private wsema1: u64;
}


@inline
function rsemaOf(mu: FDMutex): Sema {
  return changetype<Sema>(addressOf(mu.rsema));
}


@inline
function wsemaOf(mu: FDMutex): Sema {
  return changetype<Sema>(addressOf(mu.wsema));
}


@inline
function last(state: u64): bool {
  return (state & (CLOSED | REFS)) == CLOSED;
}

/** Takes a reference; false if it is closed. */
export function fdIncref(mu: FDMutex): bool {
  while (true) {
    const old = atomic.load<u64>(changetype<usize>(mu));
    if ((old & CLOSED) != 0) return false;
    if ((old & REFS) == REFS) overflow();
    if (atomic.cmpxchg<u64>(changetype<usize>(mu), old, old + REF) == old) return true;
  }
}

/** Gives `n` references back; true for the last of a closed descriptor. */
export function fdDecref(mu: FDMutex, n: i32): bool {
  const refs = REF * <u64>n;
  const old = atomic.sub<u64>(changetype<usize>(mu), refs);
  if (CHECKED) check((old & REFS) >= refs, "references to a descriptor that are given back were taken");
  return last(old - refs);
}

/** Takes a lock, and with it a reference, waiting for it; false if the descriptor is closed. */
export function fdRWLock(mu: FDMutex, write: bool): bool {
  const bit = write ? WLOCK : RLOCK;
  while (true) {
    const old = atomic.load<u64>(changetype<usize>(mu));
    if ((old & CLOSED) != 0) return false;
    if ((old & bit) == 0) {
      if ((old & REFS) == REFS) overflow();
      if (atomic.cmpxchg<u64>(changetype<usize>(mu), old, (old | bit) + REF) == old) return true;
      continue;
    }
    const waiters = write ? WWAITERS : RWAITERS;
    if ((old & waiters) == waiters) overflow();
    if (atomic.cmpxchg<u64>(changetype<usize>(mu), old, old + (write ? WWAIT : RWAIT)) != old) continue;
    semacquire(write ? wsemaOf(mu) : rsemaOf(mu), false, WaitReason.IOWait);
  }
}

/** Gives a lock and its reference back; true for the last reference to a closed descriptor. */
export function fdRWUnlock(mu: FDMutex, write: bool): bool {
  const bit = write ? WLOCK : RLOCK;
  const waiters = write ? WWAITERS : RWAITERS;
  while (true) {
    const old = atomic.load<u64>(changetype<usize>(mu));
    const waits = (old & waiters) != 0;
    if (CHECKED)
      check((old & bit) != 0 && (old & REFS) != 0, "who unlocks a descriptor holds its lock, and so a reference");
    let next = (old & ~bit) - REF;
    if (waits) next -= write ? WWAIT : RWAIT;
    if (atomic.cmpxchg<u64>(changetype<usize>(mu), old, next) != old) continue;
    if (waits) semrelease(write ? wsemaOf(mu) : rsemaOf(mu), 1);
    return last(next);
  }
}

/** Closes it, and takes a reference; false if it was closed before. Who waits for a lock is woken, to find it closed. */
export function fdIncrefAndClose(mu: FDMutex): bool {
  while (true) {
    const old = atomic.load<u64>(changetype<usize>(mu));
    if ((old & CLOSED) != 0) return false;
    if ((old & REFS) == REFS) overflow();
    if (CHECKED) check((old & (RLOCK | WLOCK)) == 0 || (old & REFS) != 0, "a lock that is held has a reference");
    const next = ((old | CLOSED) + REF) & ~(RWAITERS | WWAITERS);
    if (atomic.cmpxchg<u64>(changetype<usize>(mu), old, next) != old) continue;
    const readers = <u32>((old & RWAITERS) >> 23);
    const writers = <u32>((old & WWAITERS) >> 43);
    if (readers != 0) semrelease(rsemaOf(mu), readers);
    if (writers != 0) semrelease(wsemaOf(mu), writers);
    return true;
  }
}

function overflow(): void {
  gopanic("net: too many concurrent operations on a single descriptor (max 1048575)");
}
