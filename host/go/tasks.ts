/**
 * Tasks: the functions that a module exports, named on one thread to be run on another.
 *
 * The module is not imported here; a name that it does not export is found out when a goroutine is to run it.
 */
import { SkeinError } from "../base/errors.js";
import type { IsGeneric, Sent } from "../sync/arrival.js";
import type { AnyFunction, Goroutine, ResultOf, YieldOf } from "./goroutine.js";

/** Marks a task with the module and the export that it stands for. */
export const TASK = Symbol.for("skein.task");

export interface TaskName {
  readonly url: string;
  readonly name: string;
}

/** One exported function as a task: give it to `rt.go`, or call it, which is the same. */
export type GoTask<F extends AnyFunction> = ((
  ...args: Sent<Parameters<F>>
) => Goroutine<ResultOf<ReturnType<F>>, YieldOf<ReturnType<F>>>) & { readonly [TASK]: TaskName };

/** The functions of a module as tasks. */
export type GoTasks<M> = { readonly [K in keyof M as M[K] extends AnyFunction ? K : never]: TaskOf<M[K]> };
/**
 * A generic function is its own task: TypeScript infers its parameters in `rt.go(work.identity, 5)` from nothing less. Called directly it
 * gives a goroutine as any task does, though its type says what the function returns: await it.
 */
type TaskOf<F> = F extends AnyFunction ? (IsGeneric<F> extends true ? F : GoTask<F>) : never;

/** Names by which JavaScript itself asks any object something; an awaited or printed `GoTasks` is no task. */
const NOT_TASKS = new Set(["then", "toJSON", "constructor", "inspect"]);

/** Makes the tasks of the module at `url`, whose goroutines `go` starts. */
export function makeTasks<M>(url: string | URL, go: (task: AnyFunction, args: unknown[]) => unknown): GoTasks<M> {
  const href = moduleUrl(url);
  const tasks = new Map<string, AnyFunction>();
  return new Proxy(Object.freeze(Object.create(null) as object), {
    get(_target, name): unknown {
      if (typeof name !== "string" || NOT_TASKS.has(name)) return undefined;
      let task = tasks.get(name);
      if (task === undefined) {
        const made = (...args: unknown[]): unknown => go(made, args);
        Object.defineProperty(made, "name", { value: name });
        Object.defineProperty(made, TASK, { value: Object.freeze({ url: href, name }) });
        task = made;
        tasks.set(name, task);
      }
      return task;
    },
    has: (_target, name) => typeof name === "string" && !NOT_TASKS.has(name),
  }) as GoTasks<M>;
}

function moduleUrl(url: unknown): string {
  if (url instanceof URL) return url.href;
  if (typeof url !== "string") {
    throw new SkeinError('rt.tasks takes the URL of a module: rt.tasks(new URL("./work.js", import.meta.url))');
  }
  try {
    return new URL(url).href;
  } catch {
    throw new SkeinError(
      `${JSON.stringify(url)} is no absolute URL, and a relative one would mean something else on every thread: ` +
        `use new URL(${JSON.stringify(url)}, import.meta.url), or import.meta.resolve for a package`,
    );
  }
}
