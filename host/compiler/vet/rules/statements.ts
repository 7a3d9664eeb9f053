/** Statements: what falls through, is evaluated twice, or gives something that nobody looks at. */
import api, {
  nodesIn,
  stripParentheses,
  type BinaryNode,
  type BlockNode,
  type CallNode,
  type ElementAccessNode,
  type ExpressionStatementNode,
  type IfNode,
  type Node,
  type PropertyAccessNode,
  type SwitchNode,
  type TryNode,
  type WhileNode,
} from "../../asc.js";
import { isError } from "../facts.js";
import type { Rule } from "../rule.js";
import { as, assigned, counts, isFunction, isName, type Tree } from "../tree.js";

const { NodeKind, Token } = api;

/** Functions that do not return. */
const ENDS = new Set(["exit", "goexit", "unreachable", "abort"]);

export const fallthrough: Rule = {
  name: "fallthrough",
  about: "a case of a switch that goes on into the next one",
  check({ tree }, report) {
    for (const node of tree.nodes) {
      if (node.kind !== NodeKind.Switch) continue;
      const { cases } = node as SwitchNode;
      for (const [i, { statements }] of cases.slice(0, -1).entries()) {
        const last = statements.at(-1);
        if (!last || leaves(last)) continue;
        const between = tree.source.text.slice(last.range.start, cases[i + 1]!.range.end);
        if (/\bfall(?:s|ing)?[ -]?through\b/i.test(between)) continue;
        report(last, "this goes on into the next case: write break, or // falls through if that is meant");
      }
    }
  },
};

/** Whether nothing behind a statement is reached. */
function leaves(node: Node): boolean {
  switch (node.kind) {
    case NodeKind.Break:
    case NodeKind.Continue:
    case NodeKind.Return:
    case NodeKind.Throw:
      return true;
    case NodeKind.Block: {
      const last = (node as BlockNode).statements.at(-1);
      return last !== undefined && leaves(last);
    }
    case NodeKind.If: {
      const { ifTrue, ifFalse } = node as IfNode;
      return ifFalse !== null && leaves(ifTrue) && leaves(ifFalse);
    }
    case NodeKind.Try: {
      const { bodyStatements, catchStatements, finallyStatements } = node as TryNode;
      const ends = (list: readonly Node[] | null): boolean => list !== null && list.length > 0 && leaves(list.at(-1)!);
      return ends(finallyStatements) || (ends(bodyStatements) && (catchStatements === null || ends(catchStatements)));
    }
    case NodeKind.While: {
      const { condition, body } = node as WhileNode;
      return stripParentheses(condition).kind === NodeKind.True && !hasBreak(body);
    }
    case NodeKind.Expression: {
      const call = as<CallNode>((node as ExpressionStatementNode).expression, NodeKind.Call);
      return call !== null && isName(call.expression) && ENDS.has(call.expression.text);
    }
    case NodeKind.Switch: {
      const { cases } = node as SwitchNode;
      return (
        cases.length > 0 &&
        !hasBreak(node) &&
        cases.every((one) => one.statements.length === 0 || leaves(one.statements.at(-1)!))
      );
    }
    default:
      return false;
  }
}

function hasBreak(node: Node): boolean {
  return [...nodesIn(node, (inner) => !isFunction(inner))].some(({ kind }) => kind === NodeKind.Break);
}

export const evaluatedTwice: Rule = {
  name: "evaluated-twice",
  about: "a[f()] += 1 calls f twice",
  check({ tree }, report) {
    for (const node of tree.nodes) {
      const target = changed(node);
      if (!target) continue;
      const element = as<ElementAccessNode>(target, NodeKind.ElementAccess);
      const property = as<PropertyAccessNode>(target, NodeKind.PropertyAccess);
      const parts = element ? [element.expression, element.elementExpression] : property ? [property.expression] : [];
      const effect = parts.flatMap((part) => [...nodesIn(part)]).find(hasEffect);
      if (effect) report(effect, "this is evaluated twice, to read and to write: put it into a local first");
    }
  },
};

/** What a compound assignment, or ++ and --, change. */
function changed(node: Node): Node | null {
  return as<BinaryNode>(node, NodeKind.Binary)?.operator === Token.Equals ? null : assigned(node);
}

function hasEffect(node: Node): boolean {
  return node.kind === NodeKind.Call || node.kind === NodeKind.New || counts(node);
}

