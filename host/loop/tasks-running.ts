/**
 * Which task is running: for `loop.currentTask()`, and for a task over an async function to know which future it awaits.
 *
 * A generator's steps are calls that the task makes, so the task is simply noted around each. An async function goes on by
 * itself, in microtasks; what leads from there to its task is an `AsyncLocalStorage`. It is made when the first such task
 * is: on Node 20 every promise costs more from the first use of one on.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Future } from "./future.js";
import type { Task } from "./task.js";

let stepping: Task | undefined;
let functions: AsyncLocalStorage<Task> | undefined;

/** Calls `body` as a step of the generator of `task`. */
export function inStep<R>(task: Task, body: () => R): R {
  const outer = stepping;
  stepping = task;
  try {
    return body();
  } finally {
    stepping = outer;
  }
}

/** Calls the function of `task`; it and what it calls know their task from then on, across awaits. */
export function runFunction<R>(task: Task, body: () => R): R {
  functions ??= new AsyncLocalStorage<Task>();
  return functions.run(task, () => inStep(task, body));
}

/** The task whose code is running. */
export function runningTask(): Task | undefined {
  return stepping ?? functions?.getStore();
}

/** The running code begins to await `future`, which is pending. Returns its task, if it is that of one. */
export function awaiting(future: Future): Task | undefined {
  const task = functions?.getStore();
  task?.awaits(future);
  return task;
}
