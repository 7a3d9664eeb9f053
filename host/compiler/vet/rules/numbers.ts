/** Integers: their width, shifts, quotients, and texts that are read as numbers. */
import api, {
  nodesIn,
  stripParentheses,
  type BinaryNode,
  type CallNode,
  type Node,
  type Type,
  type UnaryNode,
  type VariableNode,
} from "../../asc.js";
import { named, type Facts } from "../facts.js";
import type { Checked, Rule } from "../rule.js";
import { as, isName, methodOf, type Tree } from "../tree.js";

const { NodeKind, LiteralKind, Token } = api;

const SHIFTS = new Set([
  Token.LessThan_LessThan,
  Token.GreaterThan_GreaterThan,
  Token.GreaterThan_GreaterThan_GreaterThan,
  Token.LessThan_LessThan_Equals,
  Token.GreaterThan_GreaterThan_Equals,
  Token.GreaterThan_GreaterThan_GreaterThan_Equals,
]);

/** An integer that the text states; null for anything that is to be computed from variables. */
function constantOf(node: Node): bigint | null {
  const inner = stripParentheses(node);
  if (inner.kind === NodeKind.Literal) {
    const { literalKind, range } = inner as Node & { readonly literalKind: number };
    if (literalKind !== LiteralKind.Integer) return null;
    return BigInt(range.source.text.slice(range.start, range.end).replaceAll("_", ""));
  }
  const unary = as<UnaryNode>(inner, NodeKind.UnaryPrefix);
  if (unary?.operator === Token.Minus) {
    const value = constantOf(unary.operand);
    return value === null ? null : -value;
  }
  const binary = as<BinaryNode>(inner, NodeKind.Binary);
  const compute = binary && OPERATIONS.get(binary.operator);
  if (!binary || !compute) return null;
  const left = constantOf(binary.left);
  const right = constantOf(binary.right);
  return left === null || right === null || right > 64n ** 8n ? null : compute(left, right);
}

const OPERATIONS = new Map<number, (a: bigint, b: bigint) => bigint | null>([
  [Token.Plus, (a, b) => a + b],
  [Token.Minus, (a, b) => a - b],
  [Token.Asterisk, (a, b) => a * b],
  [Token.LessThan_LessThan, (a, b) => (b < 0n || b > 256n ? null : a << b)],
]);

function* binariesOf({ nodes }: Tree): Generator<BinaryNode> {
  for (const node of nodes) if (node.kind === NodeKind.Binary) yield node as BinaryNode;
}

/** The integer type that would hold more. */
function wider(type: Type): string {
  return type.size < 32 ? "i32" : type.isUnsignedIntegerValue ? "u64" : "i64";
}

export const shiftWidth: Rule = {
  name: "shift-width",
  about: "x << 40 of an i32: the count is taken modulo the width of the type",
  check({ tree, facts }, report) {
    for (const node of binariesOf(tree)) {
      if (!SHIFTS.has(node.operator)) continue;
      const count = constantOf(node.right);
      const type = facts.typeOf(node.left);
      if (count === null || !type?.isIntegerValue || count < BigInt(type.size)) continue;
      const by = count % BigInt(type.size);
      const left = tree.textOf(node.left);
      const instead = type.size < 64 && count < 64n ? `: write <${count < 32n ? "i32" : "i64"}>${left}` : "";
      report(node, `${named(type)} has ${type.size} bits, so this shifts by ${by}${instead}`);
    }
  },
};

export const constantOverflow: Rule = {
  name: "constant-overflow",
  about: "60 * 60 * 1000 * 1000 as an i32: a constant that does not fit its type has wrapped",
  check({ tree, facts }, report) {
    for (const node of binariesOf(tree)) {
      const value = constantOf(node);
      const type = facts.typeOf(node);
      if (value === null || !type?.isIntegerValue || fits(value, type)) continue;
      // Shifts into the sign, and those by too much, which have a rule of their own.
      if (node.operator === Token.LessThan_LessThan && !isTooLong(node, type)) continue;
      // The innermost one is at fault.
      if ([node.left, node.right].some((part) => !isFitting(part, type))) continue;
      const larger = type.size < 64 ? `: write <${wider(type)}>${tree.textOf(leftmost(node))}` : "";
      report(node, `this is ${String(value)}, which is more than ${named(type)} holds${larger}`);
    }
  },
};

function fits(value: bigint, { size, isSignedIntegerValue }: Type): boolean {
  const limit = 1n << BigInt(isSignedIntegerValue ? size - 1 : size);
  // What is below 0 is how unsigned masks are written.
  return value < limit && value >= -limit;
}

function isFitting(node: Node, type: Type): boolean {
  const value = constantOf(node);
  return value === null || fits(value, type);
}

function isTooLong(node: BinaryNode, type: Type): boolean {
  const count = constantOf(node.right) ?? 0n;
  return count < BigInt(type.size) && (constantOf(node) ?? 0n) >= 1n << BigInt(type.size);
}

function leftmost(node: Node): Node {
  const binary = as<BinaryNode>(node, NodeKind.Binary);
  return binary ? leftmost(binary.left) : node;
}

/** What may give more than its operands' type holds, by the width of that type. */
const GROWING = new Set([Token.Asterisk, Token.LessThan_LessThan]);
const GROWING_SMALL = new Set([...GROWING, Token.Plus]);

