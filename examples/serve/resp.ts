/** Redis's protocol, as its clients speak it: arrays of counted texts, or lines of words. */

/** The longest line and value, and the most arguments. */
const [LINE_MAX, VALUE_MAX] = [65536, 64 << 20];
export const ARGS_MAX = 1 << 20;

/** Reads commands from bytes; `at` is how far the last whole one reaches. Throws at what is no command. */
export class Reader {
  at = 0;
  private next = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The next command, or null if the rest of it has not come. */
  command(): string[] | null {
    this.next = this.at;
    const args = this.bytes[this.at] === 42 ? this.array() : this.inline();
    if (args !== null) this.at = this.next;
    return args;
  }

  /** The number after a `*` or `$`, to the end of its line. */
  private number(mark: number, most: number): number | null {
    const { bytes } = this;
    if (this.next >= bytes.length) return null;
    if (bytes[this.next] !== mark) throw new Error(`expected '${String.fromCharCode(mark)}'`);
    let value = 0;
    for (let i = this.next + 1; i < bytes.length; i++) {
      const digit = (bytes[i] as number) - 48;
      // An array of -1 is none, as one of 0.
      if (bytes[i] === 45 && i === this.next + 1 && mark === 42) continue;
      if (bytes[i] === 13 && i > this.next + 1) {
        if (i + 1 === bytes.length) return null;
        const isNegative = bytes[this.next + 1] === 45;
        this.next = i + 2;
        return isNegative ? 0 : value;
      }
      value = value * 10 + digit;
      if (!(digit >= 0 && digit <= 9) || value > most) throw new Error("invalid length");
    }
    return null;
  }

  private array(): string[] | null {
    const count = this.number(42, ARGS_MAX);
    if (count === null) return null;
    const args: string[] = [];
    for (let i = 0; i < count; i++) {
      const length = this.number(36, VALUE_MAX);
      if (length === null || this.next + length + 2 > this.bytes.length) return null;
      args.push(this.bytes.latin1Slice(this.next, this.next + length));
      this.next += length + 2;
    }
    return args;
  }

  private inline(): string[] | null {
    const end = this.bytes.indexOf(10, this.at);
    if ((end < 0 ? this.bytes.length : end) - this.at > LINE_MAX) throw new Error("too big inline request");
    if (end < 0) return null;
    this.next = end + 1;
    return this.bytes.latin1Slice(this.at, end).split(/\s+/).filter(Boolean);
  }
}
