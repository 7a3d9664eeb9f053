/**
 * What function expressions use of their surroundings, and which variables they share with them.
 *
 * Scopes open as AssemblyScript opens them: at functions, blocks, loops, switches and catch clauses, and a declaration counts from
 * its own position on, since that is the order in which the compiler resolves names. What is declared at the top of a file or
 * namespace is no local, and never captured. Type names are not values and never count.
 *
 * A captured variable that nobody assigns after its capture is the same inside and outside, so a copy will do. All others are
 * *shared*: they live in a cell on the heap (`cells.ts`). An assignment comes after a capture
 * - if a function other than the variable's own makes it, for who knows when that runs;
 * - if it ends behind the beginning of the function that captures (so `f = () => f()` shares `f`);
 * - if a loop goes round both of them, and not round the variable too. The variables of a `for` are new on each turn, where what
 *   the incrementor does comes before the body.
 *
 * A function that is named, or that is the first and only value of a variable, can be called inside by that name: it is itself.
 *
 * The code of a `try` is a function too (`tries.ts`).
 *
 * The walk goes over all children of a node; only the kinds that open a scope, declare or mention names without using
 * their values are treated by name. So a kind of node it has never heard of is at worst walked as a list of expressions.
 */
import api, {
  ASSIGNMENTS,
  LOOPS,
  childrenOf,
  stripParentheses,
  type FunctionNode,
  type IdentifierNode,
  type Node,
  type Source,
  type TryNode,
  type VariableNode,
} from "./asc.js";
import { tryParts } from "./tryparts.js";

const { NodeKind, Token, LiteralKind, CommonFlags } = api;

/** What a function expression takes from outside. */
export interface Captured {
  /** The names of variables, each with its first use, in the order of first use. */
  readonly names: ReadonlyMap<string, IdentifierNode>;
  /** The names by which it uses itself. */
  readonly self: ReadonlySet<string>;
  /** The first use of `this` or `super`. */
  readonly receiver: Node | null;
  /** What it cannot use, and why. */
  readonly problems: readonly Problem[];
}

interface Problem {
  readonly node: Node;
  readonly message: string;
}

const typeKinds = new Set([NodeKind.NamedType, NodeKind.FunctionType, NodeKind.TypeName, NodeKind.TypeParameter]);
const scopeKinds = new Set([NodeKind.Block, NodeKind.Switch]);

type FunctionDeclaration = FunctionNode["declaration"];

const NOTHING: Captured = { names: new Map(), self: new Set(), receiver: null, problems: [] };

/** What is known of the function expressions of all sources. */
export class Captures {
  private readonly analysed = new WeakSet<Source>();
  private readonly functions = new WeakMap<Node, FunctionScope>();
  private readonly shared = new WeakSet<Node>();
  private readonly sharedParameters = new WeakMap<Node, string[]>();

  /** What a function expression captures. */
  of(expression: FunctionNode): Captured {
    this.analyse(expression.range.source);
    return this.functions.get(expression) ?? NOTHING;
  }

  /** Whether the variable of a declaration is shared. */
  isShared(declaration: Node): boolean {
    this.analyse(declaration.range.source);
    return this.shared.has(declaration);
  }

  /** The names of the shared parameters of the function with this body. */
  parametersOf(body: Node): readonly string[] {
    this.analyse(body.range.source);
    return this.sharedParameters.get(body) ?? [];
  }

  /** `body` stands for `original`. */
  replaceBody(body: Node, original: Node): void {
    const parameters = this.sharedParameters.get(original);
    if (parameters) this.sharedParameters.set(body, parameters);
  }

  private analyse(source: Source): void {
    if (this.analysed.has(source)) return;
    this.analysed.add(source);
    const walk = new Walk();
    walk.source(source);
    for (const [expression, scope] of walk.functions) this.functions.set(expression, scope);
    for (const variable of walk.variables) {
      const isShared = variable.settle();
      if (!isShared) continue;
      if (!variable.body) {
        this.shared.add(variable.node);
        continue;
      }
      const parameters = this.sharedParameters.get(variable.body);
      if (parameters) parameters.push(variable.name);
      else this.sharedParameters.set(variable.body, [variable.name]);
    }
  }
}

