/** Notes: what the program's threads tell the main thread through the program's memory. */
import { NOTE_A, NOTE_B, NOTE_KIND, NOTE_NEXT, TEXT_BYTES } from "../assembly/layout.js";
import type { Core } from "./instance.js";
import type { Memory } from "./memory.js";

/** One note; what `a` and `b` mean depends on `kind`, one of `NOTE_*`. */
export interface Note {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

/** Takes all waiting notes, oldest first, and frees them. */
export function drainNotes(core: Core, memory: Memory): Note[] {
  const notes: Note[] = [];
  for (let address = core.drain() >>> 0; address !== 0;) {
    const view = memory.data;
    notes.push({
      kind: view.getInt32(address + NOTE_KIND, true),
      a: view.getUint32(address + NOTE_A, true),
      b: view.getUint32(address + NOTE_B, true),
    });
    const next = view.getUint32(address + NOTE_NEXT, true);
    core.free(address);
    address = next;
  }
  return notes;
}

/** Reads the Text at `address` and frees it. */
export function takeText(core: Core, memory: Memory, address: number): string {
  const length = memory.data.getInt32(address, true);
  const text = memory.utf8(address + TEXT_BYTES, length);
  core.free(address);
  return text;
}
