/**
 * Cancelling goroutines, on the thread that started them, and what becomes of those that do not heed it.
 *
 * One that has not begun never will. One that has is told, and has a grace time in which to end. After that its promise rejects, whatever it
 * does; its thread, if that has not turned its event loop meanwhile, is ended.
 *
 * - One that its thread has not come to tell it: it computes, or others there do.
 * - One that has heard and goes on is looked after until its record comes back: its thread is asked now and then, ever more rarely,
 *   and to answer takes a turn of its event loop.
 *
 * Where others await on a thread that does not turn, it may be one of them that computes, which nobody is to die for. What answers its
 * cancellation by computing is seen to by its thread's mark; else they are spared for a while, the longer the less is known.
 */
import { JsStatus, NoteKind, ThreadMark } from "../abi/enums.js";
import type { Memory } from "../base/memory.js";
import { LongTimer } from "../base/timers.js";
import { writeText } from "../program/notes.js";
import type { Started } from "./goroutine.js";
import { markOf } from "./mark.js";
import type { Starter } from "./starter.js";
import type { Thread } from "./thread.js";

/** How long a goroutine has to heed its cancellation before it is given up or its thread ended, in milliseconds. */
export const GRACE_MS = 250;
/** How long after that its thread is left alone, where others await on it and would fail: it may end by itself. */
const SPARE_MS = 2000;
/** The same for one that has heard: then it is as likely that one of the others computes. */
const SPARE_HEARD_MS = 30_000;
/** The longest pause between two looks at one that has heard. */
const LONGEST_PAUSE_MS = 30_000;
/** How soon to try again when the thread was in the core just then, or is spared, in milliseconds. */
const AGAIN_MS = 5;
const SPARED_AGAIN_MS = 100;

/** Instead of a goroutine's number: all that await on the thread. */
export const ALL = 0;

export class Cancelling {
  private readonly thread: Thread;
  private readonly memory: Memory;

  constructor(private readonly starter: Starter) {
    this.thread = starter.thread;
    this.memory = starter.thread.memory;
  }

  /** See `Goroutine.cancel`. */
  cancel(g: Started, reason: unknown): boolean {
    const { at } = g;
    if (at === 0) return false;
    const { starter, memory } = this;
    const { more } = g;
    if (more.cancelled) return true;
    more.cancelled = true;
    more.reason = reason;
    starter.flush();
    const { words } = memory;
    const { stateIndex } = memory.jsgo(at);
    if (Atomics.compareExchange(words, stateIndex, JsStatus.Queued, JsStatus.Cancelled) === JsStatus.Queued) {
      // The record comes back when its turn would have been.
      this.reject(g);
      return true;
    }
    this.tell(g, at, reason);
    starter.later(g, GRACE_MS, () => this.giveUp(g));
    return true;
  }

  /** Cancels all goroutines: those that this thread has started, and all that await on any. */
  cancelAll(reason: Error): void {
    for (const g of this.starter.live()) {
      g.promise.catch(() => undefined); // whoever does not wait for it does not mind
      this.cancel(g, reason);
    }
    const count = this.memory.sched.mcount;
    for (let mid = 1; mid <= count; mid++) this.starter.notify(mid, NoteKind.Cancel, ALL, 0, reason);
    this.thread.drain();
  }

  /** Its promise rejects now, and nobody waits for it any more. */
  private reject(g: Started): void {
    if (g.at === 0) return;
    this.thread.core.abandonRecord(g.at);
    this.starter.finish(g, "cancelled").fail(g.more.reason);
  }

  /** Tells its M that it is cancelled; who knows that already only shows that it reads. */
  private tell(g: Started, at: number, reason: unknown): void {
    g.more.told++;
    this.starter.notify(this.memory.jsgo(at).mid, NoteKind.Cancel, g.id, 0, reason);
  }

  /** Whether its M has read all that it was told. */
  private hasHeard(g: Started, at: number): boolean {
    return this.memory.jsgo(at).seen >= g.more.told;
  }

  /** It has not ended in spite of its cancellation. */
  private giveUp(g: Started): void {
    const { at } = g;
    if (at === 0) return;
    if (this.hasHeard(g, at)) {
      this.lookAfter(g, at, GRACE_MS);
    } else if (this.othersAwait(at)) {
      this.reject(g);
      new LongTimer(SPARE_MS, () => this.stopThread(g, at, 0), false);
    } else {
      this.stopThread(g, at, 0); // whose last words then say why
    }
  }

  private othersAwait(at: number): boolean {
    return this.thread.core.othersAwait(this.memory.jsgo(at).mid, at);
  }

  /** It has heard: its thread is well so far, and what comes of it is dropped. */
  private lookAfter(g: Started, at: number, pause: number): void {
    this.reject(g);
    this.tell(g, at, undefined);
    unheld(GRACE_MS, () => {
      if (!this.starter.isUnderWay(g, at)) return;
      if (!this.hasHeard(g, at)) return this.stopThread(g, at, performance.now() + SPARE_HEARD_MS);
      unheld(pause, () => {
        if (this.starter.isUnderWay(g, at)) this.lookAfter(g, at, Math.min(2 * pause, LONGEST_PAUSE_MS));
      });
    });
  }

  /**
   * Has the thread of a goroutine ended that is still under way there and does not turn its event loop; where others await, not before
   * `spared`, unless the goroutine is known to be the one that computes.
   */
  private stopThread(g: Started, at: number, spared: number): void {
    const { thread, starter } = this;
    thread.drain();
    if (!starter.isUnderWay(g, at)) return;
    if (this.hasHeard(g, at)) return this.lookAfter(g, at, GRACE_MS); // its thread has come to it after all
    const isWaiting = this.memory.jsgo(at).state === JsStatus.Waiting;
    const mayDoom = isWaiting && (performance.now() >= spared || !this.othersAwait(at));
    if (this.doom(g, at, markOf(g.id)) || (mayDoom && this.doom(g, at, ThreadMark.Turn))) return; // the record comes back as lost
    unheld(isWaiting && !mayDoom ? SPARED_AGAIN_MS : AGAIN_MS, () => this.stopThread(g, at, spared));
  }

  /** Has its thread killed if its mark is `mark`. */
  private doom(g: Started, at: number, mark: number): boolean {
    const { core, memory } = this.thread;
    const text = writeText(
      core,
      memory,
      `it was stopped, as goroutine ${g.id} (${g.name}) did not heed its cancellation`,
    );
    const isDoomed = core.killM(memory.jsgo(at).mid, mark, text, true, g.id);
    if (!isDoomed) core.mfree(text);
    return isDoomed;
  }
}

/** Why a goroutine was lost; of one that did nothing wrong, also why it could not go on elsewhere. */
export function whyLost(why: string, isBystander: boolean): string {
  if (!isBystander) return why;
  return `${why}; this one awaited there, and what has begun cannot move to another thread: start it again`;
}

/** It ends no wait of anybody's, but for a thread that is stuck: so it is not counted, as a LongTimer would be. */
function unheld(ms: number, action: () => void): void {
  setTimeout(action, ms).unref();
}
