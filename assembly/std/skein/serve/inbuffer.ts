/**
 * Input as it is read: one buffer for all connections of a loop, and the view of it that handlers are given, good until they return.
 *
 * On the loop's goroutine.
 */

/** Bytes of one read: the largest packet fits. */
export const INPUT: i32 = 65536;

export class InBuffer {
  /** The input of a wake. */
  readonly none: Uint8Array = new Uint8Array(0);
  /** Its length is that of the input. */
  private readonly view: Uint8Array = new Uint8Array(INPUT);

  /** Where INPUT bytes may be read to. */
  get at(): usize {
    return this.view.dataStart;
  }

  /** The `n` bytes that were. */
  take(n: i32): Uint8Array {
    store<i32>(changetype<usize>(this.view), n, offsetof<Uint8Array>("byteLength"));
    return this.view;
  }
}
