/**
 * Calls of function values that are known become calls of their functions, which may then be inlined.
 *
 * A value is known where it is made, a closure or a function's own object, and wherever it can only have come from there: in locals that are set to
 * nothing else, as the result of functions that return nothing else, and, foremost, as an argument. A function that calls what it is given, or hands it on to
 * one that does, is compiled once more for each function that it is given:
 *
 *     given.map((value) => value + by)     (call $Array<i32>#map~with.2.14 …), in which (call $mapped~anonymous|0~with … (local.get $fn))
 *
 * So `map`, `sort` and the like cost what a loop costs, and where what is called does not switch, neither does what calls it.
 *
 * A function that reads what it has captured finds its object in a register, as a call through the table leaves it (`closures.ts`). For direct calls
 * there is a second version, which has the object as one more parameter.
 *
 * What is not followed: values in fields, arrays, variables of a module or shared ones; functions with default values, whose stubs go
 * by how many arguments were given.
 */
import api, { type Expr, type Module } from "./asc.js";
import { positionsOf } from "./positions.js";
import {
  blockName,
  bodyOf,
  callTarget,
  cloneFunction,
  constantI32,
  copyPositions,
  functionsOf,
  globalName,
  kindName,
  localIndex,
  paramsOf,
  resultsOf,
  setCallTarget,
  setLocalIndex,
  slotsOf,
  typeOfAll,
  typeOf,
  varsOf,
  walk,
  walkAllSlots,
  walkSlotsIn,
  type Func,
  type Slot,
} from "./safepoints-ir.js";
import { CLOSURE, CORE, WITH } from "./session.js";
import { isValueCall, readsGlobal, type ValueCalls } from "./valuecalls.js";

const { I32, None, Unreachable } = api.TypeRef;

const NEW_CLOSURE = `${CORE}/goroutine/closure/newClosure`;

/** Functions are compiled anew up to that size, in expressions, so often at most each, and all together. */
const LARGEST = 1500;
const MOST_EACH = 12;
const MOST = 300;

/** What an expression gives: the function at that index of the table, or what the function around it is given; null for anything else. */
type Value = { readonly isParameter: boolean; readonly number: number } | null;

const ofFunction = (index: number): Value => ({ isParameter: false, number: index });

/** Has known functions called directly. `frames`, the functions that are not to be inlined, gets the new ones of these. */
export function callKnown(module: Module, values: ValueCalls, frames: Set<string>): void {
  if (values.names.length > 0) new Known(module, values, frames).run();
}

class Known {
  private readonly functions: Map<string, Func>;
  private readonly bodies = new Map<string, Body>();
  private readonly results = new Map<string, Value>();
  /** The parameters that functions call, or hand on to one that does. */
  private readonly called = new Map<string, Set<number>>();
  private readonly candidates = new Map<string, readonly string[]>();
  private readonly versions = new Map<string, number>();
  private readonly withObject = new Map<string, string>();
  private readonly work: { readonly body: Body; readonly given: ReadonlyMap<number, number> }[] = [];
  private count = 0;

  constructor(
    private readonly module: Module,
    private readonly values: ValueCalls,
    private readonly frames: Set<string>,
  ) {
    this.functions = functionsOf(module);
  }

  run(): void {
    for (const [name, func] of this.functions) this.bodies.set(name, new Body(this, func));
    this.findCalled();
    for (const body of this.bodies.values()) this.work.push({ body, given: new Map() });
    for (let next = this.work.pop(); next; next = this.work.pop()) this.replaceCalls(next.body, next.given);
  }

  /** The value of a constant, or of what a call gives. */
  valueOf(expression: Expr): Value {
    if (kindName(expression) === "Const") {
      const index = typeOf(expression) === I32 ? this.values.indexOf(constantI32(expression)) : null;
      return index === null ? null : ofFunction(index);
    }
    const target = callTarget(expression);
    if (target !== NEW_CLOSURE) return this.resultOf(target);
    const index = slotsOf(expression)[0]!.child;
    return kindName(index) === "Const" ? ofFunction(constantI32(index)) : null;
  }

