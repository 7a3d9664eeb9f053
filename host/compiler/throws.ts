/**
 * `throw` in programs: panics with the message of whatever is thrown.
 *
 * AssemblyScript only looks at the text of the statement: of `throw new X(a, …)` it takes the first argument for the
 * message, of anything else nothing. That is right for its library's own errors, which are left as they are, for their code
 * is smaller. Elsewhere the value is evaluated, as a program may make its error first, or have a class of its own for it.
 *
 * And `exit`, after which a function need not return a value.
 */
import api, { type Class, type Compiler, type NewNode, type ThrowNode } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { CORE, type Session } from "./session.js";

/** AssemblyScript's name for the class that errors extend. */
const ERROR = "~lib/error/Error";

/** Errors of the library whose first argument is their message. */
const PLAIN = new Set(["Error", "RangeError", "TypeError", "SyntaxError", "URIError"]);

/** The core's function that does not return. (Neither does `goexit`, but for its caller's frames, which are unwound.) */
const EXIT = `${CORE}/goroutine/program/exit`;

export function installThrows(hooks: Hooks, session: Session): void {
  hooks.replace(api.Compiler.prototype, "makeCallDirect", function (original, instance, ...rest) {
    const call = original(instance, ...rest);
    if (instance.internalName !== EXIT) return call;
    this.currentFlow.flags |= api.FlowFlags.Terminates;
    return this.module.block(null, [call, this.module.unreachable()]);
  });

  hooks.replace(api.Compiler.prototype, "compileThrowStatement", function (original, statement) {
    if (statement.range.source.isLibrary || (isPlain(statement) && !session.catches)) return original(statement);
    const { module } = this;
    this.currentFlow.flags |= api.FlowFlags.Throws | api.FlowFlags.Terminates;
    const value = this.compileExpression(statement.value, api.Type.auto);
    const panic = panicOf(this);
    if (panic === null) {
      session.report(statement.value.range, `throw takes an Error or a string, not a ${this.currentType.toString()}`);
      return module.unreachable();
    }
    const call = session.callCore(panic, [value], api.TypeRef.None);
    this.addDebugLocation(call, statement.range);
    return module.block(null, [call, module.unreachable()]);
  });
}

/** `throw new Error(message)` and the like: nothing is lost if the error itself is never made. */
function isPlain({ value }: ThrowNode): boolean {
  if (value.kind !== api.NodeKind.New) return false;
  const { typeName, args } = value as NewNode;
  return args.length > 0 && !typeName.next && PLAIN.has(typeName.identifier.text);
}

/** The core's function that panics with a value of the type just compiled; null if none does. */
function panicOf(compiler: Compiler): string | null {
  let thrown: Class | null = compiler.currentType.getClass();
  if (thrown === compiler.program.stringInstance) return "base/panic/gopanic";
  while (thrown && thrown.internalName !== ERROR) thrown = thrown.base;
  return thrown ? "base/panic/panicError" : null;
}
