/**
 * Binaryen's expressions as trees: what is in which slot, and taking things out and putting them in.
 *
 * Uses the C functions of the instance of Binaryen that AssemblyScript has loaded. Its own traversals are not part of them,
 * so the slots of every kind of expression are listed here, in the order of evaluation; a kind that is not listed is an
 * error, for to pass over it would be to pass over what it contains. References, exceptions and tables are not listed:
 * AssemblyScript generates none of these with the features that Skein turns on.
 */
import binaryen from "binaryen";
import type { Expr, Module } from "./asc.js";
import { positionsOf, type Position } from "./positions.js";

/** A function of Binaryen's; 0 stands for none. */
export type Func = number;

type Native = (...args: number[]) => number;
const natives = binaryen as unknown as Record<string, Native>;

function native(name: string): Native {
  const found = natives[`_Binaryen${name}`];
  if (!found) throw new Error(`Binaryen has no ${name}`);
  return found;
}

/** One place in an expression that another expression is in. */
export interface Slot {
  readonly child: Expr;
  /** What is in it now. */
  get(): Expr;
  replace(expression: Expr): void;
}

interface Kind {
  readonly name: string;
  readonly slots: readonly { readonly get: Native; readonly set: Native }[];
  readonly list: { readonly count: Native; readonly get: Native; readonly set: Native } | null;
}

/** Kinds with a fixed number of slots, some of which may be empty. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  If: ["Condition", "IfTrue", "IfFalse"],
  Loop: ["Body"],
  Break: ["Value", "Condition"],
  Switch: ["Value", "Condition"],
  LocalGet: [],
  LocalSet: ["Value"],
  GlobalGet: [],
  GlobalSet: ["Value"],
  Load: ["Ptr"],
  Store: ["Ptr", "Value"],
  Const: [],
  Unary: ["Value"],
  Binary: ["Left", "Right"],
  Select: ["IfTrue", "IfFalse", "Condition"],
  Drop: ["Value"],
  Return: ["Value"],
  MemorySize: [],
  MemoryGrow: ["Delta"],
  MemoryCopy: ["Dest", "Source", "Size"],
  MemoryFill: ["Dest", "Value", "Size"],
  Nop: [],
  Unreachable: [],
  AtomicRMW: ["Ptr", "Value"],
  AtomicCmpxchg: ["Ptr", "Expected", "Replacement"],
  AtomicWait: ["Ptr", "Expected", "Timeout"],
  AtomicNotify: ["Ptr", "NotifyCount"],
  AtomicFence: [],
  SIMDExtract: ["Vec"],
  SIMDReplace: ["Vec", "Value"],
  SIMDShuffle: ["Left", "Right"],
  SIMDTernary: ["A", "B", "C"],
  SIMDShift: ["Vec", "Shift"],
  SIMDLoad: ["Ptr"],
  SIMDLoadStoreLane: ["Ptr", "Vec"],
  RefFunc: [],
};

/** Kinds with any number of slots, and what else they have after these. */
const LISTS: Readonly<Record<string, readonly [count: string, item: string, ...rest: string[]]>> = {
  Block: ["NumChildren", "ChildAt"],
  Call: ["NumOperands", "OperandAt"],
  CallIndirect: ["NumOperands", "OperandAt", "Target"],
};

const kinds = new Map<number, Kind>();

function describe(name: string, slots: readonly string[], list: Kind["list"]): void {
  kinds.set(native(`${name}Id`)(), {
    name,
    slots: slots.map((slot) => ({ get: native(`${name}Get${slot}`), set: native(`${name}Set${slot}`) })),
    list,
  });
}
for (const [name, slots] of Object.entries(FIXED)) describe(name, slots, null);
for (const [name, [count, item, ...rest]] of Object.entries(LISTS)) {
  describe(name, rest, {
    count: native(`${name}Get${count}`),
    get: native(`${name}Get${item}`),
    set: native(`${name}Set${item}`),
  });
}

const idOf = native("ExpressionGetId");

function kindOf(expression: Expr): Kind {
  const kind = kinds.get(idOf(expression));
  if (!kind) throw new Error(`an expression of an unknown kind (${idOf(expression)})`);
  return kind;
}

/** What kind of expression it is, as Binaryen calls it: `Loop`, `LocalSet`. */
export function kindName(expression: Expr): string {
  return kindOf(expression).name;
}

/** The slots that are not empty, in the order in which they are evaluated. */
export function slotsOf(parent: Expr): Slot[] {
  const { slots, list } = kindOf(parent);
  const result: Slot[] = [];
  if (list) {
    for (let i = 0, count = list.count(parent); i < count; i++) {
      result.push({
        child: list.get(parent, i),
        get: () => list.get(parent, i),
        replace: (e) => void list.set(parent, i, e),
      });
    }
  }
  for (const { get, set } of slots) {
    const child = get(parent);
    if (child !== 0) result.push({ child, get: () => get(parent), replace: (e) => void set(parent, e) });
  }
  return result;
}

