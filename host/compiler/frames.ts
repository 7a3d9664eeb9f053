/**
 * Which functions must keep a frame of their own, that is, not be inlined.
 *
 * Of the program, those that call anything but what makes an object, or contain an instruction that may trap: a panic can happen in
 * or below these and in no others, and its stack has to name them. The rest (getters, small arithmetic) may be inlined. To get or set a field
 * is no call, nor do loads and stores count as traps: a null reference is found by a check before (`nullchecks.ts`).
 *
 * Of the functions that are given to `go` and the like, those with a loop, too: a goroutine may be stopped there for long. But one that
 * nothing else calls than its thunk may go into that, which then stands for it (`symbols.ts`): a frame less for each switch of goroutines.
 *
 * The stubs that the compiler puts before some of these functions (to find an override, to fill in default arguments) are
 * not seen in a stack, but stay apart as well: inlined, they would take away the position of the call.
 *
 * Of the core, those that call Asyncify's primitives. Asyncify takes such a function for the top or the bottom of a stack
 * and does not instrument it; inlined into another, it would take that one along.
 *
 * And `PANICS`, which are called where the program throws, uses null, an index out of range and the like: inlined, they would leave that without a
 * position; and `futexsleep`, for the reason given there.
 *
 * All this is noted while instructions are generated, when it is known which function they go into.
 */
import api, { type Expr } from "./asc.js";
import type { Hooks } from "./hooks.js";
import { CORE, NIL_PANIC, PANICS, type Session } from "./session.js";

const { BinaryOp, UnaryOp } = api;

const signedDivisions = new Set([BinaryOp.DivI32, BinaryOp.DivI64]);
const otherDivisions = new Set([
  BinaryOp.DivU32,
  BinaryOp.DivU64,
  BinaryOp.RemI32,
  BinaryOp.RemI64,
  BinaryOp.RemU32,
  BinaryOp.RemU64,
]);
const truncations = new Set([
  UnaryOp.TruncF32ToI32,
  UnaryOp.TruncF32ToI64,
  UnaryOp.TruncF32ToU32,
  UnaryOp.TruncF32ToU64,
  UnaryOp.TruncF64ToI32,
  UnaryOp.TruncF64ToI64,
  UnaryOp.TruncF64ToU32,
  UnaryOp.TruncF64ToU64,
]);

/** The core's declarations of what Asyncify provides. */
const asyncifyPrimitives = new Set(
  ["startUnwind", "stopUnwind", "startRewind", "stopRewind"].map((name) => `${CORE}/base/imports/${name}`),
);

export class Frames {
  /** Internal names of the functions to be kept. */
  readonly names = new Set<string>([...PANICS, `${CORE}/base/lock/futexsleep`]);
  /** What AssemblyScript generates to get and set fields. */
  private readonly accessors = new Set<string>();
  private readonly withLoops = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly isProgram: (internalName: string) => boolean,
  ) {}

  install(hooks: Hooks): void {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- in the replacements, `this` is the module
    const frames = this;
    const { prototype } = api.Module;
    for (const name of ["ensureOverrideStub", "ensureVarargsStub"] as const) {
      hooks.replace(api.Compiler.prototype, name, function (original, instance) {
        const stub = original(instance);
        if (frames.isProgram(stub.internalName)) frames.names.add(stub.internalName);
        return stub;
      });
    }
    hooks.replace(api.Compiler.prototype, "makeBuiltinFieldGetter", function (original, property) {
      frames.accessors.add(property.getterInstance!.internalName);
      return original(property);
    });
    hooks.replace(api.Compiler.prototype, "makeBuiltinFieldSetter", function (original, property) {
      frames.accessors.add(property.setterInstance!.internalName);
      return original(property);
    });
    hooks.replace(prototype, "call", function (original, ...args) {
      frames.noteCall(args[0]);
      return original(...args);
    });
    hooks.replace(prototype, "call_indirect", function (original, ...args) {
      frames.note();
      return original(...args);
    });
    hooks.replace(prototype, "loop", function (original, label, body) {
      frames.withLoops.add(frames.currentFunction());
      return original(label, body);
    });
    hooks.replace(prototype, "unreachable", function (original) {
      frames.note();
      return original();
    });
    hooks.replace(prototype, "unary", function (original, op, value) {
      if (isTruncation(op)) frames.note();
      return original(op, value);
    });
    hooks.replace(prototype, "binary", function (original, op, left, right) {
      if (mayTrap(op, right)) frames.note();
      return original(op, left, right);
    });
  }

  /** Decides about the functions that deferred calls call, once all are known. */
  addDeferred(deferred: ReadonlySet<string>): void {
    for (const name of deferred) {
      if (!this.isProgram(name)) continue;
      if (this.session.calls.get(name) === 1 && !name.includes("@")) this.names.delete(name);
      else if (this.withLoops.has(name)) this.names.add(name);
    }
  }

  private note(): void {
    const name = this.currentFunction();
    if (!this.names.has(name) && this.isProgram(name)) this.names.add(name);
  }

  private noteCall(target: string): void {
    this.session.countCall(target, 1);
    if (asyncifyPrimitives.has(target)) this.names.add(this.currentFunction());
    else if (!this.isInnocent(target)) this.note();
  }

  /** To make an object fails in one way, which no frame explains. Of checks for null, those that are left are added at the end; of accessors, few can panic. */
  private isInnocent(target: string): boolean {
    if (target === this.session.compiler.program.newInstance.internalName) return true;
    return target === `${CORE}/${NIL_PANIC}` || (this.accessors.has(target) && !this.names.has(target));
  }

  private currentFunction(): string {
    return this.session.compiler.currentFlow.targetFunction.internalName;
  }
}

/** From a float to an integer: of a number that is none, or too large, it traps. */
export function isTruncation(op: number): boolean {
  return truncations.has(op);
}

/** Of a division. */
export function mayTrap(op: number, divisor: Expr): boolean {
  const isSigned = signedDivisions.has(op);
  if (!isSigned && !otherDivisions.has(op)) return false;
  if (api.getExpressionId(divisor) !== api.ExpressionId.Const) return true;
  const isLong = api.getExpressionType(divisor) === api.TypeRef.I64;
  const low = isLong ? api.getConstValueI64Low(divisor) : api.getConstValueI32(divisor);
  const high = isLong ? api.getConstValueI64High(divisor) : low >> 31;
  if (low === 0 && high === 0) return true;
  // The smallest number divided by -1 overflows.
  return isSigned && low === -1 && high === -1;
}
