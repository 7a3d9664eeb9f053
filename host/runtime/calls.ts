/**
 * Passing numbers to the program's exports and back, as the layout of a call's task says.
 *
 * Guarantees: a value that the parameter's type cannot hold is refused by name, before anything runs; it is never
 * wrapped or cut.
 */
import { Task } from "../abi/records.js";
import type { Memory } from "../base/memory.js";
import { SkeinError } from "../base/errors.js";
import { shown } from "../base/options.js";
import type { ChanType, ExportInfo, ValueType } from "../program/program.js";
import type { ElementType } from "../sync/chan.js";
import { Chan } from "../sync/index.js";

/** What calls take and return: `bigint` for the 64-bit types, `boolean` for `bool`, `number` for the others. */
export type CallValue = number | bigint | boolean;

/** What calls take: a channel as well. */
export type CallArgument = CallValue | Chan<number> | Chan<bigint> | Chan<Uint8Array>;

/** @internal Checks the arguments of a call and converts each to what its type stores. */
export function convertArgs(name: string, info: ExportInfo, args: readonly unknown[]): CallValue[] {
  if (args.length !== info.params.length) {
    const wanted = `${info.params.length} argument${info.params.length === 1 ? "" : "s"} (${info.params.join(", ")})`;
    throw new SkeinError(`${name} takes ${wanted}, not ${args.length}`);
  }
  return info.params.map((type, i) => {
    const arg = args[i];
    const value = convert(type, arg);
    if (value === undefined) {
      const what =
        arg instanceof Chan ? `a channel of type "${arg.type}"` : typeof arg === "function" ? String(arg) : shown(arg);
      throw new SkeinError(`argument ${i + 1} of ${name} must be ${describe(type)}, not ${what}`);
    }
    return value;
  });
}

const INTEGERS: Readonly<Partial<Record<ValueType, readonly [bits: number, signed: boolean]>>> = {
  i8: [8, true],
  u8: [8, false],
  i16: [16, true],
  u16: [16, false],
  i32: [32, true],
  u32: [32, false],
  isize: [32, true],
  usize: [32, false],
  i64: [64, true],
  u64: [64, false],
};

/** The types of channels, by their elements. */
const ELEMENTS: Readonly<Record<ChanType, ElementType>> = {
  "Chan<f64>": "f64",
  "Chan<i32>": "i32",
  "Chan<i64>": "i64",
  "Chan<Uint8Array>": "bytes",
};

function isChanType(type: ValueType | ChanType): type is ChanType {
  return Object.hasOwn(ELEMENTS, type);
}

function convert(type: ValueType | ChanType, value: unknown): CallValue | undefined {
  if (isChanType(type)) return value instanceof Chan && value.type === ELEMENTS[type] ? value.core : undefined;
  if (type === "bool") return typeof value === "boolean" ? value : value === 0 || value === 1 ? value === 1 : undefined;
  if (type === "f32" || type === "f64") return typeof value === "number" ? value : undefined;
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return undefined;
  const [bits, signed] = INTEGERS[type] ?? [0, false];
  const integer = BigInt(value as bigint | number);
  const fits = (signed ? BigInt.asIntN(bits, integer) : BigInt.asUintN(bits, integer)) === integer;
  if (!fits) return undefined;
  return bits === 64 ? integer : Number(integer);
}

function describe(type: ValueType | ChanType): string {
  if (isChanType(type)) return `a channel of this runtime, made with { type: "${ELEMENTS[type]}" }`;
  const integer = INTEGERS[type];
  if (type === "bool") return "a boolean";
  if (integer === undefined) return `a number (${type})`;
  return `an integer that fits ${type}${integer[0] === 64 ? ", as a bigint or a safe number" : ""}`;
}

/** @internal Writes a task at `address`: the thunk, the size, the arguments. */
export function writeTask(memory: Memory, address: number, info: ExportInfo, args: readonly CallValue[]): void {
  const task = new Task(memory, address);
  task.thunk = info.thunk;
  task.size = info.size;
  info.params.forEach((type, i) => {
    store(memory.data, address + (info.offsets[i] ?? 0), type, args[i] ?? 0);
  });
}

function store(view: DataView, at: number, type: ValueType | ChanType, value: CallValue): void {
  switch (type) {
    case "bool":
    case "i8":
    case "u8":
      return view.setUint8(at, Number(value));
    case "i16":
    case "u16":
      return view.setUint16(at, Number(value), true);
    case "i32":
    case "u32":
    case "isize":
    case "usize":
    case "Chan<f64>":
    case "Chan<i32>":
    case "Chan<i64>":
    case "Chan<Uint8Array>":
      return view.setUint32(at, Number(value), true);
    case "i64":
    case "u64":
      return view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    case "f32":
      return view.setFloat32(at, Number(value), true);
    case "f64":
      return view.setFloat64(at, Number(value), true);
  }
}

/** @internal Reads the result of a finished call from its task. */
export function readResult(view: DataView, address: number, info: ExportInfo): CallValue | undefined {
  const at = address + info.resultOffset;
  switch (info.result) {
    case null:
      return undefined;
    case "bool":
      return view.getUint8(at) !== 0;
    case "i8":
      return view.getInt8(at);
    case "u8":
      return view.getUint8(at);
    case "i16":
      return view.getInt16(at, true);
    case "u16":
      return view.getUint16(at, true);
    case "i32":
    case "isize":
      return view.getInt32(at, true);
    case "u32":
    case "usize":
      return view.getUint32(at, true);
    case "i64":
      return view.getBigInt64(at, true);
    case "u64":
      return view.getBigUint64(at, true);
    case "f32":
      return view.getFloat32(at, true);
    case "f64":
      return view.getFloat64(at, true);
  }
}
