/**
 * Operators that AssemblyScript has not: `??`, and `??=`, `||=`, `&&=`.
 *
 * The tokenizer gives them out as operators of the same precedence, `||`, `|=` and `&=`, and the text between the operands tells them from
 * those. As AssemblyScript asks of a reference only whether it is null, an empty text included, `a ?? b` of references is `a || b`. `a ||= b`
 * is compiled as `a = a || b`, so `a` must be of a kind of which twice is as once.
 */
import api, {
  stripParentheses,
  type BinaryNode,
  type ElementAccessNode,
  type IdentifierNode,
  type Node,
  type PropertyAccessNode,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import type { Session } from "./session.js";

const { LocalFlags, NodeKind, ReportMode, Token } = api;

const ASSIGNING: ReadonlySet<string> = new Set(["??=", "||=", "&&="]);

/** Has the tokenizer take the operators. */
export function installOperators(hooks: Hooks): void {
  hooks.replace(api.Tokenizer.prototype, "unsafeNext", function (original, ...rest) {
    const token = original(...rest);
    if (token !== Token.Question && token !== Token.Bar_Bar && token !== Token.Ampersand_Ampersand) return token;
    const { text } = this.source;
    const isNullish = token === Token.Question && text[this.pos] === "?";
    if (isNullish) this.pos++;
    if (token === Token.Question && !isNullish) return token;
    const isAssignment = text[this.pos] === "=";
    if (isAssignment) this.pos++;
    if (token === Token.Ampersand_Ampersand) return isAssignment ? Token.Ampersand_Equals : token;
    return isAssignment ? Token.Bar_Equals : Token.Bar_Bar;
  });
}

/** Compiles them. */
export function installNullish(hooks: Hooks, session: Session): void {
  hooks.replace(api.Compiler.prototype, "compileBinaryExpression", function (original, expression, type, ...rest) {
    const { operator, left, right, range } = expression;
    const written = writtenOf(expression);
    if (operator === Token.Bar_Bar && written.startsWith("??")) {
      const given = this.resolver.resolveExpression(left, this.currentFlow, api.Type.auto, ReportMode.Swallow);
      if (given && !given.isReference) {
        session.report(
          left.range,
          `a value of type ${given.toString()} is never null: leave out '${written}' and what follows`,
        );
        return this.module.unreachable();
      }
    }
    const isAssignment = operator !== Token.Bar_Bar && ASSIGNING.has(written);
    if (!isAssignment) return original(expression, type, ...rest);
    if (!isSimple(left)) {
      session.report(left.range, `this is evaluated twice by '${written}': put its object, or index, into a variable`);
      return this.module.unreachable();
    }
    const logical = operator === Token.Bar_Equals ? Token.Bar_Bar : Token.Ampersand_Ampersand;
    const value = api.Node.createBinaryExpression(logical, left, right, range);
    const assignment = api.Node.createBinaryExpression(Token.Equals, left, value, range);
    const code = this.compileExpression(assignment, type, ...rest);
    const { currentFlow: flow } = this;
    const local = left.kind === NodeKind.Identifier ? flow.lookupLocal((left as IdentifierNode).text) : null;
    if (
      local &&
      logical === Token.Bar_Bar &&
      this.resolver.resolveExpression(right, flow, api.Type.auto, ReportMode.Swallow)?.isNullableReference === false
    ) {
      flow.setLocalFlag(local.index, LocalFlags.NonNull);
    }
    return code;
  });
}

/** The operator as it is written, if it is one that others are given out for; otherwise an empty text. */
function writtenOf({ operator, left, right }: BinaryNode): string {
  if (operator !== Token.Bar_Bar && operator !== Token.Bar_Equals && operator !== Token.Ampersand_Equals) return "";
  const { source, end } = left.range;
  return /(?:\?\?|\|\||&&|[|&])=?/.exec(withoutComments(source.text.slice(end, right.range.start)))?.[0] ?? "";
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
}

/** Whether an expression does nothing but read variables and fields. */
function isSimple(expression: Node): boolean {
  const node = stripParentheses(expression);
  switch (node.kind) {
    case NodeKind.Identifier:
    case NodeKind.This:
    case NodeKind.Literal:
      return true;
    case NodeKind.PropertyAccess:
      return isSimple((node as PropertyAccessNode).expression);
    case NodeKind.ElementAccess:
      return (
        isSimple((node as ElementAccessNode).expression) && isSimple((node as ElementAccessNode).elementExpression)
      );
  }
  return false;
}
