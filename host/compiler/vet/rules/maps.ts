/** Maps: Go's give the zero value for a key that is not there, these panic. */
import api, {
  nodesIn,
  type BinaryNode,
  type CallNode,
  type IfNode,
  type Node,
  type UnaryNode,
  type VariableNode,
} from "../../asc.js";
import type { Checked, Rule } from "../rule.js";
import { as, isName, methodOf } from "../tree.js";

const { NodeKind, Token } = api;

export const missingKey: Rule = {
  name: "missing-key",
  about: "m.set(k, m.get(k) + 1), and m.get(k) === null: get of a key that is not there panics",
  check(checked, report) {
    const { tree, facts } = checked;
    for (const node of tree.nodes) {
      const get = methodOf(node);
      if (get?.name !== "get" || facts.calleeName(node) !== "~lib/map/Map#get") continue;
      const map = tree.textOf(get.object);
      if (!isCounted(checked, get.call, map) && !isComparedToNull(checked, get.call)) continue;
      const body = tree.functionOf(node)?.body;
      if (body && asksFor(checked, body, map)) continue;
      const key = tree.textOf(get.call.args[0]!);
      report(node, `this panics if the key is not there: ${map}.has(${key}) ? ${map}.get(${key}) : …`);
    }
  },
};

/** Whether it is set again from what it is, as a Go program counts. */
function isCounted({ tree }: Checked, get: CallNode, map: string): boolean {
  const key = tree.textOf(get.args[0]!);
  for (const around of tree.around(get)) {
    if (around.kind === NodeKind.Block) return false;
    const set = methodOf(around);
    if (set?.name !== "set" || tree.textOf(set.object) !== map) continue;
    return set.call.args.length > 0 && tree.textOf(set.call.args[0]!) === key;
  }
  return false;
}

/** Whether somebody asks whether it is null. */
function isComparedToNull({ tree }: Checked, get: CallNode): boolean {
  if (isAskedForNull(tree.parentOf(get), get)) return true;
  const variable = as<VariableNode>(tree.parentOf(get), NodeKind.VariableDeclaration);
  const body = tree.functionOf(get)?.body;
  if (!variable || !body) return false;
  const name = variable.name.text;
  return [...nodesIn(body)].some(
    (use) =>
      isName(use) &&
      use.text === name &&
      tree.declarationOf(use) === variable &&
      isAskedForNull(tree.parentOf(use), use),
  );
}

function isAskedForNull(parent: Node | null, value: Node): boolean {
  const binary = as<BinaryNode>(parent, NodeKind.Binary);
  if (binary) return [binary.left, binary.right].some((side) => side.kind === NodeKind.Null);
  const unary = as<UnaryNode>(parent, NodeKind.UnaryPrefix);
  if (unary) return unary.operator === Token.Exclamation;
  const condition = as<IfNode>(parent, NodeKind.If)?.condition;
  return (
    condition !== undefined && condition.range.start <= value.range.start && value.range.end <= condition.range.end
  );
}

/** Whether the function asks for a key of the map, or goes over its keys. */
function asksFor({ tree }: Checked, body: Node, map: string): boolean {
  return [...nodesIn(body)].some((node) => {
    const method = methodOf(node);
    return method !== null && (method.name === "has" || method.name === "keys") && tree.textOf(method.object) === map;
  });
}
