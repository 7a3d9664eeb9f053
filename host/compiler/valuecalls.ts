/**
 * Calls of function values.
 *
 * While a program is compiled and optimised, such a call is one of a function that is none: an import by the name of what it is given and gives,
 * whose last operand is the function value.
 *
 *     (call $~value:(i32) => i32/1 (local.get $x) (local.get $f))
 *
 * So what a call of this kind may lead to has a name, like what any other call leads to: the functions of the same type that are ever values, and
 * nothing else that is in the table (thunks of tasks, what the core calls by index). `known.ts` and the like need not know of it; what does is told here:
 *
 * - which calls are of a function that is known (`valuesknown.ts`), and become calls of that;
 * - which may switch, as safepoints (`safepoints.ts`) and Asyncify have to know: those of which one function may;
 * - which registers a call has to set: what no function of the type reads need not be set.
 *
 * Behind Asyncify it becomes what it is: a value is the address of an object that begins with an index of the table.
 *
 *     (call_indirect (local.get $x)
 *       (i32.load (block (global.set $~argumentsLength 1) (global.set $~closure (local.get $f)) (local.get $f))))
 *
 * A goroutine that is resumed makes the call again, with the operands that it had, and comes to the same entry of the table.
 */
import api, { type Expr, type FunctionInstance, type Module, type Signature, type TypeRef } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { addLocals } from "./locals.js";
import { positionsOf } from "./positions.js";
import {
  bodyOf,
  callTarget,
  functionsOf,
  globalName,
  kindName,
  localIndex,
  paramsTypeOf,
  resultsOf,
  slotsOf,
  typeOfAll,
  typesIn,
  walk,
  walkAllSlots,
  type Func,
} from "./safepoints-ir.js";
import { CLOSURE, type Session } from "./session.js";

const { I32, None } = api.TypeRef;

const PREFIX = "~value:";

/** As imports: see `passes.ts`. */
const IMPORTED_FROM = "skein";

/** Where the registers are set as long as no call sets them: else they would count as constants. */
const HOLD = "~hold:registers";

/** Calls that are given, and give, the same. */
interface Kind {
  readonly import: string;
  readonly params: TypeRef;
  readonly results: TypeRef;
  /** How many arguments the program has written. */
  readonly given: number;
}

/** Is it the name of what stands for calls of function values? */
export function isValueCall(name: string): boolean {
  return name.startsWith(PREFIX);
}

export class ValueCalls {
  private readonly kinds = new Map<string, Kind>();
  /** Where in the table the functions are that are values. */
  private readonly places = new Map<FunctionInstance, number>();
  /** Their objects in static memory, by address. */
  private readonly objects = new Map<number, FunctionInstance>();

