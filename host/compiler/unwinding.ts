/**
 * How large functions unwind: at each call only what is needed there is kept.
 *
 * As Asyncify has them, a function unwinds from all its calls in one place, where it stores all locals that are live at any call. So every
 * local is read after every call: none is dead anywhere, each call's end joins all others, and in a function with hundreds of calls V8 has
 * so many values that it gives up allocating registers well. Here each call has an end of its own,
 *
 *     (br_if $unwind index (state is unwinding))  =>  (if (state is unwinding) (then (return (call $f~unwind index local local …))))
 *
 * where that one place has become a function that is given what is needed (liveness.ts) and has zeros for the rest. As what is needed differs,
 * there are some such functions, each for the calls that need about the same. The frames are the same.
 *
 * A function with few calls, or few locals, stays as it is, since it is smaller so.
 */
import api, { type Expr, type Module } from "./asc.js";
import { neededAtCalls, onlyOne, type Locals } from "./liveness.js";
import {
  blockName,
  bodyOf,
  branchNames,
  conditionOf,
  constantI32,
  kindName,
  localCount,
  localIndex,
  operationOf,
  paramsOf,
  setBody,
  setLocalIndex,
  slotsOf,
  typeOfAll,
  varsOf,
  walk,
  walkSlotsIn,
  type Func,
  type Slot,
} from "./safepoints-ir.js";
import { UNWINDING } from "./states.js";

const { I32, None, Unreachable } = api.TypeRef;

/** Asyncify's label of the place where a function unwinds. */
const UNWIND = "__asyncify_unwind";

/** Ends the names of the functions that store a frame, but for a number. */
export const STORING = "~unwind";

/** What the split of a module's functions knows (twins.ts). */
export interface Split {
  readonly module: Module;
  readonly isState: (expression: Expr) => boolean;
  readonly isInstrumented: (name: string) => boolean;
}

/** Changes an instrumented function that has the form that is expected, and so many calls times locals. */
export function unwindApart(split: Split, name: string, func: Func, large: number): void {
  const found = findPlace(func);
  if (found === null) return;
  const { module, isState, isInstrumented } = split;
  const { place, after, holder } = found;
  const calls = new Set<number>();
  walk(place, (expression) => {
    const index = unwindsAt(expression);
    if (index !== null) calls.add(index);
  });
  const kept = readFirst(holder, place, after);
  if (calls.size * kept.length < large) return;
  const needed = neededAtCalls({ body: place, localCount: localCount(func), isState, unwindsAt, isInstrumented });
  if (needed === null || !isSuited(place, isState)) return;
  const ends = divide(calls, kept, needed);
  [...new Set(ends.values())].forEach((end, i) => {
    end.name = `${name}${STORING}${i}`;
    addStoring(module, end.name, func, found, end.kept);
  });
  rewrite(split, func, found, ends);
}

/** How calls end: with a function that is given these locals. */
interface End {
  name: string;
  kept: readonly number[];
}

/** No more functions that store a frame of a function than that. */
const ENDS = 16;

/** A call may pass so many locals in vain before there is another one. */
const SPARE = 2;

/** Divides the calls, by their indices, among so few functions, beginning with those that need most. */
function divide(
  calls: ReadonlySet<number>,
  kept: readonly number[],
  needed: ReadonlyMap<number, Locals>,
): Map<number, End> {
  const ends: End[] = [];
  // Where nothing is known, as of code that is never reached, all is wanted.
  const sets = [...calls].map((index) => {
    const locals = needed.get(index);
    return { index, wanted: kept.filter((local) => locals?.has(local) ?? true) };
  });
  sets.sort((a, b) => b.wanted.length - a.wanted.length);
  const divided = new Map<number, End>();
  for (const { index, wanted } of sets) {
    const joint = (end: End): number => new Set([...end.kept, ...wanted]).size;
    let best = ends[0];
    for (const end of ends) if (joint(end) < joint(best!)) best = end;
    if (best === undefined || (joint(best) > wanted.length + SPARE && ends.length < ENDS)) {
      best = { name: "", kept: wanted };
      ends.push(best);
    } else best.kept = [...new Set([...best.kept, ...wanted])];
    divided.set(index, best);
  }
  return divided;
}

/** Where a function unwinds: a block that its calls jump out of, in the first expression of those that store a frame. */
interface Place {
  readonly place: Expr;
  /** The expression in the body that has the place in it, and what follows. */
  readonly holder: Expr;
  readonly after: readonly Expr[];
  /** What comes before. */
  readonly before: readonly Expr[];
}

function findPlace(func: Func): Place | null {
  const body = bodyOf(func);
  if (kindName(body) !== "Block" || blockName(body) !== null) return null;
  const children = slotsOf(body).map(({ child }) => child);
  for (const [i, holder] of children.entries()) {
    let place: Expr | undefined;
    walk(holder, (expression, kind) => {
      if (place === undefined && kind === "Block" && blockName(expression) === UNWIND) place = expression;
      return place === undefined;
    });
    if (place !== undefined) return { place, holder, after: children.slice(i + 1), before: children.slice(0, i) };
  }
  return null;
}

