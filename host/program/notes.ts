/** Notes: what the program's threads tell the main thread through the program's memory. */
import { NOTE_A, NOTE_B, TEXT_BYTES } from "../../assembly/layout.js";
import type { Core } from "./core.js";
import type { Memory } from "../base/memory.js";

/** One note; what `a` and `b` mean depends on its kind. */
export interface Note {
  readonly a: number;
  readonly b: number;
}

/** Reads the note at `address` and frees it. */
export function readNote(core: Core, memory: Memory, address: number): Note {
  const view = memory.data;
  const note = { a: view.getUint32(address + NOTE_A, true), b: view.getUint32(address + NOTE_B, true) };
  core.mfree(address);
  return note;
}

/** Writes a Text, which whoever gets it frees; its address. */
export function writeText(core: Core, memory: Memory, text: string): number {
  const bytes = Buffer.from(text, "utf8");
  const address = core.malloc(TEXT_BYTES + bytes.byteLength) >>> 0;
  memory.data.setInt32(address, bytes.byteLength, true);
  memory.write(address + TEXT_BYTES, bytes);
  return address;
}

/** Reads the Text at `address` and frees it. */
export function takeText(core: Core, memory: Memory, address: number): string {
  const length = memory.data.getInt32(address, true);
  const text = memory.utf8(address + TEXT_BYTES, length);
  core.mfree(address);
  return text;
}
