/**
 * More locals for functions. Binaryen's C functions cannot add a local to a function, and a new function in its stead would lose
 * the positions in the source. Inlining can: so each function is made to call an empty one with as many locals, and that is inlined.
 */
import api, { type Module } from "./asc.js";
import { bodyOf, localCount, setBody, typeOf, type Func } from "./safepoints-ir.js";

const { I32, None } = api.TypeRef;

const HELPER = "~locals";

/** Gives each function so many locals of type i32; tells the first of each. */
export function addLocals(module: Module, counts: ReadonlyMap<Func, number>): Map<Func, number> {
  return addTypedLocals(module, new Map([...counts].map(([func, count]) => [func, Array<number>(count).fill(I32)])));
}

/** Gives each function locals of these types; tells the first of each. */
export function addTypedLocals(module: Module, wanted: ReadonlyMap<Func, readonly number[]>): Map<Func, number> {
  const firsts = new Map<Func, number>();
  const helpers = new Map<string, string>();
  for (const [func, types] of wanted) {
    const key = types.join();
    const helper = helpers.get(key) ?? `${HELPER}${helpers.size}`;
    if (!helpers.has(key)) module.addFunction(helper, None, None, [...types], module.nop());
    helpers.set(key, helper);
    firsts.set(func, localCount(func));
    setBody(func, module.block(null, [module.call(helper, [], None), bodyOf(func)], typeOf(bodyOf(func))));
  }
  if (wanted.size > 0) inlineSmallest(module);
  for (const [func, { length }] of wanted) {
    if (localCount(func) !== firsts.get(func)! + length) throw new Error("a function did not get its locals");
  }
  // If a function is the only one with such locals, the pass takes its helper along.
  for (const helper of helpers.values()) if (module.getFunction(helper) !== 0) module.removeFunction(helper);
  return firsts;
}

/** Inlines nothing but what is as small as a helper. */
function inlineSmallest(module: Module): void {
  const limits = [
    module.getAlwaysInlineMaxSize(),
    module.getFlexibleInlineMaxSize(),
    module.getOneCallerInlineMaxSize(),
  ] as const;
  module.setAlwaysInlineMaxSize(1);
  module.setFlexibleInlineMaxSize(0);
  module.setOneCallerInlineMaxSize(0);
  module.runPasses(["inlining"]);
  module.setAlwaysInlineMaxSize(limits[0]);
  module.setFlexibleInlineMaxSize(limits[1]);
  module.setOneCallerInlineMaxSize(limits[2]);
}
