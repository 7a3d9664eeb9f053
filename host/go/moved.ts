/**
 * What a goroutine's function returns or yields, with what of it is moved rather than cloned.
 *
 * A thread's own code and what users import are different copies of this module, so they know the mark by a symbol that both have.
 */
/** @internal */
export const MOVED = Symbol.for("skein.transfer");

/** @internal */
export interface Moved {
  readonly value: unknown;
  readonly [MOVED]: readonly object[];
}

/**
 * Marks a result: `return transfer(image, [image.data.buffer])` hands the buffer over to whoever started the goroutine, and leaves
 * none here. For what a goroutine's function returns or yields itself, not for parts of that.
 *
 * @param list the buffers and message ports in `value` to move
 */
export function transfer<T>(value: T, list: readonly object[]): T {
  return { value, [MOVED]: list } satisfies Moved as T;
}
