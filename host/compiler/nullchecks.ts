/**
 * Null dereferences of the program panic, as in Go.
 *
 * A reference whose type has no null may be null all the same: what a closed channel gives, a hole of an array, a variable
 * before its initialiser has run. AssemblyScript trusts the type, and address 0 is memory like any other. So wherever the
 * program calls a method of an object, or gets or sets one of its fields, its reference is compared with null first, unless it
 * is known not to be null where control comes by:
 *
 *     (block (if (i32.eqz (local.tee $t object)) (call $nilPanic)) (local.get $t))
 *
 * What is not checked: elements of arrays, where the check of the index finds null (`indexing.ts`); channels, whose methods know of null what Go says of it; `this`, for whoever calls a method has been checked, and a
 * constructor makes the object if it was given none; constants in packages, where `changetype<T>(0)` stands for a type whose methods are asked for; the library's own code; loads and stores of
 * addresses. Library functions that are given null as an argument are not protected from it either.
 *
 * Checks are put in while code is generated, everywhere, and those that are superfluous are taken out afterwards: Binaryen's
 * trees say which local holds what, whatever the source looked like. The analysis goes through a function once, in the order of
 * evaluation, with the set of locals that are not 0. At the head of a loop it forgets those that the loop sets.
 */
import api, { type Compiler, type Expr, type FunctionInstance, type Module, type Node } from "./asc.js";
import type { Hooks } from "./hooks.js";
import {
  bodySlot,
  blockName,
  branchNames,
  callTarget,
  conditionOf,
  constantI32,
  functionsOf,
  kindName,
  localIndex,
  operationOf,
  slotsOf,
  typeOf,
  walk,
  walkSlots,
  type Func,
  type Slot,
} from "./safepoints-ir.js";
import { checksNull, isHolePanic, isIndexPanic } from "./indexing.js";
import { CORE, NIL_PANIC, type Session } from "./session.js";

const { BinaryOp, UnaryOp, CommonFlags } = api;
const { I32, None } = api.TypeRef;

/** Constructors, and what makes the arrays that are written out, give the object that they made. */
const MAKES = /#constructor(@varargs)?$|\/__new(Array|Buffer)?$/;

/** A method of channels: on a null one to send and to receive wait for ever. */
const OF_CHANNELS = `${CORE}/chan/chan/Chan<`;

export class NullChecks {
  /** Functions with checks; whether their first parameter is `this`. */
  private readonly functions = new Map<string, boolean>();
  /** The objects to which values are assigned, by the values: the compiler reports a setter's call at its value. */
  private readonly assigned = new WeakMap<Node, Node>();
  /** What a check gives, so that it is not checked again on its way to the call. */
  private readonly checked = new Set<Expr>();

  constructor(
    private readonly session: Session,
    private readonly isProgram: (internalName: string) => boolean,
  ) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const checks = this;
    const { prototype } = api.Compiler;

    // A method that is inlined by the compiler gets its receiver here.
    hooks.replace(prototype, "compileCallDirect", function (original, instance, args, node, receiver = 0, ...rest) {
      return original(instance, args, node, receiver && checks.check(this, instance, receiver, node), ...rest);
    });

    hooks.replace(prototype, "makeAssignment", function (original, target, expr, type, value, object, ...rest) {
      if (object) checks.assigned.set(value, object);
      return original(target, expr, type, value, object, ...rest);
    });

