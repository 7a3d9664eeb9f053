/**
 * The main thread's side of the mailbox: sees to it that what comes is handled soon, and keeps the process alive while something
 * is waited for.
 *
 * To be woken by Atomics.waitAsync takes some 50 µs. So while results are expected this looks at the mailbox on every turn
 * of the event loop, for as long as something came lately; then it lets itself be woken. Whoever posts notifies only if
 * this thread has said that it sleeps: see `noteq.ts` for why nothing is missed.
 */
import { SCHED_HOST_ASLEEP } from "../../assembly/layout.js";
import type { Control } from "../control.js";
import type { Holder } from "./thread.js";

/** How long after the last result it goes on looking, in milliseconds: twice the time that it takes to be woken. */
const POLL_MS = 0.1;

/** Timers cannot be longer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

export class MainLoop implements Holder {
  private readonly control: Control;
  private readonly words: Int32Array<SharedArrayBuffer>;
  /** Keeps the process alive while it is referenced: threads may end before they have been heard of. */
  private readonly anchor = setInterval(() => undefined, LONGEST).unref();
  /** Handles what has come; false if nothing had. */
  private readonly drain: () => boolean;
  private isPolling = false;
  private isHeld = false;
  private isReferenced = true;
  private isAnchored = false;
  private isEnded = false;
  private latest = 0;
  private readonly poll = (): void => {
    if (this.isEnded) return;
    const came = this.drain();
    const now = performance.now();
    if (came) this.latest = now;
    if (this.isHeld && now - this.latest < POLL_MS) {
      setImmediate(this.poll);
      return;
    }
    this.isPolling = false;
    this.sleep();
    // What came before this thread said that it sleeps has notified nobody.
    this.drain();
    if (!this.isHeld) this.unanchor();
  };

  constructor(control: Control, words: Int32Array<SharedArrayBuffer>, drain: () => boolean) {
    this.control = control;
    this.words = words;
    this.drain = drain;
    this.sleep();
  }

  /** Handles what comes until the end. */
  async run(): Promise<void> {
    while (!this.isEnded) {
      const seen = this.control.wakes;
      this.drain();
      if (this.isHeld) this.startPolling();
      else if (!this.isPolling) this.unanchor();
      await this.control.woken(seen);
    }
  }

  /** Nothing is to be handled any more. */
  end(): void {
    this.isEnded = true;
    clearInterval(this.anchor);
  }

  changed(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (!isHeld) return; // polling ends by itself, and then the process may
    if (this.isReferenced && !this.isAnchored) {
      this.isAnchored = true;
      this.anchor.ref();
    }
    this.startPolling();
  }

  expects(): void {
    if (!this.isPolling) this.startPolling();
  }

  /** Whether what is waited for keeps the process alive. */
  reference(isReferenced: boolean): void {
    this.isReferenced = isReferenced;
    if (!isReferenced) this.unanchor();
    else if (this.isHeld) this.changed(true);
  }

  private startPolling(): void {
    if (this.isPolling || this.isEnded) return;
    this.isPolling = true;
    this.latest = performance.now();
    Atomics.store(this.words, SCHED_HOST_ASLEEP >> 2, 0);
    setImmediate(this.poll);
  }

  private sleep(): void {
    Atomics.store(this.words, SCHED_HOST_ASLEEP >> 2, 1);
  }

  private unanchor(): void {
    if (!this.isAnchored) return;
    this.isAnchored = false;
    this.anchor.unref();
  }
}
