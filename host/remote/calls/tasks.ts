/** Tasks by name: the functions of a module that the workers have, and the caller need not have. */
import type { AnyFunction, ResultOf } from "../../go/goroutine.js";
import type { IsGeneric, Sent } from "../../sync/arrival.js";
import { SkeinError } from "../../index.js";
import { checkName } from "../connection/options.js";
import type { RemoteCall } from "./call.js";

/** Marks a task with the module and the export that it stands for. */
export const REMOTE = Symbol.for("skein.remote.task");

export interface RemoteName {
  readonly module: string;
  readonly task: string;
}

/** One exported function as a task: give it to `cluster.go`, or call it, which is the same. */
export type RemoteTask<F extends AnyFunction> = ((
  ...args: Sent<Parameters<F>>
) => RemoteCall<ResultOf<ReturnType<F>>>) & {
  readonly [REMOTE]: RemoteName;
};

/** The functions of a module as tasks. A generic function keeps its own type. */
export type RemoteTasks<M> = {
  readonly [K in keyof M as M[K] extends AnyFunction ? K : never]: M[K] extends AnyFunction
    ? IsGeneric<M[K]> extends true
      ? M[K]
      : RemoteTask<M[K]>
    : never;
};

/** Names by which JavaScript itself asks any object something. */
const NOT_TASKS = new Set(["then", "toJSON", "constructor", "inspect"]);

export function makeTasks<M>(name: string, go: (task: AnyFunction, args: unknown[]) => unknown): RemoteTasks<M> {
  const module = checkName(name, "the name of a module");
  const tasks = new Map<string, AnyFunction>();
  return new Proxy(Object.freeze(Object.create(null) as object), {
    get(_target, task): unknown {
      if (typeof task !== "string" || NOT_TASKS.has(task)) return undefined;
      let made = tasks.get(task);
      if (made === undefined) {
        const fn = (...args: unknown[]): unknown => go(fn, args);
        Object.defineProperty(fn, "name", { value: task });
        Object.defineProperty(fn, REMOTE, { value: Object.freeze({ module, task }) });
        tasks.set(task, (made = fn));
      }
      return made;
    },
    has: (_target, task) => typeof task === "string" && !NOT_TASKS.has(task),
  }) as RemoteTasks<M>;
}

/** @throws SkeinError if it is no task of a cluster's */
export function remoteName(task: unknown): RemoteName {
  const name = typeof task === "function" ? (task as { [REMOTE]?: RemoteName })[REMOTE] : undefined;
  if (name !== undefined) return name;
  const what =
    typeof task === "function"
      ? "a function of this process: other machines do not have it"
      : "something that is no task";
  throw new SkeinError(`cluster.go takes a task of cluster.tasks("name"), not ${what}`);
}
