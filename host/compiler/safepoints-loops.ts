/**
 * Safepoints in the loops of one function. There are two kinds of loops:
 *
 * - Where a call may switch, Asyncify instruments all around that call anyway. Such a loop checks on every turn; if it may take turns
 *   without a call that may park, on every 32nd of the function's at least.
 * - Nests of loops from which nothing switches would be instrumented for the check's sake alone. So the check is outside:
 *   a nest runs for a number of turns, of all its loops together, leaves for the check, and comes back to where it was.
 *
 * Guarantees: no loop takes more turns than that without a check, however loops are nested and left; a turn in which
 * much memory may be moved counts for several. A loop computes what it computed before.
 *
 * This relies on what code from AssemblyScript, optimised by Binaryen, has: labels that are unique in a function, loops
 * without parameters, and so nothing that a loop keeps from turn to turn but locals and memory.
 */
import api, { type Expr, type Module } from "./asc.js";
import {
  bodySlot,
  bodyOf,
  callTarget,
  kindName,
  loopBody,
  loopName,
  slotsOf,
  typeOf,
  walk,
  type Func,
  type Slot,
} from "./safepoints-ir.js";
import { addLocals } from "./locals.js";
import { mayTurnIdly } from "./safepoints-turns.js";
import { isReachable, Labels, Way, type Loop } from "./safepoints-ways.js";

const { I32, None, Unreachable } = api.TypeRef;

/** Begins the labels of loops that are to have no safepoints. Inlining may append digits to a label. */
export const PROTECTED = "~";

/** Instructions that may take long, depending on how much they are told to do. */
export const BULK_OPERATIONS: ReadonlySet<string> = new Set(["MemoryCopy", "MemoryFill"]);

/** What a turn of a loop counts for if something in it may take long. */
const LONG_TURN = 64;

/** And if something in it may switch: that may take a little on a way on which it does not. */
const IDLE_TURN = 32;

export function isProtected(loop: Expr): boolean {
  return loopName(loop).startsWith(PROTECTED);
}

/** Tells whether a function has loops that are to have safepoints. */
export function hasLoops(func: Func): boolean {
  let found = false;
  walk(bodyOf(func), (expression, kind) => {
    if (kind !== "Loop") return !found;
    if (isProtected(expression)) return false;
    found = true;
    return false;
  });
  return found;
}

/** What inserting safepoints into a function needs to know of the rest. */
export interface Context {
  readonly module: Module;
  /** Turns from one check to the next. */
  readonly turns: number;
  /** Generates a check. */
  readonly check: () => Expr;
  /** Tells whether a call of the function may switch. */
  readonly switches: (name: string) => boolean;
  /** Tells whether it may, elsewhere than at a safepoint. */
  readonly parks: (name: string) => boolean;
  /** Tells whether a call of the function may take long. */
  readonly isLong: (name: string) => boolean;
}

// ---- locals ----------------------------------------------------------------------------------------------------------

/** The new locals of a function, of type i32: the turns left, the loop to come back to, and the turns left of loops that check inside. */
export interface Locals {
  readonly turns: number;
  readonly resume: number;
  readonly turnsInside: number;
}

export function reserveLocals(module: Module, functions: readonly Func[]): Map<Func, Locals> {
  const firsts = addLocals(module, new Map(functions.map((func) => [func, 3])));
  return new Map(
    [...firsts].map(([func, first]) => [func, { turns: first, resume: first + 1, turnsInside: first + 2 }]),
  );
}

// ---- finding loops ---------------------------------------------------------------------------------------------------

/** The outermost loops of a function. */
function findLoops(context: Context, func: Func): Loop[] {
  const outermost: Loop[] = [];
  const path: Expr[] = [];
  const visit = (slot: Slot, around: readonly Loop[], from: number): void => {
    const { child } = slot;
    const kind = kindName(child);
    if (kind === "Loop") {
      if (!isProtected(child)) {
        const loop: Loop = {
          expression: child,
          slot,
          inner: [],
          path: path.slice(from),
          switches: false,
          isLong: false,
          id: 0,
        };
        (around.at(-1)?.inner ?? outermost).push(loop);
        around = [...around, loop];
        from = path.length + 1;
      } else {
        for (const loop of around) loop.isLong = true;
        markCalls(context, child, around);
        return;
      }
    } else noteEffects(context, child, kind, around);
    path.push(child);
    for (const next of slotsOf(child)) visit(next, around, from);
    path.pop();
  };
  visit(bodySlot(func), [], 0);
  return outermost;
}

function noteEffects(context: Context, expression: Expr, kind: string, around: readonly Loop[]): void {
  if (kind === "Call") {
    const name = callTarget(expression);
    const switches = context.switches(name);
    const isLong = context.isLong(name);
    for (const loop of around) {
      loop.switches ||= switches;
      loop.isLong ||= isLong;
    }
  } else if (kind === "CallIndirect") {
    for (const loop of around) loop.switches = true;
  } else if (BULK_OPERATIONS.has(kind)) {
    for (const loop of around) loop.isLong = true;
  }
}

function markCalls(context: Context, expression: Expr, around: readonly Loop[]): void {
  walk(expression, (inner, kind) => noteEffects(context, inner, kind, around));
}

// ---- transforming ----------------------------------------------------------------------------------------------------

/** Gives every loop of a function its safepoint. */
export function insertInLoops(context: Context, func: Func, locals: Locals): void {
  const transform = new Transform(context, locals);
  for (const loop of findLoops(context, func)) transform.loop(loop);
}

class Transform {
  private readonly module: Module;
  private readonly labels = new Labels();

