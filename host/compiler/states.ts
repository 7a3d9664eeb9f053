/** What Asyncify's state, when it is known, decides in a function that Asyncify has instrumented. */
import api, { type Expr } from "./asc.js";
import { constantI32, kindName, operationOf, slotsOf, typeOf } from "./safepoints-ir.js";

const { BinaryOp, TypeRef, UnaryOp } = api;

/** Asyncify's states. */
export const RUNNING = 0;
export const UNWINDING = 1;
export const REWINDING = 2;

export class States {
  constructor(
    /** Tells whether an expression reads the state. */
    private readonly isState: (expression: Expr) => boolean,
    private readonly state: number,
  ) {}

  /** Whether a condition is 0 or not, if the state decides it. */
  valueOf(condition: Expr): 0 | 1 | null {
    const exact = this.exactly(condition);
    if (exact !== null) return exact === 0 ? 0 : 1;
    const kind = kindName(condition);
    if (kind === "Unary" && operationOf(condition) === UnaryOp.EqzI32) {
      const value = this.valueOf(slotsOf(condition)[0]!.child);
      return value === null ? null : value === 0 ? 1 : 0;
    }
    if (kind !== "Binary") return null;
    const operation = operationOf(condition);
    const [left, right] = slotsOf(condition).map(({ child }) => child) as [Expr, Expr];
    if (operation === BinaryOp.OrI32) {
      const [a, b] = [this.valueOf(left), this.valueOf(right)];
      return a === 1 || b === 1 ? 1 : a === 0 && b === 0 ? 0 : null;
    }
    if (operation === BinaryOp.AndI32) return this.valueOf(left) === 0 || this.valueOf(right) === 0 ? 0 : null;
    if (operation !== BinaryOp.EqI32 && operation !== BinaryOp.NeI32) return null;
    const [a, b] = [this.exactly(left), this.exactly(right)];
    // After a call the state may be another one.
    if (a === null || b === null || (this.isState(left) && b === UNWINDING)) return null;
    return (a === b) === (operation === BinaryOp.EqI32) ? 1 : 0;
  }

  private exactly(expression: Expr): number | null {
    if (this.isState(expression)) return this.state;
    if (kindName(expression) !== "Const" || typeOf(expression) !== TypeRef.I32) return null;
    return constantI32(expression);
  }
}

/** What does nothing but compute a value, and cannot trap. */
export function isPure(expression: Expr): boolean {
  switch (kindName(expression)) {
    case "LocalGet":
    case "GlobalGet":
    case "Const":
      return true;
    case "Unary":
      return operationOf(expression) === UnaryOp.EqzI32 && isPure(slotsOf(expression)[0]!.child);
    case "Select":
      return slotsOf(expression).every(({ child }) => isPure(child));
    case "Binary":
      return !TRAPPING.has(operationOf(expression)) && slotsOf(expression).every(({ child }) => isPure(child));
    default:
      return false;
  }
}

const { DivI32, DivU32, RemI32, RemU32, DivI64, DivU64, RemI64, RemU64 } = BinaryOp;
const TRAPPING = new Set<number>([DivI32, DivU32, RemI32, RemU32, DivI64, DivU64, RemI64, RemU64]);
