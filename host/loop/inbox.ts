/** Calls from other threads: what they may call, by name or number, and the loop's end of the mailbox that they put calls into. */
import { AsyncResource } from "node:async_hooks";
import { describe, LoopError } from "./errors.js";
import type { Callback } from "./handles.js";
import { Mailbox } from "./mailbox.js";

/** What an inbox does with what it finds. */
export interface InboxOwner {
  /** A call is to be made. */
  deliver(callback: Callback, args: readonly unknown[]): void;
  /** A call asks for what there is not. */
  refuse(message: string): void;
  /** There may be something to take. */
  wake(): void;
}

export class Inbox {
  private readonly owner: InboxOwner;
  private readonly registered = new Map<string | number, Callback>();
  private ids = 0;
  /** There is none before another thread can know of it. */
  private mailbox: Mailbox | undefined;
  private waiting = false;

  constructor(owner: InboxOwner) {
    this.owner = owner;
  }

  /** The memory by which other threads reach the inbox. */
  get buffer(): SharedArrayBuffer {
    return (this.mailbox ??= new Mailbox()).buffer;
  }

  /** Makes a callback callable, in the context of this call, by the number returned, and by `name`. */
  register(callback: Callback, name: string | undefined): number {
    const bound = AsyncResource.bind<Callback, undefined>(callback, "SkeinEventLoopRegistered");
    const id = ++this.ids;
    this.registered.set(id, bound);
    if (name !== undefined) this.registered.set(name, bound);
    return id;
  }

  /** What is registered as `name`. */
  callback(name: string | number): Callback {
    const callback = this.registered.get(name);
    if (callback === undefined) throw new LoopError(`no callback is registered as ${describe(name)}`);
    return callback;
  }

  /** Delivers all that is there; returns what `sleep` needs to know. */
  take(): number {
    const { mailbox } = this;
    if (mailbox === undefined) return 0;
    const { wakes } = mailbox;
    if (mailbox.empty) return wakes;
    for (const { target, args } of mailbox.take()) {
      const name = target === 0 ? (args.shift() as string) : target;
      const callback = this.registered.get(name);
      if (callback !== undefined) this.owner.deliver(callback, args);
      else this.owner.refuse(`callSoonThreadsafe: no callback is registered as ${describe(name)}`);
    }
    return wakes;
  }

  /** The loop goes to sleep, and is to be woken by what has come since the `take` that returned `wakes`, or comes. */
  sleep(wakes: number): void {
    // One wait at a time: if nothing has come, one from before waits for the same value.
    if (this.mailbox === undefined || (this.waiting && this.mailbox.wakes === wakes)) return;
    const woken = this.mailbox.woken(wakes);
    if (woken === undefined) return this.owner.wake();
    this.waiting = true;
    void woken.then(() => {
      this.waiting = false;
      this.owner.wake();
    });
  }

  /** Refuses all further calls, and drops those not taken. */
  close(): void {
    this.registered.clear();
    this.mailbox?.close();
  }
}
