/** What is in the messages of calls, results and dead letters: a head, which says what to do, and the bytes of values. */
import type { Carried } from "../../go/carry.js";
import { SkeinError } from "../../index.js";
import { Decoder } from "../codec/decode.js";
import { encoded } from "../codec/encode.js";
import { VERSION } from "../codec/tags.js";
import type { Lane } from "../connection/subjects.js";

/** The header that names a call's result for who cannot read the rest. */
export const RESULT_HEADER = "Skein-Result";

/** What is known of a call beside its arguments. */
export interface CallHead {
  /** Under what its result is stored: `result.<caller>.<number>`, `keyed.<hash>`. */
  readonly id: string;
  readonly module: string;
  readonly task: string;
  readonly lane: Lane;
  /** The caller's key, whose hash is in the id. */
  readonly key?: string | undefined;
  /** Calls of the module with the same are run one after the other. */
  readonly order?: string | undefined;
  /** Its number among such calls, once it is its turn. */
  readonly place?: number | undefined;
  /** The version of the module that is wanted. */
  readonly version?: string | undefined;
  readonly retries: number;
  readonly backoff: Backoff;
  /** Milliseconds that it may run. */
  readonly timeout?: number | undefined;
  /** How often it has been taken from the dead letters. */
  readonly round: number;
  /** How often it has failed since. */
  readonly failures: number;
  /** How often workers that could not run it have passed it on, and how often it died with a thread that others were on. */
  readonly passed: number;
  /** Milliseconds that it waits before it may run. */
  readonly wait?: number | undefined;
  /** The name of the object that its arguments are in, if they are too large for the message. */
  readonly large?: string | undefined;
}

/** How long to wait before a call is tried again, in milliseconds. */
export interface Backoff {
  readonly delay: number;
  readonly max: number;
}

/** A call's arguments, and the context that follows it. */
export interface CallBody {
  readonly args: unknown[];
  readonly carried?: Carried | undefined;
}

/** What became of a call. */
export interface ResultHead {
  readonly ok: boolean;
  /** Which worker says so. */
  readonly worker: string;
  readonly failures: number;
  /** The name of the object that the value is in. */
  readonly large?: string | undefined;
  /** The caller has cancelled it. */
  readonly cancelled?: boolean | undefined;
}

/** What is known of a call that has failed for good; its message follows. */
export interface DeadHead {
  readonly id: string;
  readonly module: string;
  readonly task: string;
  readonly key?: string | undefined;
  readonly worker: string;
  readonly failures: number;
  /** When, in milliseconds since 1970 by the worker's clock. */
  readonly at: number;
  readonly error: unknown;
}

/** A head and what follows it. */
export interface Message<H> {
  readonly head: H;
  readonly body: Uint8Array;
}

/** A message of another version of this format. */
export class FormatError extends SkeinError {
  override name = "FormatError";
}

export function writeMessage<H>(head: H, body: Uint8Array): Uint8Array {
  return encoded((encoder) => encoder.byte(VERSION).value(head).raw(body));
}

/** @throws FormatError if it is of another version */
export function readMessage<H>(bytes: Uint8Array): Message<H> {
  const decoder = new Decoder(bytes);
  const version = decoder.byte();
  if (version !== VERSION) {
    throw new FormatError(
      `a message of format ${version}, and this version of skein knows format ${VERSION}: all processes of a cluster need the same`,
    );
  }
  return { head: decoder.value() as H, body: decoder.rest() };
}
