/** Reading and writing the binary format of WebAssembly, as far as sections and their contents' lengths. */

export const SECTION_CUSTOM = 0;
export const SECTION_IMPORT = 2;
export const SECTION_ELEMENT = 9;
export const SECTION_CODE = 10;
export const SECTION_DATA = 11;
export const SECTION_DATA_COUNT = 12;

const HEADER_BYTES = 8;
const utf8 = new TextDecoder();

/** A section of a module; `start` and `end` delimit its contents, after id and length. */
interface Section {
  readonly id: number;
  /** For custom sections. */
  readonly name: string | null;
  /** Where the section begins, with its id. */
  readonly begin: number;
  /** Where the contents begin; for custom sections, after the name. */
  readonly start: number;
  readonly end: number;
}

/** Reads numbers and strings one after the other. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError("unexpected end");
    return value;
  }

  /** An unsigned LEB128 number below 2^32. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** A signed number, stored with its sign in the lowest bit. */
  zigzag(): number {
    const value = this.u32();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  name(): string {
    const length = this.u32();
    this.at += length;
    return utf8.decode(this.bytes.subarray(this.at - length, this.at));
  }
}

/** Writes numbers and strings one after the other. */
export class Writer {
  private readonly parts: number[] = [];

  u32(value: number): this {
    while (value >= 0x80) {
      this.parts.push((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.parts.push(value);
    return this;
  }

  zigzag(value: number): this {
    return this.u32(value < 0 ? -2 * value - 1 : 2 * value);
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    this.u32(bytes.length);
    for (const byte of bytes) this.parts.push(byte);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}

/** The sections of a module, in order. */
export function* sections(wasm: Uint8Array): Generator<Section> {
  const reader = new Reader(wasm, HEADER_BYTES);
  while (reader.at < wasm.length) {
    const begin = reader.at;
    const id = reader.byte();
    const length = reader.u32();
    const end = reader.at + length;
    const name = id === SECTION_CUSTOM ? reader.name() : null;
    yield { id, name, begin, start: reader.at, end };
    reader.at = end;
  }
}

export const IMPORT_FUNCTION = 0;
const IMPORT_TABLE = 1;
const IMPORT_MEMORY = 2;

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
}

/** The imports, read from the contents of their section. */
export function readImports(reader: Reader): Import[] {
  const imports: Import[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const entry = { module: reader.name(), name: reader.name(), kind: reader.byte() };
    imports.push(entry);
    if (entry.kind === IMPORT_FUNCTION) {
      reader.u32(); // its type
    } else if (entry.kind === IMPORT_TABLE) {
      reader.byte(); // the element type
      skipLimits(reader);
    } else if (entry.kind === IMPORT_MEMORY) {
      skipLimits(reader);
    } else {
      reader.byte(); // a global's type
      reader.byte(); // and whether it is mutable
    }
  }
  return imports;
}

function skipLimits(reader: Reader): void {
  const hasMaximum = (reader.byte() & 1) !== 0;
  reader.u32();
  if (hasMaximum) reader.u32();
}

/** A custom section, whole. */
export function customSection(name: string, contents: Uint8Array): Uint8Array {
  const head = new Writer().name(name).finish();
  const length = new Writer().u32(head.length + contents.length).finish();
  return concat([Uint8Array.of(SECTION_CUSTOM), length, head, contents]);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
