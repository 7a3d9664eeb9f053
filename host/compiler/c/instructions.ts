/**
 * The instructions of a function's code, as wasm-ld leaves it, at which a stack may be read: calls, and what may trap. Binaryen reads the same
 * code into trees and keeps no addresses; but its trees, gone through in the order of evaluation, have these instructions in the same order.
 * So the n-th here is the n-th there.
 *
 * Guarantees: null where an instruction is not known here, rather than a wrong list.
 */
import type { Reader } from "../../program/wasm.js";

/** Such an instruction: what Binaryen calls it, and where it is in what the reader reads. */
export interface Instruction {
  readonly kind: string;
  readonly at: number;
}

/** The instructions of a function whose locals and code lie between the reader's place and `end`. */
export function instructionsOf(reader: Reader, end: number): Instruction[] | null {
  const found: Instruction[] = [];
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.byte();
  }
  while (reader.at < end) {
    const at = reader.at;
    const kind = readInstruction(reader);
    if (kind === null) return null;
    if (kind !== "") found.push({ kind, at });
  }
  return found;
}

/** Passes over one instruction: what Binaryen calls it, "" if it is none of those, null if it is unknown. */
function readInstruction(reader: Reader): string | null {
  const opcode = reader.byte();
  if (opcode >= 0x45 && opcode <= 0xc4) return DIVISIONS.has(opcode) ? "Binary" : "";
  if (opcode >= 0x28 && opcode <= 0x3e) return readAccess(reader, opcode <= 0x35 ? "Load" : "Store");
  switch (opcode) {
    case 0x00:
      return "Unreachable";
    case 0x01: // nop
    case 0x05: // else
    case 0x0b: // end
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
      return "";
    case 0x02: // block
    case 0x03: // loop
    case 0x04: // if
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x20: // local.get
    case 0x21: // local.set
    case 0x22: // local.tee
    case 0x23: // global.get
    case 0x24: // global.set
    case 0x3f: // memory.size
    case 0x40: // memory.grow
    case 0x41: // i32.const
    case 0x42: // i64.const
      passNumber(reader);
      return "";
    case 0x0e: // br_table
      for (let labels = reader.u32(); labels >= 0; labels--) passNumber(reader);
      return "";
    case 0x10:
      passNumber(reader);
      return "Call";
    case 0x11:
      passNumber(reader);
      passNumber(reader);
      return "CallIndirect";
    case 0x43: // f32.const
      reader.at += 4;
      return "";
    case 0x44: // f64.const
      reader.at += 8;
      return "";
    case 0xfc:
      return readBulk(reader);
    case 0xfe:
      return readAtomic(reader);
    default:
      return null;
  }
}

/** i32 and i64: div_s, div_u, rem_s, rem_u. */
const DIVISIONS = new Set([0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82]);

/** Conversions that saturate, memory.copy, memory.fill. */
function readBulk(reader: Reader): string | null {
  const opcode = reader.u32();
  if (opcode <= 7) return "";
  if (opcode === 10) reader.at += 2;
  else if (opcode === 11) reader.at += 1;
  else return null;
  return "";
}

function readAtomic(reader: Reader): string | null {
  const opcode = reader.u32();
  if (opcode === 0x03) {
    reader.at += 1; // a fence
    return "";
  }
  if (opcode < 0x10) return readAccess(reader, "");
  if (opcode <= 0x16) return readAccess(reader, "Load");
  if (opcode <= 0x1d) return readAccess(reader, "Store");
  if (opcode <= 0x47) return readAccess(reader, "AtomicRMW");
  return opcode <= 0x4e ? readAccess(reader, "") : null;
}

function readAccess(reader: Reader, kind: string): string {
  passNumber(reader);
  passNumber(reader);
  return kind;
}

/** A LEB128 number, whether or not it has a sign. */
function passNumber(reader: Reader): void {
  while (reader.byte() >= 0x80);
}
