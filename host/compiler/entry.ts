/**
 * What the host can start in a program: `main`, the top-level code alone, and exported functions of numbers and channels.
 *
 * None of them is a wasm export, for a goroutine cannot begin in JavaScript. Each is a thunk in the function table, run by
 * a goroutine with a task that the host filled in; the custom section `skein` says where (see docs/internals.md). The only
 * exports are what the host calls: the functions of Skein's own files that have the decorator `@host`, each under its name
 * with `__skein_` before it. Those of the core are in every program, those of the library in programs that import them.
 *
 * The top-level code is AssemblyScript's `~start`, guarded by a flag of its own, so every thunk that needs it may call it.
 */
import { ABI_VERSION } from "../../assembly/layout.js";
import type { ChanType, ExportInfo, ProgramInfo, ValueType } from "../program/program.js";
import api, {
  type Compiler,
  type DeclaredElement,
  type Expr,
  type File,
  type FunctionInstance,
  type FunctionPrototype,
  type Range,
  type Type,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import { CORE, TASK_LOCAL, type Session } from "./session.js";
import { layOut, loadArguments, readArguments } from "./tasks.js";

/** AssemblyScript's name for the function that runs all top-level code. */
const START = "~start";
/** The export that it insists on giving that function; removed again. */
export const START_EXPORT = "skein_start";
const EXPORT_PREFIX = "__skein_";
/** Where Skein's own files are, and the decorator there of what the host calls. */
const SKEIN = "~lib/skein/";
const HOST = "host";
/** What C exports, as AssemblyScript (`c/index.ts`), and what runs C's constructors, once. */
const C_EXPORTS = "~lib/skein/c/exports";
const C_START = "~lib/skein/c/startC";

export class Entry {
  private main = 0;
  private init = 0;
  private readonly exports: Record<string, ExportInfo> = {};

  constructor(
    private readonly session: Session,
    /** Whether there is C in the program, which begins and exports functions too. */
    private readonly hasC: boolean,
    private readonly needsMain = true,
  ) {}

  /** What the section `skein` says. */
  info(heapBase: number): ProgramInfo {
    return {
      abi: ABI_VERSION,
      main: { thunk: this.main },
      init: { thunk: this.init },
      exports: this.exports,
      heapBase,
    };
  }

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const entry = this;
    const { prototype } = api.Compiler;
    let isFirst = true;

    hooks.replace(prototype, "compileFile", function (original, file) {
      if (isFirst) {
        // The core comes before everything else, as the rest of the program depends on it.
        isFirst = false;
        for (const { declaration } of entry.hostFunctions()) {
          this.compileFileByPath(declaration.range.source.internalPath, api.Source.native);
        }
      }
      original(file);
    });

    hooks.replace(prototype, "compileModuleExports", function (_original, file) {
      entry.exportCore(this);
      entry.exportProgram(file);
    });
  }

  private exportCore(compiler: Compiler): void {
    const named = new Map<string, FunctionPrototype>();
    for (const prototype of this.hostFunctions()) {
      const { name, identifierNode } = prototype;
      const other = named.get(name);
      if (other) this.session.report(identifierNode.range, `${other.internalName} is exported by this name already`);
      named.set(name, prototype);
      const instance = this.instantiate(prototype);
      if (instance) compiler.module.addFunctionExport(instance.internalName, EXPORT_PREFIX + name);
    }
  }

  /** Functions with the decorator `@host`. */
  private *hostFunctions(): Iterable<FunctionPrototype> {
    for (const element of new Set(this.session.compiler.program.elementsByName.values())) {
      if (element.kind !== api.ElementKind.FunctionPrototype || !element.internalName.startsWith(SKEIN)) continue;
      const prototype = element as FunctionPrototype;
      if (prototype.declaration.decorators?.some(({ name }) => name.text === HOST)) yield prototype;
    }
  }

  private exportProgram(file: File): void {
    const { session } = this;
    const exports = allExports(file);
    const ofC = this.hasC ? session.compiler.program.filesByName.get(C_EXPORTS) : undefined;
    for (const [name, element] of ofC?.exports ?? []) if (!exports.has(name)) exports.set(name, element);
    const main = exports.get("main");
    this.init = session.addThunk("~init", [], [...this.start(), this.core("goroutine/task/initDone", [])]);
    for (const [name, element] of exports) {
      const instance = name === "main" ? this.checkMain(element) : this.instantiate(element);
      if (!instance) continue;
      if (name === "main") this.main = this.mainThunk(instance);
      else if (isCallable(instance)) this.exports[name] = this.callThunk(name, instance);
    }
    if (!main && this.needsMain) {
      const unexported = file.getMember("main");
      session.report(
        unexported ? unexported.identifierNode.range : fileStart(file),
        unexported
          ? "main is not exported: write export function main(): void"
          : "this program has no main: export a function main(): void, or main(): i32 to give an exit code",
      );
    }
  }

  private checkMain(element: DeclaredElement): FunctionInstance | null {
    const { session } = this;
    const { range } = element.identifierNode;
    const wanted = "main must be a function main(): void, or main(): i32 to give an exit code";
    if (element.kind !== api.ElementKind.FunctionPrototype || element.is(api.CommonFlags.Generic)) {
      session.report(range, wanted);
      return null;
    }
    const instance = this.instantiate(element);
    if (!instance) return null;
    const { parameterTypes, returnType } = instance.signature;
    if (parameterTypes.length > 0) {
      session.report(range, `${wanted}; it takes no parameters (args() has the program's arguments)`);
      return null;
    }
    if (returnType !== api.Type.void && returnType !== api.Type.i32) {
      session.report(range, `${wanted}; it returns ${returnType.toString()}`);
      return null;
    }
    return instance;
  }

  /** The function that an export names, compiled; null if it is no function, or a generic one. */
  private instantiate(element: DeclaredElement): FunctionInstance | null {
    if (element.kind !== api.ElementKind.FunctionPrototype) return null;
    if (element.is(api.CommonFlags.Generic) || element.hasDecorator(api.DecoratorFlags.Builtin)) return null;
    const { compiler } = this.session;
    const instance = compiler.resolver.resolveFunction(element as FunctionPrototype, null);
    return instance && compiler.compileFunction(instance) ? instance : null;
  }

  private mainThunk(main: FunctionInstance): number {
    const { session } = this;
    const { module } = session.compiler;
    const call = module.call(main.internalName, [], main.signature.resultRefs);
    const returnsCode = main.signature.returnType === api.Type.i32;
    // The code is kept in a local, so that mainDone is the last thing called in either case.
    const code = TASK_LOCAL + 1;
    const run = returnsCode ? module.local_set(code, call, false) : call;
    const body = [
      ...this.start(),
      this.core("goroutine/task/initDone", []),
      run,
      this.core("goroutine/task/mainDone", [returnsCode ? module.local_get(code, api.TypeRef.I32) : module.i32(0)]),
    ];
    return session.addThunk("~main", returnsCode ? [api.TypeRef.I32] : [], body);
  }

  private callThunk(name: string, instance: FunctionInstance): ExportInfo {
    const { session } = this;
    const { module } = session.compiler;
    const { parameterTypes: params, returnType } = instance.signature;
    const hasResult = returnType !== api.Type.void;
    const { offsets, size } = layOut(hasResult ? [...params, returnType] : params);
    const resultOffset = hasResult ? offsets.pop()! : 0;
    const body = loadArguments(session, params, offsets);
    let call: Expr = module.call(instance.internalName, readArguments(session, params), instance.signature.resultRefs);
    const vars = params.map((type) => type.toRef());
    if (hasResult) {
      const result = TASK_LOCAL + 1 + params.length;
      vars.push(returnType.toRef());
      body.push(module.local_set(result, call, false));
      const task = module.local_get(TASK_LOCAL, api.TypeRef.I32);
      const value = module.local_get(result, returnType.toRef());
      call = module.store(returnType.byteSize, task, value, returnType.toRef(), resultOffset);
    }
    body.push(call, this.core("goroutine/task/callDone", [module.local_get(TASK_LOCAL, api.TypeRef.I32)]));
    return {
      thunk: session.addThunk(`~call:${name}`, vars, body),
      params: params.map((type) => chanType(type) ?? valueType(type)),
      offsets,
      result: hasResult ? valueType(returnType) : null,
      resultOffset,
      size,
    };
  }

  private start(): Expr[] {
    const { module, program } = this.session.compiler;
    const start = module.call(START, [], api.TypeRef.None);
    if (!this.hasC) return [start];
    this.instantiate(program.elementsByName.get(C_START) as DeclaredElement);
    return [module.call(C_START, [], api.TypeRef.None), start];
  }

  private core(name: string, operands: Expr[]): Expr {
    return this.session.callCore(name, operands, api.TypeRef.None);
  }
}

