/**
 * How large functions come from their version to resume back to the one to run.
 *
 * A loop of the version to resume that has taken a turn goes on as that of the version to run (twins.ts). As a copy of the loop that would
 * double a function that is one large loop, as interpreters are; and V8 would have to find out for the copy, too, that it is worth
 * optimising. So the largest loop of a large function can be entered in the version to run itself: that gets a parameter that says whether
 * to, and as more parameters the locals that are live at the loop's head. It is called `f~run`; `f` calls it with zeros for these.
 *
 *     (before (loop $turn body) after)  =>  (block $into (br_if $into entered) before) (loop $turn body) after
 *
 * The version to resume calls it in its own stead instead of taking another turn.
 *
 * A loop can be entered if it is in blocks only, in branches of ifs that have no other, and in what is evaluated before all else in what it is in.
 */
import api, { type Expr, type Module } from "./asc.js";
import type { Locals } from "./liveness.js";
import { positionsOf } from "./positions.js";
import {
  blockName,
  bodyOf,
  copyPositions,
  kindName,
  localIndex,
  loopName,
  paramsOf,
  setBody,
  setLocalIndex,
  slotsOf,
  typeOf,
  typeOfAll,
  varsOf,
  walk,
  zero,
  type Func,
} from "./safepoints-ir.js";

const { I32, None } = api.TypeRef;

/** Ends the names of versions that can be entered in the middle; what a stack shows of a name ends there. */
export const RUN = "~run";

/** A loop that is to be entered. */
export interface Entrance {
  readonly label: string;
  /** The locals that are live at its head, parameters of the function left out. */
  readonly live: readonly number[];
}

/** Finds the loop of an instrumented function to enter, if there is one of that size. `liveAt` tells what is live at the head of a loop, if that is known. */
export function findEntrance(
  func: Func,
  large: number,
  isResumable: (loop: Expr) => boolean,
  liveAt: (label: string) => Locals | undefined,
): Entrance | null {
  let found: { loop: Expr; size: number } | undefined;
  walk(bodyOf(func), (expression, kind) => {
    if (kind !== "Loop") return;
    const size = sizeOf(expression);
    if (size >= large && size > (found?.size ?? 0) && isResumable(expression)) found = { loop: expression, size };
    return false;
  });
  if (found === undefined || pathTo(bodyOf(func), found.loop) === null) return null;
  const label = loopName(found.loop);
  const live = liveAt(label);
  if (live === undefined) return null;
  const paramCount = paramsOf(func).length;
  const vars = varsOf(func).map((_, i) => paramCount + i);
  return { label, live: vars.filter((local) => live.has(local)) };
}

/** In the version to resume: goes on with the loop in the version to run. */
export function enterRun(module: Module, name: string, func: Func, { live }: Entrance): Expr {
  const types = [...paramsOf(func), ...varsOf(func)];
  const given = [...paramsOf(func).keys(), ...live].map((local) => module.local_get(local, types[local]!));
  return module.return_call(name + RUN, [module.i32(1), ...given], api.getFunctionResults(func));
}

/** Makes the version to run one that can be entered at the loop; gives `f~run`. */
export function openAt(module: Module, name: string, func: Func, { label, live }: Entrance): Func {
  let loop: Expr | undefined;
  walk(bodyOf(func), (expression, kind) => {
    if (kind === "Loop" && loopName(expression) === label) loop = expression;
    return loop === undefined;
  });
  const path = loop === undefined ? null : pathTo(bodyOf(func), loop);
  if (path === null) throw new Error("a loop that was to be entered is gone");
  const types = [...paramsOf(func), ...varsOf(func)];
  const entered = types.length;
  const into = `~into:${label}`;
  const body = opened(module, path, [module.br(into, module.local_get(entered, I32))], into);
  const paramCount = paramsOf(func).length;
  const order = [entered, ...paramsOf(func).keys(), ...live];
  const params = [I32, ...order.slice(1).map((local) => types[local]!)];
  const places = new Map(order.map((local, i) => [local, i]));
  const vars: number[] = [];
  for (let local = paramCount; local < types.length; local++) {
    if (!places.has(local)) places.set(local, params.length + vars.push(types[local]!) - 1);
  }
  walk(body, (expression, kind) => {
    if (kind === "LocalGet" || kind === "LocalSet") setLocalIndex(expression, places.get(localIndex(expression))!);
  });
  const result = api.getFunctionResults(func);
  const run = module.addFunction(name + RUN, typeOfAll(params), result, vars, body);
  copyPositions(module, positionsOf(module, func), body, run, body);
  const given = paramsOf(func).map((type, i) => module.local_get(i, type));
  const zeros = live.map((local) => zero(module, types[local]!));
  setBody(func, module.return_call(name + RUN, [module.i32(0), ...given, ...zeros], result));
  return run;
}

/** The expressions from an outer one to an inner one, both included; null if the inner one cannot be entered there. */
function pathTo(outer: Expr, inner: Expr): Expr[] | null {
  if (outer === inner) return [outer];
  const kind = kindName(outer);
  const slots = slotsOf(outer);
  for (const [i, { child }] of slots.entries()) {
    const isEnterable =
      kind === "Block" || (kind === "If" ? i === 1 && slots.length === 2 : i === 0 && kind !== "Loop");
    const rest = isEnterable ? pathTo(child, inner) : null;
    if (rest !== null) return [outer, ...rest];
  }
  return null;
}

/** The first expression of a path, after `before`, with a way to the last one that ends with the label `into`. */
function opened(module: Module, path: readonly Expr[], before: readonly Expr[], into: string): Expr {
  const [outer, next] = path as [Expr, Expr?];
  if (next === undefined) return module.block(null, [module.block(into, [...before]), outer], typeOf(outer));
  const rest = path.slice(1);
  const kind = kindName(outer);
  const slots = slotsOf(outer);
  if (kind === "Block") {
    const at = slots.findIndex(({ child }) => child === next);
    const children = slots.map(({ child }) => child);
    const inside = opened(module, rest, [...before, ...children.slice(0, at)], into);
    return module.block(blockName(outer), [inside, ...children.slice(at + 1)], typeOf(outer));
  }
  if (kind === "If") {
    const past = `${into}~${rest.length}`;
    const isZero = module.binary(api.BinaryOp.EqI32, slots[0]!.child, module.i32(0));
    const inside = opened(module, rest, [...before, module.br(past, isZero)], into);
    return module.block(past, [inside], None);
  }
  slots[0]!.replace(opened(module, rest, before, into));
  return outer;
}

function sizeOf(expression: Expr): number {
  let size = 0;
  walk(expression, () => void size++);
  return size;
}
