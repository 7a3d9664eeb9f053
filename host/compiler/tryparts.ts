/**
 * The parts of a `try`, as the rest of the compiler takes them: its code as a function without a name, what `catch` and `finally` do as
 * blocks. One with both is taken for two, one inside the other. The parts are made once, so that they can be told by identity.
 */
import api, { type FunctionNode, type IdentifierNode, type Node, type Tokenizer, type TryNode } from "./asc.js";
import type { Hooks } from "./hooks.js";

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

/** What `catch` without a variable catches. */
const UNNAMED = "~unnamed";

/** Has the parser take `catch {`: it finds `(`, a name, and `)`, which are not there. */
export function installBareCatch(hooks: Hooks): void {
  hooks.replace(api.Parser.prototype, "parseTryStatement", function (original, tokens) {
    // In another, whose parts are parsed with the same.
    if (Object.hasOwn(tokens, "skip")) return original(tokens);
    const skip = tokens.skip.bind(tokens);
    const skipIdentifier = tokens.skipIdentifier.bind(tokens);
    const readIdentifier = tokens.readIdentifier.bind(tokens);
    let isMissing = false;
    const added: Partial<Tokenizer> = {
      skip: (token, ...rest) => {
        if (isMissing) {
          isMissing = token !== api.Token.CloseParen;
          return true;
        }
        const isSkipped = skip(token, ...rest);
        isMissing = isSkipped && token === api.Token.Catch && tokens.peek() === api.Token.OpenBrace;
        return isSkipped;
      },
      skipIdentifier: (...rest) => isMissing || skipIdentifier(...rest),
      readIdentifier: () => (isMissing ? UNNAMED : readIdentifier()),
    };
    Object.assign(tokens, added);
    try {
      return original(tokens);
    } finally {
      for (const name of Object.keys(added)) Reflect.deleteProperty(tokens, name);
    }
  });
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
