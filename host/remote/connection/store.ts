/**
 * Storing messages, and finding them again.
 *
 * Guarantee: `put` resolves only once the server has stored the message, or has it from before; what goes wrong for a while
 * (a restart of the server, a lost connection) delays it, and what goes wrong for good is an error that says what.
 */
import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import type { MsgHdrs } from "@nats-io/transport-node";
import { SkeinError } from "../../index.js";
import { Questions } from "./ask.js";
import type { Connection } from "./dial.js";
import { Code, codeOf } from "./streams.js";

/** How long to wait before each new attempt, in milliseconds; the last for all that follow. */
const AGAIN_MS = [10, 25, 50, 100, 200, 400];
/** After so many attempts it is looked whether the stream is there at all. */
const SUSPICIOUS = 8;

export interface PutOptions {
  /** A number by which the server tells that it has the message already. */
  readonly id?: string | undefined;
  /** Store it only if nothing is stored under the subject. */
  readonly fresh?: boolean;
  /** Headers that can be read without knowing the format of the message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether nobody wants it stored any more. */
  readonly isOver?: () => boolean;
}

/** Where a message is; `exists` if another is stored under its subject, `over` if nobody wanted it any more. */
export type Put = { readonly seq: number } | "exists" | "over";

/** A message as it is stored. */
export interface Stored {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  /** Its headers, as text. */
  readonly headers: string;
}

/** What the server says when it is asked for a message. */
interface Found {
  readonly message?: { readonly subject: string; readonly seq: number; readonly data?: string; readonly hdrs?: string };
  readonly error?: { readonly err_code: number };
}

/** What the server says of a message that was published. */
interface Ack {
  readonly seq?: number;
  readonly error?: { readonly err_code: number; readonly description: string };
}

export class Store {
  private readonly questions: Questions;

  constructor(private readonly connection: Connection) {
    this.questions = new Questions(connection);
  }

  close(): void {
    this.questions.close();
  }

  /** @throws SkeinError if the server refuses the message for good */
  async put(stream: string, subject: string, payload: Uint8Array, options: PutOptions = {}): Promise<Put> {
    const { maxPayload } = this.connection;
    if (payload.byteLength > maxPayload)
      throw refusal(stream, `it has ${payload.byteLength} bytes, and the server takes ${maxPayload}`);
    const headers = this.headersOf(stream, options);
    for (let attempt = 0; ; attempt++) {
      if (options.isOver?.() === true) return "over";
      const ack = await this.publish(subject, payload, headers);
      if (ack.seq !== undefined && ack.error === undefined) return { seq: ack.seq };
      const code = ack.error?.err_code;
      if (code === Code.WrongLastSequence) return "exists";
      if (code !== undefined && FINAL.has(code)) throw refusal(stream, ack.error!.description);
      await this.beforeNext(attempt, stream);
    }
  }

  /** Stores a message if there is room, and somebody stores what has that subject: waits for neither, only for a connection. */
  async offer(stream: string, subject: string, payload: Uint8Array, id: string): Promise<"stored" | "full" | "nobody"> {
    const ack = await this.publish(subject, payload, this.headersOf(stream, { id }));
    if (ack.seq !== undefined && ack.error === undefined) return "stored";
    const code = ack.error?.err_code;
    if (code === Code.StoreFailed) return "full";
    if (code !== undefined && FINAL.has(code)) throw refusal(stream, ack.error!.description);
    return "nobody";
  }

  /** An attempt to store a message; without a number and an error if there was no answer. */
  private async publish(subject: string, payload: Uint8Array, headers: MsgHdrs): Promise<Ack> {
    try {
      return (await this.questions.ask(subject, payload, headers)).json();
    } catch {
      return {}; // no connection, no stream yet, no answer: it is asked again
    }
  }

