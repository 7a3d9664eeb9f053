/** A task on its way through a pool. */
import { AsyncLocalStorage } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import type { AbortSignalAny } from "./abort.js";
import { isMovable, transferListOf, valueSymbol } from "./move.js";
import { queueOptionsSymbol, type Task } from "./queue.js";

/** What `run` is told beside the task. */
export interface JobOptions {
  readonly filename: string;
  readonly name: string;
  readonly signal: AbortSignalAny | null;
  readonly transferList: readonly object[];
}

let tasks = 0;

export class Job implements Task {
  readonly taskId = tasks++;
  readonly filename: string;
  readonly name: string;
  readonly created = performance.now();
  readonly isAbortable: boolean;
  readonly [queueOptionsSymbol]: object | null;
  /** What its promise is settled with; only the first of all calls counts. */
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What is sent, until it has been; a queue may look at it. */
  task: unknown;
  transferList: readonly object[];
  /** Calls a function in the context of the call that made the task, whoever takes it from the queue. */
  readonly inContext = AsyncLocalStorage.snapshot();
  /** When it was taken from the queue; 0 before. */
  started = 0;
  /** Nobody waits for its result any more. */
  isAborted = false;
  /** Ends its goroutine, once it has one. */
  cancel: ((reason: unknown) => void) | undefined;
  /** Undoes what ties it to its signal. */
  detach: (() => void) | undefined;

  constructor(task: unknown, options: JobOptions, resolve: Job["resolve"], reject: Job["reject"]) {
    this.filename = options.filename;
    this.name = options.name;
    this.isAbortable = options.signal !== null;
    this[queueOptionsSymbol] =
      (task as { [queueOptionsSymbol]?: object | null } | null | undefined)?.[queueOptionsSymbol] ?? null;
    this.resolve = resolve;
    this.reject = reject;
    const isMoved = isMovable(task);
    this.task = isMoved ? task[valueSymbol] : task;
    this.transferList = isMoved ? [...options.transferList, ...transferListOf(task)] : options.transferList;
  }

  /** Takes the task as it is now: it is not sent yet, and may be changed meanwhile. */
  freeze(): void {
    const transfer = [...this.transferList] as Transferable[];
    [this.task, this.transferList] = structuredClone([this.task, transfer] as const, { transfer });
  }
}
