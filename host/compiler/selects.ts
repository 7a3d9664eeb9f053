/**
 * `select().recv(…)….wait()` in one expression: nobody but the chain ever sees the statement's object, so each place where such a chain
 * stands keeps its object for the next time that the same call of its function comes by. A loop around it makes one.
 *
 * The object is in a local, 0 as the function begins; so goroutines, and calls that a body makes, have others.
 */
import api, { type CallNode, type Node, type PropertyAccessNode } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { CORE, type Session } from "./session.js";

const { NodeKind } = api;
const { I32 } = api.TypeRef;
const SELECT = `${CORE}/chan/statement/select`;

export function installSelects(hooks: Hooks, session: Session): void {
  const { prototype } = api.Compiler;
  const unseen = new WeakSet<Node>();

  hooks.replace(prototype, "compileCallExpression", function (original, expression, ...rest) {
    const first = waitedFor(expression);
    if (first) unseen.add(first);
    return original(expression, ...rest);
  });

  hooks.replace(prototype, "makeCallDirect", function (original, instance, operands, reportNode, ...rest) {
    const call = original(instance, operands, reportNode, ...rest);
    if (instance.internalName !== SELECT || !unseen.has(reportNode)) return call;
    const { module, currentFlow: flow } = this;
    const { index } = flow.getTempLocal(instance.signature.returnType);
    const kept = session.callCore("chan/statement/selectAgain", [module.local_get(index, I32)], I32);
    return module.local_tee(index, kept, true, I32);
  });
}

/** The call at the beginning of a chain that ends with a call of `wait`. */
function waitedFor(expression: CallNode): Node | null {
  const name = called(expression)?.property.text;
  if (name !== "wait") return null;
  let first: Node = expression;
  for (let next: Node | undefined = first; next; next = receiver(next)) first = next;
  return first;
}

function called(node: Node): PropertyAccessNode | undefined {
  if (node.kind !== NodeKind.Call) return undefined;
  const { expression } = node as CallNode;
  return expression.kind === NodeKind.PropertyAccess ? (expression as PropertyAccessNode) : undefined;
}

const receiver = (node: Node): Node | undefined => called(node)?.expression;
