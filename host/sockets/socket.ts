/**
 * What a socket is to those above the poller, whichever backend it has: a stream or datagrams, with callbacks.
 *
 * Guarantees, for both backends:
 * - `write` never blocks and never loses: what the system does not take now is copied and goes out in order, each byte once.
 * - `closed` is called at most once, for an end that the socket found (a reset, a failed write); never after `destroy`.
 * - `ended` is called at most once, when the peer has finished sending; the other direction stays open.
 * - No callback comes while the socket is paused, but `closed` and `drained`.
 */
import { errnoName, errnoOf, errnoText } from "./constants.js";
import type { SocketAddress } from "./sockaddr.js";

/** A system call on a socket failed. `code` is the system's name for the error, as in Node's own errors. */
export class SocketError extends Error {
  override name = "SocketError";
  /** As `ECONNRESET`. */
  readonly code: string;
  /** What was tried, as `read`, `bind`. */
  readonly syscall: string;

  constructor(syscall: string, code: string, text: string, where = "") {
    super(`${syscall}${where === "" ? "" : ` ${where}`}: ${code} (${text})`);
    this.syscall = syscall;
    this.code = code;
  }

  /** The error that a system call's negative result stands for; `where` is an address or a path. */
  static of(syscall: string, result: number, where = ""): SocketError {
    return new SocketError(syscall, errnoName(result), errnoText(result), where);
  }

  /** The same for an error of the runtime's own sockets. */
  static from(error: NodeJS.ErrnoException, syscall: string, where = ""): SocketError {
    const { code = "EIO", message } = error;
    const errno = errnoOf(error);
    return new SocketError(
      error.syscall ?? syscall,
      code,
      errnoName(errno) === code ? errnoText(errno) : message,
      where,
    );
  }
}

/** Told of what happens to a stream. */
export interface StreamHandler {
  /** `input` is a copy, or the poller's own buffer until the call returns, as `reuseInput` of the stream says. */
  input(input: Uint8Array): void;
  /** The peer has finished sending. */
  ended(): void;
  /** All output has gone to the system. Called only after a `write` that left some behind. */
  drained(): void;
  /** The stream is no more. */
  closed(error: Error): void;
}

/** A connected stream: tcp or unix. */
export interface StreamSocket {
  /** Who is told; set before `start`. */
  handler: StreamHandler;
  /** Whether `input` may be the poller's own buffer, which the next read overwrites. */
  reuseInput: boolean;
  /** As `tcp://127.0.0.1:8080`. */
  readonly localAddress: string;
  /** Of a client of a Unix socket that has no path: `unix://`. */
  readonly remoteAddress: string;
  /** Bytes that were written and have not gone to the system. */
  readonly buffered: number;
  /** Begins to report; after `destroy`, does nothing. */
  start(): void;
  write(output: Uint8Array): void;
  /** Writes text as UTF-8; how many bytes that are. */
  writeText(text: string): number;
  pause(): void;
  resume(): void;
  /** Ends the outgoing direction, once what was written is out. */
  shutdownWrite(): void;
  /** Closes at once. Nothing is reported any more. */
  destroy(): void;
  /** Sends probes after so many milliseconds of silence; no-op where the network has none. */
  keepAlive(ms: number): void;
}

/** Sends a datagram from the socket that one has come to: to where that came from, or elsewhere. */
export type DatagramSender = (output: Uint8Array, to?: SocketAddress) => void;

/** Told of a datagram. */
export type DatagramHandler = (input: Uint8Array, remoteAddress: string, send: DatagramSender) => void;
