/**
 * Ways into the inner loops of a nest, for control to come back to where it left (safepoints-loops.ts).
 *
 * WebAssembly has no jump into a loop from outside, but a jump to the end of a block: so what comes before an inner loop
 * is moved into a block that ends where that loop begins.
 */
import api, { type Expr, type Module } from "./asc.js";
import { blockName, kindName, loopBody, slotsOf, typeOf, type Slot } from "./safepoints-ir.js";

const { I32, None, Unreachable } = api.TypeRef;

/** Makes labels that a function has not yet. */
export class Labels {
  private count = 0;

  next(what: string): string {
    return `~${what}|${this.count++}`;
  }
}

/** A loop that is to have a safepoint. */
export interface Loop {
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

/**
 * Tells whether the head of a loop can be jumped to from the head of the loop around it: if between the two there are only
 * blocks, branches of ifs, and what evaluates the inner loop first. A value computed before the loop and used after it
 * would have no place to stay.
 */
export function isReachable({ path, expression }: Loop): boolean {
  return path.every((step, i) => {
    const kind = kindName(step);
    if (kind === "Block") return true;
    const next = path[i + 1] ?? expression;
    const isFirst = slotsOf(step)[0]!.child === next;
    return kind === "If" ? !isFirst : isFirst;
  });
}

/**
 * The body of a loop, with ways in from its beginning to the heads of the loops directly inside. One instruction at the
 * beginning decides where to go:
 *
 *     before                    (block $into
 *     (if condition               (br_if $into resume)
 *       (then                     before
 *         between       =>        (br_if $else (not condition))
 *         inner loop              between)
 *         after))               inner loop
 *                               after
 *
 * with the right side in the (block $else …) that the `if` has become. So what is on the way to an inner loop is all in one
 * block, the loop comes after that, and the ends of all that the loop is in come after the loop.
 */
export class Way {
  readonly body: Expr;
  /** The expressions that contain inner loops, or are such. */
  private readonly leading = new Set<Expr>();
  /** The label that ends where each inner loop begins. */
  private readonly into = new Map<Loop, string>();

  constructor(
    private readonly module: Module,
    private readonly labels: Labels,
    private readonly resume: number,
    private readonly loop: Loop,
    private readonly rebuild: (loop: Loop) => Expr,
  ) {
    const body = loopBody(loop.expression);
    if (loop.inner.length === 0) {
      this.body = body;
      return;
    }
    for (const inner of loop.inner) {
      this.into.set(inner, labels.next("into"));
      for (const step of [...inner.path, inner.expression]) this.leading.add(step);
    }
    this.body = this.enter(body, [this.dispatch()]);
  }

  /** Jumps to the inner loop, if any, that is or contains the one to resume. */
  private dispatch(): Expr {
    const { module } = this;
    const { inner } = this.loop;
    const resume = module.local_get(this.resume, I32);
    if (inner.length === 1) return module.br(this.into.get(inner[0]!)!, resume);
    // A loop's own number is lower than those of the loops inside it, and these are lower than that of the next loop.
    const start = this.labels.next("start");
    const labels = inner.flatMap((loop) => Array<string>(countLoops(loop)).fill(this.into.get(loop)!));
    const first = inner[0]!.id;
    const index = module.binary(api.BinaryOp.SubI32, resume, module.i32(first));
    return module.block(start, [module.switch(labels, start, index)]);
  }

  /** What executes `before` and then the expression, with the ways to the loops in that. */
  private enter(expression: Expr, before: readonly Expr[]): Expr {
    const { module } = this;
    const type = typeOf(expression);
    const kind = kindName(expression);
    if (kind === "Loop") {
      const loop = this.loop.inner.find((inner) => inner.expression === expression)!;
      return module.block(
        null,
        [module.block(this.into.get(loop)!, [...before]), this.arrived(loop), this.rebuild(loop)],
        type,
      );
    }
    if (kind === "Block") {
      let done = [...before];
      let isOnWay = false;
      for (const { child } of slotsOf(expression)) {
        if (this.leading.has(child)) {
          done = [this.enter(child, done)];
          isOnWay = true;
        } else done.push(child);
      }
      if (!isOnWay) throw new Error("a block on the way to no loop");
      return module.block(blockName(expression), done, type);
    }
    if (kind === "If") return this.enterIf(expression, before, type);
    const [first] = slotsOf(expression);
    first!.replace(this.enter(first!.child, before));
    return expression;
  }

  private enterIf(expression: Expr, before: readonly Expr[], type: number): Expr {
    const { module } = this;
    const [condition, ifTrue, ifFalse] = slotsOf(expression) as [Slot, Slot, Slot?];
    const end = this.labels.next("end");
    const other = this.labels.next("else");
    const intoTrue = this.leading.has(ifTrue.child);
    const negated = module.binary(api.BinaryOp.EqI32, condition.child, module.i32(0));
    const turnOff = module.br(other, intoTrue ? negated : condition.child);
    const [first, second] = intoTrue ? [ifTrue, ifFalse] : [ifFalse!, ifTrue];
    const entered = this.enter(first.child, [...before, turnOff]);
    if (!second) return module.block(other, [entered]);
    const leaving =
      typeOf(entered) === Unreachable
        ? [entered]
        : type === None
          ? [entered, module.br(end)]
          : [module.br(end, 0, entered)];
    const firstPart = module.block(other, leaving);
    const secondPart = this.leading.has(second.child)
      ? [this.enter(second.child, [firstPart])]
      : [firstPart, second.child];
    return module.block(end, secondPart, type);
  }

  /** What stands before a loop: it is where control resumes, if it is not one of those inside. */
  private arrived(loop: Loop): Expr {
    const { module, resume } = this;
    const clear = module.local_set(resume, module.i32(0), false);
    if (loop.inner.length === 0) return clear;
    return module.if(module.binary(api.BinaryOp.EqI32, module.local_get(resume, I32), module.i32(loop.id)), clear);
  }
}

function countLoops(loop: Loop): number {
  return loop.inner.reduce((sum, inner) => sum + countLoops(inner), 1);
}
