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
  const firsts = new Map<Func, number>();
  const helpers = new Set<number>();
  for (const [func, count] of counts) {
    const helper = `${HELPER}${count}`;
    if (!helpers.has(count)) module.addFunction(helper, None, None, Array<number>(count).fill(I32), module.nop());
    helpers.add(count);
    firsts.set(func, localCount(func));
    setBody(func, module.block(null, [module.call(helper, [], None), bodyOf(func)], typeOf(bodyOf(func))));
  }
  if (counts.size > 0) inlineSmallest(module);
  for (const [func, count] of counts) {
    if (localCount(func) !== firsts.get(func)! + count) throw new Error("a function did not get its locals");
  }
  // If a function is the only one with so many, the pass takes its helper along.
  for (const count of helpers)
    if (module.getFunction(`${HELPER}${count}`) !== 0) module.removeFunction(`${HELPER}${count}`);
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
