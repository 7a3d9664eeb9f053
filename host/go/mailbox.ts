/**
 * A thread's mailbox, as its JavaScript sees it: takes the notes that have come and gives each to the handler of its kind.
 *
 * Guarantees: notes of one sender are handled in the order in which they were posted; a handler that throws does not keep
 * the others from their notes. A note belongs to its handler, which frees it.
 */
import { NoteKind } from "../abi/enums.js";
import type { M } from "../abi/records.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";

/** What is done with a note: given its address. */
type NoteHandler = (address: number) => void;

export class Mailbox {
  private readonly core: Core;
  private readonly memory: Memory;
  private readonly m: M;
  private readonly handlers: (NoteHandler | undefined)[] = [];
  private readonly orphans: (NoteHandler | undefined)[] = [];

  constructor(core: Core, memory: Memory, mid: number) {
    this.core = core;
    this.memory = memory;
    this.m = memory.m(mid);
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
    return this.m.mail === 0;
  }

  /** Handles all notes that have come; says whether there were any. */
  drain(): boolean {
    if (this.isEmpty) return false;
    let address = this.core.drain();
    while (address !== 0) {
      const { next, kind } = this.memory.note(address);
      this.handle(kind, address);
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
