/** What a thread that runs JavaScript gives to channels and locks. */
import type { Memory } from "../base/memory.js";
import type { Core } from "../abi/core.js";
import type { Codec } from "../values/index.js";

/** @internal Where notes for a thread arrive. */
export interface Mail {
  /** Has `handler` deal with the notes of a kind. */
  on(kind: number, handler: (address: number) => void): void;
  /** The same for notes of that kind whose addressee has gone; on the main thread. */
  onOrphan(kind: number, handler: (address: number) => void): void;
}

/** @internal A thread that runs JavaScript. */
export interface SyncHost {
  readonly core: Core;
  readonly memory: Memory;
  readonly codec: Codec;
  readonly mailbox: Mail;
  /** The M's number, 0 for the main thread, and which of its threads this is. */
  readonly mid: number;
  readonly gen: number;
  /** A note is expected, or has come: the thread looks into its mailbox, and stays, as long as there are more of the former. */
  hold(): void;
  release(): void;
  /** Milliseconds by the program's clock, which all threads share and nobody sets. */
  now(): number;
  /** The thread is about to block: what it has not handed on yet would wait for it. */
  blocks(): void;
}

/** What may be given to an operation that waits. */
export interface WaitOptions {
  /** Ends the wait: it rejects with the signal's reason, and has taken nothing. */
  readonly signal?: AbortSignal | undefined;
}
