/**
 * A linked module of C, as bytes: what the merge has to know, and what has to be changed, before Binaryen reads it.
 *
 * wasm-ld has left its relocations in. They say exactly which immediates are which, where the code alone would leave it to guessing, and each
 * such number takes five bytes, whatever its value, so another can be put in its place.
 *
 * - Indices into the function table move up, behind the entries of the rest of the program.
 * - libc's errno is one variable. Each access to it becomes one to ERRNO, an address that is nobody's, which `merge.ts` finds in the code
 *   and replaces by that of the goroutine's own.
 */
import {
  concat,
  customSection,
  IMPORT_FUNCTION,
  Reader,
  readImports,
  SECTION_CODE,
  SECTION_CUSTOM,
  SECTION_DATA,
  SECTION_DATA_COUNT,
  SECTION_IMPORT,
  sections,
  Writer,
} from "../../program/wasm.js";

/** Stands for the address of libc's errno: odd, and above all static data. */
export const ERRNO = 0x7eadbee1;
/** The thread-local variable that every goroutine has instead. */
const SKEIN_ERRNO = "skein_errno";

/** What AssemblyScript calls the memory and the table. */
const DEFAULT = "0";

const SECTION_EXPORT = 7;
const EXPORT_FUNCTION = 0;
const NAME_TABLES = 5;
const NAME_MEMORIES = 6;
const NAME_DATA = 9;

/** A stretch of static memory. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface CObject {
  /** The module for Binaryen: without data, relocations and symbols. */
  readonly module: Uint8Array;
  readonly segments: readonly Segment[];
  /** Names of exported functions, by the functions' indices. */
  readonly exports: ReadonlyMap<string, number>;
  /** Functions that are imported; the others are numbered behind them. */
  readonly importCount: number;
  /** Thread-local variables in the beginning; their number of bytes may be 0. */
  readonly tls: { readonly address: number; readonly size: number; readonly errno: number };
  /** The end of static memory. */
  readonly end: number;
}

interface DataSymbol {
  readonly name: string;
  readonly segment: number;
  readonly offset: number;
}

/** Relocations by number, as in LLVM's list for WebAssembly. */
const TABLE_INDEX_SLEB = 1;
const TABLE_INDEX_I32 = 2;
const MEMORY_ADDR_LEB = 3;
const MEMORY_ADDR_SLEB = 4;
const MEMORY_ADDR_I32 = 5;
/** Those that have an addend. */
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);

/** Reads a linked module whose table entries are to move up by `shift`. */
export function readObject(linked: Uint8Array, shift: number): CObject {
  const bytes = linked.slice();
  const all = [...sections(bytes)];
  const symbols = readSymbols(bytes, all);
  for (const target of [SECTION_CODE, SECTION_DATA]) relocate(bytes, all, target, symbols, shift);

  const segments = readSegments(bytes, all);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (const { id, name, begin, start, end } of all) {
    if (id !== SECTION_CUSTOM && id !== SECTION_DATA && id !== SECTION_DATA_COUNT) parts.push(bytes.subarray(begin, end));
    else if (name === "name") parts.push(nameSection([...readNames(bytes, start, end), ...commonNames()]));
  }

  const own = symbols.find((symbol) => symbol?.name === SKEIN_ERRNO);
  const tls = own && segments[own.segment];
  if (own === undefined || tls === undefined) throw new Error("the linked C has no errno");
  return {
    module: concat(parts),
    segments,
    exports: readExports(bytes, all),
    importCount: readImportCount(bytes, all),
    tls: { address: tls.address, size: tls.bytes.length, errno: own.offset },
    end: Math.max(...segments.map((segment) => segment.address + segment.bytes.length)),
  };
}

type Sections = readonly (ReturnType<typeof sections> extends Generator<infer S> ? S : never)[];

/** Symbols of data by the numbers that relocations have; undefined for others. */
function readSymbols(bytes: Uint8Array, all: Sections): (DataSymbol | undefined)[] {
  const linking = all.find(({ name }) => name === "linking");
  if (linking === undefined) throw new Error("the linked C has no symbols");
  const reader = new Reader(bytes, linking.start);
  reader.u32(); // the version
  const symbols: (DataSymbol | undefined)[] = [];
  while (reader.at < linking.end) {
    const subsection = reader.byte();
    const next = reader.u32() + reader.at;
    if (subsection === SYMBOL_TABLE) {
      for (let count = reader.u32(); count > 0; count--) symbols.push(readSymbol(reader));
    }
    reader.at = next;
  }
  return symbols;
}

const SYMBOL_TABLE = 8;
const SYMBOL_DATA = 1;
const SYMBOL_SECTION = 3;
const FLAG_UNDEFINED = 0x10;
const FLAG_EXPLICIT_NAME = 0x40;

