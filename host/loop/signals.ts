/**
 * Callbacks for the process's signals, after asyncio's `add_signal_handler`: called in a turn of the loop, one for each signal.
 *
 * A signal's listener is on `process` from `add` to `remove`, or to the end of the loop.
 */
import { constants } from "node:os";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import type { Callback, Handle } from "./handles.js";
import { LoopError } from "./looperrors.js";
import type { EventSource } from "./scheduler.js";

/** What the signals ask of their loop. */
interface Owner {
  handleFor(callback: Callback, args: readonly unknown[]): Handle;
  enqueue(handle: Handle): void;
}

export class Signals implements EventSource {
  private readonly listeners = new Map<NodeJS.Signals, () => void>();

  constructor(private readonly loop: Owner) {}

  add(signal: NodeJS.Signals, callback: Callback, args: readonly unknown[]): void {
    if (!isMainThread) throw new LoopError("only the main thread is told of signals");
    if (!(signal in constants.signals)) throw new TypeError(`there is no signal ${String(signal)}`);
    const handle = this.loop.handleFor(callback, args);
    const listener = (): void => this.loop.enqueue(handle);
    try {
      process.on(signal, listener);
    } catch (cause) {
      throw new LoopError(`${signal} cannot be caught`, { cause });
    }
    this.remove(signal);
    this.listeners.set(signal, listener);
  }

  remove(signal: NodeJS.Signals): boolean {
    const listener = this.listeners.get(signal);
    if (listener === undefined) return false;
    process.off(signal, listener);
    return this.listeners.delete(signal);
  }

  close(): void {
    for (const signal of [...this.listeners.keys()]) this.remove(signal);
  }

  take(): void {}

  sleep(): void {}

  stopped(): undefined {}
}
