/**
 * Two versions of each function that Asyncify has instrumented: one to run, and one to resume.
 *
 * An instrumented function asks at every turn whether it is being resumed, in which case it skips what it has done before;
 * that costs a small function several times its own work. But it can only be resumed from its beginning. So the version to
 * run, which keeps the function's name, is the one with all these questions answered: not resumed. What it does ask, after
 * a call, is whether it is to unwind. The version to resume is what Asyncify made. It is called where a caller is itself
 * resumed; and from the version to run of functions in the table, since a resumed call through the table lands there.
 *
 * Both lay out their frames alike, being the same code but for the answers: what one has saved, the other loads. A call
 * that was resumed stays in its version until it returns. It may go on for long there, if it is in a loop: a goroutine that computes is switched
 * out after 10 ms. So each loop of that version is the one to resume for one turn at most, that in which control was, or the first; then
 * comes the one to run:
 *
 *     (loop $turn body)  =>  (block $out (block $turn body (br $out)) (loop $turn' body with the questions answered))
 *
 * All that a loop keeps from turn to turn is in locals.
 */
import api, { type Expr, type Module } from "./asc.js";
import { positionsOf } from "./positions.js";
import {
  bodySlot,
  bodyOf,
  callTarget,
  cloneFunction,
  constantI32,
  copyPositions,
  functionsOf,
  globalName,
  kindName,
  loopBody,
  loopName,
  paramsOf,
  renameLabels,
  setBody,
  slotsOf,
  typeOf,
  walk,
  walkSlots,
  walkSlotsIn,
  type Func,
  type Slot,
} from "./safepoints-ir.js";

const { I32, None, Unreachable } = api.TypeRef;

/** Asyncify's state, and its values. */
const STATE = "__asyncify_state";
const UNWINDING = 1;
const REWINDING = 2;

/** Binaryen's flag. All hosts that Skein runs on have tail calls. */
const TAIL_CALLS = api.FeatureFlags.TailCall;

/** Asyncify's own functions, which set the state. */
const OWN_FUNCTIONS = "asyncify_";

/** Ends the names of the versions to resume; what a stack shows of a name ends there. */
export const RESUMED = "~resumed";

/** Splits the functions of a module that Asyncify has just instrumented, which it gives. `table` has those that are called indirectly. */
export function splitInstrumented(module: Module, table: ReadonlySet<string>): ReadonlyMap<string, Func> {
  module.setFeatures(module.getFeatures() | TAIL_CALLS);
  const instrumented = new Map<string, Func>();
  for (const [name, func] of functionsOf(module)) {
    if (!name.startsWith(OWN_FUNCTIONS) && readsState(bodyOf(func))) instrumented.set(name, func);
  }
  for (const [name, func] of instrumented) {
    const resumed = name + RESUMED;
    const clone = cloneFunction(module, func, resumed);
    callResumed(module, clone, instrumented);
    leaveAfterOneTurn(module, clone);
    module.setPassArgument("no-inline", resumed);
    module.runPasses(["no-inline"]);
    forgetResuming(module, bodyOf(func));
    if (table.has(name)) enterResumed(module, func, resumed);
  }
  return instrumented;
}

function isState(expression: Expr): boolean {
  return kindName(expression) === "GlobalGet" && globalName(expression) === STATE;
}

function readsState(within: Expr): boolean {
  let found = false;
  walk(within, (expression, kind) => {
    if (kind === "GlobalGet" && globalName(expression) === STATE) found = true;
    return !found;
  });
  return found;
}

/** In the version to resume: while it is, calls are of versions to resume. These load their own parameters. */
function callResumed(module: Module, func: Func, instrumented: ReadonlyMap<string, Func>): void {
  const positions = positionsOf(module, func);
  walkSlots(func, (slot) => {
    const call = slot.child;
    if (kindName(call) !== "Call") return;
    const target = callTarget(call);
    const callee = instrumented.get(target);
    if (callee === undefined) return;
    const zeros = paramsOf(callee).map((type) => zero(module, type));
    const resumed = module.call(target + RESUMED, zeros, typeOf(call));
    const position = positions.get(call);
    if (position) module.setDebugLocation(func, resumed, position.file, position.line, position.column);
    slot.replace(module.if(isResuming(module), resumed, call));
  });
}

/** In what is not resumed: the state is 0, but after a call, where all that is asked is whether to unwind. */
function forgetResuming(module: Module, within: Expr): void {
  walkSlotsIn(within, (slot, parent) => {
    if (!isState(slot.child) || isUnwindingTest(parent)) return;
    slot.replace(module.i32(0));
  });
}

function isUnwindingTest(parent: Expr): boolean {
  if (kindName(parent) !== "Binary") return false;
  const [left, right] = slotsOf(parent);
  return isState(left!.child) && kindName(right!.child) === "Const" && constantI32(right!.child) === UNWINDING;
}

/** In the version to resume: from the second turn on loops are those to run. */
function leaveAfterOneTurn(module: Module, func: Func): void {
  const positions = positionsOf(module, func);
  let count = 0;
  const visit = (slot: Slot): void => {
    const expression = slot.child;
    if (kindName(expression) === "Loop" && readsState(expression)) {
      const suffix = `~run${count++}`;
      const type = typeOf(expression);
      if (type !== None && type !== Unreachable) throw new Error("Asyncify has left a loop with a value");
      const repeated = module.copyExpression(expression);
      copyPositions(module, positions, expression, func, repeated);
      forgetResuming(module, repeated);
      renameLabels(repeated, (name) => name + suffix);
      const out = `~out${suffix}`;
      const body = loopBody(expression);
      const isEndless = typeOf(body) === Unreachable;
      const turn = module.block(loopName(expression), isEndless ? [body] : [body, module.br(out)]);
      const both = [turn, repeated];
      slot.replace(isEndless ? module.block(null, both, type) : module.block(out, both));
      visit(slotsOf(turn)[0]!);
      return;
    }
    for (const part of slotsOf(expression)) visit(part);
  };
  visit(bodySlot(func));
}

function enterResumed(module: Module, func: Func, resumed: string): void {
  const result = api.getFunctionResults(func);
  const zeros = paramsOf(func).map((type) => zero(module, type));
  // A tail call, so that a stack shows the function once.
  const enter = module.if(isResuming(module), module.return_call(resumed, zeros, result));
  setBody(func, module.block(null, [enter, bodyOf(func)], result));
}

function isResuming(module: Module): Expr {
  return module.binary(api.BinaryOp.EqI32, module.global_get(STATE, I32), module.i32(REWINDING));
}

function zero(module: Module, type: number): Expr {
  switch (type) {
    case api.TypeRef.I64:
      return module.i64(0);
    case api.TypeRef.F32:
      return module.f32(0);
    case api.TypeRef.F64:
      return module.f64(0);
    case api.TypeRef.V128:
      return module.v128(new Uint8Array(16));
    default:
      return module.i32(0);
  }
}
