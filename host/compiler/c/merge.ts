/**
 * Puts linked C into the module of the program, before any pass: C's functions are then like all others for the optimiser, the safepoints,
 * Asyncify and the twins, and a goroutine may be switched out in them.
 *
 * Binaryen interns names and types for all modules, so an expression of one module can be copied into another. What differs is renamed:
 *
 * | C has | it becomes |
 * | --- | --- |
 * | `__stack_pointer`, `__tls_base` | registers of the core; who sets the former goes through `moveCStack` (`cstack.ts`) |
 * | errno of libc | the goroutine's own |
 * | imports from `skein`, `wasi_snapshot_preview1` | calls of functions in `assembly/std/skein/c` |
 * | `@external("c", …)` in AssemblyScript | calls of C's functions |
 * | functions without a position, which are libc's | the same below `~libc/`, which stacks leave out |
 *
 * The calls between the languages are functions of their own, so that C's registers change hands in one place: `enterC` and `leaveC`, or
 * `leaveC` and `returnC`, are around the call in them. They are never inlined. What they call may be inlined into them: so in one that calls C a
 * safepoint is C's, and in one that C calls it is not (`isC`).
 *
 * Rejected: linking C as a position-independent library (wasi-libc is not built so, and every access would go through a global);
 * `wasm-ld --relocatable` (nothing after it would know how to do the relocations); merging finished modules (Asyncify would see each half
 * alone); two modules in one instance pair per thread (a call through the table into the other could not be unwound).
 */
import binaryen from "binaryen";
import { CompileError } from "../../base/errors.js";
import api, { type Compiler, type Expr, type FunctionInstance, type FunctionPrototype, type Module } from "../asc.js";
import { callTarget, kindName, operationOf, setCallTarget, walkSlots, type Func, type Slot } from "../safepoints-ir.js";
import { C_MODULE } from "../imports.js";
import { C_HOLD, C_PREEMPTED } from "../safepoints.js";
import { CORE, type Session } from "../session.js";
import { sourceName } from "./cxxnames.js";
import type { FunctionLines, Line } from "./lines.js";
import { ERRNO, type CObject } from "./object.js";

/** What this file uses of Binaryen's own interface. */
interface Info {
  readonly name: string;
  readonly module: string;
  readonly base: string;
  readonly params: number;
  readonly results: number;
  readonly vars: number[];
  readonly body: Expr;
}
interface Native {
  readonly ptr: number;
  getNumFunctions(): number;
  getFunctionByIndex(index: number): Func;
  getFunction(name: string): Func;
  getNumElementSegments(): number;
  getElementSegmentByIndex(index: number): number;
  addActiveElementSegment(table: string, name: string, functions: readonly string[], offset: Expr): void;
  dispose(): void;
}
const native = binaryen as unknown as {
  readBinary(bytes: Uint8Array): Native;
  wrapModule(ptr: number): Native;
  getFunctionInfo(func: Func): Info;
  getElementSegmentInfo(segment: number): { readonly data: readonly string[] };
  expandType(type: number): number[];
  GlobalGet: { getName(e: Expr): string; setName(e: Expr, name: string): void };
  GlobalSet: { getName(e: Expr): string; getValue(e: Expr): Expr };
  Load: Access;
  Store: Access;
  _BinaryenExpressionCopy(expression: Expr, module: number): Expr;
};

/** Where C's imports and its registers are in the rest of the program. */
const LIBRARY = "~lib/skein/c";
/** Files of the calls of WASI. */
const WASI = ["wasi", "fd", "path", "poll", "wasisock"].map((name) => `${LIBRARY}/${name}`);
/** Files of what C's own half of libc calls (`assembly/c`). */
const OWN = [LIBRARY, `${LIBRARY}/sock`, `${LIBRARY}/sockio`, `${LIBRARY}/sockopts`, `${LIBRARY}/sockaddr`];
/** Functions that are never switched out, nor look at C's registers: C calls them without further ado. */
const PLAIN = `${CORE}/memory/cmalloc`;
const WASI_MODULE = "wasi_snapshot_preview1";
const CORE_MODULE = "skein";

const STACK = `${CORE}/goroutine/cstack`;
const REGISTERS = `${CORE}/base/registers`;

