/** Settings of a compile that change its result. */
import process from "node:process";

export interface Settings {
  /** Where safepoints are placed; null for nowhere. */
  readonly safepoints: SafepointOptions | null;
  /** Whether the core asserts what it relies on (`assembly/runtime/base/checked.ts`). */
  readonly checked: boolean;
  /** Whether stores tell the collector what they store; without, no collection may run. */
  readonly barrier: boolean;
  /** Whether the program is to be compiled soon rather than to be fast (see passes.ts). */
  readonly quick: boolean;
}

/** Whether programs are to be checked unless something else is said. */
export function isCheckedRun(): boolean {
  return process.env["SKEIN_CHECKED"] === "1";
}

/** Whether programs are to have the write barrier. */
export function hasBarrier(): boolean {
  return process.env["SKEIN_BARRIER"] !== "off";
}

/** Whether programs are to be compiled quickly. */
export function isQuickRun(): boolean {
  return process.env["SKEIN_QUICK"] === "1";
}

/** How to place safepoints (see safepoints.ts). */
export interface SafepointOptions {
  /** Turns that a loop takes from one check to the next. */
  readonly stripMine: number;
  /** For tests: every check finds that the goroutine is to give way. */
  readonly always: boolean;
}

/**
 * With 1024 turns a check's cost is lost in the loop's, and a loop whose turn takes a microsecond still looks every
 * millisecond, a tenth of a time slice.
 */
export const DEFAULT_SAFEPOINTS: SafepointOptions = { stripMine: 1024, always: false };
