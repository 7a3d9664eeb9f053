/**
 * `addressOf(x.field)`: where a field is, for atomic operations, futexes and structures inside others. It is the core's,
 * declared in `assembly/abi/address.ts`.
 *
 * The field is not read: its object is evaluated, and must not be null. Unit tests of the core, which AssemblyScript compiles
 * by itself, install this too (`as-pect.config.js`).
 */
import api, { stripParentheses, type CallNode, type Compiler, type Expr, type PropertyAccessNode } from "./asc.js";
import type { Hooks } from "./hooks.js";

/** The end of its internal name, wherever the core's files are. */
const ADDRESS_OF = "/abi/address/addressOf";

export function installAddressOf(hooks: Hooks): void {
  hooks.replace(api.Compiler.prototype, "compileCallExpression", function (original, call, ...rest) {
    return isAddressOf(this, call) ? address(this, call) : original(call, ...rest);
  });
}

function isAddressOf({ currentFlow }: Compiler, { expression: callee, args }: CallNode): boolean {
  if (callee.kind !== api.NodeKind.Identifier || args.length !== 1) return false;
  return (
    currentFlow.lookup((callee as PropertyAccessNode["property"]).text)?.internalName.endsWith(ADDRESS_OF) === true
  );
}

function address(compiler: Compiler, { args: [argument] }: CallNode): Expr {
  const { module } = compiler;
  const fail = (message: string): Expr => {
    compiler.error(api.DiagnosticCode.User_defined_0, argument!.range, message);
    compiler.currentType = api.Type.usize32;
    return module.unreachable();
  };
  const access = stripParentheses(argument!) as PropertyAccessNode;
  if (access.kind !== api.NodeKind.PropertyAccess)
    return fail("addressOf takes a field of an object: addressOf(x.field)");
  const object = compiler.compileExpression(access.expression, api.Type.auto);
  const type = compiler.currentType;
  const member = type.getClass()?.getMember(access.property.text)?.instance;
  if (member?.isField !== true) return fail(`'${access.property.text}' is no field of ${type.toString()}`);
  if (!compiler.currentFlow.isNonnull(object, type))
    return fail("addressOf takes a field of an object that is not null");
  compiler.currentType = api.Type.usize32;
  return module.binary(api.BinaryOp.AddI32, object, module.i32(member.memoryOffset));
}
