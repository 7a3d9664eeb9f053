/**
 * What becomes of calls that have ended: it is stored, and then they are acknowledged.
 *
 * The server stores each of these under a number, or under a subject where only one may be, so a call that was run twice has one
 * result, one next attempt and one dead letter all the same.
 */
import { wordsOf } from "../../base/thrown.js";
import { SkeinError } from "../../index.js";
import type { Large } from "../calls/caller.js";
import { writeMessage, type CallHead, type DeadHead, type ResultHead } from "../calls/envelope.js";
import { backoffMs, type CallSettings } from "../calls/options.js";
import { storeCall } from "../calls/storing.js";
import { encode } from "../codec/encode.js";
import type { Connection } from "../connection/dial.js";
import type { Delivery } from "../connection/pull.js";
import type { Store } from "../connection/store.js";
import { Turns } from "./turns.js";

/** How often workers that cannot run a call pass it on before it fails; the waits between are some five seconds together. */
const MOST_PASSES = 5;
const PASS_BACKOFF: CallSettings["backoff"] = { delay: 200, max: 2000 };
/** What a dead letter's error may take of its message; a larger one is told in words. */
const ERROR_BYTES = 32 * 1024;
const ERROR_CHARACTERS = 4000;

export class Outcomes {
  /** Of calls that are run in an order. */
  readonly turns: Turns;
  done = 0;
  failures = 0;
  retried = 0;
  dead = 0;

  constructor(
    private readonly connection: Connection,
    private readonly store: Store,
    private readonly large: Large,
    private readonly worker: string,
  ) {
    this.turns = new Turns(connection, store, (id, error) => this.tellUnreadable(id, error));
  }

  /** The call has returned `value`. */
  async succeeded(head: CallHead, body: Uint8Array, value: unknown, delivery: Delivery): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = encode(value);
    } catch (error) {
      return this.failed(head, body, error, delivery);
    }
    await this.storeResult(head, true, bytes);
    this.done++;
    await this.end(head, delivery);
    if (head.large !== undefined) void this.large.args.drop(head.large).catch(() => undefined);
  }

  /** The call has thrown: it is tried again, or it is a dead letter. */
  async failed(head: CallHead, body: Uint8Array, error: unknown, delivery: Delivery): Promise<void> {
    this.failures++;
    const failures = head.failures + 1;
    if (failures > head.retries) return this.bury({ ...head, failures }, body, error, delivery);
    this.retried++;
    await this.again({ ...head, failures, wait: backoffMs(head.backoff, failures) }, body, delivery);
  }

  /** This worker cannot run the call; another may. */
  async passOn(head: CallHead, body: Uint8Array, why: SkeinError, delivery: Delivery): Promise<void> {
    const passed = head.passed + 1;
    if (passed > MOST_PASSES) return this.bury(head, body, why, delivery);
    await this.again({ ...head, passed, wait: backoffMs(PASS_BACKOFF, passed) }, body, delivery);
  }

  /** Stores the call anew, to wait until it is time or, where it need not wait, in its lane. */
  async again(head: CallHead, body: Uint8Array, delivery: Delivery): Promise<void> {
    const { id, round, failures, passed } = head;
    const lane = head.wait === undefined ? head.lane : "wait";
    await storeCall(this.connection, this.store, head, body, lane, `${id}#${round}.${failures}.${passed}.${lane}`);
    delivery.ack();
  }

  /** The call has a result. */
  async end(head: CallHead, delivery: Delivery): Promise<void> {
    await this.turns.over(head);
    delivery.ack();
  }

  /** A call cannot be read: its caller is told why. */
  async tellUnreadable(id: string, error: unknown): Promise<void> {
    await this.storeResult({ id, failures: 0 }, false, encode(error));
  }

  private async bury(head: CallHead, body: Uint8Array, error: unknown, delivery: Delivery): Promise<void> {
    const { names } = this.connection;
    const { id, module, task, key, failures } = head;
    const bytes = encodeError(error);
    const letter: DeadHead = {
      id,
      module,
      task,
      key,
      failures,
      worker: this.worker,
      at: Date.now(),
      error: bytes.byteLength <= ERROR_BYTES ? error : new SkeinError(wordsOf(error).slice(0, ERROR_CHARACTERS)),
    };
    const call = writeMessage({ ...head, failures: 0, passed: 0, wait: undefined, place: undefined }, body);
    await this.store.put(names.dead, names.deadLetter(module, task), writeLetter(letter, call), {
      id: `${id}#${head.round}.dead`,
    });
    this.dead++;
    await this.storeResult(head, false, bytes);
    await this.end(head, delivery);
  }

  private async storeResult(
    { id, failures }: Pick<CallHead, "id" | "failures">,
    ok: boolean,
    bytes: Uint8Array,
  ): Promise<void> {
    const { names } = this.connection;
    const { head, body } = await this.large.results.pack<ResultHead>({ ok, worker: this.worker, failures }, bytes);
    await this.store.put(names.streamOfResult(id), names.result(id), writeMessage(head, body), { fresh: true });
  }
}

/** A dead letter with an error that cannot travel says that in its place. */
function writeLetter(letter: DeadHead, call: Uint8Array): Uint8Array {
  try {
    return writeMessage(letter, call);
  } catch {
    return writeMessage({ ...letter, error: new SkeinError(wordsOf(letter.error).slice(0, ERROR_CHARACTERS)) }, call);
  }
}

function encodeError(error: unknown): Uint8Array {
  try {
    return encode(error);
  } catch (problem) {
    return encode(problem); // it is a DataCloneError that says what was thrown
  }
}