/** Methods of the library that change nothing, and give something new. */
const PURE = new RegExp(
  "^~lib/(?:" +
    "string/String#(?:at|charAt|concat|endsWith|includes|indexOf|lastIndexOf|padEnd|padStart|repeat|replace|replaceAll|slice|split|startsWith|substr|substring|toLowerCase|toUpperCase|trim|trimEnd|trimStart)" +
    "|(?:array/Array|staticarray/StaticArray|typedarray/\\w+)#(?:at|concat|includes|indexOf|join|lastIndexOf|slice|subarray)" +
    "|array/Array#(?:map|filter)|map/Map#(?:has|keys|values)|set/Set#(?:has|values)" +
    "|math/.*" +
    ")$",
);

export const lostResult: Rule = {
  name: "lost-result",
  about: "text.trim(); and list.concat(other); change nothing, and give what nobody takes",
  check({ tree, facts }, report) {
    for (const node of tree.nodes) {
      if (!isDropped(tree, node)) continue;
      const call = as<CallNode>((node as ExpressionStatementNode).expression, NodeKind.Call);
      const name = call && facts.calleeName(call);
      if (!call || !name || !PURE.test(name)) continue;
      const method = name.slice(name.lastIndexOf("#") + 1);
      const instead = method === "concat" ? ": write a = a.concat(b), or a.push(x)" : ": assign it";
      report(call, `${method} changes nothing, and nobody takes what it gives${instead}`);
    }
  },
};

/** Whether a statement is an expression that nobody takes the value of; the body of `x => f(x)` is one that is returned. */
function isDropped(tree: Tree, statement: Node): boolean {
  const parent = tree.parentOf(statement);
  return statement.kind === NodeKind.Expression && !(parent !== null && isFunction(parent));
}

export const lostError: Rule = {
  name: "lost-error",
  about: "f(); and go(f()); where f gives an Error: nobody looks at it",
  check({ tree, facts }, report) {
    for (const node of tree.nodes) {
      const call = as<CallNode>(node, NodeKind.Call);
      const callee = call && facts.calleeOf(call);
      if (!call || !isError(callee?.signature.returnType)) continue;
      const parent = tree.parentOf(call);
      if (parent && isDropped(tree, parent)) {
        // What printing and closing give, nobody asks for in Go either.
        if (callee!.internalName.startsWith("~lib/")) continue;
        report(call, "this gives an error, or null, that nobody looks at: ask whether it is null");
      } else if (isGo(parent) && (parent as CallNode).args.includes(call)) {
        report(call, "the error that this gives is lost: have an errgroup's Group run it, or send it into a channel");
      }
    }
  },
};

function isGo(node: Node | null): boolean {
  const callee = as<CallNode>(node, NodeKind.Call)?.expression;
  return callee !== undefined && isName(callee) && callee.text === "go";
}

/** Classes whose objects are compared by what is in them, where that is meant. */
const COLLECTIONS =
  /^~lib\/(?:array\/Array|staticarray\/StaticArray|typedarray\/\w+|arraybuffer\/ArrayBuffer|map\/Map|set\/Set)$/;
const EQUALITIES = new Set([
  Token.Equals_Equals,
  Token.Equals_Equals_Equals,
  Token.Exclamation_Equals,
  Token.Exclamation_Equals_Equals,
]);

export const identity: Rule = {
  name: "identity",
  about: "a == [1, 2], and a == b of two arrays or maps: it asks whether they are one object",
  check({ tree, facts }, report) {
    for (const node of tree.nodes) {
      const binary = as<BinaryNode>(node, NodeKind.Binary);
      if (!binary || !EQUALITIES.has(binary.operator)) continue;
      const sides = [binary.left, binary.right].map(stripParentheses);
      if (sides.some((side) => side.kind === NodeKind.Null)) continue;
      const classes = sides.map((side) => facts.classOf(side));
      const isFresh = sides.some((side, i) => isNew(side) && classes[i] !== "~lib/string/String");
      if (!isFresh && !classes.every((name) => COLLECTIONS.test(name))) continue;
      report(binary, "this asks whether both are one object, not whether the same is in them: compare what is in them");
    }
  },
};

function isNew(node: Node): boolean {
  const { literalKind } = node as Partial<{ literalKind: number }>;
  return (
    node.kind === NodeKind.New ||
    (node.kind === NodeKind.Literal &&
      (literalKind === api.LiteralKind.Array || literalKind === api.LiteralKind.Object))
  );
}