/** Where something happens in the function that a variable belongs to. */
interface Place {
  readonly position: number;
  readonly loops: readonly Node[];
}

/** A variable is used by a function. */
interface Capture extends Place {
  readonly by: FunctionScope;
  readonly use: IdentifierNode;
  /** In the value of a parameter, before the function begins. */
  readonly isInSignature: boolean;
}

class Variable {
  readonly captures: Capture[] = [];
  readonly assignments: Place[] = [];
  /** Assignments by functions inside its own. */
  readonly insideAssignments: { readonly node: Node; readonly by: FunctionScope }[] = [];
  /** The function that is its value uses it. */
  self: Capture | null = null;

  constructor(
    readonly name: string,
    readonly node: Node,
    /** The body of the function that has it as a parameter. */
    readonly body: Node | null,
    /** The loops that go round it. */
    private readonly loops: Node[],
    /** Declared with `var`. */
    private readonly isOneForAllTurns: boolean,
  ) {}

  /** It is a variable of this `for`. */
  addLoop(loop: Node): void {
    this.loops.push(loop);
  }

  /** Decides, once all uses are known, whether it is shared. */
  settle(): boolean {
    const { self } = this;
    if (self && (this.insideAssignments.length > 0 || this.assignments.length > 1)) {
      self.by.self.delete(this.name);
      self.by.names.set(this.name, self.use);
      this.captures.push(self);
    }
    if (this.isConstant) {
      for (const { node, by } of this.insideAssignments) {
        by.problems.push({ node, message: `cannot assign to '${this.name}', which is a constant` });
      }
    }
    if (this.captures.length === 0 || this.isConstant) return false;
    const isShared =
      this.insideAssignments.length > 0 || this.assignments.some((a) => this.captures.some((c) => this.isAfter(a, c)));
    if (isShared) this.captures.forEach((capture) => this.check(capture));
    return isShared;
  }

  private get isConstant(): boolean {
    return (
      this.node.kind === NodeKind.VariableDeclaration && ((this.node as VariableNode).flags & CommonFlags.Const) !== 0
    );
  }

  private check({ by, use, isInSignature }: Capture): void {
    const fail = (message: string): unknown => by.problems.push({ node: use, message });
    if (isInSignature) fail(`parameter '${this.name}' is assigned to, and used by a function in the value of another`);
    if (this.isOneForAllTurns && this.loops.length > 0)
      fail(`'${this.name}' is one variable for all turns of its loop: declare it with let, or outside of the loop`);
  }

  private isAfter(assignment: Place, capture: Place): boolean {
    if (assignment.position > capture.position) return true;
    return assignment.loops.some((loop) => capture.loops.includes(loop) && !this.loops.includes(loop));
  }
}

interface Scope {
  /** Names in scope; null for what is not a local. */
  readonly names: Map<string, Variable | "self" | null>;
  /** Names that functions inside have not found so far. */
  readonly missed: Map<string, { readonly by: FunctionScope; readonly use: IdentifierNode }>;
}

/** A function while it is walked; afterwards, what a function expression captures. */
class FunctionScope implements Captured {
  readonly names = new Map<string, IdentifierNode>();
  readonly self = new Set<string>();
  receiver: Node | null = null;
  readonly problems: Problem[] = [];
  readonly loops: Node[] = [];
  readonly scopes: Scope[] = [];
  isInSignature = false;

  constructor(
    readonly around: FunctionScope | null,
    readonly expression: FunctionNode | null,
  ) {}

