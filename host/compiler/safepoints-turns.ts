/**
 * Whether a loop, of which some call may switch, may take a turn without a call that may park: then it counts its turns, and checks after many.
 * Where each turn makes such a call, it checks on each, which costs little beside the call, and keeps no count in its frame.
 */
import type { Expr } from "./asc.js";
import {
  blockName,
  branchNames,
  callTarget,
  conditionOf,
  kindName,
  loopBody,
  loopName,
  slotsOf,
} from "./safepoints-ir.js";

/** `parks`: of a function by its name. */
export function mayTurnIdly(loop: Expr, parks: (name: string) => boolean): boolean {
  const reached = new Set<string>();
  /** Whether control comes by without such a call. */
  let comes = true;
  const visit = (expression: Expr): void => {
    const kind = kindName(expression);
    if (!comes) return;
    if (kind === "If") {
      const [condition, ifTrue, ifFalse] = slotsOf(expression).map(({ child }) => child);
      visit(condition!);
      const before = comes;
      visit(ifTrue!);
      const afterTrue = comes;
      comes = before;
      if (ifFalse !== undefined) visit(ifFalse);
      comes ||= afterTrue;
      return;
    }
    for (const { child } of slotsOf(expression)) visit(child);
    switch (kind) {
      case "Call":
        if (parks(callTarget(expression))) comes = false;
        break;
      case "CallIndirect":
      case "Return":
      case "Unreachable":
        comes = false;
        break;
      case "Break":
      case "Switch":
        if (comes) for (const name of branchNames(expression)) reached.add(name);
        if (kind === "Switch" || conditionOf(expression) === 0) comes = false;
        break;
      case "Block": {
        const name = blockName(expression);
        if (name !== null && reached.has(name)) comes = true;
      }
    }
  };
  visit(loopBody(loop));
  return reached.has(loopName(loop));
}
