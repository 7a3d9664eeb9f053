/**
 * Patterns: variables that take an array, or an object, apart, and several assignments at once.
 *
 * ```
 * const [a, b] = list;             const ~parts1 = list; const a = ~parts1[0]; const b = ~parts1[1];
 * const { value, ok: isOpen } = r; const ~parts1 = r; const value = ~parts1.value; const isOpen = ~parts1.ok;
 * let [i, j] = [0, n - 1];         let i = 0; let j = n - 1;
 * [a, b] = [b, a];                 ~part0 = b; ~part1 = a; a = ~part0; b = ~part1;
 * for (const [k, v] of map) …      two declarations, of which forof.ts knows what they are
 * ```
 *
 * Declarations are made by the parser, so that all that looks at variables sees theirs. Assignments are parsed by AssemblyScript as those to
 * an array, and compiled here: each value for the type of what it is assigned to, and all of them before the first is. They have no value themselves.
 */
import api, {
  stripParentheses,
  type ArrayLiteralNode,
  type BinaryNode,
  type Compiler,
  type Expr,
  type IdentifierNode,
  type Int64,
  type Node,
  type Parser,
  type Range,
  type Tokenizer,
  type Type,
  type VariableNode,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import type { Session } from "./session.js";

const { Constraints, LiteralKind, LocalFlags, NodeKind, Precedence, ReportMode, Token } = api;

/** AssemblyScript's, of numbers at compile time. */
declare function i64_new(low: number, high: number): Int64;

/** The first of a pair, where the pattern leaves it out: `[, value]`. */
const SKIPPED = "~skipped";

/** A variable of a pattern: what it takes, by its index or its field. */
interface Part {
  readonly name: IdentifierNode;
  readonly of: number | IdentifierNode;
}

/** Has the parser take patterns for the variables of a declaration. */
export function installPatterns(hooks: Hooks): void {
  hooks.replace(api.Parser.prototype, "parseVariable", function (original, tokens, flags, decorators, start, isFor) {
    const first = tokens.peek();
    if (first !== Token.OpenBracket && first !== Token.OpenBrace) {
      return original(tokens, flags, decorators, start, isFor);
    }
    const declarations: VariableNode[] = [];
    do {
      const made = declared(this, tokens, flags, isFor === true);
      if (!made) return null;
      declarations.push(...made);
    } while (tokens.skip(Token.Comma));
    const statement = api.Node.createVariableStatement(null, declarations, tokens.range(start, tokens.pos));
    if (!tokens.skip(Token.Semicolon) && isFor !== true) this.checkASI(tokens);
    return statement;
  });
}

/** The declarations that a pattern, or a single variable, stands for; null if it does not parse, which is reported. */
function declared(parser: Parser, tokens: Tokenizer, flags: number, isFor: boolean): VariableNode[] | null {
  const isArray = tokens.skip(Token.OpenBracket);
  if (!isArray && !tokens.skip(Token.OpenBrace)) {
    const one = parser.parseVariableDeclaration(tokens, flags, null, isFor);
    return one && [one];
  }
  const start = tokens.range().start;
  const parts = isArray ? elements(parser, tokens) : fields(parser, tokens);
  if (!parts) return null;
  const at = tokens.range(start, tokens.pos);
  const variable = (name: IdentifierNode, value: Node | null): VariableNode =>
    api.Node.createVariableDeclaration(name, null, flags, null, value, name.range);
  if (!tokens.skip(Token.Equals)) {
    // Of the head of a `for…of`, in which one that is left out has a place.
    if (isFor && isArray) {
      const { of } = parts[0]!;
      const skipped = of === 1 ? [variable(identifier(SKIPPED, at), null)] : [];
      return [...skipped, ...parts.map(({ name }) => variable(name, null))];
    }
    parser.error(api.DiagnosticCode._0_expected, tokens.range(), "=");
    return null;
  }
  const value = parser.parseExpression(tokens, Precedence.Comma + 1);
  if (!value) return null;
  const values = isArray ? elementsOf(value) : null;
  if (values && parts.length === values.length && values.every((each) => each.kind !== NodeKind.Omitted)) {
    return parts.map(({ name, of }) => variable(name, values[of as number]!));
  }
  const whole = `~parts${String(start)}`;
  return [
    api.Node.createVariableDeclaration(identifier(whole, at), null, api.CommonFlags.Const, null, value, at),
    ...parts.map(({ name, of }) => variable(name, partOf(identifier(whole, name.range), of))),
  ];
}

/** Names between brackets, of which some may be left out. */
function elements(parser: Parser, tokens: Tokenizer): Part[] | null {
  const parts: Part[] = [];
  for (let of = 0; !tokens.skip(Token.CloseBracket); of++) {
    if (tokens.skip(Token.Comma)) continue;
    const name = nameIn(parser, tokens);
    if (!name) return null;
    parts.push({ name, of });
    if (tokens.skip(Token.Comma)) continue;
    if (tokens.skip(Token.CloseBracket)) break;
    return unexpected(parser, tokens, "]");
  }
  return parts.length > 0 ? parts : unexpected(parser, tokens, "a name");
}

/** Fields between braces, with the names that they get: `{ value, ok: isOpen }`. */
function fields(parser: Parser, tokens: Tokenizer): Part[] | null {
  const parts: Part[] = [];
  while (!tokens.skip(Token.CloseBrace)) {
    const of = nameIn(parser, tokens);
    if (!of) return null;
    const name = tokens.skip(Token.Colon) ? nameIn(parser, tokens) : of;
    if (!name) return null;
    parts.push({ name, of });
    if (tokens.skip(Token.Comma)) continue;
    if (tokens.skip(Token.CloseBrace)) break;
    return unexpected(parser, tokens, "}");
  }
  return parts.length > 0 ? parts : unexpected(parser, tokens, "a name");
}

function nameIn(parser: Parser, tokens: Tokenizer): IdentifierNode | null {
  if (!tokens.skipIdentifier()) return unexpected(parser, tokens, "a name");
  return identifier(tokens.readIdentifier(), tokens.range());
}

function unexpected(parser: Parser, tokens: Tokenizer, wanted: string): null {
  parser.error(api.DiagnosticCode._0_expected, tokens.range(tokens.pos), wanted);
  return null;
}

/** Compiles assignments to several places: `[a, b] = [b, a]`. */
export function installAssignments(hooks: Hooks, session: Session): void {
  hooks.replace(api.Compiler.prototype, "compileBinaryExpression", function (original, expression, type, ...rest) {
    const targets = assignedBy(expression);
    if (!targets) return original(expression, type, ...rest);
    if (type !== api.Type.void) {
      session.report(expression.range, "an assignment to several places has no value: make it a statement of its own");
      return this.module.unreachable();
    }
    const { currentFlow: outer } = this;
    const flow = (this.currentFlow = outer.fork());
    const code = assignments(this, session, targets, expression);
    outer.inherit(flow);
    this.currentFlow = outer;
    this.currentType = api.Type.void;
    return code;
  });
}

/** What an assignment to several places assigns to; null if it is none. */
export function assignedBy({ operator, left }: BinaryNode): readonly Node[] | null {
  return operator === Token.Equals ? elementsOf(left) : null;
}

function assignments(compiler: Compiler, session: Session, targets: readonly Node[], { right }: BinaryNode): Expr {
  const { module, currentFlow: flow } = compiler;
  const before: Expr[] = [];
  const after: Expr[] = [];
  const evaluate = (name: string, value: Node, type: Type): void => {
    const code = compiler.compileExpression(value, type, type === api.Type.auto ? 0 : Constraints.ConvImplicit);
    const local = flow.addScopedLocal(name, compiler.currentType);
    flow.setLocalFlag(local.index, LocalFlags.Initialized);
    before.push(module.local_set(local.index, code, compiler.currentType.isManaged));
  };
  const assign = (target: Node, value: Node): void => {
    const node = api.Node.createBinaryExpression(Token.Equals, target, value, target.range);
    after.push(compiler.compileExpression(node, api.Type.void, Constraints.WillDrop));
  };
  const values = elementsOf(right);
  if (!values) {
    evaluate("~parts", right, api.Type.auto);
    targets.forEach((target, i) => {
      if (target.kind !== NodeKind.Omitted) assign(target, partOf(identifier("~parts", target.range), i));
    });
  } else if (
    values.length !== targets.length ||
    [...targets, ...values].some(({ kind }) => kind === NodeKind.Omitted)
  ) {
    session.report(right.range, `${String(values.length)} values for ${String(targets.length)} places`);
  } else {
    values.forEach((value, i) => {
      const type = compiler.resolver.resolveExpression(targets[i]!, flow, api.Type.auto, ReportMode.Report);
      if (type) evaluate(`~part${String(i)}`, value, type);
    });
    targets.forEach((target, i) => assign(target, identifier(`~part${String(i)}`, values[i]!.range)));
  }
  return module.block(null, [...before, ...after]);
}

/** The elements of an array that is written out; null if the expression is none. */
function elementsOf(expression: Node): readonly Node[] | null {
  const inner = stripParentheses(expression);
  if (inner.kind !== NodeKind.Literal) return null;
  const { literalKind, elementExpressions } = inner as ArrayLiteralNode;
  return literalKind === LiteralKind.Array ? elementExpressions : null;
}

/** `whole[0]`, or `whole.field`. */
function partOf(whole: Node, of: number | IdentifierNode): Node {
  const { range } = whole;
  if (typeof of !== "number") return api.Node.createPropertyAccessExpression(whole, of, range);
  const index = api.Node.createIntegerLiteralExpression(i64_new(of, 0), range);
  return api.Node.createElementAccessExpression(whole, index, range);
}

function identifier(text: string, at: Range): IdentifierNode {
  return api.Node.createIdentifierExpression(text, at);
}
