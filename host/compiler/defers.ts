/**
 * Functions with deferred calls: `defer(f(x))`.
 *
 * A deferred call is a task (`tasks.ts`), which the core's `defer` puts into the goroutine's list. The function notes as it begins what is in the
 * list, and as it returns makes the calls that have come before that; whatever `return` it takes goes by that place:
 *
 * ```
 * function f(x) {                 mark = deferMark()
 *   defer(g());                   result = block { …; br with the result, for return }
 *   …                             leaveDefers(mark)
 * }                               return result
 * ```
 *
 * If it panics, whoever catches that makes the calls, or the goroutine at its end (`goroutine/unwind.ts`).
 *
 * The calls that a function's `defer`s have recorded last it makes itself as it returns, the last place in the source first, as calls like any other, with what
 * is in the record: if that is the first in the list, which it is unless places come by in another order, or more than once. What is left, the core calls.
 * A single call that is sure to be made at the end has no record (`defersopen.ts`).
 *
 * To recover is to go on as if the function had returned. So of one whose deferred calls may recover, the code becomes a function of
 * its own, `f~deferring`, and `f` has the core attempt that. Which functions these are is decided when all code is there: those from
 * whose deferred calls calls lead to `recover`. Calls through the table may lead to all that is in it; those of the core, only where it runs tasks.
 * A function that recovers returns what the record has for its result: 0, unless it had returned before its deferred call panicked.
 */
import api, {
  type Compiler,
  type Expr,
  type FunctionInstance,
  type Module,
  type Node,
  type Type,
  type TypeRef,
} from "./asc.js";
import { layOutAttempt, loadFrom, RESULT, storeIn } from "./attempts.js";
import { comesToItsEnd, keepInLocals } from "./defersopen.js";
import type { Frames } from "./frames.js";
import type { Hooks } from "./hooks.js";
import {
  bodyOf,
  callTarget,
  cloneFunction,
  functionsOf,
  kindName,
  setBody,
  setCallTarget,
  slotsOf,
  walk,
  walkSlotsIn,
} from "./safepoints-ir.js";
import { ATTEMPT_THUNK, CORE, DEFERRING, TASK_LOCAL, WITH, type Session } from "./session.js";
import type { Target } from "./tasks.js";
import type { Tries } from "./tries.js";
import { isValueCall } from "./valuecalls.js";

const { I32, None } = api.TypeRef;

const RECOVER = `${CORE}/goroutine/unwind/recover`;
const LEAVE = `${CORE}/goroutine/unwind/leaveDefers`;
const DEFER = `${CORE}/goroutine/unwind/defer`;
const KEEP = `${CORE}/goroutine/unwind/keepDefers`;
/** Makes the call of a task, whatever it is. */
const RUN_TASK = `${CORE}/goroutine/task/runTask`;

const LABEL = "~deferring";

/** Expressions of a function that goes into each that defers a call of it. */
const MOST_TO_INLINE = 60;

/** A function with deferred calls. */
interface Deferring {
  /** What they call; null for a function value. */
  readonly targets: Set<string | null>;
  /** The local with the mark. */
  mark: number;
  /** The table index of what calls the function's code for the core; null if nothing recovers in this program. */
  thunk: number | null;
  /** Those of known functions, in the order of the source. */
  readonly records: Recorded[];
  /** How many places there are at which a call is deferred. */
  places: number;
}

/** A place where a call is deferred. */
interface Recorded {
  readonly name: string;
  readonly result: TypeRef;
  readonly types: readonly Type[];
  readonly offsets: readonly number[];
  /** The local with its record, 0 as long as there is none; and those for what is in it. */
  readonly record: number;
  readonly values: readonly number[];
  /** What it is made of: the table index of what makes the call for the core, its size. */
  readonly thunk: number;
  readonly size: number;
}

export class Defers {
  private readonly functions = new Map<FunctionInstance, Deferring>();
  private versions = 0;

