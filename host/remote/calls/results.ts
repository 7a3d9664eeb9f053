/**
 * Results on their way to callers.
 *
 * A worker stores a result under the call's own subject, where nothing else may be stored; the server tells of it once it has
 * (`republish`). So all who wait hear of the one result that is stored, and who has missed it finds it.
 */
import type { Subscription } from "@nats-io/transport-node";
import { SkeinError } from "../../index.js";
import type { Connection } from "../connection/dial.js";
import type { Store } from "../connection/store.js";
import { isKeyed } from "../connection/subjects.js";

/** Results that are asked for at once after the connection was lost. */
const ASKED_AT_ONCE = 32;

/** Who waits for a result: is told the stored message, or why there will be none. */
export interface Waiter {
  result(message: Uint8Array): void;
  failed(error: Error): void;
}

export class Results {
  private readonly waiting = new Map<string, Set<Waiter>>();
  /** One for each key that is waited for, and one for all other calls of this process. */
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly again = (): void => void this.lookAgain();

  constructor(
    private readonly connection: Connection,
    private readonly store: Store,
  ) {
    connection.onReconnect.add(this.again);
  }

  /** Calls of this process that have not ended. */
  get size(): number {
    return this.waiting.size;
  }

  /** Has `waiter` hear of the result of the call `id`; what is returned calls that off. */
  wait(id: string, waiter: Waiter): () => void {
    let waiters = this.waiting.get(id);
    if (waiters === undefined) this.waiting.set(id, (waiters = new Set()));
    waiters.add(waiter);
    const group = groupOf(id);
    if (!this.subscriptions.has(group)) {
      const callback = (error: Error | null, msg: { subject: string; data: Uint8Array }): void => {
        if (error === null) this.told(msg.subject.slice(this.connection.names.told("").length), msg.data);
      };
      this.subscriptions.set(group, this.connection.nc.subscribe(this.connection.names.told(group), { callback }));
    }
    return () => this.leave(id, waiter);
  }

  /** Looks whether the result of `id` is stored already. */
  async look(id: string): Promise<void> {
    const { names } = this.connection;
    const stored = await this.store.last(names.streamOfResult(id), names.result(id));
    if (stored !== undefined) this.told(id, stored);
  }

  /** The connection is closed: nothing will come. */
  close(error: Error): void {
    this.connection.onReconnect.delete(this.again);
    for (const waiters of this.waiting.values()) for (const waiter of waiters) waiter.failed(error);
    this.waiting.clear();
  }

  private told(id: string, message: Uint8Array): void {
    const waiters = this.waiting.get(id);
    if (waiters === undefined) return;
    for (const waiter of [...waiters]) {
      this.leave(id, waiter);
      waiter.result(message);
    }
  }

  private leave(id: string, waiter: Waiter): void {
    const waiters = this.waiting.get(id);
    if (waiters === undefined || !waiters.delete(waiter) || waiters.size > 0) return;
    this.waiting.delete(id);
    const group = groupOf(id);
    if (group !== id) return;
    this.subscriptions.get(group)?.unsubscribe();
    this.subscriptions.delete(group);
  }

  /** The connection was lost: what has been told meanwhile is looked for. */
  private async lookAgain(): Promise<void> {
    const { outage, settings } = this.connection;
    const ids = [...this.waiting.keys()];
    for (let i = 0; i < ids.length; i += ASKED_AT_ONCE) {
      await Promise.all(ids.slice(i, i + ASKED_AT_ONCE).map((id) => this.look(id).catch(() => undefined)));
    }
    if (outage < settings.keepUnkeyed) return;
    for (const id of ids.filter((each) => groupOf(each) !== each)) {
      const error = new SkeinError(
        `the connection was lost for ${Math.round(outage / 1000)} s, and results of calls without a key are kept for ` +
          `${settings.keepUnkeyed / 1000} s: what became of this call is unknown`,
      );
      for (const waiter of [...(this.waiting.get(id) ?? [])]) {
        this.leave(id, waiter);
        waiter.failed(error);
      }
    }
  }
}

/** What a call's result is told under: a key's alone, all others of a caller together. */
function groupOf(id: string): string {
  return isKeyed(id) ? id : `${id.slice(0, id.lastIndexOf("."))}.*`;
}
