/**
 * Small functions with checks, and the beginnings of others, go into those that call them, and still have their frame in the stack of a panic.
 *
 * A function that may panic keeps a frame of its own (frames.ts), which costs a call each time, and hides from the caller what it reads. A *leaf* is one that
 * does nothing but read, compute, and perhaps write once no check is left: until it panics, it has changed nothing. So it may be begun anew. In
 * the caller stands its code; where that would panic, or divide by zero, it calls the function itself:
 *
 *     (block $leaf (result i32)
 *       (local.set $index …)
 *       (if (i32.ge_u index length) (br $leaf (call $leaf …)))      ;; in place of (call $__panicIndex …)
 *       …)
 *
 * which panics there, at its own place, called from this one. If another goroutine has changed meanwhile what it reads, it may as well return: its result
 * is one that the call would have had a moment later.
 *
 * A leaf has no loops, and calls nothing once what may be inlined without ado has been: what gets and sets fields, foremost.
 *
 * Of a function that is no leaf it may still be the *head*: what it does on the ways that come to its end and call, write and repeat nothing. Where
 * another way goes on with such, the function is begun anew likewise, by its call. So who calls it where it has little to do does not:
 *
 *     function visit(node: Node | null): void { if (!node) return; … }
 *
 * A head is worth that only if it is short: what goes on has it evaluated twice.
 */
import api, { type Expr, type Module } from "./asc.js";
import { addTypedLocals } from "./locals.js";
import { positionsOf } from "./positions.js";
import {
  blockName,
  bodyOf,
  branchNames,
  callTarget,
  conditionOf,
  constantI32,
  functionsOf,
  isAtomic,
  kindName,
  localIndex,
  operationOf,
  paramsOf,
  renameBranch,
  setBlockName,
  setLocalIndex,
  slotsOf,
  typeOf,
  varsOf,
  walk,
  walkAllSlots,
  type Func,
  type Slot,
} from "./safepoints-ir.js";
import { PANICS } from "./session.js";

const { BinaryOp } = api;
const { I32, I64, F32, F64, None, Unreachable } = api.TypeRef;

const NUMBERS: readonly number[] = [I32, I64, F32, F64];

/** Expressions of a leaf at most, and of all leaves that go into one function. */
const LEAF_SIZE = 90;
/** Of a head, all its ways together. */
const HEAD_SIZE = 120;
const ADDED_SIZE = 1500;

/** What a leaf consists of, besides what panics and what ends it. */
const HARMLESS = new Set(["If", "Block", "Break", "LocalGet", "LocalSet", "Load", "Const", "Unary", "Binary"]);
for (const kind of ["Select", "Drop", "Return", "Nop"]) HARMLESS.add(kind);

const DIVISIONS = new Set<number>([
  ...[BinaryOp.DivI32, BinaryOp.DivU32, BinaryOp.RemI32, BinaryOp.RemU32],
  ...[BinaryOp.DivI64, BinaryOp.DivU64, BinaryOp.RemI64, BinaryOp.RemU64],
]);
const SIGNED = new Set<number>([BinaryOp.DivI32, BinaryOp.DivI64]);

interface Leaf {
  readonly name: string;
  readonly func: Func;
  readonly size: number;
  /** Only its head is meant. */
  readonly isHead: boolean;
  /** The code, as it was before anything went into it. */
  readonly body: Expr;
  /** Its parameters, and these and its other locals. */
  readonly params: readonly number[];
  readonly locals: readonly number[];
  /** The types of two more for each of its divisions. */
  readonly divisions: readonly number[];
}

