/**
 * Running a program's main task in a loop of its own, which is cleaned up afterwards: tasks that are left are cancelled
 * and waited for, then the loop is closed.
 *
 * While the main task runs, SIGINT cancels it, if nobody else listens to that signal, so that it can clean up; a second
 * SIGINT ends the process as if nobody listened.
 */
import { optionsOf } from "../base/options.js";
import { conceal, present } from "../base/present.js";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { CancelledError, describe, KeyboardInterrupt, LoopError } from "./looperrors.js";
import { EventLoop } from "./eventloop.js";
import { bound } from "./contextual.js";
import { isGenerator, isThenable, type Coroutine, type CoroutineGenerator, type Task } from "./task.js";

export interface RunnerOptions {
  /** Runs the loop in debug mode. */
  readonly debug?: boolean;
  /** Makes the loop; `new EventLoop()` unless given. */
  readonly loopFactory?: () => EventLoop;
}

/** A promise, a generator, or a function that is given the loop and returns one of them, or a result. */
export type Main<T> =
  PromiseLike<T> | CoroutineGenerator<T> | ((loop: EventLoop) => T | PromiseLike<T> | CoroutineGenerator<T>);

export class Runner implements AsyncDisposable {
  private readonly options: Partial<RunnerOptions>;
  private loop: EventLoop | undefined;
  /** Calls what it is given in the context that the runs share. */
  private inContext: (<R>(body: () => R) => R) | undefined;
  private closing: Promise<void> | undefined;

  constructor(options?: RunnerOptions) {
    this.options = optionsOf("Runner", options, { debug: true, loopFactory: true });
    conceal(this);
  }

  /** The runner's loop, which is made when it is first asked for. */
  getLoop(): EventLoop {
    if (this.closing !== undefined) throw new LoopError("Runner is closed");
    if (this.loop === undefined) {
      this.loop = this.options.loopFactory?.() ?? new EventLoop();
      if (this.options.debug !== undefined) this.loop.debug = this.options.debug;
      this.keepContext();
    }
    return this.loop;
  }

  /** Runs `main` in the runner's loop, and gives its result. As often as one likes, one after the other. */
  async run<T>(main: Main<T>): Promise<T> {
    if (typeof main !== "function" && !isThenable(main) && !isGenerator(main)) {
      throw new TypeError(`a coroutine was expected, got ${describe(main)}`);
    }
    const loop = this.getLoop();
    if (loop.isRunning) throw new LoopError("This event loop is already running");
    const task = this.inContext!(() => loop.createTask(this.following(main)));
    const interrupts = new Interrupts(task);
    try {
      return await loop.runUntilComplete(task);
    } catch (error) {
      if (error instanceof CancelledError && interrupts.count > 0 && task.uncancel() === 0)
        throw new KeyboardInterrupt();
      throw error;
    } finally {
      interrupts.end();
    }
  }

  /** Keeps what every `AsyncLocalStorage` holds now, for the next run. */
  private keepContext(): void {
    this.inContext = bound((body: () => unknown) => body()) as <R>(body: () => R) => R;
  }

  /** `main`, a function with its name if it is one, after which the context is kept that it has left. */
  private following<T>(main: Main<T>): Coroutine<T> {
    if (typeof main !== "function") return isGenerator(main) ? this.generatorFollowing(main) : main;
    const called = (): T | PromiseLike<T> | CoroutineGenerator<T> => {
      const made = main(this.loop!);
      this.keepContext();
      if (isGenerator(made)) return this.generatorFollowing(made);
      return isThenable(made) ? this.promiseFollowing(made) : made;
    };
    return { [main.name]: called }[main.name]!;
  }

  private async promiseFollowing<T>(promise: PromiseLike<T>): Promise<T> {
    try {
      return await promise;
    } finally {
      this.keepContext();
    }
  }

  private *generatorFollowing<T>(generator: CoroutineGenerator<T>): Generator<unknown, T, never> {
    try {
      return yield* generator;
    } finally {
      this.keepContext();
    }
  }

  /** Cancels the tasks that are left, waits for them, and closes the loop. */
  close(): Promise<void> {
    return (this.closing ??= this.cleanUp());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async cleanUp(): Promise<void> {
    const { loop } = this;
    if (loop === undefined || loop.isClosed) return;
    try {
      await cancelAllTasks(loop);
    } finally {
      loop.close();
    }
  }
}

/** Runs `main` in a new loop, and gives its result once all that it has started is over. */
export async function run<T>(main: Main<T>, options?: RunnerOptions): Promise<T> {
  const runner = new Runner(options);
  try {
    return await runner.run(main);
  } finally {
    await runner.close();
  }
}

async function cancelAllTasks(loop: EventLoop): Promise<void> {
  const tasks = [...loop.allTasks()];
  if (tasks.length === 0) return;
  for (const task of tasks) task.cancel();
  await loop.runUntilComplete(loop.gather(tasks, { returnExceptions: true }));
  for (const task of tasks) {
    if (task.cancelled()) continue;
    const exception = task.exception();
    if (exception !== null) {
      loop.callExceptionHandler({ message: "unhandled exception during run() shutdown", exception, task });
    }
  }
}

/** Counts SIGINTs, the first of which cancels `task`. */
class Interrupts {
  count = 0;
  private readonly listens: boolean;

  constructor(private readonly task: Task) {
    this.listens = isMainThread && process.listenerCount("SIGINT") === 0;
    if (this.listens) process.on("SIGINT", this.interrupt);
  }

  end(): void {
    if (this.listens) process.off("SIGINT", this.interrupt);
  }

  private readonly interrupt = (): void => {
    this.count++;
    if (this.count === 1 && !this.task.done()) {
      this.task.cancel();
      return;
    }
    this.end();
    process.kill(process.pid, "SIGINT");
  };
}

present(Runner, "Runner", () => ({}), "it runs loops, and is no data");
