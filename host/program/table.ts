/** The functions of a wasm module: which one a byte belongs to, and which are in the table. */
import {
  IMPORT_FUNCTION,
  readImports,
  Reader,
  SECTION_CODE,
  SECTION_ELEMENT,
  SECTION_IMPORT,
  sections,
} from "./wasm.js";

const I32_CONST = 0x41;
const END = 0x0b;

/** The indices of the functions in a module's table, by their place there, as far as active segments of functions say. */
export function readTable(wasm: Uint8Array): Map<number, number> {
  const table = new Map<number, number>();
  for (const { id, start } of sections(wasm)) {
    if (id !== SECTION_ELEMENT) continue;
    const reader = new Reader(wasm, start);
    for (let count = reader.u32(); count > 0; count--) {
      if (reader.u32() !== 0 || reader.byte() !== I32_CONST) break;
      let place = reader.u32();
      if (reader.byte() !== END) break;
      for (let length = reader.u32(); length > 0; length--) table.set(place++, reader.u32());
    }
  }
  return table;
}

/** Where the functions of a module end, in the order of their indices, and the index of the first. */
export class FunctionTable {
  private readonly ends: number[] = [];
  private readonly first: number = 0;

  constructor(wasm: Uint8Array) {
    for (const { id, start } of sections(wasm)) {
      const reader = new Reader(wasm, start);
      if (id === SECTION_IMPORT) {
        this.first = readImports(reader).filter(({ kind }) => kind === IMPORT_FUNCTION).length;
      } else if (id === SECTION_CODE) {
        for (let count = reader.u32(); count > 0; count--) {
          const length = reader.u32();
          reader.at += length;
          this.ends.push(reader.at);
        }
      }
    }
  }

  /** Where the code of the function with an index begins, or somewhat before. */
  startOf(index: number): number {
    return this.ends[index - this.first - 1] ?? 0;
  }

  /** The index of the function whose code holds the byte at `offset` of the module. */
  indexAt(offset: number): number {
    let low = 0;
    let high = this.ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offset < (this.ends[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return this.first + low;
  }
}
