/**
 * Threads without a P inside the core: the main thread, JavaScript on an M whose P is lent, sysmon. The world stops without them; so what
 * they do with objects, which they hold in native frames, they do within the *gate*: the collector closes it, and waits until
 * nobody is inside.
 *
 * The word counts those inside, and has CLOSED set while nobody may enter. All is done by sequentially consistent atomics: who enters
 * does so by compare-and-swap from a value without CLOSED; so once the collector has set it and seen no one left inside, whoever comes
 * waits, and what those before have done is visible.
 *
 * Inside nobody waits for anything that only a goroutine can do, and the gate is entered before any lock is taken: a lock that
 * the collector's thread, or somebody whom the gate keeps out, holds is never waited for there.
 *
 * Who holds a P needs none of this, since the world stops only once he has given it up, on g0.
 */
import { CHECKED, check } from "./checked";
import { futexsleep } from "./lock";
import { m } from "./registers";

const WORD: usize = memory.data(4, 4);
const CLOSED: i32 = i32.MIN_VALUE;
/** How long to wait before looking again, in ns: a wake-up may be lost between the look and the sleep. */
const LOOK_AGAIN: i64 = 100_000;

/** This thread is about to make objects, or move references. True if `leaveGate`, or `leaveCore`, is to follow. */
export function enterGate(): bool {
  const mp = m;
  if (mp.p || mp.gated || mp.inUser) return false;
  const word = WORD;
  while (true) {
    const seen = atomic.load<i32>(word);
    if (seen < 0) futexsleep(word, seen, -1);
    else if (atomic.cmpxchg<i32>(word, seen, seen + 1) == seen) break;
  }
  mp.gated = true;
  return true;
}

export function leaveGate(): void {
  const word = WORD;
  if (CHECKED) check(m.gated, "who leaves the gate is inside");
  m.gated = false;
  if (atomic.sub<i32>(word, 1) == (CLOSED | 1)) atomic.notify(word, i32.MAX_VALUE);
}

/** Keeps everybody out. The collector's, with the world stopped. */
export function closeGate(): void {
  const word = WORD;
  atomic.or<i32>(word, CLOSED);
  for (let seen = atomic.load<i32>(word); seen != CLOSED; seen = atomic.load<i32>(word)) {
    futexsleep(word, seen, LOOK_AGAIN);
  }
}

export function openGate(): void {
  const word = WORD;
  atomic.and<i32>(word, ~CLOSED);
  atomic.notify(word, i32.MAX_VALUE);
}
