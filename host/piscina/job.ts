/** A task on its way through a pool. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { AbortSignalAny } from "./abort.js";
import { isMovable, transferListOf, valueSymbol } from "./move.js";
import { queueOptionsSymbol, type Task } from "./queue.js";
import type { PiscinaThread } from "./threads.js";

/** What `run` is told beside the task. */
export interface JobOptions {
  readonly filename: string;
  readonly name: string;
  readonly signal: AbortSignalAny | null;
  readonly transferList: readonly object[];
}

let tasks = 0;

export class Job extends AsyncResource implements Task {
  readonly taskId = tasks++;
  readonly filename: string;
  readonly name: string;
  readonly created = performance.now();
  readonly isAbortable: boolean;
  readonly [queueOptionsSymbol]: object | null;
  /** What is sent, until it has been; a queue may look at it. */
  task: unknown;
  transferList: readonly object[];
  /** The thread that has it. */
  thread: PiscinaThread | undefined;
  /** When it was taken from the queue; 0 before. */
  started = 0;
  /** Nobody waits for its result any more. */
  isAborted = false;
  /** Ends its goroutine, once it has one. */
  cancel: ((reason: unknown) => void) | undefined;
  /** Undoes what ties it to its signal. */
  detach: (() => void) | undefined;
  /** Calls a function in the context of the call that made the task, where that is another than who takes it from the queue. */
  inContext: ((call: () => void) => void) | undefined;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #isSettled = false;

  constructor(
    task: unknown,
    options: JobOptions,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super("Piscina.Task", { requireManualDestroy: true });
    this.filename = options.filename;
    this.name = options.name;
    this.isAbortable = options.signal !== null;
    this[queueOptionsSymbol] =
      (task as { [queueOptionsSymbol]?: object | null } | null | undefined)?.[queueOptionsSymbol] ?? null;
    this.#resolve = resolve;
    this.#reject = reject;
    const isMoved = isMovable(task);
    this.task = isMoved ? task[valueSymbol] : task;
    this.transferList = isMoved ? [...options.transferList, ...transferListOf(task)] : options.transferList;
  }

  /** It is to run later, in the context that there is now. */
  defer(): void {
    this.inContext = AsyncLocalStorage.snapshot();
  }

  resolve(result: unknown): void {
    this.#settle(this.#resolve, result);
  }

  reject(error: unknown): void {
    this.#settle(this.#reject, error);
  }

  /** Only the first of all calls counts. */
  #settle(settle: (outcome: unknown) => void, outcome: unknown): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.detach?.();
    this.runInAsyncScope(settle, undefined, outcome);
    this.emitDestroy();
  }
}