function readSymbol(reader: Reader): DataSymbol | undefined {
  const kind = reader.byte();
  const flags = reader.u32();
  if (kind === SYMBOL_DATA) {
    const name = reader.name();
    if (flags & FLAG_UNDEFINED) return undefined;
    const symbol = { name, segment: reader.u32(), offset: reader.u32() };
    reader.u32(); // its size
    return symbol;
  }
  reader.u32(); // an index
  if (kind !== SYMBOL_SECTION && (!(flags & FLAG_UNDEFINED) || flags & FLAG_EXPLICIT_NAME)) reader.name();
  return undefined;
}

/** Does the relocations of a section that this file is about. */
function relocate(
  bytes: Uint8Array,
  all: Sections,
  target: number,
  symbols: readonly (DataSymbol | undefined)[],
  shift: number,
): void {
  const index = all.findIndex(({ id }) => id === target);
  for (const { name, start } of all) {
    if (name === null || !name.startsWith("reloc.")) continue;
    const reader = new Reader(bytes, start);
    if (reader.u32() !== index) continue;
    const base = all[index]!.start;
    for (let count = reader.u32(); count > 0; count--) {
      const type = reader.byte();
      const at = base + reader.u32();
      const symbol = reader.u32();
      const addend = WITH_ADDEND.has(type) ? reader.u32() : 0;
      if (type === TABLE_INDEX_SLEB || type === TABLE_INDEX_I32) {
        // 0 is the null function.
        const old = type === TABLE_INDEX_I32 ? readI32(bytes, at) : readPadded(bytes, at);
        if (old !== 0) write(bytes, at, old + shift, type === TABLE_INDEX_I32);
      } else if (symbols[symbol]?.name === "errno") {
        if (type === MEMORY_ADDR_I32) throw new Error("the address of errno is kept in a variable");
        if (type === MEMORY_ADDR_LEB || type === MEMORY_ADDR_SLEB) write(bytes, at, ERRNO + addend, false);
      }
    }
  }
}

function readI32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

function readPadded(bytes: Uint8Array, at: number): number {
  return new Reader(bytes, at).u32();
}

/** Writes a number below 2^31 as four bytes, or as LEB128 in five, which is the same whether or not it counts as signed. */
function write(bytes: Uint8Array, at: number, value: number, isFixed: boolean): void {
  if (isFixed) new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, true);
  else for (let i = 0; i < 5; i++) bytes[at + i] = ((value >>> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0);
}

function readSegments(bytes: Uint8Array, all: Sections): Segment[] {
  const data = all.find(({ id }) => id === SECTION_DATA);
  if (data === undefined) return [];
  const reader = new Reader(bytes, data.start);
  return Array.from({ length: reader.u32() }, () => {
    if (reader.u32() !== 0) throw new Error("the linked C has data without an address");
    const address = readConstant(reader);
    const length = reader.u32();
    reader.at += length;
    return { address, bytes: bytes.slice(reader.at - length, reader.at) };
  });
}

const I32_CONST = 0x41;

/** An initialiser that is one i32.const; addresses of static data are positive. */
function readConstant(reader: Reader): number {
  if (reader.byte() !== I32_CONST) throw new Error("the linked C has data whose address is not constant");
  const value = reader.u32();
  reader.byte(); // the end
  return value;
}

function readExports(bytes: Uint8Array, all: Sections): Map<string, number> {
  const exports = new Map<string, number>();
  const section = all.find(({ id }) => id === SECTION_EXPORT);
  if (section === undefined) return exports;
  const reader = new Reader(bytes, section.start);
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.u32();
    if (kind === EXPORT_FUNCTION) exports.set(name, index);
  }
  return exports;
}

function readImportCount(bytes: Uint8Array, all: Sections): number {
  const section = all.find(({ id }) => id === SECTION_IMPORT);
  if (section === undefined) return 0;
  return readImports(new Reader(bytes, section.start)).filter(({ kind }) => kind === IMPORT_FUNCTION).length;
}

/** A name section, with its subsections in the order that it wants. */
function nameSection(subsections: Uint8Array[]): Uint8Array {
  subsections.sort((a, b) => a[0]! - b[0]!);
  return customSection("name", concat(subsections));
}

/** Names for the table and the memory: in the module that this one is merged into these are meant. */
function commonNames(): Uint8Array[] {
  return [NAME_TABLES, NAME_MEMORIES].map((subsection) => {
    const map = new Writer().u32(1).u32(0).name(DEFAULT).finish();
    return concat([Uint8Array.of(subsection), new Writer().u32(map.length).finish(), map]);
  });
}

/** The names that wasm-ld gives, but for those of data. */
function readNames(bytes: Uint8Array, start: number, end: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const reader = new Reader(bytes, start);
  while (reader.at < end) {
    const begin = reader.at;
    const subsection = reader.byte();
    const next = reader.u32() + reader.at;
    if (subsection < NAME_DATA) parts.push(bytes.subarray(begin, next));
    reader.at = next;
  }
  return parts;
}
