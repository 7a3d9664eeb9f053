/**
 * Who is to blame when a thread dies: the call that ended it, alone on it or not, fails; calls that only awaited there do not.
 *
 * A thread's death is told of as a WorkerError to all calls that were on it, at once. One that was alone has killed it. Of several each
 * may have: they are tried again, once each at no charge, and who is to blame is then likely to be found alone.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CallHead } from "../calls/envelope.js";

/** How long after a death others may still be told of it, in milliseconds. */
const TOLD_MS = 20;

/** How often a call may be at a death among others before it counts as its fault. */
const MOST_DEATHS = 2;

export class Casualties {
  /** How many calls died with each M's thread just now. */
  private readonly deaths = new Map<number, number>();

  /** Whether the call failed with its thread, and others were on that. */
  async isInnocent(error: unknown, { passed }: CallHead): Promise<boolean> {
    const { name, mid } = error as { name?: unknown; mid?: unknown };
    if (name !== "WorkerError" || typeof mid !== "number" || passed >= MOST_DEATHS) return false;
    this.deaths.set(mid, (this.deaths.get(mid) ?? 0) + 1);
    await sleep(TOLD_MS);
    const together = this.deaths.get(mid) ?? 0;
    setTimeout(() => this.deaths.delete(mid), TOLD_MS).unref();
    return together > 1;
  }
}