/** Puts the leaves among the functions that keep frames into the functions that call them; tells whether there are any. */
export function inlineLeaves(module: Module, frames: Iterable<string>, isProgram: (name: string) => boolean): boolean {
  const functions = functionsOf(module);
  const leaves = new Map<string, Leaf>();
  for (const name of frames) {
    const func = functions.get(name);
    const leaf = func !== undefined && isProgram(name) ? leafOf(module, name, func) : null;
    if (leaf) leaves.set(name, leaf);
  }
  const wanted = new Map<Func, number[]>();
  for (const [name, func] of functions) {
    if (leaves.get(name)?.isHead === false || !isProgram(name)) continue;
    const types = callsOf(func, leaves).flatMap(({ leaf }) => typesFor(leaf));
    if (types.length > 0) wanted.set(func, types);
  }
  for (const [func, first] of addTypedLocals(module, wanted)) {
    const positions = positionsOf(module, func);
    let local = first;
    callsOf(func, leaves).forEach(({ slot, leaf }, i) => {
      const copy = new Copy(module, func, leaf, `~leaf${i}`, local, slot.child, positions.get(slot.child) ?? null);
      slot.replace(copy.made());
      local += typesFor(leaf).length;
    });
  }
  return wanted.size > 0;
}

/** For each parameter one that keeps the argument, then the leaf's own. */
function typesFor({ params, locals, divisions }: Leaf): number[] {
  return [...params, ...locals, ...divisions];
}

/** Those in a call's operands come before it. The whole body may be one. */
function callsOf(func: Func, leaves: ReadonlyMap<string, Leaf>): { slot: Slot; leaf: Leaf }[] {
  const found: { slot: Slot; leaf: Leaf }[] = [];
  let size = 0;
  walkAllSlots(func, (slot) => {
    const leaf = kindName(slot.child) === "Call" ? leaves.get(callTarget(slot.child)) : undefined;
    if (!leaf || size + leaf.size > ADDED_SIZE) return;
    size += leaf.size;
    found.push({ slot, leaf });
  });
  return found;
}

// ---- what is a leaf --------------------------------------------------------------------------------------------------

function leafOf(module: Module, name: string, func: Func): Leaf | null {
  const params = paramsOf(func);
  const locals = [...params, ...varsOf(func)];
  if (!locals.every((type) => NUMBERS.includes(type))) return null;
  const whole = wholeOf(bodyOf(func));
  const body = module.copyExpression(bodyOf(func));
  if (whole) return { name, func, ...whole, isHead: false, body, params, locals };
  const head = new Head(module, body);
  return head.isOfUse
    ? { name, func, size: head.size, isHead: true, body: head.body, params, locals, divisions: [] }
    : null;
}

/** What a leaf consists of; null if it is none, or need not be one, since it never panics. */
function wholeOf(body: Expr): { size: number; divisions: number[] } | null {
  const divisions: number[] = [];
  let size = 0;
  let panics = 0;
  let isLeaf = true;
  let hasWritten = false;
  /** In the order of evaluation, which is that of control, as there are no loops. */
  const visit = (expression: Expr): void => {
    const kind = kindName(expression);
    if (!isLeaf || ++size > LEAF_SIZE) {
      isLeaf = false;
      return;
    }
    if (panicsAtEnd(expression)) {
      panics++;
      if (hasWritten) isLeaf = false;
      return;
    }
    for (const { child } of slotsOf(expression)) visit(child);
    if (kind === "Store") hasWritten = true;
    else if (!isHarmless(expression, kind)) isLeaf = false;
    else if (kind === "Binary" && mayTrap(expression)) {
      panics++;
      if (hasWritten) isLeaf = false;
      divisions.push(typeOf(expression), typeOf(expression));
    }
  };
  visit(body);
  return isLeaf && panics > 0 ? { size, divisions } : null;
}

function isHarmless(expression: Expr, kind: string): boolean {
  return HARMLESS.has(kind) && !(kind === "Load" && isAtomic(expression)) && !isTruncation(expression, kind);
}

/** Where a head goes on with the function itself. */
const AGAIN = "~again";

/** Cuts off a function's code what is not its head. */
class Head {
  body: Expr;
  size = 0;
  readonly isOfUse: boolean;
  /** The labels that jumps go to before they are cut off. */
  private readonly reached = new Set<string>();
  private ends = false;

