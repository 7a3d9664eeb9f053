/**
 * A case of a select: a waiter in its channel's queue, with the value to send. The cases of a select may carry values of several types, which
 * is checked here as the program says them. On a goroutine.
 */
import { toBits } from "./bits";
import { gopanic } from "../base/panic";
import { Waiter } from "../../abi";
import { Select } from "./select";


@unmanaged
export class SelectCase extends Waiter {
  /** An HChan, or 0: never ready. */
  chan: usize;
  /** The value to send. */
  value: u64;
  /** The type of the values (see typeKey), and its name, a string. */
  type: u32;
  typeName: usize;
  /** Which case it is. */
  index: i32;
  isSend: bool;
  /** Values are references to objects. */
  isRef: bool;
  /** Of a statement (`statement.ts`): a function value to call when the case is done, and what calls it; or 0. */
  body: usize;
  deliver: (select: Select, body: usize) => void;
}

export const CASE_BYTES: usize = offsetof<SelectCase>();

/** T as in `v: T`, but T is not inferred from `v`: `select.send(ch, 5)` is to take the channel's type for the number. */
export type Elem<T> = T;

/** A number for each type. */
@inline
export function typeKey<T>(): u32 {
  if (isManaged<T>()) return 16 + idof<T>();
  if (isReference<T>()) return <u32>changetype<usize>(nameof<T>()); // the address of a string: past all ids
  if (isBoolean<T>()) return 1;
  if (isFloat<T>()) return sizeof<T>() == 4 ? 2 : 3;
  return (isSigned<T>() ? 4 : 8) + <u32>ctz(sizeof<T>());
}

/** The bits of a number for a case whose channel carries other numbers. Panics if its type cannot hold this one. */
export function converted<T>(v: T, it: SelectCase): u64 {
  if (it.type == typeKey<f64>()) return toBits<f64>(<f64>v);
  if (it.type == typeKey<f32>()) return toBits<f32>(<f32>v);
  const isInt = it.type >= typeKey<i8>() && it.type <= typeKey<u64>();
  if (isFloat<T>() || !isInt) wrongType(it.index, it.typeName, typeName<T>());
  const bits = <u64>v;
  const unused: u64 = 64 - (8 << (it.type & 3));
  const toSigned = it.type < typeKey<u8>();
  const held = toSigned ? <u64>((<i64>(bits << unused)) >> unused) : (bits << unused) >> unused;
  // The uppermost bit of 64 is a sign in one of the types only.
  const changesSign = isSigned<T>() != toSigned && <i64>bits < 0;
  if (held != bits || changesSign) {
    gopanic(
      "select: the channel of case " +
        it.index.toString() +
        " carries " +
        changetype<string>(it.typeName) +
        ", which cannot hold " +
        v.toString(),
    );
  }
  return bits;
}


@inline
export function typeName<T>(): string {
  return isString<T>() ? "string" : nameof<T>();
}

export function wrongType(i: i32, is: usize, wanted: string): void {
  gopanic("select: the channel of case " + i.toString() + " carries " + changetype<string>(is) + ", not " + wanted);
}
