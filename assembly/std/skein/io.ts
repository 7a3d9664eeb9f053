/**
 * `import { … } from "skein/io"`: what bytes are read from and written to. Connections (`skein/net`), files and the standard streams (`skein/os`), and what
 * `skein/bufio` puts around them.
 *
 * On a goroutine.
 */
import { fromUtf8 } from "./encoding";
import { lastError } from "./runtime/net/errors";

/** What bytes are read from. */
export interface Reader {
  /** Reads into `buf` what there is, waiting for the first byte: the number of bytes; 0 at the end; -1 if it failed, and `ioError` says why. */
  read(buf: Uint8Array): i32;
}

/** What bytes are written to. */
export interface Writer {
  /** Writes all of `buf`: its length; -1 if it failed, and `ioError` says why. */
  write(buf: Uint8Array): i32;
}

/** Why this goroutine's latest call of `read` or `write`, or of `skein/net` or `skein/os`, that failed did. */
export function ioError(): Error {
  return new Error(lastError());
}

/** All that is left to read; null if that failed. */
export function readAll(from: Reader): Uint8Array | null {
  let bytes = new Uint8Array(4096);
  let length = 0;
  while (true) {
    if (length == bytes.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(bytes);
      bytes = grown;
    }
    const n = from.read(bytes.subarray(length));
    if (n < 0) return null;
    if (n == 0) return bytes.subarray(0, length);
    length += n;
  }
}

/** Writes to `to` all that is left to read: how much; -1 if either failed. */
export function copy(to: Writer, from: Reader): i64 {
  const buffer = new Uint8Array(32 * 1024);
  let copied: i64 = 0;
  while (true) {
    const n = from.read(buffer);
    if (n == 0) return copied;
    if (n < 0 || to.write(buffer.subarray(0, n)) < 0) return -1;
    copied += n;
  }
}

/** Bytes in memory: what is written to it can be read from it. Go's `bytes.Buffer`. */
export class Buffer implements Reader, Writer {
  private start: i32 = 0;
  private end: i32;

  /** Begins with these bytes, which are its own from then on. */
  constructor(private all: Uint8Array = new Uint8Array(0)) {
    this.end = all.length;
  }

  /** How much is left to read. */
  get length(): i32 {
    return this.end - this.start;
  }

  /** What is left to read: a view, up to the next write. */
  bytes(): Uint8Array {
    return this.all.subarray(this.start, this.end);
  }

  /** The same as a text. */
  toString(): string {
    return fromUtf8(this.bytes());
  }

  read(buf: Uint8Array): i32 {
    const n = min(buf.length, this.length);
    buf.set(this.all.subarray(this.start, this.start + n));
    this.start += n;
    return n;
  }

  write(buf: Uint8Array): i32 {
    if (this.end + buf.length > this.all.length) {
      const grown = new Uint8Array(max(2 * this.length, this.length + buf.length));
      grown.set(this.bytes());
      this.end -= this.start;
      this.start = 0;
      this.all = grown;
    }
    this.all.set(buf, this.end);
    this.end += buf.length;
    return buf.length;
  }
}
