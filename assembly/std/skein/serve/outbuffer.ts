/**
 * The output of the handler that is running, in one piece: what several writes give goes out in one call.
 *
 * The block grows to what it is needed for; one that a large output has left behind is not kept.
 *
 * On the loop's goroutine.
 */
import { malloc, mfree } from "../runtime/memory/malloc";
import { gopanic } from "../runtime/base/panic";

/** Bytes at first, and how many are kept. */
const FIRST: i32 = 65536;
const KEPT: i32 = 1 << 20;

export class OutBuffer {
  at: usize = malloc(FIRST);
  length: i32 = 0;
  private capacity: i32 = FIRST;

  /** Room for as many bytes more: where they go. They count once they are added to `length`. */
  reserve(length: i32): usize {
    const used = this.length;
    if (length > this.capacity - used) this.grow(used, length);
    return this.at + used;
  }

  /** Room for a text, of which a unit of UTF-16 takes 3 bytes of UTF-8 at most; writes it there, and says how long it is. */
  encode(text: string): i32 {
    if (text.length > i32.MAX_VALUE / 4)
      gopanic("serve: a text of " + text.length.toString() + " characters is too long");
    const at = this.reserve(3 * text.length);
    return <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
  }

  private grow(used: i32, length: i32): void {
    if (length > i32.MAX_VALUE - used) gopanic("serve: more than 2 GB of output from one handler");
    const need = used + length;
    this.replace(need < 1 << 29 ? need << 1 : need, used);
  }

  private replace(capacity: i32, used: i32): void {
    const at = malloc(capacity);
    memory.copy(at, this.at, used);
    mfree(this.at);
    this.at = at;
    this.capacity = capacity;
  }

  /** What was in it has gone. */
  clear(): void {
    this.length = 0;
    if (this.capacity > KEPT) this.replace(FIRST, 0);
  }

  /** Nothing is put into it any more. */
  free(): void {
    mfree(this.at);
    this.at = 0;
    this.capacity = 0;
  }
}
