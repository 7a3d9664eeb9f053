/**
 * Whole numbers that are written out and take all of 64 bits, or more. AssemblyScript reads them as an `i64` that may have wrapped: where a
 * floating-point number is wanted, `10000000000000000000` was -8446744073709551616.0, and so was a variable without a type.
 *
 * What does not fit into 64 bits is an error; where a floating-point number is wanted a literal is that number; and a decimal one beyond an `i64`, where
 * nothing says its type, is a `u64`. (In other bases it stays an `i64`: 0xffffffffffffffff is written for -1.)
 */
import api, { type LiteralNode } from "./asc.js";
import type { Hooks } from "./hooks.js";

const { DiagnosticCode, LiteralKind } = api;

const LARGEST = 2n ** 64n - 1n;

/** For as long as texts are parsed. */
export function installLargeLiterals(hooks: Hooks): void {
  hooks.replace(api.Tokenizer.prototype, "readInteger", function (original) {
    const { pos: start, diagnostics } = this;
    const before = diagnostics.length;
    const value = original();
    const text = this.source.text.slice(start, this.pos);
    // As short as that it fits.
    if (text.length < 17 || diagnostics.length > before) return value;
    if (BigInt(text.replaceAll("_", "")) > LARGEST) {
      const hint = /^\d\d/.test(text) ? `: as a floating-point number write ${text}.0` : "";
      const say = `${text} does not fit into 64 bits${hint}`;
      this.error(DiagnosticCode.User_defined_0, this.range(start, this.pos), say);
    }
    return value;
  });
}

/** While code is generated. */
export function installLiterals(hooks: Hooks): void {
  hooks.replace(api.Resolver.prototype, "determineIntegerLiteralType", (original, literal, isNegative, context) => {
    const type = original(literal, isNegative, context);
    const isDecimal = () => /^\d\d/.test(textOf(literal));
    return type === api.Type.i64 && type !== context && !isNegative && isLarge(literal) && isDecimal()
      ? api.Type.u64
      : type;
  });
  hooks.replace(api.Compiler.prototype, "compileLiteralExpression", function (original, literal, context, ...rest) {
    const [, isNegative] = rest;
    const value = original(literal, context, ...rest);
    const { currentType, module } = this;
    if (literal.literalKind !== LiteralKind.Integer || !currentType.isFloatValue || !isLarge(literal)) return value;
    const size = Number(BigInt(textOf(literal).replaceAll("_", "")));
    const number = isNegative ? -size : size;
    return currentType.size === 32 ? module.f32(number) : module.f64(number);
  });
}

/** Beyond the largest `i64`. */
function isLarge({ value }: LiteralNode): boolean {
  return value.high < 0;
}

function textOf({ range }: LiteralNode): string {
  return range.source.text.slice(range.start, range.end);
}
