/**
 * Which locals of a function that Asyncify has instrumented must be kept when it unwinds at a call: those that may be read once it has been
 * resumed there. Asyncify itself keeps, at each call, all that are needed at any.
 *
 * An instrumented function asks for Asyncify's state wherever it may be resumed. With that known its code is that of one of two functions:
 *
 * - running, it does what it did before it was instrumented, but that after a call it may unwind;
 * - being resumed, it passes over everything, up to one call that it makes again. From there on it runs.
 *
 * So the need at a call is what is live after it in the function that runs, and what is read on the way to it in the function that is being
 * resumed: hardly more than the index of a call through the table, since Asyncify passes through all branches then.
 *
 * Both are graphs of basic blocks, with labels as edges; conditions that the state decides have one edge.
 */
import type { Expr } from "./asc.js";
import {
  blockName,
  branchNames,
  callTarget,
  conditionOf,
  kindName,
  localIndex,
  loopBody,
  loopName,
  slotsOf,
} from "./safepoints-ir.js";
import { isPure, REWINDING, RUNNING, States } from "./states.js";

/** A set of locals. */
export class Locals {
  private readonly words: Uint32Array;

  constructor(count: number) {
    this.words = new Uint32Array((count + 31) >>> 5);
  }

  has(index: number): boolean {
    return (this.words[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  add(index: number): void {
    this.words[index >>> 5]! |= 1 << (index & 31);
  }

  delete(index: number): void {
    this.words[index >>> 5]! &= ~(1 << (index & 31));
  }

  /** Adds those of another set, without those of a third; tells whether there were new ones. */
  addAll({ words }: Locals, without?: Locals): boolean {
    let changed = 0;
    for (let i = 0; i < words.length; i++) {
      const before = this.words[i]!;
      const after = before | (without ? words[i]! & ~without.words[i]! : words[i]!);
      this.words[i] = after;
      changed |= before ^ after;
    }
    return changed !== 0;
  }
}

/** A basic block. */
interface Block {
  /** Locals read before they are set, and those that are set. */
  readonly reads: Locals;
  readonly sets: Locals;
  readonly next: Block[];
  readonly live: Locals;
}

/** A place where a function unwinds: which of its calls it has come from, and what ends before it. */
interface Exit {
  readonly index: number;
  readonly from: Block;
}

/** What a function's shape has to say. */
export interface Instrumented {
  readonly body: Expr;
  readonly localCount: number;
  /** Tells whether an expression reads Asyncify's state. */
  readonly isState: (expression: Expr) => boolean;
  /** If an expression is a jump with which the function unwinds: which of its calls it has come from. */
  readonly unwindsAt: (expression: Expr) => number | null;
  /** Tells whether a function is instrumented: when it is resumed it needs no arguments. */
  readonly isInstrumented: (name: string) => boolean;
}

/** What to keep at each call, by its index; null if the function has a form in which that cannot be told. */
export function neededAtCalls(func: Instrumented): Map<number, Locals> | null {
  const running = new Graph(func, RUNNING);
  const resumed = new Graph(func, REWINDING);
  if (!running.isUnderstood || !resumed.isUnderstood) return null;
  running.solve();
  resumed.solve();
  const needed = new Map<number, Locals>();
  for (const { index, from } of running.exits) {
    const known = needed.get(index) ?? new Locals(func.localCount);
    for (const next of from.next) known.addAll(next.live);
    needed.set(index, known);
  }
  // What is read where the way is the same for all calls.
  const onTheWay = resumed.first.live;
  for (const [index, locals] of needed) {
    locals.addAll(onTheWay);
    const before = resumed.before.get(index);
    if (before === undefined) return null;
    for (const block of before) locals.addAll(block.reads);
  }
  return needed;
}

/** What is live at the heads of loops, by their labels, in a function that runs; null if the function has a form in which that cannot be told. */
export function liveAtLoops(func: Instrumented): ReadonlyMap<string, Locals> | null {
  const running = new Graph(func, RUNNING);
  if (!running.isUnderstood) return null;
  running.solve();
  return new Map([...running.heads].map(([label, { live }]) => [label, live]));
}

/** A function's blocks when Asyncify's state is known. */
class Graph {
  readonly first: Block;
  /** Where it unwinds; none while it is being resumed. */
  readonly exits: Exit[] = [];
  /** While it is being resumed: the blocks that end with the call, or calls, of an index. */
  readonly before = new Map<number, Block[]>();
  /** Where loops begin. */
  readonly heads = new Map<string, Block>();
  isUnderstood = true;
  private readonly states: States;
  private readonly blocks: Block[] = [];
  private readonly labels = new Map<string, Block>();
  private current: Block;
  /** Blocks that ended with a call of which no index has been seen yet. */
  private calls: Block[] = [];

  constructor(
    private readonly func: Instrumented,
    private readonly state: typeof RUNNING | typeof REWINDING,
  ) {
    this.states = new States(func.isState, state);
    this.first = this.current = this.block();
    this.visit(func.body);
    if (this.calls.length > 0) this.isUnderstood = false;
  }

  /** Finds what is live at the beginning of each block. */
  solve(): void {
    for (const { live, reads } of this.blocks) live.addAll(reads);
    for (let changed = true; changed;) {
      changed = false;
      for (let i = this.blocks.length - 1; i >= 0; i--) {
        const { live, sets, next } = this.blocks[i]!;
        for (const each of next) if (live.addAll(each.live, sets)) changed = true;
      }
    }
  }

  private block(): Block {
    const { localCount } = this.func;
    const made = {
      reads: new Locals(localCount),
      sets: new Locals(localCount),
      next: [],
      live: new Locals(localCount),
    };
    this.blocks.push(made);
    return made;
  }

  /** Goes on in another block, to which control comes from here; or, without `from`, from elsewhere only. */
  private goOn(to: Block, from: Block | null = this.current): void {
    from?.next.push(to);
    this.current = to;
  }

  private visit(expression: Expr): void {
    const kind = kindName(expression);
    switch (kind) {
      case "LocalGet": {
        const index = localIndex(expression);
        if (!this.current.sets.has(index)) this.current.reads.add(index);
        return;
      }
      case "LocalSet": {
        const [value] = slotsOf(expression);
        const index = localIndex(expression);
        if (this.isSame(value!.child, index)) return;
        this.visit(value!.child);
        this.current.sets.add(index);
        return;
      }
      case "Block":
        return this.visitBlock(expression);
      case "Loop": {
        const head = this.block();
        this.goOn(head);
        this.heads.set(loopName(expression), head);
        return this.within(loopName(expression), head, () => this.visit(loopBody(expression)));
      }
      case "If":
        return this.visitIf(expression);
      case "Select":
        return this.visitSelect(expression);
      case "Break":
      case "Switch":
        return this.visitJump(expression, kind);
      case "Call":
      case "CallIndirect":
        return this.visitCall(expression, kind);
      case "Binary":
      case "Unary":
        // What the state decides reads nothing.
        if (this.states.valueOf(expression) !== null && isPure(expression)) return;
        break;
    }
    for (const { child } of slotsOf(expression)) this.visit(child);
    if (kind === "Return" || kind === "Unreachable") this.goOn(this.block(), null);
  }

  private visitBlock(block: Expr): void {
    const name = blockName(block);
    const visit = (): void => {
      for (const { child } of slotsOf(block)) this.visit(child);
    };
    if (name === null) return visit();
    const end = this.block();
    this.within(name, end, visit);
    this.goOn(end);
  }

  /** Labels mean the innermost that has them. */
  private within(label: string, target: Block, visit: () => void): void {
    const outer = this.labels.get(label);
    this.labels.set(label, target);
    visit();
    if (outer) this.labels.set(label, outer);
    else this.labels.delete(label);
  }

  private visitIf(expression: Expr): void {
    const [condition, ifTrue, ifFalse] = slotsOf(expression).map(({ child }) => child) as [Expr, Expr, Expr?];
    const known = this.states.valueOf(condition);
    if (known === null || !isPure(condition)) this.visit(condition);
    if (known !== null) {
      const taken = known !== 0 ? ifTrue : ifFalse;
      if (taken !== undefined) this.visit(taken);
      return;
    }
    const from = this.current;
    const end = this.block();
    const index = this.func.unwindsAt(onlyOne(ifTrue));
    if (index !== null) this.unwinds(index, from);
    else {
      this.goOn(this.block(), from);
      this.visit(ifTrue);
      this.current.next.push(end);
    }
    if (ifFalse === undefined) from.next.push(end);
    else {
      this.goOn(this.block(), from);
      this.visit(ifFalse);
      this.current.next.push(end);
    }
    this.current = end;
  }

  private visitSelect(expression: Expr): void {
    const [ifTrue, ifFalse, condition] = slotsOf(expression).map(({ child }) => child) as [Expr, Expr, Expr];
    const known = this.states.valueOf(condition);
    if (known === null || known !== 0 || !isPure(ifTrue)) this.visit(ifTrue);
    if (known === null || known === 0 || !isPure(ifFalse)) this.visit(ifFalse);
    if (known === null || !isPure(condition)) this.visit(condition);
  }

  private visitJump(jump: Expr, kind: string): void {
    for (const { child } of slotsOf(jump)) this.visit(child);
    const condition = kind === "Break" ? conditionOf(jump) : 0;
    const known = condition === 0 ? 1 : this.states.valueOf(condition);
    if (known === 0) return;
    const from = this.current;
    const index = this.func.unwindsAt(jump);
    if (index !== null) {
      // A jump of which only its surroundings say when it is taken is none of Asyncify's.
      if (condition === 0) this.isUnderstood = false;
      this.unwinds(index, from);
    } else {
      for (const name of new Set(branchNames(jump))) {
        const target = this.labels.get(name);
        if (target) from.next.push(target);
        else this.isUnderstood = false;
      }
    }
    this.goOn(this.block(), known === null ? from : null);
  }

  private unwinds(index: number, from: Block): void {
    if (this.state === RUNNING) this.exits.push({ index, from });
    else {
      this.before.set(index, [...(this.before.get(index) ?? []), ...this.calls]);
      this.calls = [];
    }
  }

  private visitCall(call: Expr, kind: string): void {
    const isResumed = this.state === REWINDING && kind === "Call" && this.func.isInstrumented(callTarget(call));
    if (!isResumed) for (const { child } of slotsOf(call)) this.visit(child);
    if (this.state === RUNNING) return;
    this.calls.push(this.current);
    this.goOn(this.block(), null);
  }

  /** Whether a value is what a local has already. */
  private isSame(value: Expr, index: number): boolean {
    const kind = kindName(value);
    if (kind === "LocalGet") return localIndex(value) === index;
    if (kind !== "Select" || !isPure(value)) return false;
    const [ifTrue, ifFalse, condition] = slotsOf(value).map(({ child }) => child) as [Expr, Expr, Expr];
    const known = this.states.valueOf(condition);
    return known !== null && this.isSame(known !== 0 ? ifTrue : ifFalse, index);
  }
}

/** The expression itself, or the only one in a block without a label. */
export function onlyOne(expression: Expr): Expr {
  if (kindName(expression) !== "Block" || blockName(expression) !== null) return expression;
  const children = slotsOf(expression);
  return children.length === 1 ? onlyOne(children[0]!.child) : expression;
}
