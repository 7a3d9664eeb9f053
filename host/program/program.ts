/**
 * A compiled program as a file: what its custom sections say, checked before anything of it runs.
 *
 * Guarantees: a `Program` has this host's ABI version and well-formed sections; anything else is a SkeinError that says
 * what is wrong with the file.
 */
import { ABI_VERSION, STATIC_BASE } from "../../assembly/layout.js";
import { Task } from "../abi/records.js";
import { SkeinError } from "../base/errors.js";

/** AssemblyScript's names of the value types that a call can pass. */
export type ValueType =
  "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | "isize" | "usize" | "bool" | "f32" | "f64";

/** A parameter that is a channel: of numbers or of bytes. */
export type ChanType = "Chan<f64>" | "Chan<i32>" | "Chan<i64>" | "Chan<Uint8Array>";

/** How to call one of the program's exports: the layout of its task (see `docs/internals.md`). */
export interface ExportInfo {
  /** Table index of the call's thunk. */
  readonly thunk: number;
  readonly params: readonly (ValueType | ChanType)[];
  /** Where in the task each parameter goes, in bytes. */
  readonly offsets: readonly number[];
  readonly result: ValueType | null;
  readonly resultOffset: number;
  /** Bytes of the task. */
  readonly size: number;
}

/** Bytes that each type takes in a task. */
const BYTES: ReadonlyMap<ValueType | ChanType, number> = new Map([
  ...(["i8", "u8", "bool"] as const).map((type) => [type, 1] as const),
  ...(["i16", "u16"] as const).map((type) => [type, 2] as const),
  ...(["i32", "u32", "isize", "usize", "f32"] as const).map((type) => [type, 4] as const),
  ...(["i64", "u64", "f64"] as const).map((type) => [type, 8] as const),
  ...(["Chan<f64>", "Chan<i32>", "Chan<i64>", "Chan<Uint8Array>"] as const).map((type) => [type, 4] as const),
]);

/** More than any function's parameters take: engines allow a thousand. */
const TASK_MAX = 65536;

/** The custom section `skein`. */
export interface ProgramInfo {
  readonly abi: number;
  readonly exports: Readonly<Record<string, ExportInfo>>;
  readonly main: { readonly thunk: number };
  readonly init: { readonly thunk: number };
  /** The first address that the allocator may use. */
  readonly heapBase: number;
}

/** A program that this host can run. */
export interface Program {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly module: WebAssembly.Module;
  readonly info: ProgramInfo;
  /** The folder of the entry's source file, where that is known. */
  readonly folder: string | undefined;
  /** The initial contents of static memory, as (address, bytes). */
  readonly data: readonly (readonly [address: number, bytes: Uint8Array])[];
}

/** Compiles and checks the bytes of a program. `name` is what errors call it. */
export async function loadProgram(bytes: Uint8Array<ArrayBuffer>, name: string, folder?: string): Promise<Program> {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    throw new SkeinError(`${name} is not a WebAssembly module`);
  }
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new SkeinError(`${name} is not a valid WebAssembly module: ${(cause as Error).message}`, { cause });
  }
  return programOf(bytes, module, name, folder);
}

/** The program that `module` was compiled from `bytes` for. */
export function programOf(
  bytes: Uint8Array<ArrayBuffer>,
  module: WebAssembly.Module,
  name: string,
  folder?: string,
): Program {
  const info = readInfo(module, name);
  return { bytes, module, info, folder, data: readData(module, info, name) };
}

function readInfo(module: WebAssembly.Module, name: string): ProgramInfo {
  const [section] = WebAssembly.Module.customSections(module, "skein");
  if (section === undefined) {
    throw new SkeinError(`${name} was not built by skein build: it has no section "skein"`);
  }
  let info: ProgramInfo;
  try {
    info = Object(JSON.parse(Buffer.from(section).toString("utf8"))) as ProgramInfo;
  } catch (cause) {
    throw new SkeinError(`${name} is damaged: its section "skein" cannot be read`, { cause });
  }
  if (info.abi !== ABI_VERSION) {
    throw new SkeinError(
      `${name} was built for ABI version ${String(info.abi)}, this is version ${ABI_VERSION}: build it again`,
    );
  }
  const wrong = wrongIn(info);
  if (wrong !== undefined) throw new SkeinError(`${name} is damaged: its section "skein" has no valid ${wrong}`);
  return info;
}

/** The member of a program's description that is none; undefined if all are. */
function wrongIn({ main, init, exports, heapBase }: ProgramInfo): string | undefined {
  if (!isCount((main as ProgramInfo["main"] | undefined)?.thunk)) return "main";
  if (!isCount((init as ProgramInfo["init"] | undefined)?.thunk)) return "init";
  if (!isCount(heapBase) || heapBase < STATIC_BASE || heapBase > 2 ** 32) return "heapBase";
  if (Object(exports) !== exports || Array.isArray(exports)) return "exports";
  return Object.keys(exports).find((name) => !isExport(exports[name]));
}

/** Whether a call's values lie in its task, behind the task's own. */
function isExport(info: ExportInfo | null | undefined): boolean {
  const { thunk, params, offsets, result, resultOffset, size } = info ?? ({} as Partial<ExportInfo>);
  if (!isCount(thunk) || !isCount(size) || size > TASK_MAX) return false;
  if (!Array.isArray(params) || !Array.isArray(offsets) || params.length !== offsets.length) return false;
  const isInside = (type: unknown, at: unknown): boolean =>
    isCount(at) && at >= Task.SIZE && at + (BYTES.get(type as ValueType) ?? Infinity) <= size;
  return params.every((type, i) => isInside(type, offsets[i])) && (result === null || isInside(result, resultOffset));
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 32;
}

function readData(module: WebAssembly.Module, { heapBase }: ProgramInfo, name: string): [number, Uint8Array][] {
  const segments: [number, Uint8Array][] = [];
  for (const section of WebAssembly.Module.customSections(module, "skein.data")) {
    const view = new DataView(section);
    let at = 0;
    while (at + 8 <= section.byteLength) {
      const address = view.getUint32(at, true);
      const length = view.getUint32(at + 4, true);
      at += 8;
      if (at + length > section.byteLength)
        throw new SkeinError(`${name} is damaged: its section "skein.data" is cut off`);
      if (address < STATIC_BASE || address + length > heapBase)
        throw new SkeinError(`${name} is damaged: its section "skein.data" has data that is not the program's`);
      segments.push([address, new Uint8Array(section, at, length)]);
      at += length;
    }
    if (at !== section.byteLength) throw new SkeinError(`${name} is damaged: its section "skein.data" is cut off`);
  }
  return segments;
}
