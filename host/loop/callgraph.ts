/**
 * Who awaits whom: asyncio's call graph. Kept for loops in debug mode alone, as a stack is taken at each wait.
 *
 * An edge leads from what is awaited to who awaits it, with the place where that is. It is there until the waiter goes on; one whose
 * waiter is done counts no more.
 */
import { callStack } from "../base/thrown.js";
import type { Future } from "./future.js";
import { outsideFrames } from "./handles.js";
import { LoopError } from "./looperrors.js";
import { runningTask } from "./tasks-running.js";

/** A future, and who waits for it. */
export interface CallGraph {
  readonly future: Future;
  /**
   * Where its code stands, the innermost call first, as lines of a stack. An async function's is known where the engine tells it (Node from 22 on,
   * Deno), a generator's where it says `yield*`.
   */
  readonly callStack: readonly string[];
  readonly awaitedBy: readonly CallGraph[];
}

const waiters = new WeakMap<Future, Map<Future, readonly string[]>>();

/** @internal `by` begins to await `future`; from the running code if that is to be found in the graph. */
export function noteAwait(by: Future, future: Future, fromHere = false): void {
  let all = waiters.get(future);
  if (all === undefined) waiters.set(future, (all = new Map<Future, readonly string[]>()));
  all.set(by, fromHere ? outsideFrames(callStack()) : []);
}

/** @internal */
export function isNoted(by: Future, future: Future): boolean {
  return waiters.get(future)?.has(by) === true;
}

/** @internal `by` awaits `future` no more. */
export function noteAwaited(by: Future, future: Future): void {
  waiters.get(future)?.delete(by);
}

/**
 * The future or task, by default the one whose code is running, with all that wait for it, and those that wait for them. Undefined where no
 * task is running.
 *
 * @throws LoopError if its loop is not in debug mode
 */
export function captureCallGraph(future: Future | undefined = runningTask()): CallGraph | undefined {
  if (future === undefined) return undefined;
  if (!future.getLoop().debug)
    throw new LoopError("a call graph needs debug mode from the beginning: new EventLoop({ debug: true })");
  const stands = future === runningTask() ? outsideFrames(callStack()) : standsAt(future);
  return graphOf(future, stands, new Set());
}

function graphOf(future: Future, callStack: readonly string[], above: Set<Future>): CallGraph {
  above.add(future);
  const awaitedBy = [...(future.done() ? [] : (waiters.get(future) ?? []))]
    .filter(([by]) => !by.done() && !above.has(by))
    .map(([by, place]) => graphOf(by, place, above));
  above.delete(future);
  return { future, callStack, awaitedBy };
}

function standsAt(future: Future): readonly string[] {
  for (const awaited of future.waitsFor()) {
    const place = waiters.get(awaited)?.get(future);
    if (place !== undefined && place.length > 0) return place;
  }
  return [];
}

/** The call graph of a future, by default of the running task, as text; empty where there is none. */
export function formatCallGraph(of: Future | CallGraph | undefined = runningTask()): string {
  const graph = of !== undefined && "awaitedBy" in of ? of : captureCallGraph(of);
  return graph === undefined ? "" : lines(graph, "").join("\n");
}

function lines({ future, callStack, awaitedBy }: CallGraph, indent: string): string[] {
  return [
    `${indent}${future.toString()}`,
    ...callStack.map((line) => `${indent}    ${line}`),
    ...awaitedBy.flatMap((by) => {
      const [first = "", ...rest] = lines(by, `${indent}  `);
      return [`${indent}  awaited by ${first.trimStart()}`, ...rest];
    }),
  ];
}

/** Writes the call graph of a future, by default of the running task, to standard error. */
export function printCallGraph(of: Future | CallGraph | undefined = runningTask()): void {
  const text = formatCallGraph(of);
  if (text !== "") console.error(text);
}