  constructor(private readonly session: Session) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const calls = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "makeCallIndirect", function (_original, signature, functionArg, reportNode, operands) {
      const { thisType, parameterTypes, resultRefs, returnType } = signature;
      const types = thisType ? [thisType, ...parameterTypes] : parameterTypes;
      // Omitted arguments are zero: the table holds a stub that fills them in.
      const all = types.map((type, i) => operands?.[i] ?? this.makeZero(type));
      const name = calls.nameOf(signature, (operands?.length ?? 0) - (thisType ? 1 : 0));
      const call = this.module.call(name, [...all, functionArg], resultRefs);
      this.addDebugLocation(call, reportNode.range);
      this.currentType = returnType;
      return call;
    });

    hooks.replace(prototype, "ensureRuntimeFunction", function (original, instance) {
      const address = original(instance);
      calls.objects.set(address.low, instance);
      calls.places.set(instance, this.functionTable.indexOf(instance));
      return address;
    });
  }

  private nameOf(signature: Signature, given: number): string {
    const name = `${PREFIX}${signature.toString()}/${given}`;
    if (!this.kinds.has(name)) {
      const { paramRefs, resultRefs } = signature;
      this.kinds.set(name, { import: `value${this.kinds.size}`, params: paramRefs, results: resultRefs, given });
    }
    return name;
  }

  /** Declares what stands for the calls, once all code is generated. */
  declare(module: Module, register: string): void {
    if (this.kinds.size === 0) return;
    for (const [name, { import: base, params, results }] of this.kinds) {
      module.addFunctionImport(name, IMPORTED_FROM, base, typeOfAll([...typesIn(params), I32]), results);
    }
    const { compiler } = this.session;
    const set = [
      module.global_set(compiler.ensureArgumentsLength(), module.local_get(0, I32)),
      module.global_set(register, module.local_get(1, I32)),
    ];
    module.addFunction(HOLD, typeOfAll([I32, I32]), None, null, module.block(null, set));
    module.addFunctionExport(HOLD, HOLD);
  }

  /** The names of what stands for calls. */
  get names(): readonly string[] {
    return [...this.kinds.keys()];
  }

  /** The functions that calls by this name may lead to. */
  candidates(module: Module, name: string): string[] {
    const { params, results } = this.kinds.get(name)!;
    return [...this.places.values()]
      .map((place) => this.functionAt(place))
      .filter((candidate) => {
        const func = module.getFunction(candidate);
        return func !== 0 && paramsTypeOf(func) === params && resultsOf(func) === results;
      });
  }

  /** The function at a place of the table: where it has default values, the stub that fills them in. */
  private functionAt(place: number): string {
    return this.session.compiler.functionTable[place]!.internalName;
  }

  /** The function at an index of the table. */
  functionOf(index: number): string | null {
    const place = index - this.session.compiler.options.tableBase;
    return place >= 0 && place < this.session.compiler.functionTable.length ? this.functionAt(place) : null;
  }

  /** The index of the function whose object in static memory begins there. */
  indexOf(address: number): number | null {
    const instance = this.objects.get(address);
    const place = instance && this.places.get(instance);
    return place === undefined ? null : place + this.session.compiler.options.tableBase;
  }

  /** As Asyncify names those of the calls that may switch. */
  imports(switches: (name: string) => boolean): string[] {
    return [...this.kinds].filter(([name]) => switches(name)).map(([, kind]) => `${IMPORTED_FROM}.${kind.import}`);
  }

  /** Makes calls through the table of those that are left. */
  lower(module: Module): void {
    if (this.kinds.size === 0) return;
    const functions = functionsOf(module);
    const argumentsLength = this.session.compiler.ensureArgumentsLength();
    const reads = new Map<string, { readonly closure: boolean; readonly given: boolean }>();
    for (const name of this.kinds.keys()) {
      const bodies = this.candidates(module, name).map((candidate) => bodyOf(functions.get(candidate)!));
      const reading = (global: string): boolean => bodies.some((body) => readsGlobal(body, global));
      reads.set(name, { closure: reading(CLOSURE), given: reading(argumentsLength) });
    }
    const temporaries = new Map<Func, number>();
    for (const func of functions.values()) if (needsLocal(func)) temporaries.set(func, 1);
    const locals = addLocals(module, temporaries);
    for (const func of functions.values()) {
      const positions = positionsOf(module, func);
      walkAllSlots(func, (slot) => {
        const call = slot.child;
        if (kindName(call) !== "Call") return;
        const name = callTarget(call);
        const kind = this.kinds.get(name);
        if (!kind) return;
        const operands = slotsOf(call).map(({ child }) => child);
        const value = operands.pop()!;
        const { closure, given } = reads.get(name)!;
        const local = kindName(value) === "LocalGet" ? localIndex(value) : locals.get(func)!;
        const get = (): Expr => module.local_get(local, I32);
        const parts: Expr[] = [];
        if (kindName(value) !== "LocalGet") parts.push(module.local_set(local, value, false));
        if (given) parts.push(module.global_set(argumentsLength, module.i32(kind.given)));
        if (closure) parts.push(module.global_set(CLOSURE, get()));
        const object = parts.length > 0 ? module.block(null, [...parts, get()], I32) : get();
        const index = module.load(4, false, object, I32);
        const made = module.call_indirect(null, index, operands, kind.params, kind.results);
        const position = positions.get(call);
        if (position) module.setDebugLocation(func, made, position.file, position.line, position.column);
        slot.replace(made);
      });
    }
    for (const name of this.kinds.keys()) if (module.getFunction(name) !== 0) module.removeFunction(name);
    module.removeExport(HOLD);
  }
}

/** Does it call what is in no local? */
function needsLocal(func: Func): boolean {
  let found = false;
  walk(bodyOf(func), (expression, kind) => {
    if (kind !== "Call" || !isValueCall(callTarget(expression))) return;
    if (kindName(slotsOf(expression).at(-1)!.child) !== "LocalGet") found = true;
  });
  return found;
}

export function readsGlobal(body: Expr, name: string): boolean {
  let found = false;
  walk(body, (expression, kind) => {
    if (kind === "GlobalGet" && globalName(expression) === name) found = true;
    return !found;
  });
  return found;
}
