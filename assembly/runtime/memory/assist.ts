/**
 * Assists: who allocates while objects are marked marks himself, so much that all is marked when the heap has come to its goal, however
 * fast it grows. After Go's mgcpacer.go, which also keeps a credit for each goroutine; here it is settled at each 32 KiB that a P has
 * handed out.
 *
 * On a goroutine or g0, with a P.
 */
import { m } from "../base/registers";
import { addressOf, Attention, gc, P, sched } from "../../abi";
import { drainSome } from "./mark";
import { shareGrey } from "./work";

/** The heap is taken to be at least so far from its goal. */
const ROOM_MIN: i64 = 64 << 10;
/** Objects between two looks at whether somebody waits. */
const AT_ONCE: i32 = 64;

/** This P has handed out `bytes`, and the heap has come to `live`. */
export function assist(bytes: i64, live: i64): void {
  const pp = m.p;
  if (!pp) return;
  const left = gc.expected - atomic.load<i64>(addressOf(gc.told));
  const owed = left > 0 ? (bytes * left) / max(gc.goal - live, ROOM_MIN) : 0;
  if (owed > 0) {
    atomic.add<i32>(addressOf(gc.markers), 1);
    const goal = pp.found + owed;
    while (pp.found < goal && !isStopping() && drainSome(pp, AT_ONCE)) {}
    // Others may have found nothing to do.
    if (gc.full == 0) shareGrey(pp);
    tellFound(pp);
    atomic.sub<i32>(addressOf(gc.markers), 1);
  }
  // Somebody has to end the cycle, and this may be the only thread that runs.
  if (live >= gc.goal && m.preempt == 0) m.preempt = 1;
}

/** Whether somebody waits for this thread to give up its P. */
@inline
export function isStopping(): bool {
  return (atomic.load<i32>(addressOf(sched.attention)) & Attention.Stop) != 0;
}

/** Tells all how much this P has found. */
export function tellFound(pp: P): void {
  if (pp.found != 0) atomic.add<i64>(addressOf(gc.told), pp.found);
  pp.found = 0;
}
