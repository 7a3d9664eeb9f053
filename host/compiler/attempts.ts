/**
 * The records of attempts (the core's class `Attempt`): behind the head the result, so that its place is known before anything else is; then
 * what the code is given.
 */
import { Attempt } from "../abi/records.js";
import api, { type Expr, type Module, type Type } from "./asc.js";
import { layOut } from "./tasks.js";

const { I32 } = api.TypeRef;

/** Where the result is. */
export const RESULT = (Attempt.SIZE + 7) & -8;
/** Where it says how the code of a `try` was left. */
export const EXIT = Attempt.SIZE - 4;

/** Where the values are that the code is given. */
export function layOutAttempt(types: readonly Type[], returnType: Type): ReturnType<typeof layOut> {
  return layOut(types, RESULT + (returnType === api.Type.void ? 0 : Math.max(8, returnType.byteSize)));
}

/** Loads a value from the record whose address is in a local. */
export function loadFrom(module: Module, local: number, type: Type, offset: number): Expr {
  const { byteSize, isSignedIntegerValue } = type;
  return module.load(byteSize, isSignedIntegerValue, module.local_get(local, I32), type.toRef(), offset);
}

/** Stores one. */
export function storeIn(module: Module, local: number, value: Expr, type: Type, offset: number): Expr {
  return module.store(type.byteSize, module.local_get(local, I32), value, type.toRef(), offset);
}
