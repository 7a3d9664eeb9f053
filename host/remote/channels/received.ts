/** What is received from a cluster's channel: a value that somebody must answer for. */
import { present } from "../../base/present.js";
import type { Delivery } from "../connection/pull.js";

/** A value of a channel, or its end: `ok` is false, and `value` undefined, once it is closed and drained. */
export type RemoteReceived<T> = (
  { readonly value: T; readonly ok: true } | { readonly value: undefined; readonly ok: false }
) & {
  /** It is done: the channel forgets it. */
  readonly ack: () => void;
  /** It is to be received again, by whoever receives next; after some milliseconds, if that is said. */
  readonly nak: (delay?: number) => void;
};

const nothing = (): void => undefined;

/** @internal The end of a channel. */
export const END: RemoteReceived<never> = Object.freeze({ value: undefined, ok: false, ack: nothing, nak: nothing });

/**
 * @internal A value that was received. Who takes `ack` or `nak` from it answers for it; otherwise the channel does, when the same handle
 * receives again.
 */
export class Held<T> {
  readonly ok = true;
  readonly value: T;
  readonly #delivery: Delivery;
  readonly #answered: () => void;
  #isTaken = false;

  constructor(value: T, delivery: Delivery, answered: () => void) {
    this.value = value;
    this.#delivery = delivery;
    this.#answered = answered;
  }

  get ack(): () => void {
    this.#isTaken = true;
    return () => this.done();
  }

  get nak(): (delay?: number) => void {
    this.#isTaken = true;
    return (delay) => {
      this.#delivery.nak(delay);
      this.#answered();
    };
  }

  /** Whether its receiver answers for it. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  done(): void {
    this.#delivery.ack();
    this.#answered();
  }

  working(): void {
    this.#delivery.working();
  }

  giveBack(): void {
    this.#delivery.nak();
    this.#answered();
  }
}

present(Held, "Received", ({ value }) => ({ value, ok: true }), "take its value");