  private headersOf(stream: string, { id, fresh, headers }: PutOptions): MsgHdrs {
    const all = this.connection.packages.transport.headers();
    all.set("Nats-Expected-Stream", stream);
    if (fresh === true) all.set("Nats-Expected-Last-Subject-Sequence", "0");
    if (id !== undefined) all.set("Nats-Msg-Id", id);
    for (const [name, value] of Object.entries(headers ?? {})) all.set(name, value);
    return all;
  }

  /** What was stored last under a subject; undefined if nothing was. Waits while the server cannot say. */
  async last(stream: string, subject: string): Promise<Uint8Array | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        const msg = await this.questions.ask(`$JS.API.DIRECT.GET.${stream}.${subject}`, NOTHING);
        return msg.headers?.code === 404 ? undefined : msg.data;
      } catch (error) {
        await this.beforeNext(attempt, stream, error);
      }
    }
  }

  /**
   * The first message of a stream whose subject fits; undefined if there is none. Waits while the server cannot say. Whoever leads the stream answers, so
   * what was stored or deleted before is seen.
   */
  async first(stream: string, filter: string): Promise<Stored | undefined> {
    const question = Buffer.from(JSON.stringify({ seq: 1, next_by_subj: filter }));
    for (let attempt = 0; ; attempt++) {
      try {
        const msg = await this.questions.ask(`$JS.API.STREAM.MSG.GET.${stream}`, question);
        const { message, error } = msg.json<Found>();
        if (message !== undefined) {
          const { subject, seq, data = "", hdrs = "" } = message;
          return { subject, seq, data: Buffer.from(data, "base64"), headers: Buffer.from(hdrs, "base64").toString() };
        }
        if (error?.err_code === Code.NoMessage) return undefined;
      } catch {
        // No connection, no stream yet, no answer: it is asked again.
      }
      await this.beforeNext(attempt, stream);
    }
  }

  /** Forgets what is stored under a subject of a stream without consumers. */
  async purge(stream: string, subject: string): Promise<void> {
    await this.connection.jsm.streams.purge(stream, { filter: subject });
  }

  /** Deletes what is stored last under a subject. A purge of it would have the consumers of the stream lose their place. */
  async removeLast(stream: string, subject: string): Promise<void> {
    const found = await this.connection.jsm.streams.getMessage(stream, { last_by_subj: subject }).catch(() => null);
    if (found !== null) await this.remove(stream, found.seq);
  }

  /** Deletes one message, if it is still there. */
  async remove(stream: string, seq: number): Promise<boolean> {
    return this.connection.jsm.streams.deleteMessage(stream, seq, false).catch(() => false);
  }

  /** Waits before the attempt after this one; throws if there is to be none. */
  private async beforeNext(attempt: number, stream: string, cause?: unknown): Promise<void> {
    if (this.connection.nc.isClosed()) throw new SkeinError("the cluster is closed", { cause });
    if (attempt === SUSPICIOUS) await this.checkStream(stream);
    await sleep(AGAIN_MS[Math.min(attempt, AGAIN_MS.length - 1)]);
  }

  private async checkStream(stream: string): Promise<void> {
    try {
      await this.connection.jsm.streams.info(stream);
    } catch (cause) {
      if (codeOf(cause) === Code.StreamNotFound)
        throw new SkeinError(`the stream ${stream} is gone: somebody has deleted it`, { cause });
    }
  }
}

function refusal(stream: string, why: string): SkeinError {
  const full = /maximum (?:messages|bytes)|insufficient/.test(why) ? "the stream is full: " : "";
  return new SkeinError(`nothing was stored in ${stream}: ${full}${why}`);
}

/** Errors of JetStream that no second attempt can mend: a full stream, too large a message, another stream at that subject. */
const FINAL: ReadonlySet<number> = new Set([
  Code.StoreFailed,
  Code.MessageTooLarge,
  Code.StorageExceeded,
  Code.InsufficientResources,
  Code.OtherStream,
]);
const NOTHING = new Uint8Array(0);
