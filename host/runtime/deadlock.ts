/**
 * Looks whether everything waits for ever, where JavaScript may wake goroutines: then no thread is computing or in an event loop that
 * anything keeps going, nothing is queued, and the process would end if it did not wait for this runtime. The core reports it
 * (`sched/deadlock.ts`, which has the argument), and the runtime ends: whatever is awaited rejects with a DeadlockError.
 *
 * What keeps no event loop alive counts as little here as it does for Node. But where an AbortSignal, a time-out of this runtime's or a
 * signal of the system's could still end a wait, there is no deadlock.
 *
 * It looks a second after the main thread has begun to wait and nothing has come, and again and again, ever more rarely. On Deno it cannot be
 * seen what goes on in the main thread's event loop while a module's top level awaits, since all that Deno tells is whether that loop has work, and the
 * evaluation of the module is work: so there nothing is found meanwhile.
 */
import process from "node:process";
import { Stuck } from "../abi/enums.js";
import { hasWork } from "../base/eventloop.js";
import { heededSignals } from "../base/signals.js";
import { unheldTimers } from "../base/timers.js";
import { anchorCount } from "../go/mainloop.js";
import type { Machine } from "./machine.js";

/** How long nothing must have happened before it looks, how long event loops may take to answer, and the longest pause, in milliseconds. */
const FIRST_MS = 1000;
const ANSWER_MS = 50;
const LONGEST_MS = 30_000;

/** Whether threads can say whether their event loops are idle. */
const asks = !("deno" in process.versions) || hasWork !== undefined;

export class DeadlockWatch {
  private timer: NodeJS.Timeout | undefined;
  private pause = FIRST_MS;
  private activity = -1;
  private hasAsked = false;
  private isEnded = false;
  private readonly beforeExit = (): void => {
    // Others' listeners may have something to do yet.
    setImmediate(() => this.confirm());
  };

  constructor(private readonly machine: Machine) {
    machine.loop.onWait = () => this.arm();
  }

  end(): void {
    this.isEnded = true;
    clearTimeout(this.timer);
    process.off("beforeExit", this.beforeExit);
  }

  private arm(): void {
    if (this.timer !== undefined || this.isEnded) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, this.pause).unref();
  }

  private look(): void {
    const { core, loop } = this.machine;
    if (!loop.isWaiting) return; // it tells when it is again
    if (loop.activity !== this.activity) {
      this.activity = loop.activity;
      this.pause = FIRST_MS;
      this.hasAsked = false;
      return this.arm();
    }
    const answer = mayBeEnded() || isAlive() ? Stuck.No : core.stuck(asks);
    if (answer === Stuck.Yes) {
      process.off("beforeExit", this.beforeExit);
      process.once("beforeExit", this.beforeExit);
      return loop.loosen();
    }
    const isAsked = answer === Stuck.Asked && !this.hasAsked;
    this.pause = isAsked ? ANSWER_MS : Math.min(2 * this.pause, LONGEST_MS);
    this.hasAsked = answer === Stuck.Asked;
    this.arm();
  }

  /** Nothing keeps the process alive. */
  private confirm(): void {
    const { core, loop } = this.machine;
    if (this.isEnded) return;
    this.pause = Math.min(2 * this.pause, LONGEST_MS);
    if (!loop.fasten() || loop.activity !== this.activity || mayBeEnded() || core.stuck(false) !== Stuck.Yes) return;
    core.mainIsStuck();
  }
}

/** Whether something of this thread's that keeps no process alive may end what is waited for. */
function mayBeEnded(): boolean {
  return heededSignals() + unheldTimers() > 0 || process.eventNames().some(isListenedTo);
}

/**
 * Whether something else is seen to keep the process alive. What is not seen, such as work in a thread pool, does so all the same; but to let
 * go for long has a price: the main thread may wake goroutines meanwhile in ways of which nobody tells, and others' listeners would hear
 * that the process is about to end before it has their answer.
 */
function isAlive(): boolean {
  // The standard streams are listed, too.
  const others = process.getActiveResourcesInfo().filter((type) => type !== "PipeWrap" && type !== "TTYWrap");
  return others.length > anchorCount();
}

/** Whether an event is a signal that somebody else listens to. */
function isListenedTo(name: string | symbol): boolean {
  if (typeof name !== "string" || !name.startsWith("SIG")) return false;
  return process.listenerCount(name) > (name === "SIGQUIT" ? 1 : 0);
}
