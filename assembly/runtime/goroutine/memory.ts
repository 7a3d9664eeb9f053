/**
 * What programs see of the collector (`gc/collect.ts`): collecting now, its settings and figures, what happens when an object is gone.
 *
 * On a goroutine.
 */
import {
  CLASS_COUNT,
  G,
  addressOf,
  allp,
  Attention,
  handedBy,
  objectsOf,
  sched,
  WaitReason,
  gc as state,
} from "../../abi";
import { nilCheck } from "../base/nil";
import { plock } from "../base/lock";
import { g } from "../base/registers";
import { setGoal } from "../gc/collect";
import { classSize } from "../memory/malloc";
import { sweepSome } from "../memory/sweep";
import { newCleanup, newWeakCell, weakObject } from "../gc/weak";
import { gopark, gosched } from "./proc";
import { Task } from "./task";

/** Spans that the sweeper sweeps before others run: some 50 µs. */
const SPANS_AT_ONCE: i32 = 16;

/** A whole collection, which begins after the call: waits until everything is swept. */
export function gc(): void {
  gopark(WaitReason.Gc, awaitCycle(0));
}

/** The same, and before it has it found out what a survey is to tell: bits of `Survey`. */
export function awaitSurvey(wanted: i32): void {
  gopark(WaitReason.Gc, awaitCycle(wanted));
}

/** Puts this goroutine where the next cycle finds it; the lock of the list, which is held. */
function awaitCycle(wanted: i32): usize {
  const word = addressOf(state.waitLock);
  plock(word);
  const gp = g;
  gp.schedlink = changetype<G | null>(state.waiting);
  state.waiting = changetype<usize>(gp);
  state.surveys |= wanted;
  atomic.or<i32>(addressOf(sched.attention), Attention.Gc);
  return word;
}

/** The function of the goroutine that sweeps after a collection that nobody waits for. */
export function sweepgo(unused: usize): void {
  while (sweepSome(SPANS_AT_ONCE)) gosched();
}

/** Sets GOGC: how far the heap may grow beyond what the last collection found, in percent; -1 for never. Returns the previous. */
export function setGCPercent(n: i32): i32 {
  const old = atomic.xchg<i32>(addressOf(state.percent), max(n, -1));
  setGoal();
  return old;
}

/** Sets the soft limit on memory, in bytes, and returns the previous; negative only asks. */
export function setMemoryLimit(bytes: i64): i64 {
  if (bytes < 0) return atomic.load<i64>(addressOf(state.limit));
  const old = atomic.xchg<i64>(addressOf(state.limit), bytes);
  setGoal();
  return old;
}

/** Figures of the memory of objects; see `memStats`. Bytes, or nanoseconds. */
export class MemStats {
  /** What the latest collection found. */
  heapLive: i64;
  /** Objects allocated and not yet swept. */
  heapAlloc: i64;
  /** The heap that the next collection waits for. */
  heapGoal: i64;
  /** All memory that the program has taken, for objects and for the runtime's own. */
  heapInUse: i64;
  /** Given back to the system. */
  heapReleased: i64;
  /** Objects allocated, and freed, so far. */
  mallocs: i64;
  frees: i64;
  numGC: i64;
  /** How long all collections have stopped the program, and the longest. */
  pauseTotal: i64;
  pauseMax: i64;
}

/** How the memory of objects stands. */
export function memStats(): MemStats {
  const stats = new MemStats();
  let bytes = atomic.load<i64>(addressOf(state.heapAlloc));
  let cells = atomic.load<i64>(addressOf(state.mallocs));
  // What the Ps have not told of, less what they have not used.
  for (let i = 0; i < sched.nprocs; i++) {
    const pp = allp(i);
    bytes += handedBy(pp).bytes;
    cells += handedBy(pp).cells;
    for (let sizeClass = 0; sizeClass < CLASS_COUNT; sizeClass++) {
      const cache = objectsOf(pp, sizeClass);
      const left = <i64>(cache.end - cache.bump);
      bytes -= left;
      cells -= left / classSize(sizeClass);
    }
  }
  stats.heapLive = state.marked;
  stats.heapAlloc = bytes;
  stats.heapGoal = state.goal;
  stats.heapInUse = (<i64>sched.heapPages) << 16;
  stats.heapReleased = (<i64>sched.releasedPages) << 16;
  stats.mallocs = cells;
  stats.frees = atomic.load<i64>(addressOf(state.frees));
  stats.numGC = state.cycles;
  stats.pauseTotal = state.pauseTotal;
  stats.pauseMax = state.pauseMax;
  return stats;
}

/** Starts a goroutine for the call once `object` is gone. What the call is given must not reach the object, or that never goes. */
export function addCleanup<T>(object: T, task: Task): void {
  nilCheck(changetype<usize>(object));
  newCleanup(changetype<usize>(object), changetype<usize>(task));
}

/** A reference that keeps nothing alive. */
@final
export class WeakRef<T> {
  private cell: usize;

  constructor(object: T) {
    nilCheck(changetype<usize>(object));
    this.cell = newWeakCell(changetype<usize>(object), changetype<usize>(this));
  }

  /** The object; null once nothing reaches it any more. */
  deref(): T | null {
    nilCheck(changetype<usize>(this));
    return changetype<T | null>(weakObject(this.cell));
  }
}
