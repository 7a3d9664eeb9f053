/**
 * The main thread's side of the mailbox: sees to it that what comes is handled soon, and keeps the process alive while something
 * is waited for.
 *
 * To be woken by Atomics.waitAsync takes some 50 µs. So while results are expected this looks at the mailbox on every turn
 * of the event loop, for as long as something came lately; then it lets itself be woken. Whoever posts notifies only if
 * this thread has said that it sleeps: see `noteq.ts` for why nothing is missed.
 */
import { MainSleep } from "../abi/enums.js";
import type { M, Sched } from "../abi/records.js";
import type { Memory } from "../base/memory.js";
import type { Control } from "../base/control.js";
import { LONGEST_TIMER_MS } from "../base/timers.js";
import { Captured } from "./stdout.js";
import type { Holder } from "./thread.js";

/** How long after the last result it goes on looking, in milliseconds: twice the time that it takes to be woken. */
const POLL_MS = 0.1;

/**
 * How long this thread blocks at most when it begins to wait after a pause, in milliseconds, and how long a pause that is. Another thread
 * has then just been woken, often on this very processor, which it gets the sooner; and to be woken from here takes less than
 * some turns of an event loop that has gone cold.
 */
const BLOCK_MS = 0.1;
const COLD_MS = 0.2;
/** Each time that this was in vain it is left out twice as often as before, up to 2 to this power. */
const MOST_IN_VAIN = 6;

/** How many runtimes of this thread keep the process alive just now, each by a timer. */
let anchors = 0;

export function anchorCount(): number {
  return anchors;
}

export class MainLoop implements Holder {
  private readonly control: Control;
  private readonly sched: Sched;
  private readonly m: M;
  /** Keeps the process alive while it is referenced: threads may end before they have been heard of. */
  private readonly anchor = setInterval(() => undefined, LONGEST_TIMER_MS).unref();
  /** Handles what has come; false if nothing had. */
  private readonly drain: () => boolean;
  private readonly captured: Captured;
  private isPolling = false;
  private isHeld = false;
  private isReferenced = true;
  private isAnchored = false;
  /** What is waited for does not keep the process alive for now, so that it is seen whether anything else does. */
  private isLoose = false;
  /** How often anything has come, or was begun to be waited for. */
  activity = 0;
  /** Told when this thread begins to wait. */
  onWait: (() => void) | undefined;
  private isEnded = false;
  private latest = 0;
  /** Polling has just begun, after a pause. */
  private isFresh = false;
  private readonly mayBlock = mayBlock();
  /** How often in a row blocking was in vain, and how often it is still to be left out. */
  private inVain = 0;
  private leaveOut = 0;
  private readonly poll = (): void => {
    if (this.isEnded) return;
    if (this.isFresh) this.block();
    const came = this.drain();
    const now = performance.now();
    if (came) {
      this.latest = now;
      this.activity++;
    }
    if (this.isHeld && now - this.latest < POLL_MS) {
      setImmediate(this.poll);
      return;
    }
    this.isPolling = false;
    this.sleep();
    // What came before this thread said that it sleeps has notified nobody.
    this.drain();
    this.keepAlive();
  };

  constructor(control: Control, memory: Memory, drain: () => boolean) {
    this.control = control;
    this.sched = memory.sched;
    this.m = memory.m(0);
    this.drain = drain;
    this.captured = new Captured(control, drain);
    this.sleep();
  }

  /** Handles what comes until the end. */
  async run(): Promise<void> {
    while (!this.isEnded) {
      const seen = this.control.wakes;
      this.captured.look();
      this.drain();
      if (this.isHeld) this.startPolling();
      else if (!this.isPolling) this.keepAlive();
      await this.control.woken(seen);
    }
  }

  /** Nothing is to be handled any more. */
  end(): void {
    this.isEnded = true;
    this.keepAlive();
    clearInterval(this.anchor);
    this.captured.end();
  }

  changed(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (!isHeld) return;
    this.captured.look();
    this.startPolling(); // which ends by itself, and then the process may
  }

  expects(): void {
    this.captured.look();
    if (!this.isPolling) this.startPolling();
  }

  /** Whether what is waited for keeps the process alive. */
  reference(isReferenced: boolean): void {
    this.isReferenced = isReferenced;
    if (!this.isPolling) this.keepAlive();
  }

  /** Whether this thread waits, and its process does for that alone, as far as is known. */
  get isWaiting(): boolean {
    return this.isAnchored || this.isLoose;
  }

  /** Lets the process end if nothing else keeps it alive, until anything happens or `fasten` is called. */
  loosen(): void {
    this.isLoose = true;
    this.keepAlive();
  }

  /** False if something has happened since `loosen`. */
  fasten(): boolean {
    const wasLoose = this.isLoose;
    this.isLoose = false;
    if (!this.isPolling) this.keepAlive();
    return wasLoose;
  }

  private startPolling(): void {
    if (this.isPolling || this.isEnded) return;
    this.isPolling = true;
    this.isLoose = false;
    this.activity++;
    const now = performance.now();
    this.isFresh = now - this.latest > COLD_MS;
    this.latest = now;
    this.sched.mainSleep = MainSleep.Awake;
    setImmediate(this.poll);
  }

  /** Waits a moment for something to come, if that has been of use lately. */
  private block(): void {
    this.isFresh = false;
    if (this.leaveOut > 0) {
      this.leaveOut--;
      return;
    }
    if (!this.mayBlock) return;
    const { words, mainSleepIndex } = this.sched;
    this.sched.mainSleep = MainSleep.Blocked;
    if (this.m.mail === 0) Atomics.wait(words, mainSleepIndex, MainSleep.Blocked, BLOCK_MS);
    this.sched.mainSleep = MainSleep.Awake;
    if (this.m.mail !== 0) {
      this.inVain = 0;
    } else {
      this.inVain = Math.min(this.inVain + 1, MOST_IN_VAIN);
      this.leaveOut = 2 ** this.inVain - 1;
    }
  }

  private sleep(): void {
    this.sched.mainSleep = MainSleep.Asleep;
  }

  /** Has the process live while it is to, when polling does not see to that. */
  private keepAlive(): void {
    const isWanted = this.isHeld && this.isReferenced && !this.isEnded && !this.isLoose;
    if (isWanted === this.isAnchored) return;
    this.isAnchored = isWanted;
    if (isWanted) {
      anchors++;
      this.anchor.ref();
      this.onWait?.();
    } else {
      anchors--;
      this.anchor.unref();
    }
  }
}

/** Whether this thread may block: not every embedder of the engine lets its main thread. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
