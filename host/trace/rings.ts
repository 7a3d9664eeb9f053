/** Reads the events that the threads of a program leave for the main thread (`assembly/runtime/debug/trace.ts`), in order of time. */
import {
  IO_M,
  M_SIZE,
  M_TRACE_RING,
  MS_BASE,
  SCHED_MCOUNT,
  SYSMON_M,
  TRACE_ARG,
  TRACE_CAPACITY,
  TRACE_EVENT_SIZE,
  TRACE_EVENTS,
  TRACE_EXTRA,
  TRACE_GOID,
  TRACE_KIND,
  TRACE_MISSING,
  TRACE_P,
  TRACE_READ,
  TRACE_REASON,
  TRACE_TIME,
  TRACE_WRITTEN,
} from "../../assembly/layout.js";
import { TraceKind } from "../abi/enums.js";
import type { Memory } from "../base/memory.js";

/** One event; `kind` and `reason` as in `layout.ts`. */
export interface TraceEvent {
  /** The program's nanotime. */
  readonly time: number;
  /** The M that tells. */
  readonly m: number;
  readonly kind: number;
  readonly reason: number;
  /** The goroutine concerned, 0 for none. */
  readonly g: number;
  readonly arg: number;
  /** The P that the M holds, -1 for none. */
  readonly p: number;
  readonly extra: number;
}

export class Rings {
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /**
   * Takes all events that there are; those of one M in order.
   *
   * @param end the time, if none come after this: then what is missing at the ends is told of too
   */
  drain(end?: number): TraceEvent[] {
    const { words } = this.memory;
    const events: TraceEvent[] = [];
    const mcount = Atomics.load(words, SCHED_MCOUNT >> 2);
    for (let mid = 0; mid <= mcount; mid++) this.drainOf(mid, events, end);
    this.drainOf(SYSMON_M, events, end);
    this.drainOf(IO_M, events, end);
    return events;
  }

  private drainOf(mid: number, events: TraceEvent[], end: number | undefined): void {
    const { words, data } = this.memory;
    const ring = Atomics.load(words, (MS_BASE + mid * M_SIZE + M_TRACE_RING) >> 2) >>> 0;
    if (ring === 0) return;
    const mask = words[(ring + TRACE_CAPACITY) >> 2]! - 1;
    const written = Atomics.load(words, (ring + TRACE_WRITTEN) >> 2);
    let read = words[(ring + TRACE_READ) >> 2]!;
    for (; read !== written; read = (read + 1) | 0) {
      const at = ring + TRACE_EVENTS + (read & mask) * TRACE_EVENT_SIZE;
      const long = (offset: number): number =>
        data.getUint32(at + offset, true) + data.getInt32(at + offset + 4, true) * 2 ** 32;
      events.push({
        time: long(TRACE_TIME),
        m: mid,
        kind: data.getUint8(at + TRACE_KIND),
        reason: data.getUint8(at + TRACE_REASON),
        g: long(TRACE_GOID),
        arg: long(TRACE_ARG),
        p: data.getInt16(at + TRACE_P, true),
        extra: data.getUint32(at + TRACE_EXTRA, true),
      });
    }
    Atomics.store(words, (ring + TRACE_READ) >> 2, read);
    const missing = data.getUint32(ring + TRACE_MISSING, true);
    if (end !== undefined && missing > 0) {
      events.push({ time: end, m: mid, kind: TraceKind.Lost, reason: 0, g: 0, arg: missing, p: -1, extra: 0 });
    }
  }
}

/**
 * Puts the events of several threads in order. A thread tells of something a moment after it has read the clock, so what is not older than
 * the drain before may still be overtaken, and is held back until the next.
 */
export class Order {
  private held: TraceEvent[] = [];
  private safe = 0;

  /** Adds the events of a drain that began at `began`, by the program's clock; returns those that are due, in order. */
  add(events: readonly TraceEvent[], began: number): TraceEvent[] {
    const all = this.held.concat(events).sort((a, b) => a.time - b.time);
    let due = 0;
    while (due < all.length && all[due]!.time < this.safe) due++;
    this.held = all.slice(due);
    this.safe = began;
    all.length = due;
    return all;
  }

  /** What is left, once no more can come. */
  rest(): TraceEvent[] {
    const rest = this.held;
    this.held = [];
    return rest;
  }
}
