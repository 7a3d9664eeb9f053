/**
 * From a place in the code to a place in the source: the custom section `skein.symbols`, and its reader. And from the id of a class
 * to its name: `skein.classes`.
 *
 * ```
 * u32 count, then that many names of files
 * then, to the end, one entry for each change of position, in the order of the code:
 *   u32 distance in bytes from the last entry (the first: from the start of the file)
 *   zigzag changes of file, line and column
 * ```
 *
 * An entry holds from its own offset to the next entry's, but never past the end of the function it is in. Only the
 * functions of the program have entries, and only for their own code: what was inlined from a library counts as the place
 * that it was inlined into. The libraries' functions are known by name, which is all that a stack needs of them.
 * Offsets are from the start of the wasm file, which is what stack traces have (`wasm-function[12]:0x1234`).
 */
import path from "node:path";
import {
  IMPORT_FUNCTION,
  Reader,
  readImports,
  SECTION_CODE,
  SECTION_CUSTOM,
  SECTION_IMPORT,
  sections,
  Writer,
} from "./wasm.js";

const NAME_SUBSECTION_FUNCTIONS = 1;

/** What Binaryen gives, in the source map format, version 3. */
export interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** A function on a stack. */
export interface Symbol {
  /** As the source spells it: `main.func1`, `Queue.push`. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Whether it belongs to a library (AssemblyScript's, or Skein's own) rather than to the program. */
  readonly isLibrary: boolean;
}

/** Says what is at a byte offset of the module, in a function given by its index; null if nothing is known of it. */
export type Symbolizer = (functionIndex: number, offset: number) => Symbol | null;

interface Position {
  readonly offset: number;
  readonly file: number;
  readonly line: number;
  readonly column: number;
}

/** What only the compiler knows about the functions and files of a program. */
export interface SymbolNames {
  /** The name to store for a source file; names of library files begin with `~`. */
  fileName(source: string): string;
  /** Whether a function is the program's own (or of a package of its). */
  isProgram(internalName: string): boolean;
  /** Where a function of the program is declared, in the map's terms; lines and columns count from 1. */
  declaration(internalName: string): { source: string; line: number; column: number } | undefined;
}

/** Encodes a source map of `wasm`. `shift` is how far the code has moved since Binaryen wrote the map. */
export function encodeSymbols(map: SourceMap, wasm: Uint8Array, shift: number, symbolNames: SymbolNames): Uint8Array {
  const files = map.sources.map((source) => symbolNames.fileName(source));
  const writer = new Writer().u32(files.length);
  for (const file of files) writer.name(file);

  const { bodies, names, importedFunctions } = readTables(wasm);
  const present = new Set(names.values());
  const sourceNames = bodies.map((_, i) => (names.get(i + importedFunctions) ?? "~").replace(THUNK, "$1"));
  const isProgram = sourceNames.map((name) => symbolNames.isProgram(name));
  let body = 0;
  let last: Position = { offset: 0, file: 0, line: 0, column: 0 };
  const positions: Position[] = [];
  const hasPosition = new Set<number>();
  for (const mapping of decodeMappings(map.mappings)) {
    const position = { ...mapping, offset: mapping.offset + shift };
    while (body < bodies.length && position.offset >= bodies[body]![1]) body++;
    if (!isProgram[body] || isLibraryFile(files[position.file]!)) continue;
    hasPosition.add(body);
    positions.push(position);
  }
  // A function all of whose code was inlined from libraries is at least declared somewhere.
  bodies.forEach(([offset], i) => {
    const name = sourceNames[i]!;
    // A thunk that calls its function, instead of having it inside, is not seen in a stack.
    const isCaller = name !== names.get(i + importedFunctions) && present.has(name.replace(/~resumed$/, ""));
    const declared = isProgram[i] && !isCaller && !hasPosition.has(i) && symbolNames.declaration(name);
    const file = declared ? map.sources.indexOf(declared.source) : -1;
    if (declared && file >= 0) positions.push({ offset, file, line: declared.line, column: declared.column });
  });
  positions.sort((a, b) => a.offset - b.offset);

  body = 0;
  for (const position of positions) {
    while (body < bodies.length && position.offset >= bodies[body]![1]) body++;
    const isNew = position.file !== last.file || position.line !== last.line || position.column !== last.column;
    const isNextBody = body < bodies.length && last.offset < bodies[body]![0];
    if (!isNew && !isNextBody) continue;
    writer
      .u32(position.offset - last.offset)
      .zigzag(position.file - last.file)
      .zigzag(position.line - last.line)
      .zigzag(position.column - last.column);
    last = position;
  }
  return writer.finish();
}

function isLibraryFile(file: string): boolean {
  return file.startsWith("~");
}

/**
 * A symbolizer for a program. Nothing is read before the first question. Files are named as the build saw them, relative
 * to the entry's folder; with `folder` given, relative to the working directory.
 */
export function symbolizer(wasm: Uint8Array, folder?: string): Symbolizer {
  let tables: Tables | undefined;
  const display = (file: string): string => {
    if (folder === undefined || isLibraryFile(file)) return file;
    const full = path.resolve(folder, file);
    const relative = path.relative(process.cwd(), full);
    return relative.startsWith("..") ? full : relative;
  };
  return (functionIndex, offset) => {
    tables ??= readTables(wasm);
    const name = tables.names.get(functionIndex);
    const body = tables.bodies[functionIndex - tables.importedFunctions];
    if (name === undefined || body === undefined) return null;
    const position = positionIn(tables.positions, body, offset);
    const file = position && tables.files[position.file];
    if (position === undefined || file === undefined) {
      return { name: displayName(name), file: "?", line: 0, column: 0, isLibrary: isLibraryFunction(name) };
    }
    return {
      name: displayName(name),
      file: display(file),
      line: position.line,
      column: position.column,
      isLibrary: false,
    };
  };
}

