/**
 * What the compiler finds out about the expressions of a program as it compiles it: their types, what they are converted to, what they call.
 *
 * Code that the program never reaches is not compiled, and nothing is known of it. Of generic functions, compiled once for each type, only
 * that is known which is always the same.
 */
import api, { stripParentheses, type Class, type FunctionInstance, type Node, type Type } from "../asc.js";
import type { Hooks } from "../hooks.js";

export interface Conversion {
  readonly from: Type;
  readonly to: Type;
  readonly isExplicit: boolean;
}

export class Facts {
  private readonly types = new Map<Node, Type | null>();
  private readonly conversions = new Map<Node, Conversion[]>();
  private readonly callees = new Map<Node, FunctionInstance | null>();

  /** Listens to the compiler; outside of all else that changes it. */
  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const facts = this;
    const { prototype } = api.Compiler;
    hooks.replace(prototype, "compileExpression", function (original, node, ...rest) {
      const expr = original(node, ...rest);
      const inner = stripParentheses(node);
      const type = this.currentType;
      const known = facts.types.get(inner);
      facts.types.set(inner, known === undefined || known === type ? type : null);
      return expr;
    });
    hooks.replace(prototype, "convertExpression", function (original, expr, from, to, isExplicit, node) {
      const inner = stripParentheses(node);
      const known = facts.conversions.get(inner);
      if (known) known.push({ from, to, isExplicit });
      else facts.conversions.set(inner, [{ from, to, isExplicit }]);
      return original(expr, from, to, isExplicit, node);
    });
    hooks.replace(prototype, "compileCallDirect", function (original, instance, args, node, ...rest) {
      const known = facts.callees.get(node);
      const isSame = known === undefined || known?.prototype === instance.prototype;
      facts.callees.set(node, isSame ? instance : null);
      return original(instance, args, node, ...rest);
    });
  }

  /** The type of an expression by itself, whatever it is converted to; null if that is not known. */
  typeOf(node: Node): Type | null {
    const inner = stripParentheses(node);
    const conversions = this.conversions.get(inner);
    if (!conversions) return this.types.get(inner) ?? null;
    const [{ from }] = conversions as [Conversion];
    // A loop may be compiled twice.
    return conversions.every((one) => one.from === from || conversions.some(({ to }) => to === one.from)) ? from : null;
  }

  /** What an expression is converted to. */
  conversionsOf(node: Node): readonly Conversion[] {
    return this.conversions.get(stripParentheses(node)) ?? [];
  }

  /** The function that a call calls; null if it is not known, or a function value. */
  calleeOf(call: Node): FunctionInstance | null {
    return this.callees.get(stripParentheses(call)) ?? null;
  }

  /** The name by which the compiler knows what is called, without types: `~lib/map/Map#get`; empty if it is not known. */
  calleeName(call: Node): string {
    return (this.calleeOf(call)?.prototype.internalName ?? "").replace(/<.*>(?=#|$)/s, "");
  }

  /** The name of an expression's class, without types: `~lib/map/Map`; empty if it has none. */
  classOf(node: Node): string {
    return className(this.typeOf(node)?.getClass() ?? null);
  }
}

export function className(type: Class | null): string {
  return type === null ? "" : type.internalName.replace(/<.*$/s, "");
}

/** Whether a type is an error, or null in its place. */
export function isError(type: Type | null | undefined): boolean {
  for (let at = type?.getClass() ?? null; at !== null; at = at.base) {
    if (className(at) === "~lib/error/Error") return true;
  }
  return false;
}

/** A type in a sentence: "an i32", "a u8". */
export function named(type: Type): string {
  const name = type.toString();
  return `${/^[if]/.test(name) ? "an" : "a"} ${name}`;
}
