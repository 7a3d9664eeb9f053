/** Whatever says that a task is to be aborted: an AbortSignal, or anything else that emits "abort". */
import { onAbort as onSignal } from "../base/signals.js";

interface SignalTarget {
  readonly aborted?: boolean;
  readonly reason?: unknown;
  addEventListener(name: "abort", listener: () => void, options?: { once: boolean }): void;
  removeEventListener(name: "abort", listener: () => void): void;
}

interface SignalEmitter {
  readonly aborted?: boolean;
  readonly reason?: unknown;
  once(name: "abort", listener: () => void): unknown;
  off(name: "abort", listener: () => void): unknown;
}

export type AbortSignalAny = SignalTarget | SignalEmitter;

/** Calls `listener` when it aborts; what is returned undoes that. */
export function onAbort(signal: AbortSignalAny, listener: () => void): () => void {
  if (signal instanceof AbortSignal) return onSignal(signal, listener);
  if ("addEventListener" in signal) {
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
  }
  signal.once("abort", listener);
  return () => void signal.off("abort", listener);
}
