/**
 * Shared variables: mutable wasm globals become cells in static memory, because each thread has its own instance of the
 * module, and with it its own globals.
 *
 * The module builder is asked to add a global; it gets a cell instead, and every later `global.get` and `global.set` of
 * that name becomes a load or a store. So whatever AssemblyScript does with globals by name works as before, as does
 * the order of initialisers. A cell is as wide as the variable's type, so that narrow variables take no other room than
 * in an object, and aligned to it, so that a plain access is never torn.
 *
 * What stays per thread: the core's registers; `~argumentsLength` and `~closure`, which live from a call to the callee's first
 * instruction; and the scratch variables of AssemblyScript's own library, which no operation holds across a switch.
 * Library variables that hold objects are not scratch, and are shared: their initialisers run once, on one thread.
 */
import api, { type Expr, type Global, type MemorySegment, type Module, type Type, type TypeRef } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { CLOSURE, CORE, type Session } from "./session.js";

const { TypeRef } = api;

interface Cell {
  readonly address: number;
  readonly type: TypeRef;
  readonly bytes: number;
  readonly signed: boolean;
}

/** The flag that guards the module's top-level code; it is added after memory has been laid out. */
const STARTED = "~started";

/** Symbols are numbered by a counter that belongs to the maps beside it. */
const SHARED_LIBRARY_FILES = ["~lib/symbol/"];

export class Globals {
  private readonly cells = new Map<string, Cell>();
  /** The initial contents of static memory, taken from the module: the host writes them, once for all threads. */
  segments: readonly MemorySegment[] = [];

  constructor(
    private readonly session: Session,
    /** True for the internal names of elements of AssemblyScript's own library. */
    private readonly isStandardLibrary: (name: string) => boolean,
  ) {
    this.cells.set(STARTED, this.allocate(TypeRef.I32, 4, false, new Uint8Array(4)));
  }

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the module
    const globals = this;
    const { prototype } = api.Module;

    hooks.replace(prototype, "addGlobal", function (original, name, type, mutable, initializer) {
      if (mutable && globals.share(name, type, initializer)) return 0;
      return original(name, type, mutable, initializer);
    });

    hooks.replace(prototype, "global_get", function (original, name, type) {
      const cell = globals.cells.get(name);
      return cell ? load(this, cell) : original(name, type);
    });

    hooks.replace(prototype, "global_set", function (original, name, value) {
      const cell = globals.cells.get(name);
      return cell ? store(this, cell, value) : original(name, value);
    });

    hooks.replace(prototype, "setMemory", function (original, initial, maximum, segments, ...rest) {
      globals.segments = segments.slice();
      original(initial, maximum, [], ...rest);
    });
  }

  /** Makes a cell for a mutable global; false if it stays a global. */
  private share(name: string, type: TypeRef, initializer: Expr): boolean {
    if (this.cells.has(name)) return true;
    if (!this.isShared(name)) return false;
    const declared = this.declaredType(name);
    const bytes = declared?.byteSize ?? byteSize(type);
    const signed = declared?.isSignedIntegerValue ?? true;
    this.cells.set(name, this.allocate(type, bytes, signed, constantBytes(initializer, type, bytes)));
    return true;
  }

  private isShared(name: string): boolean {
    if (name === "~argumentsLength" || name === CLOSURE || name.startsWith(`${CORE}/base/registers/`)) return false;
    if (!this.isStandardLibrary(name) || SHARED_LIBRARY_FILES.some((file) => name.startsWith(file))) return true;
    return this.declaredType(name)?.isManaged ?? false;
  }

  /** The type of a variable that the source declares; enum values and the compiler's own globals have none. */
  private declaredType(name: string): Type | null {
    const element = this.session.compiler.program.elementsByName.get(name);
    return element?.kind === api.ElementKind.Global ? (element as Global).type : null;
  }

  private allocate(type: TypeRef, bytes: number, signed: boolean, initial: Uint8Array): Cell {
    const segment = this.session.compiler.addAlignedMemorySegment(initial, bytes);
    return { address: segment.offset.low, type, bytes, signed };
  }
}

function load(module: Module, cell: Cell): Expr {
  return module.load(cell.bytes, cell.signed, module.i32(cell.address), cell.type);
}

function store(module: Module, cell: Cell, value: Expr): Expr {
  return module.store(cell.bytes, module.i32(cell.address), value, cell.type);
}

function byteSize(type: TypeRef): number {
  if (type === TypeRef.I32 || type === TypeRef.F32) return 4;
  if (type === TypeRef.I64 || type === TypeRef.F64) return 8;
  if (type === TypeRef.V128) return 16;
  throw new Error("a module variable of this type cannot be shared between threads");
}

function constantBytes(initializer: Expr, type: TypeRef, bytes: number): Uint8Array {
  const buffer = new Uint8Array(16);
  const view = new DataView(buffer.buffer);
  if (api.getExpressionId(initializer) !== api.ExpressionId.Const) {
    throw new Error("a module variable begins with a value that is not constant");
  }
  if (type === TypeRef.I32) view.setInt32(0, api.getConstValueI32(initializer), true);
  else if (type === TypeRef.F32) view.setFloat32(0, api.getConstValueF32(initializer), true);
  else if (type === TypeRef.F64) view.setFloat64(0, api.getConstValueF64(initializer), true);
  else if (type === TypeRef.I64) {
    view.setInt32(0, api.getConstValueI64Low(initializer), true);
    view.setInt32(4, api.getConstValueI64High(initializer), true);
  } else buffer.set(api.getConstValueV128(initializer));
  return buffer.slice(0, bytes);
}
