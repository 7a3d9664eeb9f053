/**
 * Safepoints in the loops of one function.
 */
import api, { type Expr, type Module } from "./asc.js";
import {
  bodyOf,
  callTarget,
  isPure,
  kindName,
  localCount,
  loopBody,
  loopName,
  setBody,
  slotsOf,
  typeOf,
  walk,
  type Func,
  type Slot,
} from "./safepoints-ir.js";

/** Begins the labels of loops that are to have no safepoints. Inlining may append digits to a label. */
export const PROTECTED = "~";

/** Instructions that may take long, depending on how much they are told to do. */
export const BULK_OPERATIONS: ReadonlySet<string> = new Set(["MemoryCopy", "MemoryFill"]);

/** What a turn of a loop counts for if something in it may take long. */
const LONG_TURN = 64;

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
  /** Tells whether a call of the function may take long. */
  readonly isLong: (name: string) => boolean;
}

// ---- locals ----------------------------------------------------------------------------------------------------------

/** The two new locals of a function, of type i32: the turns left, and the loop to come back to. */
export interface Locals {
  readonly turns: number;
  readonly resume: number;
}

const LOCALS_HELPER = "~locals";

/**
 * Gives each function two more locals. Binaryen's C functions cannot add a local to a function, and a new function in its
 * stead would lose the positions in the source. Inlining can: so each function is made to call an empty one with two
 * locals, and that is inlined.
 */
export function reserveLocals(module: Module, functions: readonly Func[]): Map<Func, Locals> {
  const { I32, None } = api.TypeRef;
  const locals = new Map<Func, Locals>();
  if (functions.length === 0) return locals;
  module.addFunction(LOCALS_HELPER, None, None, [I32, I32], module.nop());
  for (const func of functions) {
    const first = localCount(func);
    locals.set(func, { turns: first, resume: first + 1 });
    setBody(func, module.block(null, [module.call(LOCALS_HELPER, [], None), bodyOf(func)], typeOf(bodyOf(func))));
  }
  const limits = [module.getAlwaysInlineMaxSize(), module.getFlexibleInlineMaxSize(), module.getOneCallerInlineMaxSize()] as const;
  // Nothing but what is as small as the helper.
  module.setAlwaysInlineMaxSize(1);
  module.setFlexibleInlineMaxSize(0);
  module.setOneCallerInlineMaxSize(0);
  module.runPasses(["inlining"]);
  module.setAlwaysInlineMaxSize(limits[0]);
  module.setFlexibleInlineMaxSize(limits[1]);
  module.setOneCallerInlineMaxSize(limits[2]);
  for (const func of functions) {
    if (localCount(func) !== locals.get(func)!.resume + 1) throw new Error("a function did not get its locals");
  }
  return locals;
}

// ---- finding loops ---------------------------------------------------------------------------------------------------

/** A loop that is to have a safepoint. */
interface Loop {
  readonly expression: Expr;
  readonly slot: Slot;
  /** Loops directly inside. */
  readonly inner: Loop[];
  /** The expressions around it, up to the loop that it is directly inside, that one left out. */
  readonly path: readonly Expr[];
  /** A call in it, or in an inner loop, may switch. */
  switches: boolean;
  isLong: boolean;
  /** Its number within its nest. */
  id: number;
}

