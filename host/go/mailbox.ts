/**
 * A thread's mailbox, as its JavaScript sees it: takes the notes that have come and gives each to the handler of its kind.
 *
 * Guarantees: notes of one sender are handled in the order in which they were posted; a handler that throws does not keep
 * the others from their notes. A note belongs to its handler, which frees it.
 */
import { M_MAIL, M_SIZE, MS_BASE, NOTE_KIND, NOTE_NEXT } from "../../assembly/layout.js";
import { NoteKind } from "../abi/enums.js";
import type { Core } from "../program/core.js";
import type { Memory } from "../base/memory.js";

/** What is done with a note: given its address. */
export type NoteHandler = (address: number) => void;

export class Mailbox {
  private readonly core: Core;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly head: number;
  private readonly handlers: (NoteHandler | undefined)[] = [];
  private readonly orphans: (NoteHandler | undefined)[] = [];

  constructor(core: Core, memory: Memory, mid: number) {
    this.core = core;
    this.words = memory.words;
    this.head = (MS_BASE + mid * M_SIZE + M_MAIL) >> 2;
  }

  /** Has `handler` deal with the notes of a kind. */
  on(kind: number, handler: NoteHandler): void {
    this.handlers[kind] = handler;
  }

  /** The same for notes of that kind whose addressee has gone; on the main thread. Where there is none, they are freed. */
  onOrphan(kind: number, handler: NoteHandler): void {
    this.orphans[kind] = handler;
  }

  /** Whether there is anything to take. */
  get isEmpty(): boolean {
    return Atomics.load(this.words, this.head) === 0;
  }

  /** Handles all notes that have come; says whether there were any. */
  drain(): boolean {
    if (this.isEmpty) return false;
    const { words } = this;
    let address = this.core.drain() >>> 0;
    while (address !== 0) {
      const next = words[(address + NOTE_NEXT) >> 2]! >>> 0;
      this.handle(words[(address + NOTE_KIND) >> 2]!, address);
      address = next;
    }
    return true;
  }

  private handle(kind: number, address: number): void {
    const handler = kind < NoteKind.Orphan ? this.handlers[kind] : this.orphans[kind - NoteKind.Orphan];
    if (handler === undefined) return this.core.mfree(address);
    try {
      handler(address);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