  find(name: string): Variable | "self" | null | undefined {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const found = this.scopes[i]!.names.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

class Walk {
  readonly functions = new Map<Node, FunctionScope>();
  readonly variables: Variable[] = [];
  /** Code at the top of a file or namespace is a function whose outermost variables are not locals. */
  private current = new FunctionScope(null, null);

  source(source: Source): void {
    this.scoped(() => this.list(source.statements));
  }

  /** A function with its parameters; what it is called is in scope inside, if it is an expression. */
  private function(declaration: FunctionDeclaration, expression: FunctionNode | null): void {
    const scope = new FunctionScope(expression && this.current, expression);
    if (expression) this.functions.set(expression, scope);
    const { current } = this;
    this.current = scope;
    this.scoped(() => {
      const { names } = scope.scopes.at(-1)!;
      if (expression && declaration.name.text.length > 0) names.set(declaration.name.text, "self");
      scope.isInSignature = true;
      for (const parameter of declaration.signature.parameters) {
        if (parameter.initializer) this.node(parameter.initializer);
        this.declare(parameter.name.text, parameter, declaration.body);
      }
      scope.isInSignature = false;
      if (declaration.body) this.node(declaration.body);
    });
    this.current = current;
    if (expression && scope.receiver) current.receiver ??= scope.receiver;
  }

  private node(node: Node): void {
    const { kind } = node;
    if (typeKinds.has(kind)) return;
    if (LOOPS.has(kind)) return this.loop(node);
    if (scopeKinds.has(kind)) return this.scoped(() => this.children(node));
    switch (kind) {
      case NodeKind.Identifier:
        this.use(node as IdentifierNode);
        return;
      case NodeKind.This:
      case NodeKind.Super:
        this.current.receiver ??= node;
        return;
      case NodeKind.FunctionDeclaration:
      case NodeKind.MethodDeclaration:
        return this.function(node as FunctionDeclaration, null);
      case NodeKind.ClassDeclaration:
      case NodeKind.NamespaceDeclaration:
        return this.apart((node as Node & { readonly members: readonly Node[] }).members);
      case NodeKind.Function:
        return this.function((node as FunctionNode).declaration, node as FunctionNode);
      case NodeKind.Expression:
        return this.statement((node as Node & { readonly expression: Node }).expression);
      case NodeKind.VariableDeclaration:
        return this.variable(node as VariableNode);
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
        if (ASSIGNMENTS.has(operator)) this.assign(left, node);
        break;
      }
      case NodeKind.UnaryPostfix:
      case NodeKind.UnaryPrefix: {
        const { operator, operand } = node as Node & { readonly operator: number; readonly operand: Node };
        if (operator === Token.Plus_Plus || operator === Token.Minus_Minus) this.assign(operand, node);
        break;
      }
    }
    this.children(node);
  }

  private children(node: Node): void {
    for (const child of childrenOf(node)) this.node(child);
  }

  private list(nodes: readonly Node[]): void {
    for (const node of nodes) this.node(node);
  }

  /** Members of a class or namespace: code of their own. */
  private apart(members: readonly Node[]): void {
    const { current } = this;
    this.current = new FunctionScope(null, null);
    this.scoped(() => this.list(members));
    this.current = current;
  }

  /** The variables of a `for` are declared outside of the loop, and yet new on each turn. */
  private loop(node: Node): void {
    const { loops } = this.current;
    const { initializer, ...rest } = node as Node & { readonly initializer?: Node | null };
    this.scoped(() => {
      if (initializer) {
        this.node(initializer);
        for (const variable of this.current.scopes.at(-1)!.names.values()) (variable as Variable).addLoop(node);
      }
      loops.push(node);
      this.children(rest);
      loops.pop();
    });
  }

  /** The name of a function in the place of a statement is a constant of the block around. */
  private statement(expression: Node): void {
    this.node(expression);
    if (expression.kind !== NodeKind.Function) return;
    const { name } = (expression as FunctionNode).declaration;
    if (name.text.length > 0) this.declare(name.text, expression, null);
  }

  private variable(node: VariableNode): void {
    const { name, initializer } = node;
    // The compiler puts the name in scope before its initializer, to report its use there.
    const variable = this.declare(name.text, node, null);
    if (!initializer) return;
    variable?.assignments.push(this.placeOf(node.range.end));
    this.node(initializer);
  }

  private tryStatement(node: TryNode): void {
    const { code, handler, finalizer } = tryParts(node);
    this.node(code);
    if (handler) this.node(handler);
    if (finalizer) this.node(finalizer);
  }

  private scoped(visit: () => void): void {
    const { scopes } = this.current;
    scopes.push({ names: new Map(), missed: new Map() });
    visit();
    scopes.pop();
  }

  private declare(name: string, node: Node, body: Node | null): Variable | null {
    const { scopes, expression, loops } = this.current;
    const isLocal = expression !== null || body !== null || scopes.length > 1;
    const isVar = node.kind === NodeKind.VariableDeclaration && !isBlockScoped(node);
    const variable = isLocal ? new Variable(name, node, body, [...loops], isVar) : null;
    const scope = scopes[isVar ? 0 : scopes.length - 1]!;
    scope.names.set(name, variable);
    if (!variable) return null;
    this.variables.push(variable);
    const missed = scope.missed.get(name);
    if (missed) {
      const message = `'${name}' is declared further down: declare it before this function, with its type, and assign to it later`;
      missed.by.problems.push({ node: missed.use, message });
    }
    return variable;
  }

  /** Finds what a name refers to, and notes it where functions capture it. */
  private use(identifier: IdentifierNode): Variable | null {
    const name = identifier.text;
    let inner: FunctionScope | null = null;
    for (let scope: FunctionScope | null = this.current; scope; scope = scope.around) {
      const found = scope.find(name);
      if (found === undefined) {
        inner = scope;
        continue;
      }
      if (found === null) return null;
      if (found === "self") scope.self.add(name);
      if (inner) this.capture(identifier, found, scope, inner);
      return found === "self" ? null : found;
    }
    this.miss(identifier);
    return null;
  }

  private miss(use: IdentifierNode): void {
    let by: FunctionScope | null = null;
    for (let scope: FunctionScope | null = this.current; scope; by = scope, scope = scope.around) {
      if (by) for (const { missed } of scope.scopes) if (!missed.has(use.text)) missed.set(use.text, { by, use });
    }
  }

  /** `inner` is the function, directly inside the variable's own, in which it is used. */
  private capture(
    identifier: IdentifierNode,
    variable: Variable | "self",
    owner: FunctionScope,
    inner: FunctionScope,
  ): void {
    const name = identifier.text;
    for (let scope = this.current; scope !== inner; scope = scope.around!) {
      if (!scope.names.has(name)) scope.names.set(name, identifier);
    }
    if (variable !== "self") {
      const expression = inner.expression!;
      const capture: Capture = {
        position: expression.range.start,
        loops: [...owner.loops],
        by: inner,
        use: identifier,
        isInSignature: owner.isInSignature,
      };
      const { initializer } = variable.node as Partial<VariableNode>;
      if (initializer && stripParentheses(initializer) === expression) {
        variable.self ??= capture;
        inner.self.add(name);
        return;
      }
      variable.captures.push(capture);
    }
    if (!inner.names.has(name)) inner.names.set(name, identifier);
  }

  private assign(target: Node, assignment: Node): void {
    target = stripParentheses(target);
    if (target.kind === NodeKind.Literal) {
      for (const part of childrenOf(target)) this.assign(part, assignment);
      return;
    }
    if (target.kind !== NodeKind.Identifier) return;
    const variable = this.use(target as IdentifierNode);
    if (!variable) return;
    if (this.current.find(variable.name) === variable) variable.assignments.push(this.placeOf(assignment.range.end));
    else variable.insideAssignments.push({ node: target, by: this.current });
  }

  private placeOf(position: number): Place {
    return { position, loops: [...this.current.loops] };
  }
}

function isBlockScoped(node: Node): boolean {
  return ((node as VariableNode).flags & (CommonFlags.Let | CommonFlags.Const)) !== 0;
}
