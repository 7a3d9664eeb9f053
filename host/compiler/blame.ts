/**
 * What the library refuses at compile time (`ERROR("Atomic<T> takes i32, …")`) is told at the expression of the program that asked for it: there
 * the mistake is. A function of the library is compiled when something first calls it, inside that expression.
 */
import api, { type Range, type Source } from "./asc.js";
import type { Hooks } from "./hooks.js";

/** Has such errors told there; `isOwn` says which files are the program's. */
export function installBlame(hooks: Hooks, isOwn: (source: Source) => boolean): void {
  /** The innermost expression of the program that is being compiled. */
  let inside: Range | null = null;
  hooks.replace(api.Compiler.prototype, "compileExpression", function (original, expression, ...rest) {
    const before = inside;
    if (isOwn(expression.range.source)) inside = expression.range;
    try {
      return original(expression, ...rest);
    } finally {
      inside = before;
    }
  });
  hooks.replace(api.Compiler.prototype, "emitDiagnostic", function (original, code, category, range, ...rest) {
    const isRefusal = code === api.DiagnosticCode.User_defined_0 && range !== null && !isOwn(range.source);
    return original(code, category, isRefusal && inside ? inside : range, ...rest);
  });
}