/** Begins the names of functions that are to be called instead of others (assembly/c/wrappers.c). */
const WRAPPER = "__wrap_";

/** What clang uses beside AssemblyScript's. */
const FEATURES = ["MutableGlobals", "BulkMemory", "NontrappingFPToInt", "SignExt", "Atomics"]
  .map((name) => (binaryen.Features as unknown as Record<string, number>)[name]!)
  .reduce((all, each) => all | each, 0);

/** How far below the thread-local variables a goroutine's errno is (`cstack.ts`). */
const ERRNO_BELOW_TLS = 16;

/** Begins the names of functions that are not the user's: stacks leave them out. */
const LIBC = "~libc/";

const EBADF = 8;
const { I32, None } = api.TypeRef;

/** Names of C's functions in the merged module. */
export class CFunctions {
  /** Those in which C's registers are in use. */
  readonly names = new Set<string>();
  /** Those that must stay functions of their own. */
  readonly frames = new Set<string>();
  /** Those in the function table. */
  readonly table = new Set<string>();
}

/** Finds the functions of the library that C may call, and has them compiled, though nothing in AssemblyScript calls them. */
export class CMerge {
  private readonly functions = new CFunctions();
  /** What C's imports are in the rest of the program, by `module.name`. */
  private readonly library = new Map<string, FunctionInstance>();

  constructor(
    private readonly session: Session,
    private readonly object: CObject,
    /** Where each defined function is in the user's sources; undefined for libc's. */
    private readonly lines: readonly (FunctionLines | undefined)[],
  ) {}

  /** While AssemblyScript compiles. */
  compileLibrary(compiler: Compiler): void {
    for (const name of ["enterC", "leaveC", "returnC", "moveCStack", "cPreempted"])
      this.session.ensureCore(`goroutine/cstack/${name}`);
    compiler.module.addFunctionExport(C_PREEMPTED, C_HOLD);
    const module = native.readBinary(this.object.module);
    for (let i = 0, count = module.getNumFunctions(); i < count; i++) {
      const info = native.getFunctionInfo(module.getFunctionByIndex(i));
      if (info.module === "") continue;
      const found = this.find(compiler, info);
      if (found) this.library.set(`${info.module}.${info.base}`, found);
      else if (info.module !== WASI_MODULE) throw new CompileError(undefinedImport(info));
    }
    module.dispose();
  }

  private find(compiler: Compiler, { module, base }: Info): FunctionInstance | null {
    const files = module === WASI_MODULE ? WASI : module === CORE_MODULE ? [...OWN, PLAIN] : [];
    for (const file of files) {
      const element = compiler.program.elementsByName.get(`${file}/${base}`);
      if (element?.kind !== api.ElementKind.FunctionPrototype) continue;
      const instance = compiler.resolver.resolveFunction(element as FunctionPrototype, null);
      if (instance && compiler.compileFunction(instance)) return instance;
    }
    return null;
  }

  /** Once AssemblyScript has compiled, before any pass. */
  apply(compiler: Compiler): CFunctions {
    const { object } = this;
    const { module } = compiler;
    module.setFeatures(module.getFeatures() | FEATURES);
    const source = native.readBinary(object.module);
    const infos = Array.from({ length: source.getNumFunctions() }, (_, i) =>
      native.getFunctionInfo(source.getFunctionByIndex(i)),
    );
    const renamed = new Map<string, string>();
    const defined = infos.filter((info) => info.module === "");
    for (const info of infos) if (info.module !== "") renamed.set(info.name, this.bridge(module, info));
    const shown = new Set<string>();
    defined.forEach((info, i) => {
      const own = this.lines[i] === undefined ? LIBC + info.name : sourceName(info.name);
      // C++ has several functions of a name: a stack shows the others as `name.12`.
      const name = shown.has(own) ? `${own}~${i}` : own;
      renamed.set(info.name, name);
      shown.add(name);
    });
    const real = new Map<string, string>();
    for (const { name } of defined.filter((info) => info.name.startsWith(WRAPPER))) {
      const wrapped = name.slice(WRAPPER.length);
      const inside = renamed.get(name)!;
      if (!renamed.has(wrapped)) throw new Error(`C has a wrapper of ${wrapped}, but no such function`);
      real.set(inside, renamed.get(wrapped)!);
      renamed.set(wrapped, inside);
    }
    const copier = new Copier(module, renamed);
    const libc = new Map<string, ReadonlySet<string>>();
    defined.forEach((info, i) => {
      // The name of a function that has a wrapper means the wrapper by now.
      const wrapper = renamed.get(info.name)!;
      const name = wrapper === renamed.get(WRAPPER + info.name) ? real.get(wrapper)! : wrapper;
      const func = copier.copy(info, name, this.lines[i], real.get(name));
      if (name.startsWith(LIBC)) libc.set(name, calleesOf(func));
      this.functions.names.add(name);
    });
    for (const name of leadingOut(libc)) this.functions.frames.add(name);
    // A function of the user's that libc calls, main above all, would vanish from stacks in it.
    for (const callees of libc.values()) {
      for (const callee of callees)
        if (this.functions.names.has(callee) && !callee.startsWith(LIBC)) this.functions.frames.add(callee);
    }
    this.fillTable(module, source, renamed);
    this.define(compiler, new Map(defined.map((info) => [info.name, info])), renamed);
    source.dispose();
    return this.functions;
  }

