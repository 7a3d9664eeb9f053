/**
 * Which names a function expression uses from its surroundings.
 *
 * A name is free where no declaration inside the expression is in scope. Scopes open as AssemblyScript opens them: at
 * functions, blocks, loops, switches and catch clauses, and a declaration counts from its own position on, since that is
 * the order in which the compiler resolves names. Type names are not values and never count.
 *
 * The walk goes over all children of a node; only the kinds that open a scope, declare or mention names without using
 * their values are treated by name. So a kind of node it has never heard of is at worst walked as a list of expressions.
 */
import api, {
  stripParentheses,
  type DeclarationNode,
  type FunctionNode,
  type IdentifierNode,
  type Node,
} from "./asc.js";

const { NodeKind, Token, LiteralKind } = api;

/** What a function expression takes from outside. */
export interface FreeNames {
  /** Each free name with its first use, in the order of first use. */
  readonly names: ReadonlyMap<string, IdentifierNode>;
  /** Where free names are assigned to. */
  readonly assignments: ReadonlyMap<string, readonly Node[]>;
  /** The first use of `this` or `super`. */
  readonly receiver: Node | null;
}

const assignmentOperators = new Set([
  Token.Equals,
  Token.Plus_Equals,
  Token.Minus_Equals,
  Token.Asterisk_Equals,
  Token.Asterisk_Asterisk_Equals,
  Token.Slash_Equals,
  Token.Percent_Equals,
  Token.LessThan_LessThan_Equals,
  Token.GreaterThan_GreaterThan_Equals,
  Token.GreaterThan_GreaterThan_GreaterThan_Equals,
  Token.Ampersand_Equals,
  Token.Bar_Equals,
  Token.Caret_Equals,
]);
const typeKinds = new Set([NodeKind.NamedType, NodeKind.FunctionType, NodeKind.TypeName, NodeKind.TypeParameter]);
const scopeKinds = new Set([NodeKind.Block, NodeKind.For, NodeKind.ForOf, NodeKind.Switch]);

/** Finds the free names of a function expression. */
export function findFreeNames(expression: FunctionNode): FreeNames {
  const walk = new Walk();
  walk.function(expression.declaration);
  return walk;
}

type FunctionDeclaration = FunctionNode["declaration"];

interface TryNode extends Node {
  readonly bodyStatements: readonly Node[];
  readonly catchVariable: IdentifierNode | null;
  readonly catchStatements: readonly Node[] | null;
  readonly finallyStatements: readonly Node[] | null;
}

class Walk implements FreeNames {
  readonly names = new Map<string, IdentifierNode>();
  readonly assignments = new Map<string, Node[]>();
  receiver: Node | null = null;
  private readonly scopes: Set<string>[] = [];

  /** Parameters and body of a function; its own name is in scope inside. */
  function(declaration: FunctionDeclaration): void {
    this.scoped(() => {
      this.declare(declaration.name.text);
      for (const parameter of declaration.signature.parameters) {
        if (parameter.initializer) this.node(parameter.initializer);
        this.declare(parameter.name.text);
      }
      if (declaration.body) this.node(declaration.body);
    });
  }

  private node(node: Node): void {
    const { kind } = node;
    if (typeKinds.has(kind)) return;
    if (scopeKinds.has(kind)) return this.scoped(() => this.children(node));
    switch (kind) {
      case NodeKind.Identifier:
        return this.use(node as IdentifierNode);
      case NodeKind.This:
      case NodeKind.Super:
        this.receiver ??= node;
        return;
      case NodeKind.Function: {
        const { declaration } = node as FunctionNode;
        this.function(declaration);
        // A named function in statement position is a constant of the surrounding block; elsewhere its name hides nothing
        // that a body could use before it.
        if (declaration.name.text.length > 0) this.declare(declaration.name.text);
        return;
      }
      case NodeKind.VariableDeclaration: {
        const { name, initializer } = node as DeclarationNode & { readonly initializer: Node | null };
        // The compiler puts the name in scope before its initializer, to report its use there.
        this.declare(name.text);
        if (initializer) this.node(initializer);
        return;
      }
      case NodeKind.PropertyAccess:
        return this.node((node as Node & { readonly expression: Node }).expression);
      case NodeKind.Literal:
        if ((node as Node & { readonly literalKind: number }).literalKind === LiteralKind.Object) {
          for (const value of (node as Node & { readonly values: readonly Node[] }).values) this.node(value);
          return;
        }
        break;
      case NodeKind.Break:
      case NodeKind.Continue:
      case NodeKind.TypeDeclaration:
        return;
      case NodeKind.Try:
        return this.tryStatement(node as TryNode);
      case NodeKind.Binary: {
        const { operator, left } = node as Node & { readonly operator: number; readonly left: Node };
        if (assignmentOperators.has(operator)) this.assign(left);
        break;
      }
      case NodeKind.UnaryPostfix:
      case NodeKind.UnaryPrefix: {
        const { operator, operand } = node as Node & { readonly operator: number; readonly operand: Node };
        if (operator === Token.Plus_Plus || operator === Token.Minus_Minus) this.assign(operand);
        break;
      }
    }
    this.children(node);
  }

  private children(node: Node): void {
    for (const [key, value] of Object.entries(node)) {
      if (key === "range" || key === "decorators") continue;
      if (Array.isArray(value)) this.list(value as unknown[]);
      else if (isNode(value)) this.node(value);
    }
  }

  private list(values: readonly unknown[]): void {
    for (const value of values) if (isNode(value)) this.node(value);
  }

  private tryStatement(node: TryNode): void {
    this.scoped(() => this.list(node.bodyStatements));
    this.scoped(() => {
      if (node.catchVariable) this.declare(node.catchVariable.text);
      this.list(node.catchStatements ?? []);
    });
    this.scoped(() => this.list(node.finallyStatements ?? []));
  }

  private scoped(visit: () => void): void {
    this.scopes.push(new Set());
    visit();
    this.scopes.pop();
  }

  private declare(name: string): void {
    this.scopes.at(-1)!.add(name);
  }

  private isBound(name: string): boolean {
    return this.scopes.some((scope) => scope.has(name));
  }

  private use(identifier: IdentifierNode): void {
    const name = identifier.text;
    if (!this.isBound(name) && !this.names.has(name)) this.names.set(name, identifier);
  }

  private assign(target: Node): void {
    target = stripParentheses(target);
    if (target.kind !== NodeKind.Identifier) return;
    const name = (target as IdentifierNode).text;
    if (this.isBound(name)) return;
    const places = this.assignments.get(name);
    if (places) places.push(target);
    else this.assignments.set(name, [target]);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "kind" in value && "range" in value;
}
