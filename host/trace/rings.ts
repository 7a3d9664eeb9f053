/** Reads the events that the threads of a program leave for the main thread (`assembly/runtime/debug/trace.ts`), in order of time. */
import { IO_M, SYSMON_M } from "../../assembly/layout.js";
import { TraceKind } from "../abi/enums.js";
import { Ring, TraceRecord } from "../abi/records.js";
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
  constructor(private readonly memory: Memory) {}

  /**
   * Takes all events that there are; those of one M in order.
   *
   * @param end the time, if none come after this: then what is missing at the ends is told of too
   */
  drain(end?: number): TraceEvent[] {
    const events: TraceEvent[] = [];
    const { mcount } = this.memory.sched;
    for (let mid = 0; mid <= mcount; mid++) this.drainOf(mid, events, end);
    this.drainOf(SYSMON_M, events, end);
    this.drainOf(IO_M, events, end);
    return events;
  }

  private drainOf(mid: number, events: TraceEvent[], end: number | undefined): void {
    const address = this.memory.m(mid).traceRing;
    if (address === 0) return;
    const ring = new Ring(this.memory, address);
    const event = new TraceRecord(this.memory);
    const mask = ring.capacity - 1;
    const { written, missing } = ring;
    let { read } = ring;
    for (; read !== written; read = (read + 1) >>> 0) {
      event.move(address + Ring.SIZE + (read & mask) * TraceRecord.SIZE);
      const { time, kind, reason, goid: g, arg, p, extra } = event;
      events.push({ time, m: mid, kind, reason, g, arg, p, extra: extra >>> 0 });
    }
    ring.read = read;
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
