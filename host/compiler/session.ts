/**
 * What one compile knows about the core: the functions and the class of `~lib/skein/runtime/*` that generated code uses.
 *
 * Everything here is looked up when first needed, because the core's elements exist only once the program is initialised.
 */
import api, {
  type Class,
  type Compiler,
  type Element,
  type Expr,
  type FunctionInstance,
  type FunctionPrototype,
  type Range,
  type Type,
  type TypeRef,
} from "./asc.js";

/** Names of the core's files, as AssemblyScript names elements. */
export const CORE = "~lib/skein/runtime";

/** Where the program throws, uses null, an index out of range, or an element that was never set: functions of the core that do not return. */
export const ABORT = "base/panic/abort";
export const NIL_PANIC = "base/nil/nilPanic";
export const PANIC_INDEX = "base/nil/__panicIndex";
export const PANIC_HOLE = "base/nil/__panicHole";
/** Their internal names. */
export const PANICS: ReadonlySet<string> = new Set(
  [ABORT, NIL_PANIC, PANIC_INDEX, PANIC_HOLE].map((name) => `${CORE}/${name}`),
);

/** What calls the code that is attempted (`goroutine/unwind.ts`): JavaScript's function, and the one that this calls. */
export const HOST_ATTEMPT = `${CORE}/base/imports/hostAttempt`;
export const INVOKE = `${CORE}/goroutine/unwind/invoke`;

/** Ends the name of a function's code that is attempted, because its deferred calls may recover. */
export const DEFERRING = "~deferring";

/** Begins the names of the thunks of attempts. */
export const ATTEMPT_THUNK = "~try:";

/** The closure that is being called: a register of the thread, set right before a call and read as the function begins. */
export const CLOSURE = "~closure";

/** Ends the names of versions of functions for what they are given (`valuesknown.ts`); digits and dots may follow. */
export const WITH = "~with";

/** Parameters that only generated thunks have: a task's address. */
export const TASK_LOCAL = 0;

export class Session {
  /** The range of the expression being compiled, for reports about the compiler itself. */
  lastRange: Range | null = null;
  /** Calls of each function, at least: a loop may be compiled twice. */
  readonly calls = new Map<string, number>();
  /** Internal names of the functions that deferred calls call. */
  readonly deferred = new Set<string>();
  /** The program may catch what it throws. */
  catches = false;
  private taskType: Type | undefined;
  private goTaskType: Type | undefined;
  private deferTaskType: Type | undefined;
  private readonly coreFunctions = new Map<string, FunctionInstance>();

  constructor(readonly compiler: Compiler) {}

  /** Counts calls of a function that were generated, or taken back. */
  countCall(target: string, n: number): void {
    this.calls.set(target, (this.calls.get(target) ?? 0) + n);
  }

  private resolveTaskClass(name: string): Type {
    const prototype = this.element(`${CORE}/goroutine/task/${name}`);
    const task = this.compiler.resolver.resolveClass(prototype, null);
    if (!task) throw new Error(`the core's class ${name} does not compile`);
    return task.type;
  }

  /** Tells whether a parameter of this type takes a deferred call: the core's class `Task`, or one derived from it. */
  isTask(type: Type): boolean {
    this.taskType ??= this.resolveTaskClass("Task");
    return this.isOf(type, this.taskType) || this.isGoTask(type) || this.isDeferTask(type);
  }

  /** Tells whether a parameter of this type takes a call for when the function around it ends. */
  isDeferTask(type: Type): boolean {
    this.deferTaskType ??= this.resolveTaskClass("DeferTask");
    return this.isOf(type, this.deferTaskType);
  }

  /** Tells whether a parameter of this type takes the call of a goroutine. */
  isGoTask(type: Type): boolean {
    this.goTaskType ??= this.resolveTaskClass("GoTask");
    return this.isOf(type, this.goTaskType);
  }

  private isOf(type: Type, unmanagedClass: Type): boolean {
    return type.isReference && !type.isManaged && type.getClass() === unmanagedClass.getClass();
  }

  /** A generic class of the core, for these types. */
  coreClass(name: string, types: readonly Type[]): Class {
    const resolved = this.compiler.resolver.resolveClass(this.element(`${CORE}/${name}`), types);
    if (!resolved) throw new Error(`the core's class ${name} does not compile`);
    return resolved;
  }

  /** Calls a function of the core, e.g. `task/newTask`. */
  callCore(name: string, operands: Expr[], result: TypeRef): Expr {
    return this.compiler.module.call(this.coreFunction(name).internalName, operands, result);
  }

  /** The same with the function's body in place of a call. */
  inlineCore(name: string, operands: Expr[]): Expr {
    return this.compiler.makeCallInline(this.coreFunction(name), operands);
  }

  /** Has a function of the core compiled though nothing calls it yet. */
  ensureCore(name: string): void {
    this.coreFunction(name);
  }

  private coreFunction(name: string): FunctionInstance {
    let instance = this.coreFunctions.get(name);
    if (!instance) {
      const prototype = this.element(`${CORE}/${name}`) as FunctionPrototype;
      const resolved = this.compiler.resolver.resolveFunction(prototype, null);
      if (!resolved || !this.compiler.compileFunction(resolved)) throw new Error(`the core's ${name} does not compile`);
      instance = resolved;
      this.coreFunctions.set(name, instance);
    }
    return instance;
  }

  private element(name: string): Element {
    const element = this.compiler.program.elementsByName.get(name);
    if (!element) throw new Error(`the core has no ${name}`);
    return element;
  }

  /**
   * Adds a function `(task: usize) => void` that only the function table refers to, and returns its table index.
   * `vars` are the types of its locals after the task.
   */
  addThunk(name: string, vars: TypeRef[], body: Expr[]): number {
    const { compiler } = this;
    const { module, program } = compiler;
    const signature = api.Signature.create(program, [api.Type.usize32], api.Type.void);
    const thunk = program.makeNativeFunction(name, signature);
    thunk.internalName = name;
    module.addFunction(name, api.TypeRef.I32, api.TypeRef.None, vars, module.block(null, body));
    thunk.set(api.CommonFlags.Compiled);
    // Entry 0 of the table is blank, so that a null function traps.
    return compiler.functionTable.push(thunk) - 1 + compiler.options.tableBase;
  }

  /** Reports an error in Skein's own words; repeated reports of the same place count once. */
  report(range: Range, message: string): void {
    this.compiler.error(api.DiagnosticCode.User_defined_0, range, message);
  }

  /** The number of errors so far. */
  get errorCount(): number {
    return this.compiler.diagnostics.filter((d) => d.category === api.DiagnosticCategory.Error).length;
  }
}