  /** What C calls where it calls an import; returns the name. */
  private bridge(module: Module, { name: _, module: from, base, params, results }: Info): string {
    const name = `~c:${base}`;
    // C may know an import by several names.
    if (this.functions.frames.has(name)) return name;
    const target = this.library.get(`${from}.${base}`);
    if (target === undefined) {
      // What a program of WASI's own has, and this one has not.
      module.addFunction(name, params, results, null, module.i32(EBADF));
      return name;
    }
    const { paramRefs, resultRefs } = target.signature;
    if (paramRefs !== params || resultRefs !== results)
      throw new Error(`C and the library differ about ${from}.${base}`);
    if (target.internalName.startsWith(PLAIN)) return target.internalName;
    const call = module.call(target.internalName, argumentsOf(module, params), results);
    addBetween(module, name, { params, results }, `${STACK}/leaveC`, call, `${STACK}/returnC`);
    this.functions.frames.add(name);
    return name;
  }

  /** Functions whose address C takes, in front of those of AssemblyScript: `tableBase` left room for them. */
  private fillTable(module: Module, source: Native, renamed: ReadonlyMap<string, string>): void {
    const functions: string[] = [];
    for (let i = 0; i < source.getNumElementSegments(); i++) {
      const { data } = native.getElementSegmentInfo(source.getElementSegmentByIndex(i));
      functions.push(...data.map((name) => renamed.get(name)!));
    }
    if (functions.length === 0) return;
    native.wrapModule(module.ref).addActiveElementSegment("0", "~c", functions, module.i32(1));
    for (const name of functions) this.functions.table.add(name);
  }

  /** Functions that AssemblyScript declares as C's. */
  private define(compiler: Compiler, defined: ReadonlyMap<string, Info>, renamed: ReadonlyMap<string, string>): void {
    const { object } = this;
    const { module, program } = compiler;
    const target = native.wrapModule(module.ref);
    const byIndex = [...defined.values()];
    for (const [name, { internalName }] of program.moduleImports.get(C_MODULE) ?? []) {
      const func = target.getFunction(internalName);
      if (func === 0) continue; // nothing calls it
      const { params, results } = native.getFunctionInfo(func);
      module.removeFunction(internalName);
      const constant = name === "~tls_start" ? object.tls.address : name === "~tls_size" ? object.tls.size : undefined;
      if (constant !== undefined) {
        module.addFunction(internalName, params, results, null, module.i32(constant));
        continue;
      }
      const exported = object.exports.get(name);
      const info = defined.get(name) ?? (exported === undefined ? undefined : byIndex[exported - object.importCount]);
      if (info === undefined) throw new CompileError(`error: none of the C sources defines the function ${name}`);
      if (info.params !== params || info.results !== results) {
        throw new CompileError(
          `error: ${name} is declared as ${signature(params, results)}, but C defines it as ${signature(info.params, info.results)}`,
        );
      }
      const call = module.call(renamed.get(info.name)!, argumentsOf(module, params), results);
      addBetween(module, internalName, { params, results }, `${STACK}/enterC`, call, `${STACK}/leaveC`);
      this.functions.names.add(internalName);
      this.functions.frames.add(internalName);
    }
  }
}

