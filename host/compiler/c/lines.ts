/**
 * Where C's functions, and the calls and traps in them, are in the source, from the line table that clang has left in the linked module
 * (DWARF 4, `.debug_line`). Only the user's objects have one, and Skein's own part of libc, which is told by its folder; so this also says
 * which functions are whose.
 *
 * Addresses are offsets from the start of the code section's contents.
 */
import { Reader, SECTION_CODE, SECTION_CUSTOM, sections } from "../../program/wasm.js";
import { instructionsOf } from "./instructions.js";

/** A line of the source. */
export interface Line {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a function is in the source. */
export interface FunctionLines {
  /** Where it begins. */
  readonly start: Line;
  /** The instructions at which a stack may be read, in the order of evaluation; null if they are not known. */
  readonly instructions: readonly { readonly kind: string; readonly line: Line }[] | null;
}

interface Row extends Line {
  readonly address: number;
}

/** The line of what clang has made of several lines, as where it calls for each of them the same function that does not return. */
const NOWHERE = 0;

/** The folder that Skein's own sources have for clang. */
const OWN = "/skein/";

/** For each defined function where it is; undefined for those of libc. */
export function functionLines(linked: Uint8Array): (FunctionLines | undefined)[] {
  const all = [...sections(linked)];
  const code = all.find(({ id }) => id === SECTION_CODE);
  const lines = all.find(({ id, name }) => id === SECTION_CUSTOM && name === ".debug_line");
  if (code === undefined) return [];
  const rows = lines === undefined ? [] : readLines(linked.subarray(lines.start, lines.end));
  rows.sort((a, b) => a.address - b.address);
  const reader = new Reader(linked, code.start);
  let next = 0;
  return Array.from({ length: reader.u32() }, () => {
    const begin = reader.at - code.start;
    const length = reader.u32();
    const end = reader.at + length;
    while (next < rows.length && (rows[next]!.address < begin || rows[next]!.line === NOWHERE)) next++;
    const start = rows[next];
    if (start === undefined || start.address >= end - code.start || start.file.startsWith(OWN)) {
      reader.at = end;
      return undefined;
    }
    const found = instructionsOf(reader, end);
    reader.at = end;
    const instructions = found?.map(({ kind, at }) => {
      // The last row that begins no later.
      while (next + 1 < rows.length && rows[next + 1]!.address <= at - code.start) next++;
      const line = rows[next]!;
      return { kind, line: line.line === NOWHERE ? start : line };
    });
    return { start, instructions: instructions ?? null };
  });
}

function readLines(bytes: Uint8Array): Row[] {
  const rows: Row[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + view.getUint32(at, true);
    readUnit(bytes, view, at + 4, end, rows);
    at = end;
  }
  return rows;
}

/** The registers of DWARF's machine, those that matter here. */
interface State {
  address: number;
  file: number;
  line: number;
  column: number;
}

const VERSION = 4;
// Opcodes.
const COPY = 1;
const ADVANCE_PC = 2;
const ADVANCE_LINE = 3;
const SET_FILE = 4;
const SET_COLUMN = 5;
const CONST_ADD_PC = 8;
const FIXED_ADVANCE_PC = 9;
// Extended ones, behind a zero.
const END_SEQUENCE = 1;
const SET_ADDRESS = 2;

function readUnit(bytes: Uint8Array, view: DataView, start: number, end: number, rows: Row[]): void {
  const reader = new Reader(bytes, start + 6);
  if (view.getUint16(start, true) !== VERSION) return;
  const program = start + 6 + view.getUint32(start + 2, true);
  reader.at += 3; // instruction lengths, and whether rows are statements
  const lineBase = (reader.byte() << 24) >> 24;
  const lineRange = reader.byte();
  const opcodeBase = reader.byte();
  const operands = Array.from({ length: opcodeBase - 1 }, () => reader.byte());
  const files = readFiles(reader);
  reader.at = program;

  const initial = { address: 0, file: 1, line: 1, column: 0 };
  let state: State = { ...initial };
  const emit = (): void => {
    const file = files[state.file - 1];
    if (file !== undefined) rows.push({ ...state, file });
  };
  while (reader.at < end) {
    const opcode = reader.byte();
    if (opcode >= opcodeBase) {
      state.address += Math.floor((opcode - opcodeBase) / lineRange);
      state.line += lineBase + ((opcode - opcodeBase) % lineRange);
      emit();
    } else if (opcode === 0) {
      const length = reader.u32();
      const next = reader.at + length;
      const extended = reader.byte();
      if (extended === END_SEQUENCE) state = { ...initial };
      else if (extended === SET_ADDRESS) state.address = view.getUint32(reader.at, true);
      reader.at = next;
    } else if (opcode === COPY) emit();
    else if (opcode === ADVANCE_PC) state.address += reader.u32();
    else if (opcode === ADVANCE_LINE) state.line += signed(reader);
    else if (opcode === SET_FILE) state.file = reader.u32();
    else if (opcode === SET_COLUMN) state.column = reader.u32();
    else if (opcode === CONST_ADD_PC) state.address += Math.floor((255 - opcodeBase) / lineRange);
    else if (opcode === FIXED_ADVANCE_PC) {
      state.address += view.getUint16(reader.at, true);
      reader.at += 2;
    } else for (let i = operands[opcode - 1]!; i > 0; i--) reader.u32();
  }
}

/** Names of files, whose folders are named first. */
function readFiles(reader: Reader): string[] {
  const folders = [""];
  for (let folder = text(reader); folder !== ""; folder = text(reader)) folders.push(`${folder}/`);
  const files: string[] = [];
  for (let name = text(reader); name !== ""; name = text(reader)) {
    const folder = folders[reader.u32()] ?? "";
    reader.u32(); // when it was changed
    reader.u32(); // its length
    files.push(name.startsWith("/") ? name : folder + name);
  }
  return files;
}

/** A text that a zero byte ends. */
function text(reader: Reader): string {
  const begin = reader.at;
  while (reader.byte() !== 0);
  return Buffer.from(reader.bytes.subarray(begin, reader.at - 1)).toString("utf8");
}

/** A signed LEB128 number. */
function signed(reader: Reader): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.byte();
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
  }
}
