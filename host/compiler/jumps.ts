/**
 * Where loops end, where AssemblyScript takes it wrongly.
 *
 * It sees that `while (true)` without a `break` does not end, so that a function need not return a value behind it; of `for (;;)` it
 * does not see it. And if a `for` or `do` stands in no other loop, it takes what ends their body for the end of what is around them, even where a
 * `break` leaves them: what came behind was left out, and ran into a trap. So flows of loops' bodies tell nothing of that to those around.
 */
import api, { LOOPS, nodesIn, type Flow, type ForNode, type Node } from "./asc.js";
import type { Hooks } from "./hooks.js";

const { NodeKind, FlowFlags } = api;

const BREAKS = FlowFlags.Breaks | FlowFlags.ConditionallyBreaks;
const CONTINUES = FlowFlags.Continues | FlowFlags.ConditionallyContinues;

export function installJumps(hooks: Hooks): void {
  /** Flows of the bodies of loops. */
  const bodies = new WeakSet<Flow>();

  hooks.replace(api.Compiler.prototype, "compileForStatement", function (original, statement) {
    const loop = original(statement);
    if (!isEndless(statement)) return loop;
    this.currentFlow.flags |= FlowFlags.Terminates;
    return this.module.block(null, [loop, this.module.unreachable()]);
  });

  hooks.replace(api.Flow.prototype, "popControlFlowLabel", function (original, label) {
    // A switch does so with the flow around it, which has the label of another.
    if (new RegExp(`^(?:for|while|do)-break\\|?${String(label)}$`).test(this.breakLabel ?? "")) bodies.add(this);
    original(label);
  });

  hooks.replace(api.Flow.prototype, "inherit", function (original, other) {
    if (bodies.has(other)) {
      if ((other.flags & BREAKS) !== 0) other.flags &= ~FlowFlags.Terminates;
      other.flags &= ~(BREAKS | CONTINUES);
    }
    original(other);
  });
}

/** Whether a loop has no condition, and no `break` of its own. */
function isEndless({ condition, body }: ForNode): boolean {
  if (condition || isApart(body)) return !condition;
  for (const { kind } of nodesIn(body, (node) => !isApart(node))) if (kind === NodeKind.Break) return false;
  return true;
}

/** Whether a `break` in it is not one of the loop around. */
function isApart({ kind }: Node): boolean {
  return (
    LOOPS.has(kind) || kind === NodeKind.Switch || kind === NodeKind.Function || kind === NodeKind.FunctionDeclaration
  );
}
