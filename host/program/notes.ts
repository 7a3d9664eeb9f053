/** Notes: what the program's threads tell the main thread through the program's memory. */
import { Text } from "../abi/records.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";

/** One note; what `a` and `b` mean depends on its kind. */
export interface Note {
  readonly a: number;
  readonly b: number;
}

/** Reads the note at `address` and frees it. */
export function readNote(core: Core, memory: Memory, address: number): Note {
  const { a, b } = memory.note(address);
  core.mfree(address);
  return { a, b };
}

/** Writes a Text, which whoever gets it frees; its address. */
export function writeText(core: Core, memory: Memory, text: string): number {
  const bytes = Buffer.from(text, "utf8");
  const address = core.malloc(Text.SIZE + bytes.byteLength);
  memory.data.setInt32(address, bytes.byteLength, true);
  memory.write(address + Text.SIZE, bytes);
  return address;
}

/** Reads the Text at `address` and frees it. */
export function takeText(core: Core, memory: Memory, address: number): string {
  const length = memory.data.getInt32(address, true);
  const text = memory.utf8(address + Text.SIZE, length);
  core.mfree(address);
  return text;
}
