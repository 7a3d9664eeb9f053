/** Input that comes in pieces, for protocols whose messages do not: after evio's InputStream. On any goroutine, one at a time. */
import { INPUT_KEEP_MAX, INPUT_KEEP_MIN } from "../layout";

/**
 * Joins the unused end of earlier input with what comes. `begin` gives what there is, `end` takes back what of it was not
 * used:
 *
 *     let rest = stream.begin(input);
 *     while (hasMessage(rest)) rest = rest.subarray(answer(rest));
 *     stream.end(rest);
 */
export class InputStream {
  private kept: Uint8Array = new Uint8Array(0);
  private from: i32 = 0;
  private to: i32 = 0;

  /** All input that was not used yet; good until the next call, or until `data` returns. */
  begin(input: Uint8Array): Uint8Array {
    if (this.from == this.to) return input;
    this.reserve(input.length);
    this.kept.set(input, this.to);
    this.to += input.length;
    return this.kept.subarray(this.from, this.to);
  }

  /** Keeps what was not used of that which `begin` gave: its end, or nothing. */
  end(rest: Uint8Array): void {
    const length = rest.length;
    if (length == 0) {
      this.from = this.to = 0;
      // What one large message needed is not held for ever.
      if (this.kept.length > INPUT_KEEP_MAX) this.kept = new Uint8Array(0);
      return;
    }
    if (rest.buffer == this.kept.buffer) {
      this.from = rest.byteOffset - this.kept.byteOffset;
      this.to = this.from + length;
      return;
    }
    this.from = this.to = 0;
    this.reserve(length);
    this.kept.set(rest);
    this.to = length;
  }

  /** Makes room for `length` more bytes; by doubling, so that input byte by byte costs no more than once. */
  private reserve(length: i32): void {
    if (this.to + length <= this.kept.length) return;
    const used = this.to - this.from;
    if (used + length <= this.kept.length >> 1) {
      this.kept.copyWithin(0, this.from, this.to);
    } else {
      const grown = new Uint8Array(max(INPUT_KEEP_MIN, 2 * (used + length)));
      grown.set(this.kept.subarray(this.from, this.to));
      this.kept = grown;
    }
    this.from = 0;
    this.to = used;
  }
}
