/**
 * `import { … } from "skein/io"`: what bytes are read from and written to. Connections (`skein/net`), files and the standard streams (`skein/os`), and what
 * `skein/bufio` puts around them.
 *
 * On a goroutine.
 */
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
