/**
 * Room for an object of a class is taken where the constructor stands, not in a call: its size is known there, and with that the list of cells
 * and what there is to clear. A call is left for what finds that list empty, and for large objects (`memory/rt.ts`).
 */
import api from "./asc.js";
import type { Hooks } from "./hooks.js";
import type { Session } from "./session.js";

/** The largest size of those whose clearing is written out. */
const INLINE_MAX = 56;

export function installAllocations(hooks: Hooks, session: Session): void {
  hooks.replace(api.Compiler.prototype, "makeAllocation", function (original, instance) {
    const { nextMemoryOffset: size, id, type } = instance;
    if (!type.isManaged || size > INLINE_MAX) return original(instance);
    const { module } = this;
    const cell = session.inlineCore("memory/rt/newInstance", [module.i32(size), module.i32(id)]);
    this.currentType = type;
    return cell;
  });
}