/**
 * The position of an instruction in the body [start, end) of a function: its own or that of the last one before it; where
 * there is none, because the code before it was inlined from a library, the first after it.
 */
function positionIn(
  positions: readonly Position[],
  [start, end]: readonly [number, number],
  offset: number,
): Position | undefined {
  const before = lastUpTo(positions, offset);
  if (before !== undefined && before.offset >= start) return before;
  const after = positions[before === undefined ? 0 : positions.indexOf(before) + 1];
  return after !== undefined && after.offset < end ? after : undefined;
}

/** A thunk's name: that of the function which it calls, and how many arguments were given. */
const THUNK = /^~task:(.*?)(?:\/\d+)?$/;

/**
 * A function's name as its source spells it, from the compiler's name for it: `dir/file/Class<T>#method` is
 * `Class<T>.method`, and functions inside functions are `outer.inner`. Types in angle brackets lose their paths too.
 */
export function displayName(internalName: string): string {
  return internalName
    .replace(/(?:~deferring)?(?:~with[\d.]*)*(?:~(?:resumed)?)?$/, "")
    .replace(/~try\d+/g, "")
    .replace(THUNK, "$1")
    .replace(/^start:.*/, "init")
    .replace(/(?:[^<>,|()#/]+\/)+/g, "")
    .replace(/[gs]et:/, "")
    .replace(/~anonymous\|(\d+)/g, (_, n: string) => `.anonymous${Number(n) + 1}`)
    .replace(/[#~]/g, ".");
}

/**
 * Functions without a position: of a library, or made by the compiler (`~task:…` is a thunk, `f@varargs` a stub), unless it
 * is one of the program's that lost its positions. A thunk has positions if the function that it calls was inlined into it.
 */
function isLibraryFunction(internalName: string): boolean {
  return internalName.startsWith("~") || internalName.includes("@");
}

/** The section `skein.classes`: the compiler's names of classes, in the order of the ids that objects have in their headers. */
export function encodeClasses(internalNames: readonly string[]): Uint8Array {
  const writer = new Writer().u32(internalNames.length);
  for (const name of internalNames) writer.name(displayName(name));
  return writer.finish();
}

/** The names of a program's classes by id, as the source spells them; none for programs that were built without. */
export function readClasses(module: WebAssembly.Module): string[] {
  const [section] = WebAssembly.Module.customSections(module, "skein.classes");
  if (section === undefined) return [];
  const reader = new Reader(new Uint8Array(section));
  return Array.from({ length: reader.u32() }, () => reader.name());
}

interface Tables {
  readonly files: readonly string[];
  readonly positions: readonly Position[];
  readonly names: ReadonlyMap<number, string>;
  /** Where each function's code begins and ends. */
  readonly bodies: readonly (readonly [start: number, end: number])[];
  readonly importedFunctions: number;
}

function readTables(wasm: Uint8Array): Tables {
  const files: string[] = [];
  const positions: Position[] = [];
  const names = new Map<number, string>();
  const bodies: [number, number][] = [];
  let importedFunctions = 0;
  for (const { id, name, start, end } of sections(wasm)) {
    const reader = new Reader(wasm, start);
    if (id === SECTION_IMPORT) {
      importedFunctions = readImports(reader).filter((i) => i.kind === IMPORT_FUNCTION).length;
    } else if (id === SECTION_CODE) {
      for (let count = reader.u32(); count > 0; count--) {
        const length = reader.u32();
        bodies.push([reader.at, reader.at + length]);
        reader.at += length;
      }
    } else if (id === SECTION_CUSTOM && name === "name") {
      readFunctionNames(reader, end, names);
    } else if (id === SECTION_CUSTOM && name === "skein.symbols") {
      for (let count = reader.u32(); count > 0; count--) files.push(reader.name());
      let [offset, file, line, column] = [0, 0, 0, 0];
      while (reader.at < end) {
        offset += reader.u32();
        file += reader.zigzag();
        line += reader.zigzag();
        column += reader.zigzag();
        positions.push({ offset, file, line, column });
      }
    }
  }
  return { files, positions, names, bodies, importedFunctions };
}

function readFunctionNames(reader: Reader, end: number, names: Map<number, string>): void {
  while (reader.at < end) {
    const subsection = reader.byte();
    const next = reader.u32() + reader.at;
    if (subsection === NAME_SUBSECTION_FUNCTIONS) {
      for (let count = reader.u32(); count > 0; count--) names.set(reader.u32(), reader.name());
    }
    reader.at = next;
  }
}

/** The last position at or before an offset, by bisection. */
function lastUpTo(positions: readonly Position[], offset: number): Position | undefined {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle]!.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return positions[low - 1];
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The mappings of a wasm source map: one line, whose columns are offsets; lines there count from 0, columns too. */
function* decodeMappings(mappings: string): Generator<Position> {
  const fields = [0, 0, 0, 0];
  for (const segment of mappings.split(",")) {
    let field = 0;
    let value = 0;
    let shift = 0;
    for (const character of segment) {
      const digit = BASE64.indexOf(character);
      value += (digit & 31) << shift;
      shift += 5;
      if (digit & 32) continue;
      fields[field] = fields[field]! + (value & 1 ? -(value >> 1) : value >> 1);
      field++;
      value = 0;
      shift = 0;
    }
    if (field < 4) continue;
    const [offset, file, line, column] = fields as [number, number, number, number];
    yield { offset, file, line: line + 1, column: column + 1 };
  }
}
