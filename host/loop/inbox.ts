/** Calls from other threads: what they may call, by name or number, and the loop's end of the mailbox that they put calls into. */
import { bound } from "./contextual.js";
import { describe, LoopError } from "./looperrors.js";
import type { Callback } from "./handles.js";
import { Mailbox } from "./mailbox.js";
import type { EventSource, Scheduler } from "./scheduler.js";

export class Inbox implements EventSource {
  private readonly registered = new Map<string | number, Callback>();
  private ids = 0;
  /** There is none before another thread can know of it. */
  private mailbox: Mailbox | undefined;
  /** What the mailbox's signal counted before the latest `take`. */
  private seen = 0;
  private waiting = false;

  constructor(private readonly loop: Scheduler) {}

  /** The memory by which other threads reach the inbox. */
  get buffer(): SharedArrayBuffer {
    return (this.mailbox ??= new Mailbox()).buffer;
  }

  /** Makes a callback callable, in the context of this call, by the number returned, and by `name`. */
  register(callback: Callback, name: string | undefined): number {
    const inContext = bound(callback);
    const id = ++this.ids;
    this.registered.set(id, inContext);
    if (name !== undefined) this.registered.set(name, inContext);
    return id;
  }

  /** What is registered as `name`. */
  callback(name: string | number): Callback {
    const callback = this.registered.get(name);
    if (callback === undefined) throw new LoopError(`no callback is registered as ${describe(name)}`);
    return callback;
  }

  take(): void {
    const { mailbox } = this;
    if (mailbox === undefined) return;
    this.seen = mailbox.signal.count;
    if (mailbox.empty) return;
    for (const { target, args } of mailbox.take()) {
      const name = target === 0 ? (args.shift() as string) : target;
      const callback = this.registered.get(name);
      if (callback !== undefined) this.loop.deliver(this.loop.handleFor(callback, args));
      else {
        this.loop.callExceptionHandler({
          message: `callSoonThreadsafe: no callback is registered as ${describe(name)}`,
        });
      }
    }
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
    this.mailbox?.close();
  }
}
