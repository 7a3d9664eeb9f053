/** Keeps what a connection's input has left over, until the rest of it comes. */
import { INPUT_KEEP_MAX, INPUT_KEEP_MIN } from "../../assembly/layout.js";

const NOTHING = Buffer.alloc(0);

/**
 * The unfinished input of one connection.
 *
 * ```ts
 * let rest = stream.begin(input);
 * for (let end; (end = rest.indexOf(10)) >= 0; rest = rest.subarray(end + 1)) line(rest.subarray(0, end));
 * stream.end(rest);
 * ```
 */
export class InputStream {
  private kept: Buffer | undefined;
  /** Where the kept bytes begin and end in `kept`. */
  private from = 0;
  private to = 0;

  /**
   * What was left over, followed by `input`. It is good until `end`; without anything left over it is `input` itself.
   */
  begin(input: Uint8Array | null | undefined): Buffer {
    const packet: Uint8Array = input ?? NOTHING;
    const length = this.to - this.from;
    if (length === 0 || this.kept === undefined)
      return Buffer.isBuffer(packet) ? packet : Buffer.from(packet.buffer, packet.byteOffset, packet.length);
    this.reserve(length + packet.length);
    this.kept.set(packet, this.to);
    this.to += packet.length;
    return this.kept.subarray(this.from, this.to);
  }

  /** Keeps what was not used of that which `begin` gave: its end, or nothing. */
  end(rest?: Uint8Array | null): void {
    const length = rest?.length ?? 0;
    if (rest === null || rest === undefined || length === 0) {
      this.from = this.to = 0;
      // What one large message needed is not held for ever.
      if (this.kept !== undefined && this.kept.length > INPUT_KEEP_MAX) this.kept = undefined;
      return;
    }
    if (this.kept !== undefined && rest.buffer === this.kept.buffer && rest.byteOffset >= this.kept.byteOffset) {
      const from = rest.byteOffset - this.kept.byteOffset;
      if (from + length <= this.kept.length) {
        [this.from, this.to] = [from, from + length];
        return;
      }
    }
    this.from = this.to = 0;
    this.reserve(length);
    (this.kept as Buffer).set(rest);
    this.to = length;
  }

  /** Makes space for `length` bytes from `from` on; grows by doubling, so that input byte by byte costs no more than once. */
  private reserve(length: number): void {
    const { kept, from, to } = this;
    if (kept !== undefined && from + length <= kept.length) return;
    if (kept !== undefined && length <= kept.length / 2) {
      kept.copyWithin(0, from, to);
    } else {
      // Not from the pool: the buffer is compared by identity in `end`.
      this.kept = Buffer.from(new ArrayBuffer(Math.max(INPUT_KEEP_MIN, 2 * length)));
      if (kept !== undefined) this.kept.set(kept.subarray(from, to));
    }
    [this.from, this.to] = [0, to - from];
  }
}
