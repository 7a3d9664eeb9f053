/**
 * A linked module of C, as bytes: what the merge has to know, and what has to be changed, before Binaryen reads it.
 *
 * libc's errno is one variable. Each access to it becomes one to ERRNO, an address that is nobody's, which `merge.ts` finds in the code and
 * replaces by that of the goroutine's own. An address in code takes five bytes, since it was put there at the link, while a constant takes
 * as few as it can; and nothing else has this address (assembly/c/errno.s). So the five bytes say that it is errno.
 *
 * Rejected: to have wasm-ld leave its relocations in (`--emit-relocs`), which fails on parts of libc; to have errno thread-local there,
 * which wasi-libc's objects, built for one thread, are not.
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
/** What AssemblyScript calls the memory and the table. */
const DEFAULT = "0";

const SECTION_GLOBAL = 6;
const SECTION_EXPORT = 7;
const EXPORT_FUNCTION = 0;
const EXPORT_GLOBAL = 3;
const NAME_TABLES = 5;
const NAME_MEMORIES = 6;
const NAME_DATA = 9;

/** A stretch of static memory. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface CObject {
  /** The module for Binaryen: without data, and without what nobody reads. */
  readonly module: Uint8Array;
  readonly segments: readonly Segment[];
  /** Names of exported functions, by the functions' indices. */
  readonly exports: ReadonlyMap<string, number>;
  /** Functions that are imported; the others are numbered behind them. */
  readonly importCount: number;
  /** Thread-local variables in the beginning; their number of bytes may be 0. */
  readonly tls: { readonly address: number; readonly size: number };
  /** The end of static memory. */
  readonly end: number;
}

/** Reads a linked module. */
export function readObject(linked: Uint8Array): CObject {
  const bytes = linked.slice();
  const all = [...sections(bytes)];
  const { functions, addresses } = readExports(bytes, all);
  const errno = addresses.get("errno");
  const tlsBase = addresses.get("__tls_base");
  // Variables that begin as zero are in no segment.
  const end = addresses.get("__heap_base");
  if (errno === undefined || tlsBase === undefined || end === undefined) {
    throw new Error("the linked C does not say where errno, its thread-local variables and its end are");
  }
  moveErrno(bytes, all, errno);

  const segments = readSegments(bytes, all);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (const { id, name, begin, start, end } of all) {
    if (id !== SECTION_CUSTOM && id !== SECTION_DATA && id !== SECTION_DATA_COUNT)
      parts.push(bytes.subarray(begin, end));
    else if (name === "name") parts.push(nameSection([...readNames(bytes, start, end), ...commonNames()]));
  }

  const tls = segments.find(({ address }) => address === tlsBase);
  return {
    module: concat(parts),
    segments,
    exports: functions,
    importCount: readImportCount(bytes, all),
    tls: { address: tlsBase, size: tls?.bytes.length ?? 0 },
    end,
  };
}

type Sections = readonly (ReturnType<typeof sections> extends Generator<infer S> ? S : never)[];

/** Puts ERRNO where the address of errno is; that may be in code alone. */
function moveErrno(bytes: Uint8Array, all: Sections, address: number): void {
  const from = padded(address);
  const to = padded(ERRNO);
  for (const { id, start, end } of all) {
    if (id !== SECTION_CODE) continue;
    const code = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    for (let at = code.indexOf(from); at >= 0; at = code.indexOf(from, at + from.length)) to.copy(code, at);
  }
}

/** A number below 2^31 as LEB128 in five bytes, which is the same whether or not it counts as signed. */
function padded(value: number): Buffer {
  return Buffer.from([0, 1, 2, 3, 4].map((i) => ((value >>> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0)));
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

/** Exported functions, by name, with their numbers; and exported addresses. */
function readExports(
  bytes: Uint8Array,
  all: Sections,
): { functions: Map<string, number>; addresses: Map<string, number> } {
  const functions = new Map<string, number>();
  const addresses = new Map<string, number>();
  const globals = readGlobals(bytes, all);
  const section = all.find(({ id }) => id === SECTION_EXPORT);
  if (section === undefined) return { functions, addresses };
  const reader = new Reader(bytes, section.start);
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.u32();
    if (kind === EXPORT_FUNCTION) functions.set(name, index);
    else if (kind === EXPORT_GLOBAL) addresses.set(name, globals[index]!);
  }
  return { functions, addresses };
}

/** Initial values of globals: none is imported. */
function readGlobals(bytes: Uint8Array, all: Sections): number[] {
  const section = all.find(({ id }) => id === SECTION_GLOBAL);
  if (section === undefined) return [];
  const reader = new Reader(bytes, section.start);
  return Array.from({ length: reader.u32() }, () => {
    reader.at += 2; // its type, and whether it changes
    return readConstant(reader);
  });
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