  constructor(
    private readonly module: Module,
    body: Expr,
  ) {
    this.body = body;
    const isCut = this.cut({ child: body, get: () => this.body, replace: (to) => (this.body = to) });
    this.isOfUse = (this.ends || !isCut) && this.size <= HEAD_SIZE;
  }

  /** In the order of evaluation. True if no way comes out at the end of the expression. */
  private cut(slot: Slot): boolean {
    const expression = slot.child;
    const kind = kindName(expression);
    this.size++;
    if (!isOfHead(expression, kind)) {
      slot.replace(this.module.br(AGAIN));
      return true;
    }
    const parts = slotsOf(expression);
    if (kind === "Block") return this.cutBlock(expression, parts);
    if (kind === "If") {
      const [condition, ...arms] = parts;
      if (!this.cut(condition!)) return arms.map((arm) => this.cut(arm)).every(Boolean) && arms.length === 2;
    } else if (!parts.some((part) => this.cut(part))) {
      if (kind === "Return") this.ends = true;
      else if (kind === "Break") this.reached.add(branchNames(expression)[0]!);
      return kind === "Return" || (kind === "Break" && conditionOf(expression) === 0);
    }
    slot.replace(this.module.br(AGAIN));
    return true;
  }

  private cutBlock(block: Expr, parts: readonly Slot[]): boolean {
    const at = parts.findIndex((part) => this.cut(part));
    if (at < 0) return false;
    for (const part of parts.slice(at + 1)) part.replace(this.module.unreachable());
    return !this.reached.has(blockName(block) ?? "");
  }
}

/** Is it cheap, and without an effect that is seen? */
function isOfHead(expression: Expr, kind: string): boolean {
  return isHarmless(expression, kind) && !panicsAtEnd(expression) && !(kind === "Binary" && mayTrap(expression));
}

/** Whatever it does before has no effect but to panic: it may be left out. */
function panicsAtEnd(expression: Expr): boolean {
  const kind = kindName(expression);
  if (kind === "Call") return PANICS.has(callTarget(expression));
  if (kind !== "Block" || blockName(expression) !== null) return false;
  const parts = slotsOf(expression).map(({ child }) => child);
  while (parts.length > 0 && kindName(parts.at(-1)!) === "Unreachable") parts.pop();
  const last = parts.at(-1);
  if (last === undefined || !panicsAtEnd(last)) return false;
  let isStraight = true;
  walk(expression, (_, inner) => {
    if (/^(If|Loop|Break|Switch|Return)$/.test(inner)) isStraight = false;
  });
  return isStraight;
}

function isTruncation(expression: Expr, kind: string): boolean {
  if (kind !== "Unary" || (typeOf(expression) !== I32 && typeOf(expression) !== I64)) return false;
  const [operand] = slotsOf(expression);
  return typeOf(operand!.child) !== I32 && typeOf(operand!.child) !== I64;
}

function mayTrap(binary: Expr): boolean {
  if (!DIVISIONS.has(operationOf(binary))) return false;
  const divisor = slotsOf(binary)[1]!.child;
  if (kindName(divisor) !== "Const" || typeOf(divisor) !== I32) return true;
  const value = constantI32(divisor);
  return value === 0 || (value === -1 && SIGNED.has(operationOf(binary)));
}

// ---- its code in a caller --------------------------------------------------------------------------------------------

/** The code of a leaf in the place of a call of it. */
class Copy {
  private division: number;
  private readonly type: number;

  constructor(
    private readonly module: Module,
    private readonly caller: Func,
    private readonly leaf: Leaf,
    private readonly label: string,
    /** The first of its locals in the caller: see `typesFor`. */
    private readonly first: number,
    private readonly call: Expr,
    private readonly position: { readonly file: number; readonly line: number; readonly column: number } | null,
  ) {
    this.division = first + leaf.params.length + leaf.locals.length;
    this.type = api.getFunctionResults(leaf.func);
  }