  private resultOf(name: string): Value {
    const known = this.results.get(name);
    if (known !== undefined) return known;
    // While that is being found out, and of what is imported.
    this.results.set(name, null);
    const result = this.bodies.get(name)?.result() ?? null;
    if (result !== null && !result.isParameter) this.results.set(name, result);
    return this.results.get(name)!;
  }

  private findCalled(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const [name, body] of this.bodies) {
        for (const call of body.calls) {
          for (const { operand } of this.functionsGiven(call)) {
            const value = body.valueOf(operand);
            if (!value?.isParameter) continue;
            const parameters = this.called.get(name) ?? new Set();
            this.called.set(name, parameters);
            changed ||= !parameters.has(value.number);
            parameters.add(value.number);
          }
        }
      }
    }
  }

  /** The operands of a call that are called by what it calls; of one of a function value, that. */
  private functionsGiven(call: Expr): { readonly place: number; readonly operand: Expr }[] {
    const target = callTarget(call);
    const operands = slotsOf(call).map(({ child }) => child);
    const places = isValueCall(target) ? [operands.length - 1] : [...(this.called.get(target) ?? [])];
    return places.map((place) => ({ place, operand: operands[place]! }));
  }

  /** In a function that is given these functions, by its parameters' numbers. */
  private replaceCalls(body: Body, given: ReadonlyMap<number, number>): void {
    const { module } = this;
    const resolve = (call: Expr): Map<number, number> => {
      const found = new Map<number, number>();
      for (const { place, operand } of this.functionsGiven(call)) {
        const value = body.valueOf(operand);
        const index = value?.isParameter ? given.get(value.number) : value?.number;
        if (index !== undefined) found.set(place, index);
      }
      return found;
    };
    const slots: Slot[] = [];
    walkAllSlots(body.func, (slot) => {
      if (kindName(slot.child) === "Call") slots.push(slot);
    });
    const positions = slots.length > 0 ? positionsOf(module, body.func) : new Map<Expr, never>();
    for (const slot of slots) {
      let call = slot.child;
      const known = resolve(call);
      if (known.size === 0) continue;
      if (isValueCall(callTarget(call))) {
        const [index] = known.values();
        const direct = this.directCall(index!, call);
        if (direct === null) continue;
        slot.replace(direct);
        const position = positions.get(call);
        if (position) module.setDebugLocation(body.func, direct, position.file, position.line, position.column);
        call = direct;
      }
      const version = this.versionOf(callTarget(call), resolve(call));
      if (version !== null) setCallTarget(call, version);
    }
  }

  /** The function, compiled for these given to it. */
  private versionOf(name: string, given: ReadonlyMap<number, number>): string | null {
    const body = this.bodies.get(name);
    if (given.size === 0 || body === undefined) return null;
    const version = name + WITH + [...given].map(([place, index]) => `.${place}.${index}`).join("");
    if (this.module.getFunction(version) !== 0) return version;
    const versions = this.versions.get(name) ?? 0;
    if (body.size > LARGEST || versions >= MOST_EACH || this.count >= MOST) return null;
    this.versions.set(name, versions + 1);
    this.count++;
    const func = cloneFunction(this.module, body.func, version);
    if (this.frames.has(name)) this.frames.add(version);
    this.work.push({ body: new Body(this, func), given });
    return version;
  }

  /** A call of the function at an index of the table; null if that cannot be called directly. */
  private directCall(index: number, call: Expr): Expr | null {
    const { module, functions, values, candidates } = this;
    const target = callTarget(call);
    if (!candidates.has(target)) candidates.set(target, values.candidates(module, target));
    const name = values.functionOf(index);
    const func = name === null ? undefined : functions.get(name);
    if (name === null || func === undefined || !candidates.get(target)!.includes(name)) return null;
    if (readsGlobal(bodyOf(func), "~argumentsLength")) return null;
    const operands = slotsOf(call).map(({ child }) => child);
    return module.call(this.versionWithObject(name, func), operands, resultsOf(func));
  }

  private versionWithObject(name: string, func: Func): string {
    const known = this.withObject.get(name);
    if (known !== undefined) return known;
    const { module } = this;
    const version = name + WITH;
    this.withObject.set(name, version);
    const params = paramsOf(func);
    const original = bodyOf(func);
    const copy = module.copyExpression(original);
    // So that all of it is in a slot.
    const whole = module.block(null, [copy], typeOf(copy));
    const made = module.addFunction(version, typeOfAll([...params, I32]), resultsOf(func), varsOf(func), whole);
    copyPositions(module, positionsOf(module, func), original, made, copy);
    walk(copy, (expression, kind) => {
      if (kind !== "LocalGet" && kind !== "LocalSet") return;
      const local = localIndex(expression);
      if (local >= params.length) setLocalIndex(expression, local + 1);
    });
    walkSlotsIn(whole, (slot) => {
      if (kindName(slot.child) === "GlobalGet" && globalName(slot.child) === CLOSURE) {
        slot.replace(module.local_get(params.length, I32));
      }
    });
    if (this.frames.has(name)) this.frames.add(version);
    const body = new Body(this, made);
    this.bodies.set(version, body);
    this.functions.set(version, made);
    const called = this.called.get(name);
    if (called) this.called.set(version, called);
    this.work.push({ body, given: new Map() });
    return version;
  }
}

