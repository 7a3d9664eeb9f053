/** Timers and time limits. A timer may be of any length: those of Node and Deno take 2³¹-1 ms at most, and are due at once where they are given more. */

/** The longest timer there is, in milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Timers of this thread's that may fire although they keep no event loop alive. */
let unheld = 0;

export function unheldTimers(): number {
  return unheld;
}

/** A timer that has not fired. */
export class LongTimer {
  private timer: NodeJS.Timeout | undefined;
  private isUnheld = false;

  /** Calls `action` in `ms` by the monotonic clock, never if that is Infinity. It keeps the process alive if it is `held`. */
  constructor(ms: number, action: () => void, held = true) {
    const until = performance.now() + ms;
    const arm = (left: number): void => {
      this.timer = setTimeout(
        () => {
          const rest = until - performance.now();
          if (rest > 0) return arm(rest);
          this.over();
          action();
        },
        Math.min(Math.ceil(left), LONGEST_TIMER_MS),
      );
      if (!held) this.timer.unref();
    };
    if (ms === Infinity) return;
    arm(ms);
    this.isUnheld = !held;
    if (!held) unheld++;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.over();
  }

  private over(): void {
    if (this.isUnheld) unheld--;
    this.isUnheld = false;
  }
}

let holds = 0;
let hold: NodeJS.Timeout | undefined;

/** Keeps this thread's event loop going until `letGo` has been called as often: to wait for shared memory does not. */
export function keepAlive(): void {
  if (holds++ === 0) hold = setInterval(() => undefined, LONGEST_TIMER_MS);
}

export function letGo(): void {
  if (--holds === 0) clearInterval(hold);
}

/** Resolves when `promise` does, after `ms` at the latest: with whether it was in time. */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
