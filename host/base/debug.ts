/** SKEIN_DEBUG: what the scheduler tells about itself. GODEBUG is read too, for those used to it. */
import process from "node:process";
import { HEAP_HIGH, HEAP_LOW, HEAP_TOP } from "../../assembly/layout.js";

/** Settings of SKEIN_DEBUG; 0 is off. */
interface DebugSettings {
  /** Milliseconds between lines of schedtrace. */
  readonly schedtrace: number;
  /** 1 for the long form of schedtrace: every P, M and goroutine. */
  readonly scheddetail: number;
  /** Milliseconds for which a goroutine may run without yielding before it is reported. */
  readonly stall: number;
  /** 1 for a list, at the end, of goroutines that waited for what nobody else holds. */
  readonly leaks: number;
  /** 1 for a line that says which poller was chosen, and why. */
  readonly poller: number;
  /** 1 to let `skein top` watch. */
  readonly top: number;
  /** 1 for a line for each collection. */
  readonly gctrace: number;
  /** A collection at each so many allocations, and freed memory is filled with a pattern. */
  readonly gcstress: number;
  /** 1 for a heap profile, at the end; more: with samples each so many bytes. */
  readonly heapprofile: number;
  /** Where the heap begins, one of HEAP_*: to try addresses that few programs see. */
  readonly heap: number;
}

/** How memory is collected. */
export interface CollectorSettings {
  /** Go's GOGC: the heap may grow by so many percent over what the last collection found; -1 for no collections. */
  readonly percent: number;
  /** The soft limit, in bytes. */
  readonly limit: number;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/**
 * Reads SKEIN_GC, or else GOGC (`off` or a number), and SKEIN_MEMLIMIT, or else GOMEMLIMIT (`off` or bytes, with a unit as in Go). What
 * is none of these is ignored.
 */
export function collectorSettings(env: NodeJS.ProcessEnv = process.env): CollectorSettings {
  const growth = env["SKEIN_GC"] || env["GOGC"] || "";
  const percent = growth === "off" ? -1 : /^-?\d{1,9}$/.test(growth) ? Math.max(-1, Number(growth)) : 100;
  const [, bytes, unit] = /^(\d+)(B|KiB|MiB|GiB|TiB)?$/.exec(env["SKEIN_MEMLIMIT"] || env["GOMEMLIMIT"] || "") ?? [];
  const limit = bytes === undefined ? Infinity : Number(bytes) * UNITS[unit ?? "B"]!;
  return { percent, limit: Math.min(limit, Number.MAX_SAFE_INTEGER) };
}

const HEAPS: Readonly<Record<string, number>> = { low: HEAP_LOW, high: HEAP_HIGH, top: HEAP_TOP };

/** Reads `name=value,…`; what is no whole number, or no setting of ours, is ignored as Go ignores it. */
export function debugSettings(env: NodeJS.ProcessEnv = process.env): DebugSettings {
  const settings = {
    schedtrace: 0,
    scheddetail: 0,
    stall: 0,
    leaks: 0,
    poller: 0,
    top: 0,
    gctrace: 0,
    gcstress: 0,
    heapprofile: 0,
    heap: HEAP_LOW,
  };
  for (const text of [env["GODEBUG"], env["SKEIN_DEBUG"]]) {
    for (const [, name, value] of (text ?? "").matchAll(
      /(?:^|,)(schedtrace|scheddetail|stall|leaks|poller|top|gctrace|gcstress|heapprofile)=(\d{1,9})(?=,|$)/g,
    )) {
      settings[name as keyof DebugSettings] = Number(value);
    }
    for (const [, name] of (text ?? "").matchAll(/(?:^|,)heap=(low|high|top)(?=,|$)/g)) settings.heap = HEAPS[name!]!;
  }
  return settings;
}
