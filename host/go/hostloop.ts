/**
 * An M's thread in its event loop: while its JavaScript waits for anything, the core lets it go there instead of sleeping.
 *
 * The M is woken through its word `park`, which the core sets to Park.Parked before it returns; whoever wakes it changes the word and
 * notifies, so that Atomics.waitAsync here sees it. While the thread is here it is marked as being in JavaScript.
 *
 * Finalizers run in turns of the event loop only, and rejections are found unhandled at a turn's end. So a thread that holds objects of the
 * core gets one now and then, although nothing is waited for, and a thread whose last wait is over gets one before it sleeps.
 *
 * Asked whether anything but itself keeps its event loop going, it lets go of that while it waits. If nothing does, Node says
 * `beforeExit`, and it holds on again. Deno says nothing there, and would end the thread; but it can be asked (`hasWork`).
 */
import process from "node:process";
import { Mstart, NoteKind, Owed, Park } from "../abi/enums.js";
import type { M } from "../abi/records.js";
import type { Memory } from "../base/memory.js";
import { hasWork } from "../base/eventloop.js";
import { heededSignals } from "../base/signals.js";
import { LONGEST_TIMER_MS, unheldTimers } from "../base/timers.js";
import type { Mark } from "./mark.js";
import type { Holder, Thread } from "./thread.js";

/** How often the microtasks get a turn before the event loop does: enough for functions that await what is there already. */
const MICRO_TURNS = 8;

export class HostLoop implements Holder {
  private thread: Thread | undefined;
  private readonly mark: Mark;
  private readonly m: M;
  private keepAlive: NodeJS.Timeout | undefined;
  private wake: (() => void) | undefined;
  /** It is to find out whether its event loop is idle; and does. */
  private isAsked = false;
  private isWaiting = false;
  private listens = false;

  constructor(memory: Memory, mid: number, mark: Mark) {
    this.mark = mark;
    this.m = memory.m(mid);
  }

  attach(thread: Thread): void {
    this.thread = thread;
    thread.mailbox.on(NoteKind.Probe, (note) => {
      thread.core.mfree(note);
      if (!this.listens) process.on("beforeExit", () => this.beforeExit());
      this.listens = true;
      this.isAsked = true;
    });
  }

  changed(isHeld: boolean): void {
    const { m } = this;
    // What its microtasks leave behind, such as a rejection that nobody handles, is dealt with in a turn, not before this M sleeps for long.
    m.owed = isHeld ? m.owed | Owed.Results : Owed.Turn;
    if (!isHeld) this.wake?.();
  }

  /**
   * Runs JavaScript that is due, and if `code` is Mstart.Wait waits for more until the M is woken. The mark stays on: until the
   * core is called again, what was settled here may go on.
   */
  async turn(code: number): Promise<void> {
    // The event loop would end for want of anything to wait for: Atomics.waitAsync does not count.
    this.keepAlive ??= setInterval(() => undefined, LONGEST_TIMER_MS);
    this.mark.enterTurn();
    for (let i = 0; i < MICRO_TURNS && this.isHeld; i++) await Promise.resolve();
    this.thread?.drain();
    if ((this.m.owed & Owed.Turn) !== 0) {
      this.m.owed &= ~Owed.Turn;
      this.thread?.sync.holders.collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (code === Mstart.Turn) await new Promise((resolve) => setImmediate(resolve));
    else if (this.isHeld) await (this.isAsked ? this.wait() : this.woken());
    this.thread?.drain();
  }

  /** The thread is about to end. */
  end(): void {
    clearInterval(this.keepAlive);
  }

  private get isHeld(): boolean {
    return this.thread !== undefined && this.thread.holds > 0;
  }

  /** As `woken`, which says meanwhile whether the event loop is idle. */
  private async wait(): Promise<void> {
    this.isAsked = false;
    this.isWaiting = true;
    // Where it can be asked, in an immediate: no microtask is left then that could begin something.
    if (hasWork === undefined) this.keepAlive?.unref();
    else setImmediate(() => this.ask(hasWork!));
    await this.woken();
    this.keepAlive?.ref();
    this.isWaiting = false;
    this.m.idleLoop = 0;
  }

  private ask(hasWork: () => boolean): void {
    this.keepAlive?.unref();
    const isIdle = !hasWork();
    this.keepAlive?.ref();
    if (isIdle) this.beforeExit();
  }

  /** Nothing keeps the event loop going. */
  private beforeExit(): void {
    if (!this.isWaiting) return;
    this.keepAlive?.ref();
    if (heededSignals() + unheldTimers() === 0) this.m.idleLoop = 1;
  }

  private woken(): Promise<void> {
    const { words, parkIndex, park, waitUs: us } = this.m;
    if (park !== Park.Parked) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      this.wake = resolve;
      const wait = Atomics.waitAsync(words, parkIndex, Park.Parked, us === 0 ? Infinity : us / 1000);
      if (wait.async) void wait.value.then(() => resolve());
      else setImmediate(resolve);
    });
  }
}
