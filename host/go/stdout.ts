/**
 * Standard output and error of an M's thread: written at once, straight to the descriptor. Node's way leads through the thread that
 * started this one, which may be sleeping inside the core.
 *
 * But where the main thread's `process.stdout.write` is not the stream's own, since a logger or a test runner looks at what is printed, or
 * the main thread is itself a worker of somebody's, what goroutines print, of a program's too, goes there, as Node's own workers have it: in notes,
 * which arrive before the results of the goroutines that have printed, and are written when the main thread's event loop turns. The main
 * thread looks whenever it begins to wait for something, and says so in the control block.
 *
 * Not on Deno, whose console does not write by `process.stdout` on any thread.
 */
import process from "node:process";
import type { Control } from "../base/control.js";
import { writeFully } from "../base/stdio.js";

interface Sink {
  readonly fd?: number;
  _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void;
  _writev?: unknown;
}

const isDeno = "deno" in process.versions;

/** Streams by their descriptors. */
const STREAMS = [
  [1, "stdout"],
  [2, "stderr"],
] as const;

/**
 * Has what goroutines print with `console.log` and `process.stdout` written at once, or sent.
 *
 * @param send has the main thread write bytes to a descriptor, if there is memory for them
 */
export function writeAtOnce(control: Control, send: (fd: number, bytes: Uint8Array) => boolean): void {
  if (isDeno) return; // it does so by itself
  for (const [fd, name] of STREAMS) {
    const sink = process[name] as unknown as Sink;
    sink._write = (chunk, encoding, done) => {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : (chunk as Uint8Array);
      try {
        if (!control.isCaptured(fd) || !send(fd, bytes)) writeFully(fd, bytes);
      } catch (error) {
        return done(error as Error);
      }
      done();
    };
    sink._writev = undefined;
  }
}

/** On the main thread, what takes goroutines' output that is on its way when the process exits, by runtime. */
const atExit = new Set<() => unknown>();

function takeAll(): void {
  for (const drain of atExit) drain();
}

/** On the main thread: looks whether somebody else is to see what is printed there. */
export class Captured {
  private known = 0;

  /** @param drain takes what the threads have sent */
  constructor(
    private readonly control: Control,
    private readonly drain: () => unknown,
  ) {}

  look(): void {
    if (isDeno) return;
    const { stdout, stderr } = process;
    const bits = (isOthers(stdout, 1) ? 1 << 1 : 0) | (isOthers(stderr, 2) ? 1 << 2 : 0);
    if (bits === this.known) return;
    this.known = bits;
    if (atExit.size === 0) process.on("exit", takeAll);
    atExit.add(this.drain);
    this.control.capture(bits);
  }

  /** Nothing comes any more. */
  end(): void {
    if (atExit.delete(this.drain) && atExit.size === 0) process.off("exit", takeAll);
  }
}

/** On the main thread: writes what a goroutine has printed. */
export function writeOutput(fd: number, bytes: Uint8Array): void {
  (fd === 2 ? process.stderr : process.stdout).write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Whether writing to a stream is not writing to the descriptor. A worker's streams have none. */
function isOthers(stream: NodeJS.WriteStream, fd: number): boolean {
  return (stream as unknown as Sink).fd !== fd || Object.hasOwn(stream, "write");
}