/** Visits an expression and all within it, parents first; where `visit` gives false, not what is within. */
export function walk(expression: Expr, visit: (expression: Expr, kind: string) => boolean | void): void {
  const { name, slots, list } = kindOf(expression);
  if (visit(expression, name) === false) return;
  if (list) for (let i = 0, count = list.count(expression); i < count; i++) walk(list.get(expression, i), visit);
  for (const { get } of slots) {
    const child = get(expression);
    if (child !== 0) walk(child, visit);
  }
}

/** The place of a function's whole body. */
export function bodySlot(func: Func): Slot {
  return { child: bodyOf(func), get: () => bodyOf(func), replace: (body) => setBody(func, body) };
}

/** Visits all slots in a function, those within an expression before the one that it is in itself. */
export function walkSlots(func: Func, visit: (slot: Slot, parent: Expr) => void): void {
  walkSlotsIn(bodyOf(func), visit);
}

/** The same, and then for the function's whole body. */
export function walkAllSlots(func: Func, visit: (slot: Slot) => void): void {
  walkSlots(func, visit);
  visit(bodySlot(func));
}

/** The same for the slots in an expression. */
export function walkSlotsIn(expression: Expr, visit: (slot: Slot, parent: Expr) => void): void {
  for (const slot of slotsOf(expression)) {
    walkSlotsIn(slot.child, visit);
    visit(slot, expression);
  }
}

// ---- particular kinds ------------------------------------------------------------------------------------------------

const names = binaryen as unknown as Readonly<
  Record<"Loop" | "Break", { getName(e: Expr): string; setName(e: Expr, name: string): void }> & {
    Switch: {
      getNames(e: Expr): string[];
      setNameAt(e: Expr, index: number, name: string): void;
      getDefaultName(e: Expr): string;
      setDefaultName(e: Expr, name: string): void;
    };
    Block: { getName(e: Expr): string | null; setName(e: Expr, name: string): void };
    Call: { getTarget(e: Expr): string; setTarget(e: Expr, name: string): void };
    GlobalGet: { getName(e: Expr): string };
    Function: { getName(f: Func): string };
    expandType(type: number): number[];
    createType(types: readonly number[]): number;
  }
>;

export const blockName = (block: Expr): string | null => names.Block.getName(block);
export const setBlockName = (block: Expr, name: string): void => names.Block.setName(block, name);
export const loopName = (loop: Expr): string => names.Loop.getName(loop);
export const loopBody = native("LoopGetBody");
export const callTarget = (call: Expr): string => names.Call.getTarget(call);
export const setCallTarget = (call: Expr, name: string): void => names.Call.setTarget(call, name);
export const globalName = (get: Expr): string => names.GlobalGet.getName(get);
/** The value of an i32.const. */
export const constantI32 = native("ConstGetValueI32");
export const typeOf = native("ExpressionGetType");
/** The condition of a jump; 0 if it has none. */
export const conditionOf = native("BreakGetCondition");

const indexOfGet = native("LocalGetGetIndex");
const indexOfSet = native("LocalSetGetIndex");
const operationOfUnary = native("UnaryGetOp");
const operationOfBinary = native("BinaryGetOp");

/** The local that is read or written. */
export const localIndex = (e: Expr): number => (kindName(e) === "LocalGet" ? indexOfGet(e) : indexOfSet(e));

const [setIndexOfGet, setIndexOfSet] = [native("LocalGetSetIndex"), native("LocalSetSetIndex")];
export const setLocalIndex = (e: Expr, to: number): void =>
  void (kindName(e) === "LocalGet" ? setIndexOfGet : setIndexOfSet)(e, to);

/** What a unary or binary expression does. */
export const operationOf = (e: Expr): number => (kindName(e) === "Unary" ? operationOfUnary(e) : operationOfBinary(e));

const accessors = (name: string): ((e: Expr) => number) => {
  const [ofLoad, ofStore] = [native(`LoadGet${name}`), native(`StoreGet${name}`)];
  return (e) => (kindName(e) === "Load" ? ofLoad(e) : ofStore(e));
};
/** Of loads and stores. */
export const alignOf = accessors("Align");
export const bytesOf = accessors("Bytes");
export const offsetOf = accessors("Offset");
const [setLoadAlign, setStoreAlign] = [native("LoadSetAlign"), native("StoreSetAlign")];
export const setAlign = (e: Expr, to: number): void =>
  void (kindName(e) === "Load" ? setLoadAlign : setStoreAlign)(e, to);
