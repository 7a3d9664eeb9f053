/**
 * Atomic integers. Every operation is a sequentially consistent wasm atomic: all goroutines see all of them in one order, and
 * what was written before a store is seen by whoever loads its value.
 *
 * On a goroutine.
 */

import { nilCheck } from "../base/nil";


@inline
function cellOf<T>(a: Atomic<T>): usize {
  nilCheck(changetype<usize>(a));
  return changetype<usize>(a) + offsetof<Atomic<T>>("cell");
}

/** An integer that goroutines share: i32, u32, i64 or u64. */
@final
export class Atomic<T> {
  private cell: T;

  constructor(initial: T = <T>0) {
    if (!isInteger<T>() || isBoolean<T>() || sizeof<T>() < 4) ERROR("Atomic<T> takes i32, u32, i64 or u64");
    this.cell = initial;
  }

  load(): T {
    return atomic.load<T>(cellOf<T>(this));
  }

  store(v: T): void {
    atomic.store<T>(cellOf<T>(this), v);
  }

  /** Adds `v` and returns the new value. */
  add(v: T): T {
    return <T>(atomic.add<T>(cellOf<T>(this), v) + v);
  }

  /** Stores `v` and returns the old value. */
  swap(v: T): T {
    return atomic.xchg<T>(cellOf<T>(this), v);
  }

  /** Stores `next` if the value is `expected`; was it? */
  cas(expected: T, next: T): bool {
    return atomic.cmpxchg<T>(cellOf<T>(this), expected, next) == expected;
  }
}
