/** The queues of tasks that wait for a thread. A program may bring its own. */

/** Of a task given to `run`: what is for its queue to know. */
export const queueOptionsSymbol: unique symbol = Symbol.for("Piscina.queueOptions") as never;

/** A task as a queue sees it. */
export interface Task {
  readonly taskId: number;
  readonly filename: string;
  readonly name: string;
  /** When it was given to `run`, by `performance.now()`. */
  readonly created: number;
  readonly isAbortable: boolean;
  readonly [queueOptionsSymbol]: object | null;
}

/** Where tasks wait. What `push` takes, `shift` must give, each once, in an order of the queue's own. */
export interface TaskQueue {
  readonly size: number;
  shift(): Task | null;
  /** Takes out a task; one that is not in the queue is none of its business. */
  remove(task: Task): void;
  push(task: Task): void;
}

export function isTaskQueue(value: unknown): value is TaskQueue {
  if (typeof value !== "object" || value === null || !("size" in value)) return false;
  const { shift, remove, push } = value as Partial<TaskQueue>;
  return [shift, remove, push].every((method) => typeof method === "function");
}

/** First in, first out, in one array. Taking from the front moves all the rest: for short queues. */
export class ArrayTaskQueue implements TaskQueue {
  readonly tasks: Task[] = [];

  get size(): number {
    return this.tasks.length;
  }

  shift(): Task | null {
    return this.tasks.shift() ?? null;
  }

  push(task: Task): void {
    this.tasks.push(task);
  }

  /** Puts a task before all others. */
  unshift(task: Task): void {
    this.tasks.unshift(task);
  }

  remove(task: Task): void {
    const at = this.tasks.indexOf(task);
    if (at >= 0) this.tasks.splice(at, 1);
  }
}

/** First in, first out, taking from the front as fast however long the queue is. */
export class FixedQueue implements TaskQueue {
  /** The tasks from `#front` on, and holes where some were removed. */
  #tasks: (Task | undefined)[] = [];
  #front = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  isEmpty(): boolean {
    return this.#size === 0;
  }

  shift(): Task | null {
    if (this.#size === 0) return null;
    let task: Task | undefined;
    do {
      task = this.#tasks[this.#front];
      this.#tasks[this.#front++] = undefined;
    } while (task === undefined);
    this.#size--;
    // At least as many have been taken since the last time as are moved now.
    if (this.#front > 1024 && this.#front * 2 > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#front);
      this.#front = 0;
    }
    return task;
  }

  push(task: Task): void {
    this.#tasks.push(task);
    this.#size++;
  }

  /** Puts a task before all others. */
  unshift(task: Task): void {
    if (this.#front > 0) this.#tasks[--this.#front] = task;
    else this.#tasks.unshift(task);
    this.#size++;
  }

  remove(task: Task): void {
    const at = this.#tasks.indexOf(task, this.#front);
    if (at < 0) return;
    this.#tasks[at] = undefined;
    this.#size--;
  }
}
