/**
 * Positions in the source for the instructions that a stack is read from: calls, and the calls that abort.
 *
 * AssemblyScript gives a position to each expression once it is complete, conversions and all; so the call inside a
 * dropped or converted one has none of its own, and takes the position of whatever precedes it. It gets its own here.
 */
import api from "./asc.js";
import type { Hooks } from "./hooks.js";

const { ExpressionId } = api;

export function installLocations(hooks: Hooks): void {
  const { prototype } = api.Compiler;

  // Binaryen writes the names of files between quotes into its map as they are.
  hooks.replace(api.Module.prototype, "addDebugInfoFile", function (original, name) {
    return original(JSON.stringify(name).slice(1, -1));
  });

  hooks.replace(prototype, "makeCallDirect", function (original, instance, operands, reportNode, immediatelyDropped) {
    const expression = original(instance, operands, reportNode, immediatelyDropped);
    const isDropped = api.getExpressionId(expression) === ExpressionId.Drop;
    const call = isDropped ? api.getDropValue(expression) : expression;
    if (api.getExpressionId(call) === ExpressionId.Call) this.addDebugLocation(call, reportNode.range);
    return expression;
  });

  hooks.replace(prototype, "makeStaticAbort", function (original, message, codeLocation) {
    const block = original(message, codeLocation);
    if (api.getExpressionId(block) === ExpressionId.Block) {
      this.addDebugLocation(api.getBlockChildAt(block, 0), codeLocation.range);
    }
    return block;
  });
}