export const lateWidening: Rule = {
  name: "late-widening",
  about: "<i64>(a * b) of two i32: the product has wrapped before it is widened",
  check(checked, report) {
    const { tree, facts } = checked;
    for (const node of binariesOf(tree)) {
      const type = facts.typeOf(node);
      if (!type?.isIntegerValue || type.size === 1 || constantOf(node) !== null) continue;
      if (!(type.size < 32 ? GROWING_SMALL : GROWING).has(node.operator) || isBounded(checked, node, type)) continue;
      const wide = facts.conversionsOf(node).find(({ to }) => to.isIntegerValue && to.size > type.size);
      if (!wide || wide.from !== type) continue;
      const left = tree.textOf(node.left);
      const first = stripParentheses(node.left).kind === NodeKind.Binary ? `(${left})` : left;
      report(
        node,
        `this is computed as ${named(type)}, and becomes ${named(wide.to)} too late: write <${wide.to.toString()}>${first} first`,
      );
    }
  },
};

/** Whether a result cannot be larger than its type holds, or is a length times some bytes. */
function isBounded({ facts }: Checked, node: BinaryNode, type: Type): boolean {
  const most = mostOf(facts, node);
  if (most !== null) return fits(most, type);
  const factors = [node.left, node.right].map(constantOf);
  return node.operator === Token.Asterisk && factors.some((value) => value !== null && value >= -16n && value <= 16n);
}

/** The largest absolute value that an expression can have, as far as it says so itself. */
function mostOf(facts: Facts, node: Node): bigint | null {
  const constant = constantOf(node);
  if (constant !== null) return constant < 0n ? -constant : constant;
  const binary = as<BinaryNode>(node, NodeKind.Binary);
  const type = facts.typeOf(node);
  const ofType = type?.isIntegerValue && type.size < 32 ? (1n << BigInt(type.size)) - 1n : null;
  if (!binary) return ofType;
  const left = mostOf(facts, binary.left);
  const right = mostOf(facts, binary.right);
  if (binary.operator === Token.Percent) return right === null ? left : right - 1n;
  if (binary.operator === Token.Ampersand) return left === null || (right !== null && right < left) ? right : left;
  const compute = OPERATIONS.get(binary.operator === Token.Minus ? Token.Plus : binary.operator);
  return left === null || right === null || !compute ? ofType : compute(left, right);
}

export const integerQuotient: Rule = {
  name: "integer-quotient",
  about: "const mean: f64 = sum / n of two integers: the quotient is cut off before it becomes an f64",
  check({ tree, facts }, report) {
    for (const node of binariesOf(tree)) {
      if (node.operator !== Token.Slash) continue;
      const type = facts.typeOf(node);
      const float = facts.conversionsOf(node).find(({ to, isExplicit }) => to.isFloatValue && !isExplicit);
      if (!type?.isIntegerValue || !float) continue;
      const left = tree.textOf(node.left);
      const to = float.to.toString();
      report(
        node,
        `the quotient of two integers is cut off before it becomes ${named(float.to)}: write <${to}>${left}, or <${to}>(…) around it if that is meant`,
      );
    }
  },
};

export const unsignedBelowZero: Rule = {
  name: "unsigned-below-zero",
  about: "i >= 0 of an unsigned i is always true, i < 0 never",
  check({ tree, facts }, report) {
    for (const node of binariesOf(tree)) {
      if (node.operator !== Token.GreaterThan_Equals && node.operator !== Token.LessThan) continue;
      const type = facts.typeOf(node.left);
      if (!type?.isUnsignedIntegerValue || type.size === 1 || constantOf(node.right) !== 0n) continue;
      const always = node.operator === Token.LessThan ? "never" : "always";
      report(node, `${named(type)} is never below 0, so this is ${always} true: use an i32 or i64`);
    }
  },
};

const PARSERS = /^~lib\/(?:string\/|number\/(?:[IUF]\d+|[IU]size)\.)parse(?:Int|Float)$/;

export const uncheckedParse: Rule = {
  name: "unchecked-parse",
  about: 'parseInt("12x") is 12, and I32.parseInt("") is 0: nothing says that the text is no number',
  check(checked, report) {
    const { tree, facts } = checked;
    for (const node of tree.nodes) {
      if (node.kind !== NodeKind.Call || !PARSERS.test(facts.calleeName(node))) continue;
      const call = node as CallNode;
      if (call.args.some((arg) => isConstantText(arg)) || isAskedForNaN(checked, call)) continue;
      if (isLookedAt(checked, call)) continue;
      const type = facts.conversionsOf(call).at(-1)?.to ?? facts.typeOf(call);
      report(
        call,
        `of a text that is no number, this gives what it can: parse<${type?.toString() ?? "i32"}>(s) of skein/strconv has an error`,
      );
    }
  },
};

function isConstantText(node: Node): boolean {
  const literal = as<Node & { readonly literalKind: number }>(node, NodeKind.Literal);
  return literal?.literalKind === LiteralKind.String;
}

/** Whether the function looks at the characters of the text. */
function isLookedAt({ tree }: Checked, call: CallNode): boolean {
  const body = tree.functionOf(call)?.body;
  const text = tree.textOf(call.args[0]!);
  return [...(body ? nodesIn(body) : [])].some((node) => {
    const method = methodOf(node);
    return method?.name === "charCodeAt" && tree.textOf(method.object) === text;
  });
}

/** Whether isNaN is asked of what a call gives. */
function isAskedForNaN({ tree }: Checked, call: CallNode): boolean {
  const isAsking = (node: Node | null): boolean => {
    const callee = as<CallNode>(node, NodeKind.Call)?.expression;
    return callee !== undefined && isName(callee) && callee.text === "isNaN";
  };
  const parent = tree.parentOf(call);
  if (isAsking(parent)) return true;
  const variable = as<VariableNode>(parent, NodeKind.VariableDeclaration);
  const body = tree.functionOf(call)?.body;
  if (!variable || !body) return false;
  return [...nodesIn(body)].some(
    (node) => isName(node) && node.text === variable.name.text && isAsking(tree.parentOf(node)),
  );
}
