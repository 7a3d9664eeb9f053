/**
 * The syntax tree of a file with what lies around each node, and what names in it refer to.
 *
 * It is made before the program is compiled, since the compiler changes trees (`compiler/forof.ts`). Names are looked up as
 * AssemblyScript does: a declaration counts from its own position on, but for those of a whole file.
 */
import api, {
  ASSIGNMENTS,
  LOOPS,
  childrenOf,
  stripParentheses,
  type BinaryNode,
  type BlockNode,
  type CallNode,
  type ForNode,
  type ForOfNode,
  type FunctionDeclarationNode,
  type FunctionNode,
  type IdentifierNode,
  type Node,
  type PropertyAccessNode,
  type Source,
  type TryNode,
  type UnaryNode,
  type VariableNode,
  type VariableStatementNode,
} from "../asc.js";

const { NodeKind, Token } = api;

const FUNCTIONS = new Set([NodeKind.FunctionDeclaration, NodeKind.MethodDeclaration]);

/** What declares a variable: a statement's declaration, a parameter, or the name of a `catch`. */
export type Declaration = VariableNode | FunctionDeclarationNode["signature"]["parameters"][number] | IdentifierNode;

export class Tree {
  private readonly parents = new Map<Node, Node>();
  /** All nodes, each after those around it. */
  readonly nodes: Node[] = [];

  constructor(readonly source: Source) {
    for (const statement of source.statements) this.add(statement);
  }

  private add(node: Node): void {
    this.nodes.push(node);
    for (const child of childrenOf(node)) {
      this.parents.set(child, node);
      this.add(child);
    }
  }

  /** What is directly around a node, but for parentheses; null at the top of the file. */
  parentOf(node: Node): Node | null {
    let parent = this.parents.get(node) ?? null;
    while (parent?.kind === NodeKind.Parenthesized) parent = this.parents.get(parent) ?? null;
    return parent;
  }

  /** What is around a node, from the inside. */
  *around(node: Node): Generator<Node> {
    for (let at = this.parentOf(node); at !== null; at = this.parentOf(at)) yield at;
  }

  /** The function that a node is in; null at the top of the file. */
  functionOf(node: Node): FunctionDeclarationNode | null {
    for (const at of this.around(node)) if (isFunction(at)) return at as FunctionDeclarationNode;
    return null;
  }

  /** The loops around a node, in its own function. */
  loopsOf(node: Node): Node[] {
    const loops: Node[] = [];
    for (const at of this.around(node)) {
      if (isFunction(at)) break;
      if (LOOPS.has(at.kind)) loops.push(at);
    }
    return loops;
  }

  /** The declaration of the variable that a name refers to; null if it is none of this file, or no variable. */
  declarationOf(use: IdentifierNode): Declaration | null {
    for (const at of this.around(use)) {
      const found = declaredIn(at, use);
      if (found) return found;
    }
    for (const statement of this.source.statements) {
      const found = variableIn(statement, use.text);
      if (found) return found;
    }
    return null;
  }

  /** The text of a node as it is written, without spaces: receivers and keys are compared by it. */
  textOf(node: Node): string {
    const { start, end } = stripParentheses(node).range;
    return this.source.text.slice(start, end).replace(/\s+/g, "");
  }
}

/** What a node declares for what is inside it. */
function declaredIn(node: Node, use: IdentifierNode): Declaration | null {
  const { text, range } = use;
  const isBefore = ({ range: { start } }: Node): boolean => start <= range.start;
  if (isFunction(node)) {
    return (node as FunctionDeclarationNode).signature.parameters.find(({ name }) => name.text === text) ?? null;
  }
  if (node.kind === NodeKind.For) {
    const { initializer } = node as ForNode;
    return initializer && variableIn(initializer, text);
  }
  if (node.kind === NodeKind.ForOf) return variableIn((node as ForOfNode).variable, text);
  if (node.kind === NodeKind.Try) {
    const { catchVariable, catchStatements, bodyStatements, finallyStatements } = node as TryNode;
    const part = [bodyStatements, catchStatements, finallyStatements].find(
      (list) => list?.length && isInside(use, list[0]!, list.at(-1)!),
    );
    for (const statement of part ?? []) {
      const found = isBefore(statement) ? variableIn(statement, text) : null;
      if (found) return found;
    }
    return part === catchStatements && catchVariable?.text === text ? catchVariable : null;
  }
  const { statements } = node as Partial<BlockNode>;
  for (const statement of statements ?? []) {
    const found = isBefore(statement) ? variableIn(statement, text) : null;
    if (found) return found;
  }
  return null;
}

function isInside({ range }: Node, first: Node, last: Node): boolean {
  return range.start >= first.range.start && range.end <= last.range.end;
}

function variableIn(statement: Node, name: string): Declaration | null {
  if (statement.kind !== NodeKind.Variable) return null;
  return (
    (statement as VariableStatementNode).declarations.find((declaration) => declaration.name.text === name) ?? null
  );
}

export function isFunction(node: Node): boolean {
  return FUNCTIONS.has(node.kind);
}

/** Whether `inner` is, or is in, `outer`, of the same file. */
export function contains(outer: Node, inner: Node): boolean {
  return outer.range.start <= inner.range.start && inner.range.end <= outer.range.end;
}

/** What a node, without parentheses, is if it is of this kind. */
export function as<T extends Node>(node: Node | null, kind: number): T | null {
  if (node === null) return null;
  const inner = stripParentheses(node);
  return inner.kind === kind ? (inner as T) : null;
}

/** Whether a node is `++` or `--` of something. */
export function counts(node: Node): node is UnaryNode {
  if (node.kind !== NodeKind.UnaryPostfix && node.kind !== NodeKind.UnaryPrefix) return false;
  const { operator } = node as UnaryNode;
  return operator === Token.Plus_Plus || operator === Token.Minus_Minus;
}

/** What a node assigns to, or counts; null if it does neither. */
export function assigned(node: Node): Node | null {
  if (counts(node)) return stripParentheses(node.operand);
  const binary = as<BinaryNode>(node, NodeKind.Binary);
  return binary && ASSIGNMENTS.has(binary.operator) ? stripParentheses(binary.left) : null;
}

export const isName = (node: Node): node is IdentifierNode => node.kind === NodeKind.Identifier;

/** A call of a method: the object and the method's name. */
export function methodOf(
  node: Node | null,
): { readonly object: Node; readonly name: string; readonly call: CallNode } | null {
  const call = as<CallNode>(node, NodeKind.Call);
  const property = call && as<PropertyAccessNode>(call.expression, NodeKind.PropertyAccess);
  return property && { object: stripParentheses(property.expression), name: property.property.text, call };
}

/** The function expression that a node is. */
export function functionIn(node: Node | undefined): FunctionDeclarationNode | null {
  return as<FunctionNode>(node ?? null, NodeKind.Function)?.declaration ?? null;
}
