/** The functions that an object file of WebAssembly defines for others: its symbols, in the section `linking`. */
import { Reader, sections } from "./wasm.js";

const SYMBOL_TABLE = 8;

// Kinds of symbols.
const FUNCTION = 0;
const DATA = 1;
const SECTION = 3;

// Their flags.
const LOCAL = 0x02;
const UNDEFINED = 0x10;
const EXPORTED = 0x20;
const EXPLICIT_NAME = 0x40;

/** Names of the functions that an object file defines for others, but for those that it exports by an attribute. */
export function globalFunctions(object: Uint8Array): string[] {
  const found: string[] = [];
  for (const { name, start, end } of sections(object)) {
    if (name !== "linking") continue;
    const reader = new Reader(object, start);
    reader.u32(); // the version
    while (reader.at < end) {
      const subsection = reader.byte();
      const next = reader.u32() + reader.at;
      if (subsection === SYMBOL_TABLE)
        for (let count = reader.u32(); count > 0; count--) found.push(...readSymbol(reader));
      reader.at = next;
    }
  }
  return found;
}

/** Reads a symbol: its name, if it is such a function. */
function readSymbol(reader: Reader): string[] {
  const kind = reader.byte();
  const flags = reader.u32();
  const isDefined = (flags & UNDEFINED) === 0;
  if (kind === DATA) {
    reader.name();
    if (isDefined) for (let i = 0; i < 3; i++) reader.u32(); // segment, offset, size
    return [];
  }
  reader.u32(); // an index
  if (kind === SECTION || (!isDefined && (flags & EXPLICIT_NAME) === 0)) return [];
  const name = reader.name();
  return kind === FUNCTION && isDefined && (flags & (LOCAL | EXPORTED)) === 0 ? [name] : [];
}
