/**
 * Standard input, output and error from any thread, past the runtime's own streams, which belong to the main thread and
 * would buffer.
 *
 * Guarantees: a write returns when all bytes are out; it waits where the descriptor is full and non-blocking; throws
 * `BrokenPipe` where nobody reads any more. Where a descriptor fails otherwise (EBADF, ENOSPC, EIO) what is written goes nowhere, as
 * in Go, and who asks is told why.
 */
import { readSync, writeSync } from "node:fs";
import { constants } from "node:os";

/** Nobody reads this descriptor any more. */
export class BrokenPipe extends Error {}

/** The most that one read takes. */
const READ_MAX = 1 << 20;

/** How long to wait for a full pipe to drain, or an empty one to fill, before trying again, in milliseconds. */
const RETRY_MS = 2;

const never = new Int32Array(new SharedArrayBuffer(4));

/** The error's number of the first write to standard output that failed on this thread; 0 while none has. */
let outputErrno = 0;

export function outputError(): number {
  return outputErrno;
}

/** Writes all of `bytes`, which must not be shared memory, to the descriptor: 0, or the error's number if it cannot. */
export function writeFully(fd: number, bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.byteLength) {
    try {
      at += writeSync(fd, bytes, at, bytes.byteLength - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      switch (code) {
        case "EAGAIN":
          Atomics.wait(never, 0, 0, RETRY_MS);
          break;
        case "EINTR":
          break;
        case "EPIPE":
          throw new BrokenPipe();
        default:
          return failed(fd, code);
      }
    }
  }
  return 0;
}

function failed(fd: number, code = ""): number {
  const errno = -((constants.errno as Readonly<Record<string, number>>)[code] ?? constants.errno.EIO);
  if (fd === 1) outputErrno ||= errno;
  return errno;
}

/** Reads what a descriptor has, at most `length` bytes, blocking this thread until there is something; nothing at its end. */
export function readAvailable(fd: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(length, READ_MAX));
  for (;;) {
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.byteLength, null));
    } catch (error) {
      switch ((error as NodeJS.ErrnoException).code) {
        case "EAGAIN":
          Atomics.wait(never, 0, 0, RETRY_MS);
          break;
        case "EINTR":
          break;
        default:
          // At the end of a pipe some systems report an error; otherwise there is nothing to read from.
          return bytes.subarray(0, 0);
      }
    }
  }
}
