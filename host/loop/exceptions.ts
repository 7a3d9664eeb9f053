/** What happens to exceptions that nobody is there to catch: the context that describes them, and how they are shown. */
import { inspect } from "node:util";
import type { Future } from "./future.js";
import type { Handle } from "./handles.js";
import type { Task } from "./task.js";

/** What an exception handler is told; all but `message` as far as it applies. */
export interface ExceptionContext {
  readonly message?: string;
  /** What was thrown. */
  readonly exception?: unknown;
  readonly future?: Future;
  readonly task?: Task;
  /** The callback that threw. */
  readonly handle?: Handle;
  /** In debug mode: where the future or task was made. */
  readonly sourceTraceback?: string;
  /** In debug mode: where the callback that threw was scheduled. */
  readonly handleTraceback?: string;
  readonly [more: string]: unknown;
}

/** Writes the context to standard error: the message, what else is known, and the exception with its stack. */
export function showContext(context: ExceptionContext): void {
  const lines = [context.message ?? "Unhandled exception in event loop"];
  for (const key of Object.keys(context).sort()) {
    if (key === "message" || key === "exception") continue;
    const value = context[key];
    if (key === "sourceTraceback") lines.push(`Object created at:\n${String(value)}`);
    else if (key === "handleTraceback") lines.push(`Handle created at:\n${String(value)}`);
    else lines.push(`${key}: ${String(value)}`);
  }
  if (Object.hasOwn(context, "exception")) lines.push(inspect(context.exception));
  console.error(lines.join("\n"));
}
