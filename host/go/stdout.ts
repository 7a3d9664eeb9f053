/**
 * Standard output of an M's thread: written at once, straight to the descriptor. Node's way leads through the thread that
 * started this one, which may be sleeping inside the core.
 */
import process from "node:process";
import { writeFully } from "../base/stdio.js";

interface Sink {
  _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void;
  _writev?: unknown;
}

/** Has what goroutines print with `console.log` and `process.stdout` written at once. */
export function writeAtOnce(): void {
  if ("deno" in process.versions) return; // it does so by itself
  for (const [stream, fd] of [
    [process.stdout, 1],
    [process.stderr, 2],
  ] as const) {
    const sink = stream as unknown as Sink;
    sink._write = (chunk, encoding, done) => {
      try {
        writeFully(fd, typeof chunk === "string" ? Buffer.from(chunk, encoding) : (chunk as Uint8Array));
      } catch (error) {
        return done(error as Error);
      }
      done();
    };
    sink._writev = undefined;
  }
}