/** What stands for the functions that a call through the table may lead to. */
const INDIRECT = "";

function calleesOf(func: Func): ReadonlySet<string> {
  const callees = new Set<string>();
  walkSlots(func, ({ child }) => {
    const kind = kindName(child);
    if (kind === "Call") callees.add(callTarget(child));
    else if (kind === "CallIndirect") callees.add(INDIRECT);
  });
  return callees;
}

/**
 * The functions of libc from which calls lead out of it: there a goroutine waits, or is ended. Inlined into a function of the user's they
 * would take the position of the call with them, and a stack would show the line before it.
 */
function leadingOut(libc: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set<string>();
  const isOut = (callee: string): boolean => !callee.startsWith(LIBC) || found.has(callee);
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const [name, callees] of libc) if ([...callees].some(isOut)) found.add(name);
  }
  return found;
}

/** Adds a function that makes a call with another one before and after it. */
function addBetween(
  module: Module,
  name: string,
  { params, results }: { params: number; results: number },
  before: string,
  call: Expr,
  after: string,
): void {
  const [begin, end] = [before, after].map((each) => module.call(each, [], None)) as [Expr, Expr];
  const result = native.expandType(params).length;
  const body =
    results === None
      ? [begin, call, end]
      : [begin, module.local_set(result, call, false), end, module.local_get(result, results)];
  module.addFunction(name, params, results, results === None ? null : [results], module.block(null, body, results));
}

function argumentsOf(module: Module, params: number): Expr[] {
  return native.expandType(params).map((type, i) => module.local_get(i, type));
}

/** A function's type, in AssemblyScript's words. */
function signature(params: number, results: number): string {
  const list = native.expandType(params).map(typeName).join(", ");
  return `(${list}): ${results === None ? "void" : typeName(results)}`;
}

/** The name of a number's type, the same in AssemblyScript. */
export function typeName(type: number): string {
  const { I64, F32, F64, V128 } = api.TypeRef;
  return new Map([
    [I32, "i32"],
    [I64, "i64"],
    [F32, "f32"],
    [F64, "f64"],
    [V128, "v128"],
  ]).get(type)!;
}

function undefinedImport({ module, base }: { module: string; base: string }): string {
  return module === "env"
    ? `error: none of the C sources defines the function ${base}`
    : `error: nothing provides the function ${base} that C imports from ${module}`;
}

/** Copies functions from one module to another. */
class Copier {
  /** What Binaryen calls the source files. */
  private readonly files = new Map<string, number>();

  constructor(
    private readonly module: Module,
    private readonly renamed: ReadonlyMap<string, string>,
  ) {}

  /** Copies a function; in a wrapper, calls of itself are of what it wraps. */
  copy(
    { params, results, vars, body }: Info,
    name: string,
    lines: FunctionLines | undefined,
    wrapped: string | undefined,
  ): Func {
    const { module } = this;
    const copy = native._BinaryenExpressionCopy(body, module.ref);
    // In a block, so that the outermost expression is in a slot too.
    const func = module.addFunction(name, params, results, vars, module.block(null, [copy], results));
    const places = lines === undefined ? null : instructionsIn(func);
    walkSlots(func, (slot) => this.adapt(slot));
    if (wrapped !== undefined) {
      walkSlots(func, ({ child }) => {
        if (kindName(child) === "Call" && callTarget(child) === name) setCallTarget(child, wrapped);
      });
    }
    if (lines !== undefined) this.locate(func, lines, places!);
    return func;
  }

  /** Says where calls and traps are: those that clang knows of at their lines, others at the beginning of the function. */
  private locate(func: Func, { start, instructions }: FunctionLines, found: readonly Expr[]): void {
    const isSame =
      instructions?.length === found.length && instructions.every(({ kind }, i) => kind === kindName(found[i]!));
    const known = new Set(isSame ? found : []);
    walkSlots(func, ({ child }) => {
      if (isShown(child) && !known.has(child)) this.setLine(func, child, start);
    });
    if (isSame) instructions.forEach(({ line }, i) => this.setLine(func, found[i]!, line));
  }

