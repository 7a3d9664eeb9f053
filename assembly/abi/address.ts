/** Where `field`, written `x.field`, is in memory; it is not read (see `host/compiler/addressof.ts`). */
export function addressOf<T>(field: T): usize {
  return ERROR<usize>("only calls of addressOf compile");
}
