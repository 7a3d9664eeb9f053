// A counter under a lock, which several threads take at once.
import { futexsleep, lock, tryLock, unlock } from "../../../assembly/runtime/base/lock";
import { spin, word } from "./setup";

const LOCK = 0;
const COUNTER = 1;
/** Who is inside. */
const HOLDER = 2;
/** Releases that found somebody waiting, and times that tryLock found the lock held. */
const WAITED = 3;
const REFUSED = 4;
/** Threads that are about to take the lock. */
const FOLLOWING = 5;

/** Longer than a thread looks at a held lock before it sleeps. */
const LONG: i32 = 3000;

/** The critical section: counts, unless somebody else is inside. Everything here is plain on purpose. */
function count(id: i32, turns: i32): void {
  store<i32>(word(HOLDER), id);
  const before = load<i32>(word(COUNTER));
  spin(turns);
  if (load<i32>(word(HOLDER)) == id) store<i32>(word(COUNTER), before + 1);
}

function release(): bool {
  const waited = atomic.load<i32>(word(LOCK)) == 2;
  unlock(word(LOCK));
  return waited;
}

/** Counts `n` times, holding the lock for a moment. */
export function countShort(id: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    lock(word(LOCK));
    count(id, 2);
    unlock(word(LOCK));
    spin(i % 4);
  }
}

/** Counts `n` times, holding the lock until others sleep. */
export function countLong(id: i32, n: i32): void {
  let waited = 0;
  for (let i = 0; i < n; i++) {
    lock(word(LOCK));
    count(id, LONG);
    if (release()) waited++;
  }
  atomic.add<i32>(word(WAITED), waited);
}

/** Counts `n` times, and never waits for the lock otherwise than by trying again. */
export function countTrying(id: i32, n: i32): void {
  let refused = 0;
  for (let i = 0; i < n; i++) {
    for (; !tryLock(word(LOCK)); refused++) spin(1);
    count(id, 3);
    unlock(word(LOCK));
  }
  atomic.add<i32>(word(REFUSED), refused);
}

/** Holds the lock until so many follow, one of whom sleeps, and so many milliseconds more. */
export function hold(followers: i32, ms: i32): i32 {
  lock(word(LOCK));
  atomic.store<i32>(word(HOLDER), 1);
  atomic.notify(word(HOLDER), -1);
  while (atomic.load<i32>(word(FOLLOWING)) < followers || atomic.load<i32>(word(LOCK)) != 2) pause(1);
  pause(ms);
  return release() ? 1 : 0;
}

function pause(ms: i32): void {
  futexsleep(word(COUNTER), 0, <i64>ms * 1_000_000);
}

/** Takes and releases the lock, once somebody holds it. */
export function follow(): void {
  futexsleep(word(HOLDER), 0, -1);
  atomic.add<i32>(word(FOLLOWING), 1);
  lock(word(LOCK));
  unlock(word(LOCK));
}

export function counter(): i32 {
  return load<i32>(word(COUNTER));
}

export function waited(): i32 {
  return load<i32>(word(WAITED));
}

export function refused(): i32 {
  return load<i32>(word(REFUSED));
}

/** The lock's word. */
export function lockWord(): i32 {
  return load<i32>(word(LOCK));
}
