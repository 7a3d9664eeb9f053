/** The scheduler's counters, read from its memory while it runs: close to what they are, not exact. */
import { MAX_THREADS } from "../../assembly/layout.js";
import { Owed } from "../abi/enums.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";
import { PAGE } from "../base/pages.js";

/** What one M has done since it was started. */
export interface MStats {
  /** Its number, from 1. */
  readonly id: number;
  /** Goroutines that it has run from their beginning. */
  readonly goroutines: number;
  /** Switches to a goroutine. */
  readonly switches: number;
  /** Goroutines taken from other Ps' queues. */
  readonly steals: number;
  /** Times that it slept for want of work. */
  readonly parks: number;
}

/** The scheduler at one moment. */
export interface RuntimeStats {
  /** gomaxprocs. */
  readonly procs: number;
  /** Live goroutines: the program's, and those in JavaScript. */
  readonly goroutines: number;
  /** Bytes of memory that the allocator has taken so far. */
  readonly heapBytes: number;
  /** The threads, one entry for each M. */
  readonly ms: readonly MStats[];
}

/** @internal gomaxprocs. */
export function readProcs(memory: Memory): number {
  return memory.sched.nprocs;
}

/** @internal Whether goroutines await something on any M. */
export function isAwaiting(memory: Memory): boolean {
  const { mcount } = memory.sched;
  for (let mid = 1; mid <= mcount; mid++) if ((memory.m(mid).owed & Owed.Results) !== 0) return true;
  return false;
}

/** @internal Reads all counters. */
export function readStats(core: Core, memory: Memory): RuntimeStats {
  const count = Math.min(memory.sched.mcount, MAX_THREADS - 1);
  const ms = Array.from({ length: count }, (_, i): MStats => {
    const { goroutines, switches, steals, parks } = memory.m(i + 1);
    return { id: i + 1, goroutines, switches, steals, parks };
  });
  return {
    procs: readProcs(memory),
    goroutines: core.numGoroutine() + core.numJsGoroutine(),
    heapBytes: memory.sched.heapPages * PAGE,
    ms,
  };
}