const isAtomicLoad = native("LoadIsAtomic");
export const isAtomic = (load: Expr): boolean => isAtomicLoad(load) !== 0;
const isSignedLoad = native("LoadIsSigned");
/** Does a load extend the sign? One of all bits has none. */
export const isSigned = (load: Expr): boolean => bytesOf(load) < 4 && isSignedLoad(load) !== 0;

/** The labels that a jump may go to. */
export function branchNames(jump: Expr): string[] {
  if (kindName(jump) === "Break") return [names.Break.getName(jump)];
  return [...names.Switch.getNames(jump), names.Switch.getDefaultName(jump)];
}

/** Has a jump with one label go to another. */
export const renameBranch = (jump: Expr, to: string): void => names.Break.setName(jump, to);

/** Gives a loop another label, and makes the jumps to it follow. */
export function renameLoop(loop: Expr, to: string): void {
  const from = loopName(loop);
  names.Loop.setName(loop, to);
  walk(loopBody(loop), (expression, kind) => {
    if (kind === "Break") {
      if (names.Break.getName(expression) === from) names.Break.setName(expression, to);
    } else if (kind === "Switch") {
      const { Switch } = names;
      Switch.getNames(expression).forEach((name, i) => {
        if (name === from) Switch.setNameAt(expression, i, to);
      });
      if (Switch.getDefaultName(expression) === from) Switch.setDefaultName(expression, to);
    }
  });
}

/** Gives all labels that an expression defines other names, and makes the jumps within it follow. */
export function renameLabels(expression: Expr, rename: (name: string) => string): void {
  const renamed = new Map<string, string>();
  walk(expression, (part, kind) => {
    const name = kind === "Loop" ? loopName(part) : kind === "Block" ? blockName(part) : null;
    if (name === null) return;
    renamed.set(name, rename(name));
    names[kind as "Loop" | "Block"].setName(part, renamed.get(name)!);
  });
  walk(expression, (part, kind) => {
    if (kind === "Break") {
      const to = renamed.get(names.Break.getName(part));
      if (to !== undefined) renameBranch(part, to);
    } else if (kind === "Switch") {
      const { Switch } = names;
      Switch.getNames(part).forEach((name, i) => {
        if (renamed.has(name)) Switch.setNameAt(part, i, renamed.get(name)!);
      });
      const last = renamed.get(Switch.getDefaultName(part));
      if (last !== undefined) Switch.setDefaultName(part, last);
    }
  });
}

// ---- functions -------------------------------------------------------------------------------------------------------

const functionCount = native("GetNumFunctions");
const functionAt = native("GetFunctionByIndex");
export const bodyOf = native("FunctionGetBody");
export const setBody = native("FunctionSetBody") as (func: Func, body: Expr) => void;
export const localCount = native("FunctionGetNumLocals");
export const paramsTypeOf = native("FunctionGetParams");
export const resultsOf = native("FunctionGetResults");
/** The types that a type of several consists of. */
export const typesIn = (type: number): number[] => names.expandType(type);
/** The types of a function's parameters. */
export const paramsOf = (func: Func): number[] => names.expandType(paramsTypeOf(func));
/** The type of parameters of these types. */
export const typeOfAll = (types: readonly number[]): number => names.createType(types);
const varCount = native("FunctionGetNumVars");
const varAt = native("FunctionGetVar");

/** The types of its other locals. */
export const varsOf = (func: Func): number[] => Array.from({ length: varCount(func) }, (_, i) => varAt(func, i));

/** All functions that have a body, by name. */
export function functionsOf(module: Module): Map<string, Func> {
  const functions = new Map<string, Func>();
  for (let i = 0, count = functionCount(module.ref); i < count; i++) {
    const func = functionAt(module.ref, i);
    if (bodyOf(func) !== 0) functions.set(names.Function.getName(func), func);
  }
  return functions;
}

/** Adds a function like `func` under another name. */
export function cloneFunction(module: Module, func: Func, name: string): Func {
  const body = module.copyExpression(bodyOf(func));
  const clone = module.addFunction(name, paramsTypeOf(func), resultsOf(func), varsOf(func), body);
  copyPositions(module, positionsOf(module, func), bodyOf(func), clone, body);
  return clone;
}

/** Gives a copy of an expression, which is in the function `func`, the positions of the original. */
export function copyPositions(
  module: Module,
  positions: ReadonlyMap<Expr, Position>,
  original: Expr,
  func: Func,
  copy: Expr,
): void {
  if (positions.size === 0) return;
  const follow = (from: Expr, to: Expr): void => {
    const position = positions.get(from);
    if (position) module.setDebugLocation(func, to, position.file, position.line, position.column);
    const copies = slotsOf(to);
    slotsOf(from).forEach(({ child }, i) => follow(child, copies[i]!.child));
  };
  follow(original, copy);
}
