/** Calls that have failed for good: a stream of them, which nobody empties but who looks at it. */
import { SkeinError } from "../../index.js";
import { decode } from "../codec/decode.js";
import type { Connection } from "../connection/dial.js";
import type { Store } from "../connection/store.js";
import { Code, codeOf } from "../connection/streams.js";
import type { Large } from "./caller.js";
import { readMessage, type CallBody, type CallHead, type DeadHead } from "./envelope.js";
import { storeCall } from "./storing.js";

/** A call that has failed for good. */
export interface DeadLetter {
  /** Its number among the dead letters. */
  readonly id: string;
  readonly module: string;
  readonly task: string;
  readonly key: string | undefined;
  readonly args: readonly unknown[];
  /** What its last attempt threw. */
  readonly error: unknown;
  /** How often it failed. */
  readonly failures: number;
  /** The worker where it failed last. */
  readonly worker: string;
  readonly at: Date;
}

/** The dead letters of a cluster. */
export class DeadLetters {
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #large: Large;

  /** @internal */
  constructor(connection: Connection, store: Store, large: Large) {
    this.#connection = connection;
    this.#store = store;
    this.#large = large;
  }

  /** The oldest first, `limit` at most. */
  async list({ limit = 1000 }: { readonly limit?: number } = {}): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (let seq = 0; letters.length < limit;) {
      const found = await this.#next(seq + 1);
      if (found === undefined) break;
      seq = found.seq;
      letters.push(await this.#letterOf(seq, found.data));
    }
    return letters;
  }

  /** Has a call be run anew, with all its retries, and takes it from here. */
  async retry(letter: DeadLetter | string): Promise<void> {
    const { names } = this.#connection;
    const { seq, data } = await this.#find(letter);
    const { body } = readMessage<DeadHead>(data);
    const { head: last, body: args } = readMessage<CallHead>(body);
    const head = { ...last, round: last.round + 1 };
    // The error is its result; there is to be another.
    await this.#store.purge(names.streamOfResult(head.id), names.result(head.id));
    const lane = head.order === undefined ? head.lane : "order";
    await storeCall(this.#connection, this.#store, head, args, lane, `${head.id}#${head.round}`);
    await this.#store.remove(names.dead, seq);
  }

  /** Forgets a call. */
  async drop(letter: DeadLetter | string): Promise<void> {
    const { seq, data } = await this.#find(letter);
    const { head } = readMessage<CallHead>(readMessage<DeadHead>(data).body);
    if (head.large !== undefined) await this.#large.args.drop(head.large);
    await this.#store.remove(this.#connection.names.dead, seq);
  }

  async #find(letter: DeadLetter | string): Promise<{ seq: number; data: Uint8Array }> {
    const id = typeof letter === "string" ? letter : letter.id;
    const seq = /^[1-9]\d*$/.test(id) ? Number(id) : 0;
    const found = seq === 0 ? undefined : await this.#next(seq);
    if (found?.seq !== seq) throw new SkeinError(`there is no dead letter ${id}`);
    return found;
  }

  /** The first from a number on. */
  async #next(seq: number): Promise<{ seq: number; data: Uint8Array } | undefined> {
    const { jsm, names } = this.#connection;
    try {
      const message = await jsm.direct.getMessage(names.dead, { seq, next_by_subj: names.allDead });
      return message === null ? undefined : { seq: message.seq, data: message.data };
    } catch (error) {
      if (codeOf(error) === Code.NoMessage) return undefined;
      throw error;
    }
  }

  async #letterOf(seq: number, data: Uint8Array): Promise<DeadLetter> {
    const { head, body } = readMessage<DeadHead>(data);
    const call = readMessage<CallHead>(body);
    const { args } = decode(await this.#large.args.unpack(call.head, call.body)) as CallBody;
    const { module, task, key, error, failures, worker, at } = head;
    return { id: String(seq), module, task, key, args, error, failures, worker, at: new Date(at) };
  }
}
