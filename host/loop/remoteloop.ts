/** A loop as other threads see it: all that they may do is ask it to make calls. */
import { conceal, present } from "../base/present.js";
import { RemoteFuture } from "./answers.js";
import { LoopError } from "./looperrors.js";
import { Mailbox } from "./mailbox.js";

/** What stands for a loop in other threads: post it, or put it into `workerData`, and give it to `EventLoop.attach`. */
export interface LoopHandle {
  readonly skeinEventLoop: SharedArrayBuffer;
}

const NOT_THREADSAFE = [
  "callSoon",
  "callLater",
  "callAt",
  "createFuture",
  "createTask",
  "runForever",
  "runUntilComplete",
  "stop",
  "close",
] as const;

/** A loop of another thread. */
export class RemoteLoop {
  private readonly mailbox: Mailbox;

  /** @internal Made by `EventLoop.attach`. */
  constructor(handle: LoopHandle) {
    const buffer = (handle as LoopHandle | undefined)?.skeinEventLoop;
    if (!(buffer instanceof SharedArrayBuffer))
      throw new TypeError("EventLoop.attach takes the `handle` of an EventLoop");
    this.mailbox = new Mailbox(buffer);
    conceal(this);
  }

  /** Has the loop been closed? */
  get isClosed(): boolean {
    return this.mailbox.closed;
  }

  /**
   * Has the loop call, in its thread, what it has registered. Calls of one thread are made in their order.
   *
   * @param callback the name or number with which the callback was registered (`loop.register`); if there is none, the
   *   loop's exception handler is told
   * @param args copied: numbers, constants and short texts directly, all else as `v8.serialize` does, which takes longer; a
   *   `DataCloneError` is thrown for what cannot be
   * @throws LoopError if the loop is closed, or has been sent more than it can hold
   */
  callSoonThreadsafe(callback: string | number, ...args: unknown[]): void {
    checkRegistered(callback);
    this.mailbox.push(callback, args);
  }

  /**
   * Has the loop run, as a task in its thread, what it has registered, and gives what comes of it: a promise that can be cancelled, and that a
   * thread may block for (`resultSync`).
   *
   * @param coroutine the name or number with which a function, sync, async or a generator function, was registered
   * @param args and the result: copied as by `callSoonThreadsafe`
   * @throws LoopError if the loop is closed, or has been sent more than it can hold
   */
  runCoroutineThreadsafe<T = unknown>(coroutine: string | number, ...args: unknown[]): RemoteFuture<T> {
    checkRegistered(coroutine);
    return new RemoteFuture<T>(this.mailbox, coroutine, args);
  }
}

function checkRegistered(target: unknown): void {
  if (typeof target === "string" || (Number.isInteger(target) && (target as number) > 0)) return;
  throw new TypeError(
    "a callback in another thread is the name or number that loop.register has given it, not the function itself",
  );
}

/** What is not thread-safe says so, instead of not being there. */
for (const name of NOT_THREADSAFE) {
  Object.defineProperty(RemoteLoop.prototype, name, {
    value: () => {
      throw new LoopError(`${name} is for the loop's own thread: use callSoonThreadsafe`);
    },
  });
}

present(RemoteLoop, "RemoteLoop", ({ isClosed }) => ({ isClosed }), "it is the loop of another thread, and no data");