/** If an expression is a jump to the place: the index of the call that it comes from. */
export function unwindsAt(expression: Expr): number | null {
  if (kindName(expression) !== "Break" || branchNames(expression)[0] !== UNWIND) return null;
  const value = slotsOf(expression)[0]?.child;
  return value !== undefined && kindName(value) === "Const" ? constantI32(value) : null;
}

/** Tells whether all jumps to the place are Asyncify's own: after a call, if the state is unwinding. */
function isSuited(place: Expr, isState: (expression: Expr) => boolean): boolean {
  const isTest = (condition: Expr): boolean => {
    if (kindName(condition) !== "Binary" || operationOf(condition) !== api.BinaryOp.EqI32) return false;
    const [left, right] = slotsOf(condition).map(({ child }) => child) as [Expr, Expr];
    return isState(left) && kindName(right) === "Const" && constantI32(right) === UNWINDING;
  };
  const tested = new Set<Expr>();
  let suited = true;
  walk(place, (expression, kind) => {
    if (kind === "If") {
      const [condition, ifTrue] = slotsOf(expression).map(({ child }) => child) as [Expr, Expr];
      if (isTest(condition)) tested.add(onlyOne(ifTrue));
    } else if (kind === "Break" || kind === "Switch") {
      if (!branchNames(expression).includes(UNWIND)) return;
      const condition = kind === "Break" ? conditionOf(expression) : 0;
      const isOwn = condition === 0 ? tested.has(expression) : isTest(condition);
      if (kind === "Switch" || unwindsAt(expression) === null || !isOwn) suited = false;
    }
  });
  return suited;
}

/** The locals that are stored: those that the code after the place reads before it sets them. */
function readFirst(holder: Expr, place: Expr, after: readonly Expr[]): number[] {
  const read = new Set<number>();
  const set = new Set<number>();
  const visit = (expression: Expr): void => {
    if (expression === place) return;
    for (const { child } of slotsOf(expression)) visit(child);
    const kind = kindName(expression);
    if (kind === "LocalSet") set.add(localIndex(expression));
    else if (kind === "LocalGet" && !set.has(localIndex(expression))) read.add(localIndex(expression));
  };
  for (const expression of [holder, ...after]) visit(expression);
  return [...read];
}

/** Adds a function that stores a frame: what follows the place, given a call's index and some locals; others are zero. */
function addStoring(module: Module, name: string, func: Func, found: Place, kept: readonly number[]): void {
  const { place, holder, after } = found;
  const types = [...paramsOf(func), ...varsOf(func)];
  // Where the place was, the index is: a local that the function itself does not have.
  const index = types.length;
  const params = [I32, ...kept.map((local) => types[local]!)];
  const places = new Map([index, ...kept].map((local, i) => [local, i]));
  const vars: number[] = [];
  const slot = slotOf(holder, place);
  if (slot === null) throw new Error("Asyncify drops the index of a call");
  slot.replace(module.local_get(index, I32));
  const copies = [holder, ...after].map((each) => module.copyExpression(each));
  slot.replace(place);
  const result = api.getFunctionResults(func);
  const body = module.block(null, copies, result);
  walk(body, (expression, kind) => {
    if (kind !== "LocalGet" && kind !== "LocalSet") return;
    const local = localIndex(expression);
    if (!places.has(local)) places.set(local, params.length + vars.push(types[local]!) - 1);
    setLocalIndex(expression, places.get(local)!);
  });
  module.addFunction(name, typeOfAll(params), result, vars, body);
}

/** Gives the calls of a function ends of their own. */
function rewrite({ module }: Split, func: Func, found: Place, ends: ReadonlyMap<number, End>): void {
  const types = [...paramsOf(func), ...varsOf(func)];
  const result = api.getFunctionResults(func);
  const leave = (index: number): Expr => {
    const { name, kept } = ends.get(index)!;
    const given = kept.map((local) => module.local_get(local, types[local]!));
    const call = module.call(name, [module.i32(index), ...given], result);
    return result === None ? module.block(null, [call, module.return()], Unreachable) : module.return(call);
  };
  walkSlotsIn(found.place, (slot) => {
    const jump = kindName(slot.child) === "Drop" ? slotsOf(slot.child)[0]!.child : slot.child;
    const index = unwindsAt(jump);
    if (index === null) return;
    const condition = conditionOf(jump);
    if (condition === 0) slot.replace(leave(index));
    else if (jump !== slot.child) slot.replace(module.if(condition, leave(index)));
  });
  // What is left of them has a value that is used.
  walkSlotsIn(found.place, (slot) => {
    const index = unwindsAt(slot.child);
    if (index === null) return;
    slot.replace(module.block(null, [module.if(conditionOf(slot.child), leave(index)), module.i32(index)], I32));
  });
  const children = slotsOf(found.place).map(({ child }) => child);
  setBody(func, module.block(null, [...found.before, ...children], result));
}

function slotOf(within: Expr, expression: Expr): Slot | null {
  for (const slot of slotsOf(within)) {
    const found = slot.child === expression ? slot : slotOf(slot.child, expression);
    if (found) return found;
  }
  return null;
}
