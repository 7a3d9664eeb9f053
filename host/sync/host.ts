/**
 * What a thread that runs JavaScript gives to channels and locks, and the core's functions for them (`hostsync.ts` there says
 * what each does).
 */
import type { Memory } from "../base/memory.js";
import type { Codec } from "../values/index.js";

/** @internal */
export interface SyncCore {
  alloc(bytes: number): number;
  free(address: number): void;
  obj_new(kind: number, n: number, elem: number, other: number): number;
  obj_free(object: number): number;
  obj_lost(mid: number, gen: number): void;
  op_new(mid: number, gen: number): number;
  op_free(op: number): void;
  op_begin(op: number): number;
  op_poll(op: number): number;
  op_cancel(op: number): number;
  op_case(op: number, first: number, chan: number, at: number): void;
  op_block(): void;
  chan_send(chan: number, at: number): number;
  chan_recv(op: number, chan: number, at: number): number;
  chan_close(chan: number): void;
  bytes_new(n: number): number;
  mutex_try(object: number, mid: number, gen: number): number;
  mutex_unlock(object: number): void;
  rw_try(object: number, mid: number, gen: number): number;
  rw_unlock(object: number): void;
  rw_tryread(object: number, mid: number, gen: number): number;
  rw_endread(object: number, mid: number, gen: number): void;
  wg_add(object: number, n: number): void;
  sem_try(object: number, n: number): number;
  sem_release(object: number, n: number): void;
  cond_signal(object: number): void;
  cond_broadcast(object: number): void;
  ctx_cancel(object: number, at: number): number;
}

/** @internal Where notes for a thread arrive. */
export interface Mail {
  /** Has `handler` deal with the notes of a kind. */
  on(kind: number, handler: (address: number) => void): void;
  /** The same for notes of that kind whose addressee has gone; on the main thread. */
  onOrphan(kind: number, handler: (address: number) => void): void;
}

/** @internal A thread that runs JavaScript. */
export interface SyncHost {
  readonly core: SyncCore;
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
