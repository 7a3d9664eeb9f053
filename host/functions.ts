/** Which function a byte of a wasm module belongs to. */
import { IMPORT_FUNCTION, readImports, Reader, SECTION_CODE, SECTION_IMPORT, sections } from "./compiler/wasm.js";

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
