/**
 * Template literals. AssemblyScript puts the parts of most into one static array per literal, and joins that; two goroutines
 * that evaluate the same literal at a time would mix their texts. Here the parts are concatenated, which shares nothing.
 */
import api, { type Expr, type Local } from "./asc.js";
import type { Hooks } from "./hooks.js";

export function installTemplates(hooks: Hooks): void {
  hooks.replace(api.Compiler.prototype, "compileTemplateLiteral", function (original, literal, constraints) {
    const { parts, expressions, tag } = literal;
    if (tag || expressions.length === 0) return original(literal, constraints);
    const { module } = this;
    const string = this.program.stringInstance;
    const concat = string.getMethod("concat");
    if (!concat) throw new Error("AssemblyScript's String has no concat");

    // All values come first, in order, as the language has it; then nothing can come between the parts.
    const statements: Expr[] = [];
    const values: Local[] = [];
    for (const expression of expressions) {
      const value = this.makeToString(this.compileExpression(expression, string.type), this.currentType, expression);
      const local = this.currentFlow.getTempLocal(string.type);
      statements.push(module.local_set(local.index, value, true));
      values.push(local);
    }
    const pieces: Expr[] = [];
    parts.forEach((part, i) => {
      if (part.length > 0) pieces.push(this.ensureStaticString(part));
      const local = values[i];
      if (local) pieces.push(module.local_get(local.index, string.type.toRef()));
    });
    const text = pieces.reduce((left, right) => this.makeCallDirect(concat, [left, right], literal));
    this.currentType = string.type;
    return module.block(null, [...statements, text], string.type.toRef());
  });
}