    hooks.replace(prototype, "makeCallDirect", function (original, instance, operands, node, ...rest) {
      if (operands?.[0] !== undefined) operands[0] = checks.check(this, instance, operands[0], node);
      return original(instance, operands, node, ...rest);
    });
  }

  /** The receiver of a call, checked if that is due. */
  private check(compiler: Compiler, instance: FunctionInstance, receiver: Expr, node: Node): Expr {
    const { currentFlow: flow, module } = compiler;
    const { thisType } = instance.signature;
    const { sourceFunction: source, targetFunction: target } = flow;
    if (!thisType?.isInternalReference || instance.is(CommonFlags.Constructor)) return receiver;
    if (instance.internalName.startsWith(OF_CHANNELS) || checksNull(instance)) return receiver;
    if (this.checked.has(receiver) || !this.isProgram(source.internalName)) return receiver;
    if (kindName(receiver) === "Const" && isOfPackage(source.internalName)) return receiver;
    // A constructor makes the object first, if it was not given one.
    const hasThis = target.signature.thisType !== null;
    if (hasThis && kindName(receiver) === "LocalGet" && localIndex(receiver) === 0) return receiver;

    this.functions.set(target.internalName, hasThis);
    const panic = this.session.callCore(NIL_PANIC, [], None);
    compiler.addDebugLocation(panic, (this.assigned.get(node) ?? node).range);
    const result = this.guarded(module, receiver, flow.getTempLocal(thisType).index, panic);
    this.checked.add(result);
    return result;
  }

  private guarded(module: Module, receiver: Expr, temp: number, panic: Expr): Expr {
    const isNull = module.unary(UnaryOp.EqzI32, module.local_tee(temp, receiver, false, I32));
    return module.block(null, [module.if(isNull, panic), module.local_get(temp, I32)], I32);
  }

  /** Takes out what is superfluous of a generated module; gives the names of the functions that keep checks. */
  reduce(module: Module): string[] {
    const functions = functionsOf(module);
    for (const [name, hasThis] of this.functions) {
      const func = functions.get(name);
      if (func === undefined || !new Analysis(module, func, hasThis).run()) this.functions.delete(name);
    }
    return [...this.functions.keys()];
  }

  /**
   * Has control end at the panics of an optimised module. Not sooner, since ends that are alike would become one, and a stack
   * would show the line of another. The functions of `indexed` check indices.
   */
  seal(module: Module, indexed: ReadonlySet<string>): void {
    const functions = functionsOf(module);
    for (const name of new Set([...this.functions.keys(), ...indexed])) {
      const func = functions.get(name);
      // Nothing called it.
      if (func === undefined) continue;
      walkSlots(func, (slot) => {
        const call = slot.child;
        if (isPanic(call) || isIndexPanic(call) || isHolePanic(call))
          slot.replace(module.block(null, [call, module.unreachable()]));
      });
    }
  }
}

/** Packages are imported by their names, or by the way to them, as what transforms add does. */
function isOfPackage(internalName: string): boolean {
  return /^~lib\/|(?:^|\/)node_modules\//.test(internalName);
}

/** Locals that are not 0; null where control does not come by. */
type Known = ReadonlySet<number> | null;

/** What is known behind a condition. */
interface Outcomes {
  readonly yes: Known;
  readonly no: Known;
}

class Analysis {
  private known: Known;
  private readonly atLabels = new Map<string, Known>();
  private checksLeft = false;

  constructor(
    private readonly module: Module,
    private readonly func: Func,
    hasThis: boolean,
  ) {
    this.known = new Set(hasThis ? [0] : []);
  }

  /** Tells whether checks are left. */
  run(): boolean {
    const { func } = this;
    this.visit(bodySlot(func));
    return this.checksLeft;
  }

  /** Goes through an expression; tells whether its value is known not to be 0. */
  private visit(slot: Slot): boolean {
    if (this.known === null) return false;
    const { child: expression } = slot;
    switch (kindName(expression)) {
      case "LocalGet":
        return this.known.has(localIndex(expression));
      case "Const":
        return isNonzero(expression);
      case "LocalSet": {
        const isNonzero = this.visit(slotsOf(expression)[0]!);
        this.known = this.assigned(localIndex(expression), isNonzero);
        return isNonzero;
      }
      case "Call":
        this.visitAll(slotsOf(expression));
        return MAKES.test(callTarget(expression));
      case "Block":
        return this.block(expression);
      case "Loop":
        this.forgetSetIn(expression);
        this.visitAll(slotsOf(expression));
        return false;
      case "If":
        return isCheck(expression) ? this.check(slot) : this.branches(expression);
      case "Break":
      case "Switch":
        this.jump(expression);
        return false;
      case "Return":
      case "Unreachable":
        this.visitAll(slotsOf(expression));
        this.known = null;
        return false;
      default:
        this.visitAll(slotsOf(expression));
        return false;
    }
  }

  private visitAll(slots: readonly Slot[]): void {
    for (const slot of slots) this.visit(slot);
  }

  private block(block: Expr): boolean {
    const name = blockName(block);
    let isNonzero = false;
    for (const slot of slotsOf(block)) isNonzero = this.visit(slot);
    if (name === null || !this.atLabels.has(name)) return isNonzero;
    this.known = either(this.known, this.atLabels.get(name)!);
    this.atLabels.delete(name);
    // Jumps bring values of their own.
    return false;
  }

  private branches(expression: Expr): boolean {
    const [condition, ifTrue, ifFalse] = slotsOf(expression);
    const { yes, no } = this.condition(condition!);
    this.known = yes;
    const first = this.visit(ifTrue!) || this.known === null;
    const afterFirst = this.known;
    this.known = no;
    const second = ifFalse === undefined || this.visit(ifFalse) || this.known === null;
    this.known = either(afterFirst, this.known);
    return first && second;
  }

