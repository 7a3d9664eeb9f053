/**
 * Locals of 8 and 16 bits always hold a value of their type.
 *
 * AssemblyScript lets `i++` of a `u8` leave 256 in the local, notes in the flow of control that it may be there, and wraps
 * it where it is read. Where control comes back to the head of a `for`, the note about a variable that the loop itself
 * declares is lost, and the first comparison after the wrap sees 256. Here a value is wrapped where it is assigned, unless
 * it cannot be too wide; then there is nothing to note, nor to lose.
 */
import api from "./asc.js";
import type { Hooks } from "./hooks.js";

export function installNarrowLocals(hooks: Hooks): void {
  hooks.replace(api.Compiler.prototype, "makeLocalAssignment", function (original, local, value, valueType, tee) {
    // Does nothing to values of 32 bits and more.
    return original(local, this.ensureSmallIntegerWrap(value, local.type), valueType, tee);
  });
}
