/**
 * What functions capture, as the compiler stores it (`host/compiler/closures.ts`).
 *
 * On a goroutine.
 */

/**
 * A function value with what it captured:
 *
 * ```
 * ┌───────┬────────────┬────────────┬────────┐
 * │ index │ references │ references │ values │
 * └───────┴────────────┴────────────┴────────┘
 * ```
 *
 * It begins as AssemblyScript's `Function` does, of which only the table index is ever read: so a call need not know which of them it
 * calls. One that captured nothing is a `Function`, and lies in static memory.
 */
export class Closure {
  index: u32;
  /** Their number. */
  references: u32;


  @unsafe private __visit(cookie: u32): void {
    const first = changetype<usize>(this) + offsetof<Closure>();
    for (let i: usize = 0, n = <usize>this.references; i < n; i++) {
      const object = load<usize>(first + i * sizeof<usize>());
      if (object) __visit(object, 0);
    }
  }
}

/** A variable that functions share with the one around them. */
export class Cell<T> {
  value: T;
}

/** A closure that is yet to be filled in: `size` bytes with all that it captures. */
export function newClosure(index: u32, references: u32, size: usize): usize {
  const closure = changetype<Closure>(__new(size, idof<Closure>()));
  closure.index = index;
  closure.references = references;
  return changetype<usize>(closure);
}