/** What is known of a function's locals: what all that they are set to is. */
class Body {
  readonly calls: readonly Expr[];
  readonly size: number;
  private readonly parameters: number;
  private readonly sets = new Map<number, Expr[]>();
  private readonly locals = new Map<number, Value>();
  private readonly returned: readonly Expr[];

  constructor(
    private readonly known: Known,
    readonly func: Func,
  ) {
    const body = bodyOf(func);
    const calls: Expr[] = [];
    const returned: Expr[] = [];
    let size = 0;
    this.parameters = paramsOf(func).length;
    walk(body, (expression, kind) => {
      size++;
      if (kind === "Call") calls.push(expression);
      else if (kind === "Return") returned.push(...slotsOf(expression).map(({ child }) => child));
      else if (kind === "LocalSet") {
        const local = localIndex(expression);
        const sets = this.sets.get(local);
        if (sets) sets.push(slotsOf(expression)[0]!.child);
        else this.sets.set(local, [slotsOf(expression)[0]!.child]);
      }
    });
    if (isReached(body)) returned.push(body);
    this.returned = returned;
    this.calls = calls;
    this.size = size;
  }

  valueOf(expression: Expr): Value {
    switch (kindName(expression)) {
      case "Const":
      case "Call":
        return this.known.valueOf(expression);
      case "LocalGet":
        return this.valueOfLocal(localIndex(expression));
      case "LocalSet":
        return this.valueOf(slotsOf(expression)[0]!.child);
      case "Block":
        return blockName(expression) === null ? this.valueOf(slotsOf(expression).at(-1)!.child) : null;
      default:
        return null;
    }
  }

  /** What the function returns, if always the same. */
  result(): Value {
    return this.common(this.returned);
  }

  private valueOfLocal(local: number): Value {
    const known = this.locals.get(local);
    if (known !== undefined) return known;
    const sets = this.sets.get(local) ?? [];
    const isParameter = local < this.parameters;
    if (isParameter && sets.length === 0) return { isParameter, number: local };
    // While that is being found out.
    this.locals.set(local, null);
    const value = isParameter ? null : this.common(sets);
    this.locals.set(local, value);
    return value;
  }

  private common(expressions: readonly Expr[]): Value {
    const [first, ...rest] = expressions.map((expression) => this.valueOf(expression));
    if (!first) return null;
    const isSame = rest.every((v) => v?.isParameter === first.isParameter && v.number === first.number);
    return isSame ? first : null;
  }
}

/** Whether control falls out of the end of a body, with a value. */
function isReached(body: Expr): boolean {
  const type = typeOf(body);
  if (type === None || type === Unreachable) return false;
  return kindName(body) !== "Block" || blockName(body) !== null || isReached(slotsOf(body).at(-1)!.child);
}
