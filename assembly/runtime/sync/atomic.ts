/**
 * Atomic integers. Every operation is a sequentially consistent wasm atomic: all goroutines see all of them in one order, and
 * what was written before a store is seen by whoever loads its value.
 */

/** An integer that goroutines share: i32, u32, i64 or u64. */
@final
export class Atomic<T> {
  private cell: T;

  constructor(initial: T = <T>0) {
    if (!isInteger<T>() || isBoolean<T>() || sizeof<T>() < 4) ERROR("Atomic<T> takes i32, u32, i64 or u64");
    this.cell = initial;
  }

  load(): T {
    return atomic.load<T>(changetype<usize>(this) + offsetof<Atomic<T>>("cell"));
  }

  store(v: T): void {
    atomic.store<T>(changetype<usize>(this) + offsetof<Atomic<T>>("cell"), v);
  }

  /** Adds `v` and returns the new value. */
  add(v: T): T {
    return <T>(atomic.add<T>(changetype<usize>(this) + offsetof<Atomic<T>>("cell"), v) + v);
  }

  /** Stores `v` and returns the old value. */
  swap(v: T): T {
    return atomic.xchg<T>(changetype<usize>(this) + offsetof<Atomic<T>>("cell"), v);
  }

  /** Stores `next` if the value is `expected`; was it? */
  cas(expected: T, next: T): bool {
    return atomic.cmpxchg<T>(changetype<usize>(this) + offsetof<Atomic<T>>("cell"), expected, next) == expected;
  }
}