  constructor(
    private readonly context: Context,
    private readonly locals: Locals,
  ) {
    this.module = context.module;
  }

  loop(loop: Loop): void {
    if (!loop.switches) {
      this.nest(loop);
      return;
    }
    for (const inner of loop.inner) this.loop(inner);
    const { context, module, locals } = this;
    const counts = mayTurnIdly(loop.expression, context.parks);
    loop.slot.replace(
      this.rebuilt(loop, loopBody(loop.expression), (again) => [
        // At first there are none left. They are the function's, so a loop that ends soon, again and again, checks too.
        ...(counts ? [module.br(again, this.spend(locals.turnsInside, Math.max(turnOf(loop), IDLE_TURN), true))] : []),
        context.check(),
        ...(counts ? [this.refill(locals.turnsInside)] : []),
        module.br(again),
      ]),
    );
  }

  /**
   * A loop with `atTurn` in the place of its back-edges. What was the loop's label now ends a block, so that jumps to it,
   * of whatever kind, need no change:
   *
   *     (block $out (loop $again (block $label body (br $out)) atTurn))
   */
  private rebuilt({ expression }: Loop, body: Expr, atTurn: (again: string) => Expr[]): Expr {
    const { module } = this;
    const type = typeOf(expression);
    const again = this.labels.next("again");
    const out = this.labels.next("out");
    const turn = module.block(loopName(expression), this.leaving(out, body, type));
    const repeated = module.loop(again, module.block(null, [turn, ...atTurn(again)]));
    return type === Unreachable ? repeated : module.block(out, [repeated], type);
  }

  /** An expression of type `type`, with a jump to `out` where control falls out of its end. */
  private leaving(out: string, body: Expr, type: number): Expr[] {
    const { module } = this;
    if (typeOf(body) === Unreachable || type === Unreachable) return [body];
    return type === None ? [body, module.br(out)] : [module.br(out, 0, body)];
  }

  /** A nest of loops from which nothing switches. All share one count of turns, which begins anew after each check. */
  private nest(outermost: Loop): void {
    const loops: Loop[] = [];
    const number = (loop: Loop): void => {
      loop.id = loops.length;
      loops.push(loop);
      loop.inner.forEach(number);
    };
    number(outermost);
    const isAnyLong = loops.some((loop) => loop.isLong);
    const type = typeOf(outermost.expression);
    if (loops.every(isReachable)) {
      outermost.slot.replace(this.withOneCheck(outermost, isAnyLong));
    } else {
      this.withChecksEach(outermost, isAnyLong);
      outermost.slot.replace(this.module.block(null, [this.refill(this.locals.turns), outermost.slot.get()], type));
    }
  }

  /** Checks in every loop, once the turns are used up. */
  private withChecksEach(loop: Loop, isAnyLong: boolean): void {
    const { module, context } = this;
    for (const inner of loop.inner) this.withChecksEach(inner, isAnyLong);
    loop.slot.replace(
      this.rebuilt(loop, loopBody(loop.expression), (again) => [
        module.br(again, this.spend(this.locals.turns, turnOf(loop), isAnyLong)),
        context.check(),
        this.refill(this.locals.turns),
        module.br(again),
      ]),
    );
  }

  /**
   * Checks in one place. When the turns are used up, control leaves the whole nest for the check, and comes back to the
   * head of the loop that it left, so that all within the nest is free of what surrounds a call that may switch:
   *
   *     resume = 0
   *     (block $out
   *       (loop $return
   *         (block $check
   *           turns = 1024
   *           outermost loop, with (br_if $again (turns -= 1)), resume = id, (br $check) in the place of back-edges
   *           (br $out))
   *         check
   *         (br $return)))
   *
   * All that a loop keeps from turn to turn is in locals, so coming in again at its head is as good as having taken the
   * back-edge.
   */
  private withOneCheck(outermost: Loop, isAnyLong: boolean): Expr {
    const { module, locals, context } = this;
    const check = this.labels.next("check");
    const back = this.labels.next("return");
    const out = this.labels.next("out");
    const isSingle = outermost.inner.length === 0;
    const type = typeOf(outermost.expression);
    const rebuild = (loop: Loop): Expr => {
      const body = new Way(module, this.labels, locals.resume, loop, rebuild).body;
      return this.rebuilt(loop, body, (again) => [
        module.br(again, this.spend(locals.turns, turnOf(loop), isAnyLong)),
        ...(isSingle ? [] : [module.local_set(locals.resume, module.i32(loop.id), false)]),
        module.br(check),
      ]);
    };
    const strip = module.block(check, [this.refill(locals.turns), ...this.leaving(out, rebuild(outermost), type)]);
    const repeated = module.loop(back, module.block(null, [strip, context.check(), module.br(back)]));
    const result = type === Unreachable ? repeated : module.block(out, [repeated], type);
    const begin = isSingle ? [] : [module.local_set(locals.resume, module.i32(0), false)];
    return module.block(null, [...begin, result], type);
  }

  /** Counts a turn for so many of those left; true while there are more to be taken. They come out at 0, if `inexact` at 0 or below. */
  private spend(turns: number, turn: number, inexact: boolean): Expr {
    const { module } = this;
    const left = module.binary(api.BinaryOp.SubI32, module.local_get(turns, I32), module.i32(turn));
    const set = module.local_tee(turns, left, false, I32);
    return inexact ? module.binary(api.BinaryOp.GtI32, set, module.i32(0)) : set;
  }

  private refill(turns: number): Expr {
    return this.module.local_set(turns, this.module.i32(this.context.turns), false);
  }
}

/** How many a turn counts for. */
function turnOf({ isLong }: Loop): number {
  return isLong ? LONG_TURN : 1;
}
