/** Callbacks that were scheduled: what `callSoon`, `callLater` and `callAt` give back, and what the loop's queues hold. */
import { presentAs } from "../base/present.js";
import { inspect } from "node:util";
import { ContextualBase } from "./contextual.js";
import { describe } from "./looperrors.js";
import { callStack } from "../base/thrown.js";

/** A callback with the arguments that follow its scheduling. */
export type Callback<A extends readonly unknown[] = readonly unknown[]> = (...args: A) => unknown;

/** What a handle asks of its loop. */
interface HandleOwner {
  readonly debug: boolean;
  runHandle(handle: Handle, callback: Callback, args: readonly unknown[]): void;
  timerCancelled(): void;
}

/** What says itself, in a text, what it is. */
export interface Describable {
  toString(): string;
}

const NO_ARGS: readonly unknown[] = [];

/** Not a field: a million timers outside of debug mode have no use for one. */
const sources = new WeakMap<Handle, string>();

/** A callback that is to be called soon. */
export class Handle extends ContextualBase {
  readonly #owner: HandleOwner;
  private callback: Callback | undefined;
  private args: readonly unknown[];

  /** @internal */
  constructor(owner: HandleOwner, callback: Callback, args: readonly unknown[]) {
    super();
    this.#owner = owner;
    this.callback = callback;
    // Not the caller's own empty array: that would live as long as the handle.
    this.args = args.length === 0 ? NO_ARGS : args;
    if (owner.debug) sources.set(this, callSite());
  }

  protected get owner(): HandleOwner {
    return this.#owner;
  }

  /** In debug mode, the stack of the call that scheduled it. */
  get source(): string | undefined {
    return sources.get(this);
  }

  /** Has it been cancelled? */
  get cancelled(): boolean {
    return this.callback === undefined;
  }

  /** Keeps the callback from being called, if it has not been; lets go of it and of its arguments. */
  cancel(): void {
    this.callback = undefined;
    this.args = NO_ARGS;
  }

  /** @internal Is `callback` what it calls? */
  calls(callback: unknown): boolean {
    return this.callback === callback;
  }

  /** @internal Makes the call; the loop catches what it throws. */
  invoke(): void {
    const { callback } = this;
    if (callback !== undefined) this.owner.runHandle(this, callback, this.args);
  }

  /** The callback's name, and where it was scheduled as far as that is known. */
  override toString(): string {
    return this.callback === undefined ? `<${this.constructor.name} cancelled>` : this.named(this.callback);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal What `toString` says while `callback` is its callback. */
  named(callback: Callback): string {
    const created = this.source === undefined ? "" : ` scheduled ${this.source.split("\n", 1)[0]?.trim()}`;
    return `<${this.constructor.name} ${describe(callback)}${created}>`;
  }
}

/** A callback that is to be called at a certain time. */
export class TimerHandle extends Handle {
  /** The reading of the loop's `time()`, in milliseconds, from which on it is to be called. */
  readonly when: number;
  /** @internal */
  readonly sequence: number;
  /** @internal */
  scheduled = false;

  /** @internal */
  constructor(owner: HandleOwner, when: number, sequence: number, callback: Callback, args: readonly unknown[]) {
    super(owner, callback, args);
    this.when = when;
    this.sequence = sequence;
  }

  override cancel(): void {
    if (this.scheduled && !this.cancelled) this.owner.timerCancelled();
    super.cancel();
  }
}

/** The stack above the loop's own functions. */
export function callSite(): string {
  const lines = callStack().split("\n").slice(1);
  const outside = lines.findIndex((line) => !OWN_FILES.test(line) && !line.includes(BUNDLE) && !ENGINE.test(line));
  return lines.slice(Math.max(outside, 0)).join("\n");
}

/** Those of a stack's lines that are the user's, up to where the loop has called them. */
export function outsideFrames(stack: string): string[] {
  const lines = stack.split("\n").map((line) => line.trim());
  const isOutside = (line: string): boolean =>
    line.startsWith("at ") && !OWN_FILES.test(line) && !line.includes(BUNDLE) && !ENGINE.test(line);
  const first = lines.findIndex(isOutside);
  if (first < 0) return [];
  const rest = lines.slice(first);
  const end = rest.findIndex((line) => OWN_FILES.test(line) || line.includes(BUNDLE));
  return rest.slice(0, end < 0 ? undefined : end).filter(isOutside);
}

/** What the engine itself puts between calls of the user's. */
const ENGINE = /\(<anonymous>\)$|\bnode:internal\//;

/** Files of this directory, as stacks name them, built or not, and what calls callbacks in their context. */
const OWN_FILES = /\/(host|dist)\/loop\/[a-z-]+\.[jt]s|\bnode:async_hooks|\bext:/;

/** Where these files are bundled. */
const BUNDLE = new URL("../library/", import.meta.url).pathname;

presentAs(Handle, (it) => it[inspect.custom](), "it is a call that is yet to be made");
