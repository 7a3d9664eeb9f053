/** Promises of others, whose `then` may do as it likes. */

const own: unknown = Reflect.get(Promise.prototype, "then");

/** A promise of the engine's own that settles as `value` does, and once, whatever its `then` does. */
export function trusted<T>(value: PromiseLike<T>): Promise<T> {
  const isOwn = value instanceof Promise && value.constructor === Promise && Reflect.get(value, "then") === own;
  return isOwn ? (value as Promise<T>) : new Promise((resolve) => resolve(value));
}
