/**
 * `import { … } from "skein/errors"`: errors that have come of others. After Go's `errors`. On a goroutine.
 *
 *     const failed = errorf("loading %s: %w", name, cause);      // of skein/fmt
 *     is(failed, cause);                                         // true
 *     const missing = find<NotFound>(failed);                    // the first of that class, or null
 */

/** An error that another one is the cause of. */
export class WrappedError extends Error {
  constructor(
    message: string,
    readonly cause: Error,
  ) {
    super(message);
  }
}

/** What an error has come of; null if it says nothing of that. */
export function unwrap(error: Error | null): Error | null {
  return error instanceof WrappedError ? (error as WrappedError).cause : null;
}

/** Whether an error is `target`, or has come of it. */
export function is(error: Error | null, target: Error): bool {
  for (let each = error; each; each = unwrap(each)) if (each == target) return true;
  return false;
}

/** The first error of a class, beginning with `error` itself: Go's `errors.As`. */
export function find<T extends Error>(error: Error | null): T | null {
  for (let each = error; each; each = unwrap(each)) if (each instanceof T) return each as T;
  return null;
}
