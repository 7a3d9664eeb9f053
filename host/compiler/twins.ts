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
 * that was resumed stays in its version until it returns.
 */
import api, { type Expr, type Module } from "./asc.js";
import { positionsOf } from "./positions.js";
import {
  bodyOf,
  callTarget,
  cloneFunction,
  constantI32,
  functionsOf,
  globalName,
  kindName,
  paramsOf,
  setBody,
  slotsOf,
  typeOf,
  walk,
  walkSlots,
  type Func,
} from "./safepoints-ir.js";

const { I32 } = api.TypeRef;

/** Asyncify's state, and its values. */
const STATE = "__asyncify_state";
const UNWINDING = 1;
const REWINDING = 2;

/** Binaryen's flag. All hosts that Skein runs on have tail calls. */
const TAIL_CALLS = api.FeatureFlags.TailCall;

/** Asyncify's own functions, which set the state. */
const OWN_FUNCTIONS = "asyncify_";

/** Ends the names of the versions to resume; what a stack shows of a name ends there. */
const RESUMED = "~resumed";

/** Splits the functions of a module that Asyncify has just instrumented. `table` has those that are called indirectly. */
export function splitInstrumented(module: Module, table: ReadonlySet<string>): void {
  module.setFeatures(module.getFeatures() | TAIL_CALLS);
  const instrumented = new Map<string, Func>();
  for (const [name, func] of functionsOf(module)) {
    if (!name.startsWith(OWN_FUNCTIONS) && readsState(func)) instrumented.set(name, func);
  }
  for (const [name, func] of instrumented) {
    const resumed = name + RESUMED;
    callResumed(module, cloneFunction(module, func, resumed), instrumented);
    module.setPassArgument("no-inline", resumed);
    module.runPasses(["no-inline"]);
    forgetResuming(module, func);
    if (table.has(name)) enterResumed(module, func, resumed);
  }
}

function isState(expression: Expr): boolean {
  return kindName(expression) === "GlobalGet" && globalName(expression) === STATE;
}

function readsState(func: Func): boolean {
  let found = false;
  walk(bodyOf(func), (expression, kind) => {
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

/** In the version to run: the state is 0, but after a call, where all that is asked is whether to unwind. */
function forgetResuming(module: Module, func: Func): void {
  walkSlots(func, (slot, parent) => {
    if (!isState(slot.child) || isUnwindingTest(parent)) return;
    slot.replace(module.i32(0));
  });
}

function isUnwindingTest(parent: Expr): boolean {
  if (kindName(parent) !== "Binary") return false;
  const [left, right] = slotsOf(parent);
  return isState(left!.child) && kindName(right!.child) === "Const" && constantI32(right!.child) === UNWINDING;
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
