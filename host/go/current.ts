/**
 * What a goroutine's function can ask for: the runtime that it runs in, and its own context.
 *
 * A thread's own code and what users import are different copies of this module, so they meet at a symbol of the global object.
 */
import { SkeinError } from "../base/errors.js";
import { present } from "../base/present.js";
import type { Scope } from "./thread.js";

const HOOK = Symbol.for("skein.current");

/** The goroutine that asks. */
export interface GoroutineContext {
  /** Its number. */
  readonly id: number;
  /** Aborts when it is cancelled, with the reason. */
  readonly signal: AbortSignal;
}

/** A goroutine, as its function sees it. */
export class OwnContext implements GoroutineContext {
  readonly #of: GoroutineContext;

  constructor(of: GoroutineContext) {
    this.#of = of;
  }

  get id(): number {
    return this.#of.id;
  }

  get signal(): AbortSignal {
    return this.#of.signal;
  }
}

present(
  OwnContext,
  "GoroutineContext",
  ({ id, signal }) => ({ id, cancelled: signal.aborted }),
  "its signal says whether the goroutine is cancelled",
);

/** What a thread of a runtime offers to the functions that it runs. */
interface CurrentHook {
  readonly scope: Scope;
  context(): GoroutineContext | undefined;
}

/** Makes `current` and `context` work on this thread. */
export function installHook(hook: CurrentHook): void {
  (globalThis as { [HOOK]?: CurrentHook })[HOOK] = hook;
}

/**
 * The runtime that this goroutine runs in, so that it can start others, which report to it.
 *
 * @throws SkeinError outside of a goroutine's thread
 */
export function current(): Scope {
  const hook = (globalThis as { [HOOK]?: CurrentHook })[HOOK];
  if (hook === undefined) {
    throw new SkeinError("current() is for functions that run as goroutines; here, use the runtime that start() gave");
  }
  return hook.scope;
}

/**
 * The goroutine that calls this, in the function itself or in what it calls or awaits.
 *
 * @throws SkeinError outside of a goroutine
 */
export function context(): GoroutineContext {
  const found = (globalThis as { [HOOK]?: CurrentHook })[HOOK]?.context();
  if (found === undefined) throw new SkeinError("context() is for functions that run as goroutines");
  return found;
}