  made(): Expr {
    const { module, leaf, first, label, call, type } = this;
    const own = first + leaf.params.length;
    const begin = slotsOf(call).map(({ child }, i) => module.local_set(first + i, child, false));
    leaf.locals.forEach((local, i) => {
      // In a loop they are not 0 as they are when a function begins.
      const value = i < leaf.params.length ? module.local_get(first + i, local) : this.zero(local);
      begin.push(module.local_set(own + i, value, false));
    });
    let body = module.copyExpression(leaf.body);
    this.rewrite({ child: body, get: () => body, replace: (to) => (body = to) });
    if (!leaf.isHead) return module.block(label, [...begin, body], type);
    const ending = typeOf(body) === None ? [body, module.br(label)] : [module.br(label, 0, body)];
    return module.block(label, [module.block(`${label}:${AGAIN}`, [...begin, ...ending]), this.called()], type);
  }

  private zero(type: number): Expr {
    const { module } = this;
    if (type === I32) return module.i32(0);
    if (type === I64) return module.i64(0);
    return type === F32 ? module.f32(0) : module.f64(0);
  }

  private rewrite(slot: Slot): void {
    const { module, label } = this;
    const expression = slot.child;
    if (panicsAtEnd(expression)) {
      slot.replace(this.again());
      return;
    }
    for (const part of slotsOf(expression)) this.rewrite(part);
    switch (kindName(expression)) {
      case "LocalGet":
      case "LocalSet":
        setLocalIndex(expression, localIndex(expression) + this.first + this.leaf.params.length);
        break;
      case "Block": {
        const name = blockName(expression);
        if (name !== null) setBlockName(expression, `${label}:${name}`);
        break;
      }
      case "Break":
        renameBranch(expression, `${label}:${branchNames(expression)[0]!}`);
        break;
      case "Return": {
        const value = slotsOf(expression)[0]?.child ?? 0;
        slot.replace(module.br(label, 0, value));
        break;
      }
      case "Binary":
        if (mayTrap(expression)) slot.replace(this.divided(expression));
    }
  }

  /** Ends with a call of the function itself. */
  private again(): Expr {
    const { module, label, type } = this;
    const call = this.called();
    return type === None ? module.block(null, [call, module.br(label)], Unreachable) : module.br(label, 0, call);
  }

  /** Calls it with the same arguments. */
  private called(): Expr {
    const { module, leaf, first, type, position } = this;
    const operands = leaf.params.map((param, i) => module.local_get(first + i, param));
    const call = module.call(leaf.name, operands, type);
    if (position) module.setDebugLocation(this.caller, call, position.file, position.line, position.column);
    return call;
  }

  /** A division that begins anew where it would trap. */
  private divided(division: Expr): Expr {
    const { module } = this;
    const type = typeOf(division);
    const operation = operationOf(division);
    const [left, right] = [this.division++, this.division++];
    const [dividend, divisor] = slotsOf(division).map(({ child }) => child);
    const get = (): Expr => module.local_get(right, type);
    const [add, less, zero] =
      type === I32
        ? [BinaryOp.AddI32, BinaryOp.LtU32, (n: number) => module.i32(n)]
        : [BinaryOp.AddI64, BinaryOp.LtU64, (n: number) => module.i64(n)];
    // 0, and of signed ones -1, by which the smallest number overflows.
    const isRare = SIGNED.has(operation)
      ? module.binary(less, module.binary(add, get(), zero(1)), zero(2))
      : module.binary(less, get(), zero(1));
    return module.block(
      null,
      [
        module.local_set(left, dividend!, false),
        module.local_set(right, divisor!, false),
        module.if(isRare, this.again()),
        module.binary(operation, module.local_get(left, type), get()),
      ],
      type,
    );
  }
}