/** A file's exports, with those it re-exports from others; its own come first, as in the language. */
function allExports(
  file: File,
  found = new Map<string, DeclaredElement>(),
  seen = new Set<File>(),
): Map<string, DeclaredElement> {
  if (seen.has(file)) return found;
  seen.add(file);
  for (const [name, element] of file.exports ?? []) if (!found.has(name)) found.set(name, element);
  for (const other of file.exportsStar ?? []) allExports(other, found, seen);
  return found;
}

function isCallable(instance: FunctionInstance): boolean {
  const { parameterTypes, returnType } = instance.signature;
  return (
    parameterTypes.every((type) => isNumber(type) || chanType(type) !== undefined) &&
    (returnType === api.Type.void || isNumber(returnType))
  );
}

function isNumber(type: Type): boolean {
  return type.isNumericValue && !type.isReference;
}

/** The core's class of channels, of what the host can send through one. */
const CHAN = new RegExp(`^${CORE}/chan/chan/(Chan<(?:f64|i32|i64|~lib/typedarray/Uint8Array)>)$`);

/** What channel a parameter is, if it is one that the host can pass. */
function chanType(type: Type): ChanType | undefined {
  const name = CHAN.exec(type.getClass()?.internalName ?? "")?.[1];
  return name?.replace("~lib/typedarray/", "") as ChanType | undefined;
}

function valueType(type: Type): ValueType {
  return type.toString() as ValueType;
}

/** The file as a whole. */
function fileStart(file: File): Range {
  return Object.assign(new api.Range(0, 0), { source: file.source });
}