  constructor(
    private readonly session: Session,
    private readonly frames: Frames,
    private readonly tries: Tries,
    /** Whether the program mentions `recover`. */
    private readonly recovers: boolean,
  ) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const defers = this;
    hooks.replace(api.Compiler.prototype, "compileFunctionBody", function (original, instance, statements) {
      const compiled = original(instance, statements);
      const deferring = defers.functions.get(instance);
      if (deferring && compiled) statements.push(...defers.enclose(this, instance, deferring, statements.splice(0)));
      return compiled;
    });
  }

  /** The function being compiled defers a call. */
  note(call: Node, target: Target | undefined): void {
    const { session } = this;
    const { currentFlow: flow } = session.compiler;
    const { sourceFunction: source } = flow;
    if (this.tries.isCode(source)) {
      session.report(
        call.range,
        "defer cannot stand inside try: it is the function's; put it before the try, or the code into a function",
      );
    } else if (source.name.startsWith("start:")) {
      session.report(call.range, "defer stands in a function: the top level of a file does not return");
    } else if (flow.isInline) {
      session.report(call.range, "a function that defers calls cannot be inlined: leave out its @inline");
    }
    let deferring = this.functions.get(source);
    if (!deferring)
      this.functions.set(source, (deferring = { targets: new Set(), mark: -1, thunk: null, records: [], places: 0 }));
    deferring.places++;
    if (target) deferring.targets.add(target.kind === "direct" ? target.name : null);
  }

  /** The record of a call that is deferred is in a local. */
  noteRecord(
    target: Target,
    types: readonly Type[],
    offsets: readonly number[],
    made: Pick<Recorded, "record" | "thunk" | "size">,
  ): void {
    const { currentFlow: flow } = this.session.compiler;
    if (target.kind !== "direct" || target.argumentsLength !== null) return;
    const { name, result } = target;
    const values = types.map((type) => flow.getTempLocal(type).index);
    this.functions.get(flow.sourceFunction)?.records.push({ name, result, types, offsets, values, ...made });
    // As it stands in the function itself.
    this.session.countCall(name, 1);
  }

  /** The code of a function, with its deferred calls behind it. */
  private enclose(compiler: Compiler, instance: FunctionInstance, deferring: Deferring, code: Expr[]): Expr[] {
    const { module, currentFlow: flow } = compiler;
    const { session } = this;
    const { returnType } = instance.signature;
    const ref = returnType.toRef();
    const mark = flow.getTempLocal(api.Type.usize32).index;
    deferring.mark = mark;
    session.ensureCore("goroutine/unwind/takeDeferred");
    session.ensureCore("memory/objects/freeSmallRecord");
    session.ensureCore("goroutine/task/newTask");
    if (this.recovers) {
      session.ensureCore("goroutine/unwind/keepDefers");
      deferring.thunk ??= this.thunk(instance);
    }
    const last = code.at(-1);
    if (ref !== None && (last === undefined || api.getExpressionType(last) !== ref)) code.push(module.unreachable());
    const block = module.block(LABEL, code, ref);
    jumpInsteadOfReturn(module, block);
    const begin = module.local_set(mark, session.callCore("goroutine/unwind/deferMark", [], I32), false);
    const end = session.callCore("goroutine/unwind/leaveDefers", [module.local_get(mark, I32)], None);
    if (ref === None) return [begin, block, end];
    const result = flow.getTempLocal(returnType);
    return [
      begin,
      module.local_set(result.index, block, returnType.isManaged),
      end,
      module.return(module.local_get(result.index, ref)),
    ];
  }

  /** Calls the code of a function with what is in its record, and puts the result there. */
  private thunk({ internalName, signature }: FunctionInstance): number {
    const { module } = this.session.compiler;
    const { returnType, resultRefs } = signature;
    const types = parametersOf(signature);
    const { offsets } = layOutAttempt(types, returnType);
    const operands = types.map((type, i) => loadFrom(module, TASK_LOCAL, type, offsets[i]!));
    const call = module.call(internalName + DEFERRING, operands, resultRefs);
    if (returnType === api.Type.void) return this.session.addThunk(ATTEMPT_THUNK + internalName, [], [call]);
    const result = TASK_LOCAL + 1;
    const get = (): Expr => module.local_get(result, resultRefs);
    const statements = [module.local_set(result, call, false)];
    if (returnType.isInternalReference) {
      statements.push(this.session.callCore("goroutine/unwind/shadeResult", [get()], None));
    }
    statements.push(storeIn(module, TASK_LOCAL, get(), returnType, RESULT));
    return this.session.addThunk(ATTEMPT_THUNK + internalName, [resultRefs], statements);
  }

  /** Once all code is generated: has the functions attempted whose deferred calls may recover. */
  apply(module: Module): void {
    if (this.functions.size === 0) return;
    const reach = this.recovers ? this.reachRecover(module) : null;
    for (const [instance, deferring] of this.functions) {
      const { targets, mark, thunk, records } = deferring;
      const { internalName: name } = instance;
      const func = module.getFunction(name);
      if (func === 0) continue;
      const recovers = reach !== null && [...targets].some((target) => reach(target));
      if (!recovers && !this.callWithoutRecord(module, bodyOf(func), deferring)) {
        this.callDirectly(module, bodyOf(func), records);
      }
      if (thunk === null) continue;
      if (recovers) {
        this.frames.names.add(name + DEFERRING);
        const code = cloneFunction(module, func, name + DEFERRING);
        walk(bodyOf(code), (expression, kind) => {
          if (kind === "Call" && callTarget(expression) === LEAVE) setCallTarget(expression, KEEP);
        });
        setBody(func, this.attempting(module, instance, mark, thunk));
      } else {
        // Its thunk is in the table; nobody uses it.
        setBody(module.getFunction(ATTEMPT_THUNK + name), module.unreachable());
      }
    }
  }

  /** Has a function make its deferred calls itself, before the core makes those that are left. */
  private callDirectly(module: Module, body: Expr, records: readonly Recorded[]): void {
    walkSlotsIn(body, (slot) => {
      if (kindName(slot.child) !== "Call" || callTarget(slot.child) !== LEAVE) return;
      const calls = records.map((recorded) => this.callOf(module, recorded)).reverse();
      slot.replace(module.block(null, [...calls, slot.child]));
    });
  }

  /** The same where no record is needed (`defersopen.ts`); false if one is. */
  private callWithoutRecord(module: Module, body: Expr, { records, places }: Deferring): boolean {
    const [only] = records;
    if (!only || places !== 1 || records.length !== 1) return false;
    const { name, result, types, record, values } = only;
    const site = { ...only, defer: DEFER, ends: new Set([LEAVE]) };
    if (!comesToItsEnd(module, body, site, (function_) => this.frames.names.has(function_))) return false;
    keepInLocals(module, body, site, () => this.deferAfterAll(module, only));
    const operands = types.map((type, i) => module.local_get(values[i]!, type.toRef()));
    const call = module.call(this.versionToInline(module, name), operands, result);
    const made = module.if(module.local_get(record, I32), result === None ? call : module.drop(call));
    walkSlotsIn(body, (slot) => {
      if (kindName(slot.child) === "Call" && callTarget(slot.child) === LEAVE) slot.replace(made);
    });
    return true;
  }

  /** A function that is called there alone is inlined (`passes.ts`): so of a small one there is a version for each place. */
  private versionToInline(module: Module, name: string): string {
    const func = this.frames.names.has(name) ? 0 : module.getFunction(name);
    let size = 0;
    if (func !== 0) walk(bodyOf(func), () => ++size <= MOST_TO_INLINE);
    if (size === 0 || size > MOST_TO_INLINE) return name;
    const version = `${name}${WITH}.${this.versions++}`;
    cloneFunction(module, func, version);
    return version;
  }

  /** The function will not come to its end: makes the record, of what is in locals. */
  private deferAfterAll(module: Module, { types, offsets, record, values, thunk, size }: Recorded): Expr {
    const { session } = this;
    const made = session.callCore("goroutine/task/newTask", [module.i32(thunk), module.i32(size)], I32);
    return module.if(
      module.local_get(record, I32),
      module.block(null, [
        module.local_set(record, made, false),
        ...types.map((type, i) =>
          storeIn(module, record, module.local_get(values[i]!, type.toRef()), type, offsets[i]!),
        ),
        session.callCore("goroutine/unwind/defer", [module.local_get(record, I32)], None),
      ]),
    );
  }

  private callOf(module: Module, { name, result, types, offsets, record, values }: Recorded): Expr {
    const { session } = this;
    const at = (): Expr => module.local_get(record, I32);
    const call = module.call(
      name,
      types.map((type, i) => module.local_get(values[i]!, type.toRef())),
      result,
    );
    return module.if(
      session.callCore("goroutine/unwind/takeDeferred", [at()], I32),
      module.block(null, [
        ...types.map((type, i) =>
          module.local_set(values[i]!, loadFrom(module, record, type, offsets[i]!), type.isManaged),
        ),
        session.callCore("memory/objects/freeSmallRecord", [at()], None),
        result === None ? call : module.drop(call),
      ]),
    );
  }

  /** What is left of a function whose code is attempted; the local `record` is free for that. */
  private attempting(module: Module, { signature }: FunctionInstance, record: number, thunk: number): Expr {
    const { returnType, resultRefs } = signature;
    const types = parametersOf(signature);
    const { offsets, size } = layOutAttempt(types, returnType);
    const { session } = this;
    const at = (): Expr => module.local_get(record, I32);
    const made = session.callCore("goroutine/unwind/newAttempt", [module.i32(thunk), module.i32(size)], I32);
    const statements = [
      module.local_set(record, made, false),
      ...types.map((type, i) => storeIn(module, record, module.local_get(i, type.toRef()), type, offsets[i]!)),
    ];
    if (returnType !== api.Type.void) {
      statements.push(storeIn(module, record, session.compiler.makeZero(returnType), returnType, RESULT));
    }
    statements.push(
      session.callCore("goroutine/unwind/attemptOrThrow", [at()], None),
      session.callCore("memory/objects/freeRecord", [at()], None),
    );
    // A freed record keeps all but its first word until another is made.
    if (returnType !== api.Type.void) statements.push(loadFrom(module, record, returnType, RESULT));
    return module.block(null, statements, resultRefs);
  }

  /** Tells of what may be called whether calls lead from there to `recover`; of null, whether one through the table may. */
  private reachRecover(module: Module): (target: string | null) => boolean {
    const callers = new Map<string, string[]>();
    const indirect: string[] = [];
    for (const [name, func] of functionsOf(module)) {
      const isCore = name.startsWith(`${CORE}/`);
      walk(bodyOf(func), (expression, kind) => {
        if (kind === "CallIndirect" && (!isCore || name === RUN_TASK)) indirect.push(name);
        if (kind !== "Call") return;
        const target = callTarget(expression);
        if (isValueCall(target)) indirect.push(name);
        const known = callers.get(target);
        if (known) known.push(name);
        else callers.set(target, [name]);
      });
    }
    const inTable = new Set(this.session.compiler.functionTable.map(({ internalName }) => internalName));
    const reached = new Set<string>();
    let isIndirect = false;
    const work = [RECOVER];
    for (let name = work.pop(); name !== undefined; name = work.pop()) {
      if (reached.has(name)) continue;
      reached.add(name);
      work.push(...(callers.get(name) ?? []));
      if (isIndirect || !inTable.has(name)) continue;
      isIndirect = true;
      work.push(...indirect);
    }
    return (target) => (target === null ? isIndirect : reached.has(target));
  }
}

function parametersOf({ thisType, parameterTypes }: FunctionInstance["signature"]): Type[] {
  return thisType ? [thisType, ...parameterTypes] : [...parameterTypes];
}

function jumpInsteadOfReturn(module: Module, block: Expr): void {
  const within = (parent: Expr): void => {
    for (const slot of slotsOf(parent)) {
      within(slot.child);
      if (kindName(slot.child) !== "Return") continue;
      const value = slotsOf(slot.child)[0]?.child ?? 0;
      slot.replace(module.br(LABEL, 0, value));
    }
  };
  within(block);
}
