/**
 * `switch` over what is no integer of 32 bits: texts, floats, 64 bits, objects with an `==` of their own. AssemblyScript compares whole numbers
 * only, so such a statement becomes one over `true`, whose cases compare:
 *
 * ```
 * switch (word) { case "a": … default: … }    const ~switch = word; switch (true) { case ~switch == "a": … default: … }
 * ```
 *
 * The cases are evaluated in turn until one is equal, as in Go and TypeScript.
 */
import api, { type Expr, type Node, type SwitchNode, type Type } from "./asc.js";
import type { Hooks } from "./hooks.js";

const { CommonFlags, ReportMode, Token } = api;

/** What is compared with. No program can use this name. */
const VALUE = "~switch";

export function installSwitches(hooks: Hooks): void {
  hooks.replace(api.Compiler.prototype, "compileSwitchStatement", function (original, statement): Expr {
    const { resolver, currentFlow } = this;
    const type = resolver.resolveExpression(statement.condition, currentFlow, api.Type.auto, ReportMode.Swallow);
    return type && !isWord(type) ? this.compileStatement(comparing(statement)) : original(statement);
  });
}

/** What AssemblyScript's own has. */
function isWord(type: Type): boolean {
  return type.isIntegerValue && type.size <= 32;
}

function comparing({ condition, cases, range }: SwitchNode): Node {
  const name = (at = condition.range) => api.Node.createIdentifierExpression(VALUE, at);
  const value = api.Node.createVariableDeclaration(name(), null, CommonFlags.Const, null, condition, condition.range);
  const compared = cases.map(({ label, statements, range: whole }) => {
    const isEqual =
      label && api.Node.createBinaryExpression(Token.Equals_Equals, name(label.range), label, label.range);
    return api.Node.createSwitchCase(isEqual, statements, whole);
  });
  const comparison = api.Node.createSwitchStatement(api.Node.createTrueExpression(condition.range), compared, range);
  return api.Node.createBlockStatement(
    [api.Node.createVariableStatement(null, [value], condition.range), comparison],
    range,
  );
}
