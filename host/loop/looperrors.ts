/** What the event loop, its futures and its tasks throw. The messages are asyncio's where asyncio has one. */
import { SkeinError } from "../base/errors.js";

/** The loop was used in a state that does not allow it: closed, running already, stopped too early. */
export class LoopError extends SkeinError {
  override name = "LoopError";
}

/** A future was asked for what it does not have yet, or was settled twice. */
export class InvalidStateError extends SkeinError {
  override name = "InvalidStateError";
}

/** A barrier was aborted, or reset while others waited at it. */
export class BrokenBarrierError extends LoopError {
  override name = "BrokenBarrierError";
}

/** There is nothing to get. */
export class QueueEmpty extends LoopError {
  override name = "QueueEmpty";
}

/** There is no room. */
export class QueueFull extends LoopError {
  override name = "QueueFull";
}

/** The queue was shut down. */
export class QueueShutDown extends LoopError {
  override name = "QueueShutDown";
}

/** A stream has ended before all had come that was to be read; `partial` is what had. */
export class IncompleteReadError extends Error {
  override name = "IncompleteReadError";

  constructor(
    readonly partial: Buffer,
    /** How many bytes were to be read; undefined for those up to a separator. */
    readonly expected: number | undefined,
  ) {
    super(`${partial.length} bytes read on a total of ${expected ?? "undefined"} expected bytes`);
  }
}

/** What was to be read up to a separator is longer than the stream's limit; all of it is still there. */
export class LimitOverrunError extends Error {
  override name = "LimitOverrunError";

  constructor(
    message: string,
    /** Bytes that are no part of a separator. */
    readonly consumed: number,
  ) {
    super(message);
  }
}

/** A future or task was cancelled; `message` is what was given to `cancel`. */
export class CancelledError extends Error {
  override name = "CancelledError";
}

/** What was waited for did not come in time. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** SIGINT came while `run` or a `Runner` ran its main task. */
export class KeyboardInterrupt extends Error {
  override name = "KeyboardInterrupt";
}

/** A short text for a message about any value. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return value.name === "" ? "an anonymous function" : `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  // What says more than "[object Object]" about itself says it.
  const { toString } = value as { toString?: unknown };
  if (typeof toString === "function" && toString !== Object.prototype.toString) return `${value as Error}`;
  return `an object of ${value.constructor?.name ?? "no class"}`;
}
