/**
 * The parts of a `try`, as the rest of the compiler takes them: its code as a function without a name, what `catch` and `finally` do as
 * blocks. One with both is taken for two, one inside the other. The parts are made once, so that they can be told by identity.
 */
import api, { type FunctionNode, type IdentifierNode, type Node, type TryNode } from "./asc.js";

export interface TryParts {
  readonly code: FunctionNode;
  /** Its first statement declares the variable, if there is one. */
  readonly handler: Node | null;
  /** Stands in the handler for what was caught. */
  readonly caught: IdentifierNode | null;
  readonly finalizer: Node | null;
}

const known = new WeakMap<TryNode, TryParts>();

export function tryParts(node: TryNode): TryParts {
  let parts = known.get(node);
  if (!parts) known.set(node, (parts = divide(node)));
  return parts;
}

function divide(node: TryNode): TryParts {
  const { bodyStatements, catchVariable, catchStatements, finallyStatements, range } = node;
  if (catchStatements && finallyStatements) {
    const inner = api.Node.createTryStatement(bodyStatements, catchVariable, catchStatements, null, range);
    return { code: functionOf(node, [inner]), handler: null, caught: null, finalizer: block(node, finallyStatements) };
  }
  const code = functionOf(node, bodyStatements);
  const finalizer = finallyStatements && block(node, finallyStatements);
  if (!catchStatements) return { code, handler: null, caught: null, finalizer };
  if (!catchVariable) return { code, handler: block(node, catchStatements), caught: null, finalizer };
  const caught = api.Node.createIdentifierExpression("~caught", catchVariable.range);
  const { Let } = api.CommonFlags;
  const type = api.Node.createNamedType(
    api.Node.createSimpleTypeName("Error", catchVariable.range),
    null,
    false,
    catchVariable.range,
  );
  const variable = api.Node.createVariableDeclaration(catchVariable, null, Let, type, caught, catchVariable.range);
  const declaration = api.Node.createVariableStatement(null, [variable], catchVariable.range);
  return { code, handler: block(node, [declaration, ...catchStatements]), caught, finalizer };
}

function block({ range }: TryNode, statements: readonly Node[]): Node {
  return api.Node.createBlockStatement(statements, range);
}

function functionOf(node: TryNode, statements: readonly Node[]): FunctionNode {
  const { range } = node;
  const signature = api.Node.createFunctionType([], api.Node.createOmittedType(range), null, false, range);
  const name = api.Node.createIdentifierExpression("", range);
  const { ArrowKind, FunctionDeclaration } = api;
  const body = block(node, statements);
  return api.Node.createFunctionExpression(
    new FunctionDeclaration(name, null, 0, null, signature, body, ArrowKind.None, range),
  );
}