  private setLine(func: Func, expression: Expr, { file, line, column }: Line): void {
    let index = this.files.get(file);
    if (index === undefined) this.files.set(file, (index = this.module.addDebugInfoFile(file)));
    // clang counts columns from 1, and has 0 for none; Binaryen counts from 0.
    this.module.setDebugLocation(func, expression, index, line, Math.max(column - 1, 0));
  }

  private adapt(slot: Slot): void {
    const { module } = this;
    const it = slot.child;
    switch (kindName(it)) {
      case "Call":
        setCallTarget(it, this.renamed.get(callTarget(it))!);
        break;
      case "GlobalGet":
        native.GlobalGet.setName(it, registerOf(native.GlobalGet.getName(it)));
        break;
      case "GlobalSet":
        if (native.GlobalSet.getName(it) !== STACK_POINTER) throw new Error("C sets a global that is no register");
        slot.replace(module.call(`${STACK}/moveCStack`, [native.GlobalSet.getValue(it)], None));
        break;
      case "Const":
        if (api.getExpressionType(it) === I32 && isErrno(api.getConstValueI32(it))) {
          slot.replace(this.addressOfErrno(api.getConstValueI32(it) - ERRNO));
        }
        break;
      case "Load":
        this.adaptAccess(it, native.Load);
        break;
      case "Store":
        this.adaptAccess(it, native.Store);
    }
  }

  private adaptAccess(it: Expr, kind: Access): void {
    const offset = kind.getOffset(it);
    if (!isErrno(offset)) return;
    kind.setOffset(it, 0);
    const pointer = kind.getPtr(it);
    kind.setPtr(it, this.module.binary(api.BinaryOp.AddI32, pointer, this.addressOfErrno(offset - ERRNO)));
  }

  private addressOfErrno(offset: number): Expr {
    const { module } = this;
    const tls = module.global_get(`${REGISTERS}/cTls`, I32);
    return module.binary(api.BinaryOp.AddI32, tls, module.i32(offset - ERRNO_BELOW_TLS));
  }
}

/** What a stack shows, or where code may trap. */
function isShown(expression: Expr): boolean {
  const kind = kindName(expression);
  return SHOWN.has(kind) || (kind === "Binary" && DIVISIONS.has(operationOf(expression)));
}

const SHOWN = new Set(["Call", "CallIndirect", "Unreachable", "Load", "Store", "AtomicRMW"]);
const { DivI32, DivU32, RemI32, RemU32, DivI64, DivU64, RemI64, RemU64 } = api.BinaryOp;
const DIVISIONS = new Set<number>([DivI32, DivU32, RemI32, RemU32, DivI64, DivU64, RemI64, RemU64]);

/** The expressions of a function that a stack shows, in the order of evaluation. */
function instructionsIn(func: Func): Expr[] {
  const found: Expr[] = [];
  walkSlots(func, ({ child }) => {
    if (isShown(child)) found.push(child);
  });
  return found;
}

interface Access {
  getOffset(e: Expr): number;
  setOffset(e: Expr, offset: number): void;
  getPtr(e: Expr): Expr;
  setPtr(e: Expr, pointer: Expr): void;
}

const STACK_POINTER = "__stack_pointer";

function registerOf(global: string): string {
  if (global === STACK_POINTER) return `${REGISTERS}/cStack`;
  if (global === "__tls_base") return `${REGISTERS}/cTls`;
  throw new Error(`C has a global ${global}, which is no register`);
}

function isErrno(address: number): boolean {
  return address >= ERRNO && address < ERRNO + 4;
}

/** How many functions C takes the address of. */
export function tableLength({ module }: CObject): number {
  const source = native.readBinary(module);
  let length = 0;
  for (let i = 0; i < source.getNumElementSegments(); i++) {
    length += native.getElementSegmentInfo(source.getElementSegmentByIndex(i)).data.length;
  }
  source.dispose();
  return length;
}

/** The functions that C exports, with types in AssemblyScript's words. */
export function exportedFunctions({ module, exports }: CObject): { name: string; params: string[]; result: string }[] {
  const source = native.readBinary(module);
  const found = [...exports].map(([name, index]) => {
    const { params, results } = native.getFunctionInfo(source.getFunctionByIndex(index));
    const result = results === None ? "void" : typeName(results);
    return { name, params: native.expandType(params).map(typeName), result };
  });
  source.dispose();
  return found;
}
