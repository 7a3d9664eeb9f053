/**
 * Writing to standard output and standard error from any thread, past the runtime's own streams, which belong to the
 * main thread and would buffer.
 *
 * Guarantees: returns when all bytes are out; waits where the descriptor is full and non-blocking; throws
 * `BrokenPipe` where nobody reads any more.
 */
import { writeSync } from "node:fs";

/** Nobody reads this descriptor any more. */
export class BrokenPipe extends Error {}

/** How long to wait for a full pipe to drain before trying again, in milliseconds. */
const RETRY_MS = 2;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `bytes`, which must not be shared memory, to the descriptor. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.byteLength) {
    try {
      at += writeSync(fd, bytes, at, bytes.byteLength - at);
    } catch (error) {
      switch ((error as NodeJS.ErrnoException).code) {
        case "EAGAIN":
          Atomics.wait(never, 0, 0, RETRY_MS);
          break;
        case "EINTR":
          break;
        case "EPIPE":
          throw new BrokenPipe();
        default:
          // A closed or failing descriptor (EBADF, ENOSPC, EIO): as in Go, the program's printing goes on into nothing.
          return;
      }
    }
  }
}
