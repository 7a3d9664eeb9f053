/**
 * `for (const v of …)` over arrays, strings, sets, maps and channels: rewritten, with the type of what it goes over known, as the loop
 * that one would write without it.
 *
 * ```
 * for (const v of list) …          const ~of = list; for (let ~at: i32; ~at < ~of.length; ~at++) { const v = unchecked(~of[~at]); … }
 * for (const c of text) …          the same with ~at += c.length, and c a character: one or two units
 * for (const v of set) …           over set.values(), which is a copy
 * for (const [k, v] of map) …      over map.keys() and map.values()
 * for (const [i, v] of list.entries()) …
 * for (const v of ch) …            for (let ~at = ch.range(); ~at.next(); ) { const v = ~at.value; … }
 * ```
 *
 * So `break` and `continue`, safepoints and captured variables are as in any loop. The variables of the source stay the nodes that they
 * were, for what is known of captures goes by those.
 *
 * AssemblyScript parses such a loop, but for the pattern with two names (`patterns.ts`), and compiles none.
 */
import api, {
  type CallNode,
  type Class,
  type Compiler,
  type Expr,
  type ForOfNode,
  type IdentifierNode,
  type Node,
  type PropertyAccessNode,
  type Range,
  type Type,
  type VariableNode,
  type VariableStatementNode,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import { CORE, type Session } from "./session.js";

const { NodeKind, Token, CommonFlags, ReportMode } = api;

/** What is gone over, and where the turn is in it; of a map `OF` is its keys. No program can use these names. */
const OF = "~of";
const AT = "~at";
const MAP = "~map";
const LIST = "~values";

type Kind = "array" | "string" | "set" | "map" | "chan";

const LIBRARY: readonly (readonly [name: RegExp, kind: Kind])[] = [
  [/^~lib\/(?:array\/Array|staticarray\/StaticArray|typedarray\/\w+)\b/, "array"],
  [/^~lib\/string\/String$/, "string"],
  [/^~lib\/set\/Set</, "set"],
  [/^~lib\/map\/Map</, "map"],
  [new RegExp(`^${CORE}/chan/chan/Chan<`), "chan"],
];

export function installForOf(hooks: Hooks, session: Session): void {
  hooks.replace(api.Compiler.prototype, "compileForOfStatement", function (_original, statement): Expr {
    const loop = rewritten(this, session, statement);
    return loop ? this.compileStatement(loop) : this.module.unreachable();
  });
}

/** The loop that stands for a `for…of`; null if there is none, which is reported. */
function rewritten(compiler: Compiler, session: Session, { variable, iterable, body, range }: ForOfNode): Node | null {
  const { declarations } = variable as Partial<VariableStatementNode>;
  if (!declarations) {
    session.report(variable.range, "a for…of declares its variable: for (const x of …)");
    return null;
  }
  const hasPair = declarations.length === 2;
  const indexed = hasPair ? entriesOf(iterable) : null;
  const over = indexed ?? iterable;
  const type = compiler.resolver.resolveExpression(over, compiler.currentFlow, api.Type.auto, ReportMode.Report);
  if (!type) return null;
  const kind = kindOf(type);
  const build = new Builder(over.range, range);
  const [first, second] = declarations as readonly [VariableNode, VariableNode];
  if (kind === "map" && hasPair) return build.overMap(over, first, second, body);
  if (kind === "array" && indexed) return build.overArray(over, second, body, first);
  if (kind && kind !== "map" && declarations.length === 1) {
    if (kind === "chan") return build.overChannel(over, first, body);
    if (kind === "string") return build.overString(over, first, body);
    return build.overArray(kind === "set" ? build.call(over, "values") : over, first, body);
  }
  const got = type.toString().replace(/~?[\w/]*\//g, "");
  session.report(
    iterable.range,
    kind === "map"
      ? "a map is gone over in pairs: for (const [key, value] of map); or for (const key of map.keys())"
      : hasPair && kind
        ? "pairs are what maps have, and the entries() of arrays: for (const [i, x] of list.entries())"
        : `for…of goes over arrays, strings, sets, maps and channels, not over a ${got}`,
  );
  return null;
}

function kindOf(type: Type): Kind | null {
  for (let of: Class | null = type.getClass(); of; of = of.base) {
    const { internalName } = of;
    const found = LIBRARY.find(([name]) => name.test(internalName));
    if (found) return found[1];
  }
  return null;
}

/** `list` of `list.entries()`. */
function entriesOf(iterable: Node): Node | null {
  if (iterable.kind !== NodeKind.Call) return null;
  const { expression, args } = iterable as CallNode;
  if (expression.kind !== NodeKind.PropertyAccess || args.length > 0) return null;
  const { expression: list, property } = expression as PropertyAccessNode;
  return property.text === "entries" ? list : null;
}

/** Makes the loop's parts, all of them at the place of what it goes over. */
class Builder {
  constructor(
    private readonly at: Range,
    private readonly whole: Range,
  ) {}

  overArray(list: Node, variable: VariableNode, body: Node, index: VariableNode | null = null): Node {
    const element = this.element(OF);
    const variables = index
      ? [...this.setting(index, this.name(AT)), ...this.setting(variable, element)]
      : this.setting(variable, element);
    return this.counting([this.declare(OF, list)], variables, body);
  }

  overMap(map: Node, key: VariableNode, value: VariableNode, body: Node): Node {
    const before = [
      this.declare(MAP, map),
      this.declare(OF, this.call(this.name(MAP), "keys")),
      this.declare(LIST, this.call(this.name(MAP), "values")),
    ];
    return this.counting(
      before,
      [...this.setting(key, this.element(OF)), ...this.setting(value, this.element(LIST))],
      body,
    );
  }

  overString(text: Node, variable: VariableNode, body: Node): Node {
    const code = this.call(this.name(OF), "codePointAt", [this.name(AT)]);
    const character = this.call(this.name("String"), "fromCodePoint", [code]);
    const next = this.binary(Token.Plus_Equals, this.name(AT), this.get(this.name(variable.name.text), "length"));
    const variables = [...this.setting(variable, character), api.Node.createExpressionStatement(next)];
    return this.counting([this.declare(OF, text)], variables, body, null);
  }

  overChannel(ch: Node, variable: VariableNode, body: Node): Node {
    const received = this.setting(variable, this.get(this.name(AT), "value"));
    return api.Node.createForStatement(
      this.declare(AT, this.call(ch, "range")),
      this.call(this.name(AT), "next"),
      null,
      this.block([...received, body]),
      this.whole,
    );
  }

  call(object: Node, method: string, args: Node[] = []): Node {
    return api.Node.createCallExpression(this.get(object, method), null, args, this.at);
  }

  /** A loop with `AT` from 0 to the length of `OF`. */
  private counting(
    before: Node[],
    variables: Node[],
    body: Node,
    next: Node | null = api.Node.createUnaryPostfixExpression(Token.Plus_Plus, this.name(AT), this.at),
  ): Node {
    const i32 = api.Node.createNamedType(api.Node.createSimpleTypeName("i32", this.at), null, false, this.at);
    const zero = api.Node.createFalseExpression(this.at);
    const end = this.binary(Token.LessThan, this.name(AT), this.get(this.name(OF), "length"));
    const loop = api.Node.createForStatement(
      this.variables(api.Node.createVariableDeclaration(this.name(AT), null, CommonFlags.Let, i32, zero, this.at)),
      end,
      next,
      this.block([...variables, body]),
      this.whole,
    );
    return this.block([...before, loop]);
  }

  /** A variable of the source, with a value. */
  private setting(variable: VariableNode, value: Node): Node[] {
    (variable as { initializer: Node }).initializer = value;
    return [this.variables(variable)];
  }

  private element(list: string): Node {
    const element = api.Node.createElementAccessExpression(this.name(list), this.name(AT), this.at);
    return api.Node.createCallExpression(this.name("unchecked"), null, [element], this.at);
  }

  private declare(name: string, value: Node): Node {
    return this.variables(
      api.Node.createVariableDeclaration(this.name(name), null, CommonFlags.Const, null, value, this.at),
    );
  }

  private variables(declaration: VariableNode): Node {
    return api.Node.createVariableStatement(null, [declaration], this.at);
  }

  private get(object: Node, property: string): Node {
    return api.Node.createPropertyAccessExpression(object, this.name(property), this.at);
  }

  private binary(operator: number, left: Node, right: Node): Node {
    return api.Node.createBinaryExpression(operator, left, right, this.at);
  }

  private block(statements: Node[]): Node {
    return api.Node.createBlockStatement(statements, this.whole);
  }

  private name(text: string): IdentifierNode {
    return api.Node.createIdentifierExpression(text, this.at);
  }
}
