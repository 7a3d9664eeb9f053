/** Reading the core's leak report (`assembly/runtime/goroutine/surveys.ts`). */

import { framesOf, functionOf } from "../program/stacks.js";

/** A goroutine of the program that can never run again, for nothing else reaches what it waits for. */
export interface LeakedGoroutine {
  readonly id: number;
  /** The function that it was started with; missing where there is no stack. */
  readonly name?: string;
  /** What it waits for, in Go's words: `chan receive`, `sync.Mutex.Lock`. */
  readonly waitingFor: string;
  /** For how many minutes, if it is one or more. */
  readonly minutes?: number;
  /** The number of the goroutine that started it; missing if the host did. */
  readonly createdBy?: number;
  /** Where it waits, the innermost function first, each as `name (file:line:column)`. Of many goroutines only the oldest thousand have one. */
  readonly stack?: readonly string[];
}

const GOROUTINE =
  /^goroutine (\d+) \[(.*?)(?:, (\d+) minutes)?(?:, locked to thread)?\]:\n((?:\S.*\n\t.*\n)*)(\.\.\..*\n)?(?:created in goroutine (\d+)\n)?/gm;

/** The goroutines that a report lists. */
export function parseLeaks(report: string): LeakedGoroutine[] {
  return [...report.matchAll(GOROUTINE)].map(([, id, waitingFor = "", minutes, frames = "", cut, creator]) => {
    const stack = framesOf(frames);
    const outermost = functionOf(stack.at(-1));
    return {
      id: Number(id),
      ...(outermost !== undefined && cut === undefined && { name: outermost }),
      waitingFor,
      ...(minutes !== undefined && { minutes: Number(minutes) }),
      ...(creator !== undefined && { createdBy: Number(creator) }),
      ...(stack.length > 0 && { stack }),
    };
  });
}
