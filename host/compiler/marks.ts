/**
 * Accesses to fields of objects, and to elements of arrays, are marked while code is generated, so that `loads.ts` can tell them from others once all is
 * inlined: by alignments that do not exist, which all of Binaryen's passes keep. They get their own again there.
 */
import api, { type Class, type Compiler, type Expr, type Property } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { bodyOf, setAlign, walk } from "./safepoints-ir.js";

/** To a field of an object. */
export const FIELD = 128;
/** To an element of an array. */
export const ELEMENT = 64;

/** The size of an object, in its header: that of a text or of a static array says its length. */
const SIZE = "~lib/rt/common/OBJECT#rtSize";

/** Has accesses to fields marked while code is generated. */
export function installMarks(hooks: Hooks, compiler: Compiler): void {
  hooks.replace(api.Module.prototype, "store", function (original, ...args) {
    const store = original(...args);
    if (OF_ELEMENTS.test(compiler.currentFlow.sourceFunction.internalName)) setAlign(store, ELEMENT);
    return store;
  });
  hooks.replace(api.Compiler.prototype, "makeBuiltinFieldGetter", function (original, property) {
    const func = original(property);
    if (isOfObjects(property)) mark(bodyOf(func), FIELD);
    return func;
  });
  hooks.replace(api.Compiler.prototype, "makeBuiltinFieldSetter", function (original, property) {
    const func = original(property);
    if (isOfObjects(property)) mark(bodyOf(func), FIELD);
    return func;
  });
}

/** Functions of the library that store in no field, but elements of arrays, by addresses of their own. */
const OF_ELEMENTS = /^~lib\/(?:array\/Array<.*>#map<|util\/sort\/)/;

/** A field of what the collector knows, or of what only its header is seen of. Others may lie anywhere. */
function isOfObjects(property: Property): boolean {
  return (property.parent as Class).type.isManaged || property.internalName === SIZE;
}

/** Marks the accesses to elements that are in an accessor's code, inlined. */
export function markElements(access: Expr): void {
  mark(access, ELEMENT);
}

/** The same for a load or store that is made by hand. */
export function asField(access: Expr): Expr {
  setAlign(access, FIELD);
  return access;
}

function mark(expression: Expr, as: number): void {
  walk(expression, (found, kind) => {
    if (kind === "Load" || kind === "Store") setAlign(found, as);
  });
}
