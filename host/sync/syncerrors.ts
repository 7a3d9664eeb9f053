/** Errors of channels and locks. */
import { SkeinError } from "../base/errors.js";
import { shown } from "../base/options.js";
import { ProgramPanic } from "../program/stops.js";

/** A channel was used in a way that panics in Go: `send on closed channel`, `close of closed channel`. */
export class ChanError extends SkeinError {
  override name = "ChanError";
}

/**
 * The lock is yours, but the thread that held it before died holding it: what the lock guards may be half changed. Look at it,
 * then release `lock`, or go on and release it later.
 */
export class AbandonedError extends SkeinError {
  override name = "AbandonedError";
  /** Releases the lock, which is held. */
  readonly guard: Disposable;

  constructor(what: string, guard: Disposable) {
    super(
      `${what}: its last holder's thread died holding it; it is yours now, but what it guards may be half changed: ` +
        "release it with unlock(), or with this error's guard",
    );
    this.guard = guard;
  }
}

/** Calls the core; a panic there is an error of the caller's here. */
export function panicking<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    if (thrown instanceof ProgramPanic) throw new SkeinError(thrown.message);
    throw thrown;
  }
}

/** A caught value as what a promise is rejected with. */
export function asError(thrown: unknown): Error {
  return thrown as Error;
}

/** What an aborted signal is aborted with. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason as Error;
}

/** A whole number within bounds, or a RangeError that says what it is for. */
export function checkWhole(value: number, least: number, most: number, what: string): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} must be a whole number from ${least} to ${most}, not ${shown(value)}`);
  }
  return value;
}
