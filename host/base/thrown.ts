/**
 * Looking at what was thrown. It may be anything, its getters may throw in turn, and `Error.prepareStackTrace` may throw or make of
 * its stack what it likes: nothing here throws.
 */
import { types } from "node:util";

/** What `read` returns; undefined if it throws. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether it is an error, also of another realm. */
export function isError(thrown: unknown): thrown is Error {
  return types.isNativeError(thrown) || attempt(() => thrown instanceof Error) === true;
}

/** Its stack, if that is text. */
export function stackOf(thrown: unknown): string | undefined {
  const stack = attempt(() => (thrown as { stack?: unknown }).stack);
  return typeof stack === "string" ? stack : undefined;
}

/** What it says, after its class if that is more than `Error`. */
export function wordsOf(thrown: unknown): string {
  const words = attempt(() => {
    if (!isError(thrown)) return String(thrown);
    const name = String(thrown.name);
    return name === "Error" ? String(thrown.message) : `${name}: ${String(thrown.message)}`;
  });
  return words ?? "something that cannot be put into words";
}

/** Calls `action`, for which the engine writes stacks as it does by itself. */
export function unprepared<T>(action: () => T): T {
  const prepareStackTrace: unknown = Reflect.get(Error, "prepareStackTrace");
  Reflect.set(Error, "prepareStackTrace", undefined);
  try {
    return action();
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
}

/** The stack of whoever calls, as the engine writes it. */
export function callStack(): string {
  const trace = {};
  return unprepared(() => {
    Error.captureStackTrace(trace, callStack);
    return stackOf(trace) ?? "";
  });
}
