/**
 * An M's thread in its event loop: while its JavaScript waits for anything, the core lets it go there instead of sleeping.
 *
 * The M is woken through its word `park`, which the core sets to Park.Parked before it returns; whoever wakes it changes the word and
 * notifies, so that Atomics.waitAsync here sees it. While the thread is here it is marked as being in JavaScript.
 */
import { M_OWED, M_PARK, M_SIZE, M_WAIT_US, MS_BASE } from "../../assembly/layout.js";
import { Mstart, Park, ThreadMark } from "../abi/enums.js";
import type { Memory } from "../base/memory.js";
import { LONGEST_TIMER_MS } from "../base/timers.js";
import type { Mark } from "./mark.js";
import type { Holder, Thread } from "./thread.js";

/** How often the microtasks get a turn before the event loop does: enough for functions that await what is there already. */
const MICRO_TURNS = 8;

export class HostLoop implements Holder {
  thread: Thread | undefined;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly mark: Mark;
  private readonly m: number;
  private keepAlive: NodeJS.Timeout | undefined;
  private wake: (() => void) | undefined;

  constructor(memory: Memory, mid: number, mark: Mark) {
    this.words = memory.words;
    this.mark = mark;
    this.m = MS_BASE + mid * M_SIZE;
  }

  changed(isHeld: boolean): void {
    this.words[(this.m + M_OWED) >> 2] = isHeld ? 1 : 0;
    if (!isHeld) this.wake?.();
  }

  /**
   * Runs JavaScript that is due, and if `code` is Mstart.Wait waits for more until the M is woken. The mark stays on: until the
   * core is called again, what was settled here may go on.
   */
  async turn(code: number): Promise<void> {
    // The event loop would end for want of anything to wait for: Atomics.waitAsync does not count.
    this.keepAlive ??= setInterval(() => undefined, LONGEST_TIMER_MS);
    this.mark.enter(ThreadMark.Turn);
    for (let i = 0; i < MICRO_TURNS && this.isHeld; i++) await Promise.resolve();
    this.thread?.drain();
    if (code === Mstart.Turn) await new Promise((resolve) => setImmediate(resolve));
    else if (this.isHeld) await this.woken();
    this.thread?.drain();
  }

  /** The thread is about to end. */
  end(): void {
    clearInterval(this.keepAlive);
  }

  private get isHeld(): boolean {
    return this.thread !== undefined && this.thread.holds > 0;
  }

  private woken(): Promise<void> {
    const at = (this.m + M_PARK) >> 2;
    if (Atomics.load(this.words, at) !== Park.Parked) return new Promise((resolve) => setImmediate(resolve));
    const us = this.words[(this.m + M_WAIT_US) >> 2]!;
    return new Promise((resolve) => {
      this.wake = resolve;
      const wait = Atomics.waitAsync(this.words, at, Park.Parked, us === 0 ? Infinity : us / 1000);
      if (wait.async) void wait.value.then(() => resolve());
      else setImmediate(resolve);
    });
  }
}
