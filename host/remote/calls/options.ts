/** Options of a call, checked. */
import { checkOptions, shown, type Names } from "../../base/options.js";
import { SkeinError } from "../../index.js";
import { checkCount } from "../connection/options.js";
import type { Lane } from "../connection/subjects.js";
import type { Backoff } from "./envelope.js";

/** How a call is made, beside its task and arguments. */
export interface CallOptions {
  /**
   * Makes it idempotent: of all calls of a task with the same key one is run, and all get its result, for as long as that is
   * kept (`keep` of `connect`).
   */
  readonly key?: string | undefined;
  /**
   * Of all calls of a module with the same `order` one is run at a time, in the order in which they were stored, whatever becomes of those before; calls
   * of one process are stored in the order in which it made them.
   */
  readonly order?: string | undefined;
  /** Milliseconds that it may take, waiting for a worker included; then it is cancelled, with a TimeoutError. */
  readonly timeout?: number | undefined;
  /** How often it is tried again after it has failed. Default 0. */
  readonly retries?: number | undefined;
  /**
   * Milliseconds before it is tried again, twice as many each time, of which chance takes up to half; or `{ delay, max }`. Default
   * `{ delay: 1000, max: 60 000 }`.
   */
  readonly backoff?: number | { readonly delay?: number; readonly max?: number } | undefined;
  /** Cancels it when it aborts: on the worker too. */
  readonly signal?: AbortSignal | undefined;
  /** Calls above 0 are run before those of 0, the default, and these before those below. */
  readonly priority?: number | undefined;
  /** Milliseconds before which it is not run. */
  readonly delay?: number | undefined;
  /** The version of the module that must run it, as `serve` was given it. */
  readonly version?: string | undefined;
}

/** @internal Them, with defaults. */
export interface CallSettings {
  readonly key: string | undefined;
  readonly order: string | undefined;
  readonly timeout: number | undefined;
  readonly retries: number;
  readonly backoff: Backoff;
  readonly signal: AbortSignal | undefined;
  readonly lane: Lane;
  readonly delay: number;
  readonly version: string | undefined;
}

const NAMES: Names<CallOptions> = {
  key: true,
  order: true,
  timeout: true,
  retries: true,
  backoff: true,
  signal: true,
  priority: true,
  delay: true,
  version: true,
};
const DEFAULT_BACKOFF: Backoff = { delay: 1000, max: 60_000 };

/** @internal */
export const DEFAULTS: CallSettings = {
  key: undefined,
  order: undefined,
  timeout: undefined,
  retries: 0,
  backoff: DEFAULT_BACKOFF,
  signal: undefined,
  lane: "normal",
  delay: 0,
  version: undefined,
};

/**
 * @internal
 * @throws SkeinError that names the option
 */
export function callSettings(given: CallOptions): CallSettings {
  const options = checkOptions<CallOptions>("cluster.go.with", given, NAMES);
  const { key, order, timeout, retries = 0, signal, priority = 0, delay = 0, version } = options;
  for (const [name, text] of Object.entries({ key, order })) {
    if (text !== undefined && (typeof text !== "string" || text === ""))
      throw new SkeinError(`${name} must be a text, not ${shown(text)}`);
  }
  if (version !== undefined && typeof version !== "string")
    throw new SkeinError(`version must be a text, not ${shown(version)}`);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new SkeinError("signal must be an AbortSignal");
  if (typeof priority !== "number" || Number.isNaN(priority))
    throw new SkeinError(`priority must be a number, not ${shown(priority)}`);
  return {
    key,
    order,
    version,
    signal,
    timeout: timeout === undefined ? undefined : milliseconds(timeout, "timeout"),
    retries: checkCount(retries, "retries", 0),
    backoff: backoffOf(options.backoff),
    lane: priority > 0 ? "high" : priority < 0 ? "low" : "normal",
    delay: milliseconds(delay, "delay"),
  };
}

function backoffOf(given: CallOptions["backoff"]): Backoff {
  if (given === undefined) return DEFAULT_BACKOFF;
  if (typeof given === "number")
    return { delay: milliseconds(given, "backoff"), max: Math.max(given, DEFAULT_BACKOFF.max) };
  const { delay = DEFAULT_BACKOFF.delay, max = DEFAULT_BACKOFF.max } = checkOptions<Partial<Backoff>>(
    "backoff",
    given,
    { delay: true, max: true },
  );
  return { delay: milliseconds(delay, "backoff.delay"), max: milliseconds(max, "backoff.max") };
}

function milliseconds(value: unknown, of: string): number {
  if (typeof value === "number" && value >= 0 && value !== Infinity) return value;
  throw new SkeinError(`${of} must be a number of milliseconds, not ${shown(value)}`);
}

/** @internal How long to wait after so many failures, 1 at least, in milliseconds. */
export function backoffMs({ delay, max }: Backoff, failures: number): number {
  const whole = Math.min(max, delay * 2 ** (failures - 1));
  return whole * (0.5 + Math.random() / 2);
}
