/** Calls from other threads: what they may call, by name or number, and the loop's end of the mailbox that they put calls into. */
import { bound } from "./contextual.js";
import { describe, LoopError } from "./looperrors.js";
import { Answers } from "./answers.js";
import type { EventLoop } from "./eventloop.js";
import type { Callback } from "./handles.js";
import { CANCEL, type Mail, Mailbox, RUN } from "./mailbox.js";
import type { EventSource } from "./scheduler.js";
import type { Coroutine, Task } from "./task.js";

/** What others may have called: both in the context of `register`. */
interface Registered {
  readonly callback: Callback;
  /** A task over it. */
  readonly run: (...args: readonly unknown[]) => Task;
}

export class Inbox implements EventSource {
  private readonly registered = new Map<string | number, Registered>();
  private ids = 0;
  /** There is none before another thread can know of it. */
  private mailbox: Mailbox | undefined;
  private answers: Answers | undefined;
  /** What the mailbox's signal counted before the latest `take`. */
  private seen = 0;
  private waiting = false;

  constructor(private readonly loop: EventLoop) {}

  /** The memory by which other threads reach the inbox. */
  get buffer(): SharedArrayBuffer {
    if (this.mailbox === undefined) {
      this.mailbox = new Mailbox();
      this.answers = new Answers(this.mailbox);
    }
    return this.mailbox.buffer;
  }

  /** Makes a callback callable, in the context of this call, by the number returned, and by `name`. */
  register(callback: Callback, name: string | undefined): number {
    const registered: Registered = {
      callback: bound(callback),
      run: bound((...args: readonly unknown[]) => taskOver(this.loop, callback, args)) as Registered["run"],
    };
    const id = ++this.ids;
    this.registered.set(id, registered);
    if (name !== undefined) this.registered.set(name, registered);
    return id;
  }

  /** What is registered as `name`. */
  find(name: string | number): Registered {
    const registered = this.registered.get(name);
    if (registered === undefined) throw nothingRegistered(name);
    return registered;
  }

  take(): void {
    const { mailbox } = this;
    if (mailbox === undefined) return;
    this.seen = mailbox.signal.count;
    if (mailbox.empty) return;
    for (const mail of mailbox.take()) this.deliver(mail);
  }

  private deliver({ target, args }: Mail): void {
    const { loop, answers } = this;
    if (target === CANCEL) return answers?.cancel(args[0] as number, args[1] as string | undefined);
    const ticket = target === RUN ? (args.shift() as number) : undefined;
    const name = target > 0 ? target : (args.shift() as string | number);
    const registered = this.registered.get(name);
    if (ticket !== undefined) answers?.open(ticket);
    if (registered === undefined) {
      if (ticket !== undefined) answers?.refuse(ticket, nothingRegistered(name));
      else loop.callExceptionHandler({ message: `callSoonThreadsafe: ${nothingRegistered(name).message}` });
    } else if (ticket === undefined) loop.deliver(loop.handleFor(registered.callback, args));
    else loop.deliver(loop.handleFor(() => answers?.begin(ticket, () => registered.run(...args)), []));
  }

  sleep(): void {
    // One wait at a time: if nothing has come, one from before waits for the same value.
    if (this.mailbox === undefined || (this.waiting && this.mailbox.signal.count === this.seen)) return;
    const woken = this.mailbox.signal.changed(this.seen);
    if (woken === undefined) return this.loop.wake();
    this.waiting = true;
    void woken.then(() => {
      this.waiting = false;
      this.loop.wake();
    });
  }

  /** What comes meanwhile stays in the mailbox. */
  stopped(): undefined {}

  /** Refuses all further calls, and drops those not taken. */
  close(): void {
    this.registered.clear();
    for (const { target, args } of this.mailbox?.close() ?? []) {
      if (target === RUN) this.answers?.open(args[0] as number);
    }
    this.answers?.close();
  }
}

/** A task that calls `callback` with the arguments, and has its name. */
export function taskOver<T>(loop: EventLoop, callback: Callback, args: readonly unknown[]): Task<T> {
  const body = { [callback.name]: () => callback(...args) }[callback.name]!;
  return loop.createTask(body as Coroutine<T>);
}

function nothingRegistered(name: string | number): LoopError {
  return new LoopError(`no callback is registered as ${describe(name)}`);
}
