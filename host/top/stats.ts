/** The scheduler's counters, read from its memory while it runs: close to what they are, not exact. */
import {
  M_GOROUTINES,
  M_OWED,
  M_PARKS,
  M_SIZE,
  M_STEALS,
  M_SWITCHES,
  MAX_THREADS,
  MS_BASE,
  SCHED_HEAP_PAGES,
  SCHED_MCOUNT,
  SCHED_NPROCS,
} from "../../assembly/layout.js";
import type { Core } from "../program/core.js";
import { PAGE, type Memory } from "../base/memory.js";

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
  return Atomics.load(memory.words, SCHED_NPROCS >> 2);
}

/** @internal Whether goroutines await something on any M. */
export function isAwaiting({ words }: Memory): boolean {
  const count = Atomics.load(words, SCHED_MCOUNT >> 2);
  for (let mid = 1; mid <= count; mid++) if (words[(MS_BASE + mid * M_SIZE + M_OWED) >> 2] !== 0) return true;
  return false;
}

/** @internal Reads all counters. */
export function readStats(core: Core, memory: Memory): RuntimeStats {
  const words = memory.words;
  const count = Math.min(Atomics.load(words, SCHED_MCOUNT >> 2), MAX_THREADS - 1);
  const view = memory.data;
  const ms = Array.from({ length: count }, (_, i): MStats => {
    const m = MS_BASE + (i + 1) * M_SIZE;
    const counter = (offset: number): number => Number(view.getBigUint64(m + offset, true));
    return {
      id: i + 1,
      goroutines: counter(M_GOROUTINES),
      switches: counter(M_SWITCHES),
      steals: counter(M_STEALS),
      parks: counter(M_PARKS),
    };
  });
  return {
    procs: readProcs(memory),
    goroutines: core.numGoroutine() + core.numJsGoroutine(),
    heapBytes: Atomics.load(words, SCHED_HEAP_PAGES >> 2) * PAGE,
    ms,
  };
}