  private jump(jump: Expr): void {
    const slots = slotsOf(jump);
    const isSwitch = kindName(jump) === "Switch";
    const condition = isSwitch ? undefined : slots.find(({ child }) => child === conditionOf(jump));
    for (const slot of slots) if (slot !== condition) this.visit(slot);
    const { yes, no } = condition ? this.condition(condition) : { yes: this.known, no: null };
    for (const name of branchNames(jump)) this.atLabels.set(name, either(yes, this.atLabels.get(name) ?? null));
    this.known = no;
  }

  /** Goes through a condition; tells what is known where it holds, and where it does not. */
  private condition(slot: Slot): Outcomes {
    const { child: expression } = slot;
    if (this.known === null) return { yes: null, no: null };
    switch (kindName(expression)) {
      case "Const":
        return isNonzero(expression) ? { yes: this.known, no: null } : { yes: null, no: this.known };
      case "LocalGet": {
        const index = localIndex(expression);
        return { yes: adding(this.known, index), no: this.known };
      }
      case "LocalSet": {
        const index = localIndex(expression);
        const { yes, no } = this.condition(slotsOf(expression)[0]!);
        return { yes: yes && adding(yes, index), no: no && removing(no, index) };
      }
      case "Unary":
        if (operationOf(expression) !== UnaryOp.EqzI32) break;
        return swapped(this.condition(slotsOf(expression)[0]!));
      case "Binary": {
        const operation = operationOf(expression);
        const [left, right] = slotsOf(expression);
        const isEqual = operation === BinaryOp.EqI32;
        if (!(isEqual || operation === BinaryOp.NeI32) || !isZero(right!.child)) break;
        const outcomes = this.condition(left!);
        return isEqual ? swapped(outcomes) : outcomes;
      }
      case "If": {
        // What && and || are compiled to.
        const [test, ifTrue, ifFalse] = slotsOf(expression);
        const tested = this.condition(test!);
        this.known = tested.yes;
        const first = this.condition(ifTrue!);
        this.known = tested.no;
        const second = this.condition(ifFalse!);
        return { yes: either(first.yes, second.yes), no: either(first.no, second.no) };
      }
    }
    this.visit(slot);
    return { yes: this.known, no: this.known };
  }

  /** A check: it goes if its object is known not to be null. */
  private check(slot: Slot): boolean {
    const { module } = this;
    const [isNull] = slotsOf(slot.child);
    // What is compared is set to a temporary.
    const object = slotsOf(isNull!.child)[0]!;
    const isNonzero = this.visit(slotsOf(object.child)[0]!);
    const value = slotsOf(object.child)[0]!.child;
    if (isNonzero) {
      slot.replace(module.local_set(localIndex(object.child), value, false));
      return false;
    }
    this.checksLeft = true;
    // The temporary is not used again; what it was set from is.
    const kind = kindName(value);
    if (kind === "LocalGet" || kind === "LocalSet") this.known = this.known && adding(this.known, localIndex(value));
    return false;
  }

  private assigned(index: number, isNonzero: boolean): Known {
    return this.known && (isNonzero ? adding(this.known, index) : removing(this.known, index));
  }

  private forgetSetIn(loop: Expr): void {
    const known = new Set(this.known);
    walk(loop, (expression, kind) => {
      if (kind === "LocalSet") known.delete(localIndex(expression));
    });
    this.known = known;
  }
}

function isCheck(expression: Expr): boolean {
  const [, ifTrue, ifFalse] = slotsOf(expression);
  return ifFalse === undefined && isPanic(ifTrue!.child);
}

function isPanic(expression: Expr): boolean {
  return kindName(expression) === "Call" && callTarget(expression) === `${CORE}/${NIL_PANIC}`;
}

function isNonzero(constant: Expr): boolean {
  return typeOf(constant) === I32 && constantI32(constant) !== 0;
}

function isZero(expression: Expr): boolean {
  return kindName(expression) === "Const" && constantI32(expression) === 0;
}

function swapped({ yes, no }: Outcomes): Outcomes {
  return { yes: no, no: yes };
}

/** What is known where two ways meet. */
function either(one: Known, other: Known): Known {
  if (one === null || other === null) return one ?? other;
  if (one === other) return one;
  return new Set([...one].filter((index) => other.has(index)));
}

function adding(known: ReadonlySet<number>, index: number): ReadonlySet<number> {
  return known.has(index) ? known : new Set(known).add(index);
}

function removing(known: ReadonlySet<number>, index: number): ReadonlySet<number> {
  if (!known.has(index)) return known;
  const less = new Set(known);
  less.delete(index);
  return less;
}