/** The outermost loops of a function. */
function findLoops(context: Context, func: Func): Loop[] {
  const outermost: Loop[] = [];
  const path: Expr[] = [];
  const visit = (slot: Slot, around: readonly Loop[], from: number): void => {
    const { child } = slot;
    const kind = kindName(child);
    if (kind === "Loop") {
      if (!isProtected(child)) {
        const loop: Loop = { expression: child, slot, inner: [], path: path.slice(from), switches: false, isLong: false, id: 0 };
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
  visit({ child: bodyOf(func), replace: (body) => setBody(func, body) }, [], 0);
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
  private readonly context: Context;
  private readonly module: Module;
  private readonly locals: Locals;
  private labels = 0;

  constructor(context: Context, locals: Locals) {
    this.context = context;
    this.module = context.module;
    this.locals = locals;
  }

  loop(loop: Loop): void {
    if (!loop.switches) {
      this.nest(loop);
      return;
    }
    for (const inner of loop.inner) this.loop(inner);
    // Instrumented in any case: it checks on every turn.
    const { context, module } = this;
    loop.slot.replace(this.rebuilt(loop, (again) => [context.check(), module.br(again)]));
  }

  /**
   * A loop with `atTurn` in the place of its back-edges. What was the loop's label now ends a block, so that jumps to it,
   * of whatever kind, need no change:
   *
   *     (block $out (loop $again (block $label body (br $out)) atTurn))
   */
  private rebuilt({ expression }: Loop, atTurn: (again: string) => Expr[]): Expr {
    const { module } = this;
    const type = typeOf(expression);
    const again = this.label("again");
    const out = this.label("out");
    const turn = module.block(loopName(expression), this.leaving(out, loopBody(expression), type));
    const repeated = module.loop(again, module.block(null, [turn, ...atTurn(again)]));
    return type === api.TypeRef.Unreachable ? repeated : module.block(out, [repeated], type);
  }

  /** An expression of type `type`, with a jump to `out` where control falls out of its end. */
  private leaving(out: string, body: Expr, type: number): Expr[] {
    const { module } = this;
    const { Unreachable, None } = api.TypeRef;
    if (typeOf(body) === Unreachable || type === Unreachable) return [body];
    return type === None ? [body, module.br(out)] : [module.br(out, 0, body)];
  }

  /**
   * A nest of loops from which nothing switches. All share one count of turns. When that is used up, control leaves the
   * whole nest for the check, and comes back to the head of the loop that it left:
   *
   *     resume = 0
   *     (block $out
   *       (loop $return
   *         (block $check
   *           turns = 1024
   *           outermost loop, with back-edges (br_if $again (turns -= 1)), resume = id, (br $check)
   *           (br $out))
   *         check
   *         (br $return)))
   *
   * All that a loop keeps from turn to turn is in locals, so coming in again at its head is as good as having taken the
   * back-edge. On the way to the head of an inner loop, what comes before it is skipped while `resume` is not 0.
   */
  private nest(outermost: Loop): void {
    const { module, locals, context } = this;
    const loops: Loop[] = [];
    const number = (loop: Loop): void => {
      loop.id = loops.length;
      loops.push(loop);
      loop.inner.forEach(number);
    };
    number(outermost);
    const isAnyLong = loops.some((l) => l.isLong);
    const way = new Way(module, locals.resume, loops);
    if (!way.isOpen) {
      for (const loop of loops.reverse()) {
        const enter = loop === outermost ? [this.refill()] : [];
        const whole = this.rebuilt(loop, (again) => [
          module.br(again, this.spend(loop, isAnyLong)),
          context.check(),
          this.refill(),
          module.br(again),
        ]);
        loop.slot.replace(module.block(null, [...enter, whole], typeOf(whole)));
      }
      return;
    }

    const check = this.label("check");
    const back = this.label("return");
    const out = this.label("out");
    const isSingle = loops.length === 1;
    const type = typeOf(outermost.expression);
    let whole: Expr = 0;
    // Inner loops first: the outer ones' bodies change with them.
    for (const loop of loops.reverse()) {
      way.guard(loop);
      whole = this.rebuilt(loop, (again) => [
        module.br(again, this.spend(loop, isAnyLong)),
        ...(isSingle ? [] : [module.local_set(locals.resume, module.i32(loop.id), false)]),
        module.br(check),
      ]);
      if (loop !== outermost) {
        whole = module.block(null, [way.arrived(loop), whole], typeOf(whole));
        loop.slot.replace(whole);
        way.moved(loop, whole);
      }
    }
    const strip = module.block(check, [this.refill(), ...this.leaving(out, whole, type)]);
    const repeated = module.loop(back, module.block(null, [strip, context.check(), module.br(back)]));
    const result = type === api.TypeRef.Unreachable ? repeated : module.block(out, [repeated], type);
    const begin = isSingle ? [] : [module.local_set(locals.resume, module.i32(0), false)];
    outermost.slot.replace(module.block(null, [...begin, result], type));
  }

  /** Counts a turn; true while there are more to be taken. */
  private spend({ isLong }: Loop, isAnyLong: boolean): Expr {
    const { module, locals } = this;
    const { I32 } = api.TypeRef;
    const left = module.binary(
      api.BinaryOp.SubI32,
      module.local_get(locals.turns, I32),
      module.i32(isLong ? LONG_TURN : 1),
    );
    const set = module.local_tee(locals.turns, left, false, I32);
    return isAnyLong ? module.binary(api.BinaryOp.GtI32, set, module.i32(0)) : set;
  }

  private refill(): Expr {
    return this.module.local_set(this.locals.turns, this.module.i32(this.context.turns), false);
  }

  private label(what: string): string {
    return `~${what}|${this.labels++}`;
  }
}

/**
 * The ways from the heads of outer loops to those of inner ones, and what lies on them. Only blocks, branches of ifs and
 * what evaluates the inner loop first may: a value computed before the loop and used after it has no place to stay.
 */
class Way {
  readonly isOpen: boolean;
  private readonly module: Module;
  private readonly resume: number;
  /** Each expression on a way, and the loops that the ways lead to; a loop leads to itself too. */
  private readonly leadsTo = new Map<Expr, Loop[]>();

  constructor(module: Module, resume: number, loops: readonly Loop[]) {
    this.module = module;
    this.resume = resume;
    const note = (expression: Expr, loop: Loop): void => {
      const known = this.leadsTo.get(expression);
      if (known) known.push(loop);
      else this.leadsTo.set(expression, [loop]);
    };
    const visit = (loop: Loop, above: readonly Expr[]): void => {
      for (const inner of loop.inner) {
        const way = [...above, ...inner.path, inner.expression];
        for (const expression of way) note(expression, inner);
        visit(inner, way);
      }
    };
    visit(loops[0]!, []);
    this.isOpen = [...this.leadsTo.keys()].every((expression) => this.isPassable(expression));
  }

  private isPassable(expression: Expr): boolean {
    const kind = kindName(expression);
    const slots = slotsOf(expression);
    const on = slots.map(({ child }) => this.leadsTo.has(child));
    if (kind === "Block") return true;
    if (kind === "If") return !on[0];
    return !on.slice(1).includes(true);
  }

  /** Makes the way through the body of a loop, to each loop directly inside. */
  guard(loop: Loop): void {
    for (const expression of new Set(loop.inner.flatMap((inner) => inner.path))) {
      const kind = kindName(expression);
      if (kind === "Block") this.guardBlock(expression);
      else if (kind === "If") this.guardIf(expression);
    }
  }

  /** What a loop has become. */
  moved(loop: Loop, to: Expr): void {
    this.leadsTo.set(to, this.leadsTo.get(loop.expression)!);
  }

  /** What stands before a loop: it is where control resumes, if it is not one of those inside. */
  arrived(loop: Loop): Expr {
    const { module, resume } = this;
    const clear = module.local_set(resume, module.i32(0), false);
    return loop.inner.length === 0 ? clear : module.if(this.isOneOf([loop]), clear);
  }

  /** What comes before a place on the way is skipped on the way, as are other such places. */
  private guardBlock(block: Expr): void {
    const { module } = this;
    const slots = slotsOf(block);
    const last = slots.findLastIndex(({ child }) => this.leadsTo.has(child));
    let from = 0;
    slots.slice(0, last + 1).forEach(({ child, replace }, i) => {
      const leads = this.leadsTo.get(child);
      if (!leads) return;
      if (i > from) {
        const before = slots.slice(from, i);
        before.forEach((slot) => slot.replace(module.nop()));
        before[0]!.replace(module.if(this.isResumed(false), module.block(null, before.map((slot) => slot.child))));
      }
      if (i < last) {
        // Its type is none: its value, if it had one, would be dropped.
        replace(module.if(module.binary(api.BinaryOp.OrI32, this.isResumed(false), this.isOneOf(leads)), child));
      }
      from = i + 1;
    });
  }

  private guardIf(expression: Expr): void {
    const { module } = this;
    const [condition, ifTrue, ifFalse] = slotsOf(expression) as [Slot, Slot, Slot?];
    const toTrue = this.leadsTo.get(ifTrue.child);
    const toFalse = ifFalse && this.leadsTo.get(ifFalse.child);
    const { child } = condition;
    if (toTrue && !toFalse && isPure(module, child)) {
      condition.replace(module.binary(api.BinaryOp.OrI32, this.isResumed(true), child));
    } else {
      const where = toTrue && toFalse ? this.isOneOf(toTrue) : module.i32(toTrue ? 1 : 0);
      condition.replace(module.if(this.isResumed(true), where, child));
    }
  }

  private isResumed(really: boolean): Expr {
    const { module } = this;
    const resume = module.local_get(this.resume, api.TypeRef.I32);
    return really ? resume : module.binary(api.BinaryOp.EqI32, resume, module.i32(0));
  }

  private isOneOf(loops: readonly Loop[]): Expr {
    const { module } = this;
    const { I32 } = api.TypeRef;
    return loops
      .map(({ id }) => module.binary(api.BinaryOp.EqI32, module.local_get(this.resume, I32), module.i32(id)))
      .reduce((a, b) => module.binary(api.BinaryOp.OrI32, a, b));
  }
}
