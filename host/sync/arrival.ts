/** The types of values on another thread: what has been cloned is not in all respects what was sent. */

import type { SyncHandle } from "./synchandle.js";

type Primitive = string | number | bigint | boolean | null | undefined | void;
type Func = (...args: never) => unknown;

/** Of the platform, as far as a type tells: such objects arrive as what they are, if they can be sent at all. */
interface Platform {
  readonly [Symbol.toStringTag]: string;
}

/** What only a Buffer has of all arrays of bytes. */
interface BufferLike extends Uint8Array {
  swap64(): unknown;
}

/** Objects that arrive as what they are. */
type Kept = SyncHandle | Platform | Date | RegExp | Error;

/**
 * What a value of type `T` is once it has arrived: a Buffer is a Uint8Array, an instance has its fields but no methods, a function does not
 * arrive.
 */
export type Arrived<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : T extends Func
      ? never
      : T extends BufferLike
        ? Uint8Array
        : T extends Map<infer K, infer V>
          ? Map<Arrived<K>, Arrived<V>>
          : T extends Set<infer V>
            ? Set<Arrived<V>>
            : T extends Kept
              ? T
              : IsFlat<T> extends true
                ? T
                : Cloned<T>;

type Cloned<T> = T extends readonly unknown[]
  ? { [K in keyof T]: Arrived<T[K]> }
  : { [K in keyof T as K extends symbol ? never : Exclude<T[K], undefined> extends Func ? never : K]: Arrived<T[K]> };

/** Is there nothing in `T` that would have to be looked into? Then it keeps its name, in messages too. */
type IsFlat<T> = T extends readonly unknown[]
  ? Stays<T[number]>
  : { [K in keyof T]-?: K extends symbol ? false : Stays<T[K]> }[keyof T];

type Stays<T> = T extends Primitive
  ? true
  : T extends Func | BufferLike | Map<unknown, unknown> | Set<unknown>
    ? false
    : T extends Kept
      ? true
      : false;

/** The parameters of a task: where its function takes a function, nothing can be given. */
export type Sent<P extends readonly unknown[]> = {
  [K in keyof P]: Extract<P[K], Func> extends never ? P[K] : Exclude<P[K], Func>;
};

/** Does `F` have type parameters? Its parameters and result alone, without them, are less than `F`; as they are of overloads. */
export type IsGeneric<F> = F extends (...args: infer A) => infer R
  ? ((...args: A) => R) extends F
    ? false
    : IsOverloaded<F> extends true
      ? false
      : true
  : false;

type IsOverloaded<F> = F extends { (...args: infer A1): infer R1; (...args: infer A2): infer R2 }
  ? Same<(...args: A1) => R1, (...args: A2) => R2> extends true
    ? false
    : Same<A1, unknown[]> extends true
      ? false
      : true
  : false;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
