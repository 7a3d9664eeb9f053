/**
 * The finished file: Binaryen's binary, with four custom sections at its end.
 *
 * `skein` says how to start the program (see entry.ts), `skein.data` holds the initial contents of static memory, which
 * the host writes once for all threads, `skein.classes` the names of classes and `skein.symbols` the positions of the code in the
 * source (see symbols.ts).
 */
import type { ProgramInfo } from "../program/program.js";
import type { MemorySegment, Module } from "./asc.js";
import { encodeClasses, encodeSymbols, type SourceMap, type SymbolNames } from "../program/symbols.js";
import {
  concat,
  customSection,
  SECTION_CODE,
  SECTION_CUSTOM,
  SECTION_DATA,
  SECTION_DATA_COUNT,
  sections,
} from "../program/wasm.js";

/** Zeros worth carrying to save the 8 bytes of another segment's header. */
const MERGE_DISTANCE = 8;

/** Writes the module's file. */
export function emit(
  module: Module,
  info: ProgramInfo,
  segments: readonly MemorySegment[],
  names: SymbolNames,
  classes: readonly string[],
): Uint8Array<ArrayBuffer> {
  // Any URL makes Binaryen produce the map; the section that carries it is left out.
  const { output, sourceMap } = module.toBinary("map");
  const parts: Uint8Array[] = [output.subarray(0, 8)];
  let position = 8;
  let codeShift = 0;
  for (const section of sections(output)) {
    const isMap = section.id === SECTION_CUSTOM && section.name === "sourceMappingURL";
    if (isMap || section.id === SECTION_DATA || section.id === SECTION_DATA_COUNT) continue;
    if (section.id === SECTION_CODE) codeShift = position - section.begin;
    parts.push(output.subarray(section.begin, section.end));
    position += section.end - section.begin;
  }
  parts.push(customSection("skein", new TextEncoder().encode(JSON.stringify(info))));
  parts.push(customSection("skein.data", encodeData(segments)));
  parts.push(customSection("skein.classes", encodeClasses(classes)));
  if (sourceMap !== null) {
    const symbols = encodeSymbols(JSON.parse(sourceMap) as SourceMap, concat(parts), codeShift, names);
    parts.push(customSection("skein.symbols", symbols));
  }
  return concat(parts);
}

/** Segments as (u32 address, u32 length, bytes); memory is zero to begin with, so zeros at the ends are left out. */
function encodeData(segments: readonly MemorySegment[]): Uint8Array {
  const runs: { address: number; bytes: Uint8Array }[] = [];
  const sorted = segments
    .map((s) => ({ address: s.offset.low, bytes: s.buffer }))
    .sort((a, b) => a.address - b.address);
  for (const segment of sorted) {
    const trimmed = trimZeros(segment);
    if (trimmed.bytes.length === 0) continue;
    const last = runs.at(-1);
    const gap = last ? trimmed.address - (last.address + last.bytes.length) : Infinity;
    if (last && gap <= MERGE_DISTANCE) last.bytes = concat([last.bytes, new Uint8Array(gap), trimmed.bytes]);
    else runs.push(trimmed);
  }
  return concat(
    runs.flatMap(({ address, bytes }) => {
      const head = new DataView(new ArrayBuffer(8));
      head.setUint32(0, address, true);
      head.setUint32(4, bytes.length, true);
      return [new Uint8Array(head.buffer), bytes];
    }),
  );
}

function trimZeros({ address, bytes }: { address: number; bytes: Uint8Array }): { address: number; bytes: Uint8Array } {
  let start = 0;
  let end = bytes.length;
  while (start < end && bytes[start] === 0) start++;
  while (end > start && bytes[end - 1] === 0) end--;
  return { address: address + start, bytes: bytes.subarray(start, end) };
}
