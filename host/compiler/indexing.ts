/**
 * Indices of arrays are checked as Go checks them: one unsigned comparison, and a call that never returns, which says the index and the length.
 *
 * The library's own checks throw in functions that are called, since what throws is not inlined. Here the accessors of `Array`, `StaticArray`
 * and the typed arrays stand inlined in the caller, with the place in the source for the panic's position:
 *
 *     (if (i32.ge_u index length) (call $__panicIndex index length array))
 *
 * - A null array of those that keep their length in a field needs no check of its own. Nothing lives in the first KiB, so its length is read
 *   as 0, and who panics finds that it is null.
 * - To write past the end panics. `a[a.length] = x` appends, and so does the code of libraries and packages, which was written for
 *   AssemblyScript: there an array grows with the index.
 */
import api, {
  type Class,
  type Compiler,
  type Expr,
  type FunctionInstance,
  type IdentifierNode,
  type Node,
  type PropertyAccessNode,
} from "./asc.js";
import type { Hooks } from "./hooks.js";
import { markElements } from "./marks.js";
import { callTarget, kindName, walk } from "./safepoints-ir.js";
import { CORE, PANIC_HOLE, PANIC_INDEX } from "./session.js";

/** The accessors whose lengths are fields of the object. */
const WITH_FIELDS = /^~lib\/(array\/Array<.*>|typedarray\/\w+)#__[gs]et$/;
const ACCESSOR = /^~lib\/(array\/Array<.*>|staticarray\/StaticArray<.*>|typedarray\/\w+)#__[gs]et$/;
const ARRAY_SETTER = /^~lib\/array\/Array<.*>#__set$/;

/** Tells whether null is found by the check of the index. */
export function checksNull(instance: FunctionInstance): boolean {
  return WITH_FIELDS.test(instance.internalName);
}

export class Indexing {
  /** The functions with checks. */
  readonly functions = new Set<string>();
  /** What is assigned to an element: the array, to whose place a panic belongs, and whether the array is to grow. */
  private readonly assigned = new WeakMap<Node, { readonly array: Node; readonly appends: boolean }>();

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the compiler
    const indexing = this;
    const { prototype } = api.Compiler;

    hooks.replace(prototype, "makeAssignment", function (original, target, expr, type, value, object, index, ...rest) {
      if (object && index) indexing.assigned.set(value, { array: object, appends: isLengthOf(index, object) });
      return original(target, expr, type, value, object, index, ...rest);
    });

    hooks.replace(prototype, "compileCallDirect", function (original, instance, args, node, ...rest) {
      return indexing.placed(this, instance, original(instance, args, node, ...rest), node);
    });

    hooks.replace(prototype, "makeCallDirect", function (original, instance, operands, node, ...rest) {
      if (ARRAY_SETTER.test(instance.internalName) && indexing.grows(node)) instance = growing(instance);
      return indexing.placed(this, instance, original(instance, operands, node, ...rest), node);
    });
  }

  private grows(value: Node): boolean {
    return value.range.source.normalizedPath.startsWith("~lib/") || (this.assigned.get(value)?.appends ?? false);
  }

  /** The panics of an accessor, inlined, get the place where the program uses it. */
  private placed(compiler: Compiler, instance: FunctionInstance, access: Expr, node: Node): Expr {
    if (!ACCESSOR.test(instance.internalName)) return access;
    this.functions.add(compiler.currentFlow.targetFunction.internalName);
    const { range } = this.assigned.get(node)?.array ?? node;
    markElements(access);
    walk(access, (expression) => {
      if (isIndexPanic(expression) || isHolePanic(expression)) compiler.addDebugLocation(expression, range);
    });
    return access;
  }
}

/** The method by which an array grows (patches.ts). */
function growing(setter: FunctionInstance): FunctionInstance {
  const method = (setter.parent as Class).getMethod("__grow");
  if (method === null) throw new Error("the library's Array has no __grow");
  return method;
}

/** Is it `object.length`, of an object that is named alike? */
function isLengthOf(index: Node, object: Node): boolean {
  if (index.kind !== api.NodeKind.PropertyAccess) return false;
  const { expression, property } = index as PropertyAccessNode;
  return property.text === "length" && isSame(expression, object);
}

/** Two names of one variable or field. */
function isSame(one: Node, other: Node): boolean {
  const { kind } = one;
  if (kind !== other.kind) return false;
  if (kind === api.NodeKind.This) return true;
  if (kind === api.NodeKind.Identifier) return (one as IdentifierNode).text === (other as IdentifierNode).text;
  if (kind !== api.NodeKind.PropertyAccess) return false;
  const [first, second] = [one as PropertyAccessNode, other as PropertyAccessNode];
  return first.property.text === second.property.text && isSame(first.expression, second.expression);
}

export function isIndexPanic(expression: Expr): boolean {
  return isCallOf(expression, PANIC_INDEX);
}

export function isHolePanic(expression: Expr): boolean {
  return isCallOf(expression, PANIC_HOLE);
}

function isCallOf(expression: Expr, panic: string): boolean {
  return kindName(expression) === "Call" && callTarget(expression) === `${CORE}/${panic}`;
}
