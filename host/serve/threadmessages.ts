/** What the threads of a server say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { PollerChoice } from "../sockets/poller.js";
import type { SocketAddress } from "../sockets/sockaddr.js";
import { attempt, isError, stackOf, wordsOf } from "../base/thrown.js";
import type { LoadBalance, ServeOptions } from "./events.js";
import type { Sent } from "./bytering.js";
import type { Place, SharedListener } from "./listeners.js";

/** An error on its way between threads: structured clone keeps neither its class nor its code. */
interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly stack: string | undefined;
}

export function sendError(error: unknown): SentError {
  if (!isError(error)) return { name: "Error", message: wordsOf(error), code: undefined, stack: undefined };
  const code = attempt(() => (error as NodeJS.ErrnoException).code);
  return {
    name: attempt(() => String(error.name)) ?? "Error",
    message: attempt(() => String(error.message)) ?? "",
    code: typeof code === "string" ? code : undefined,
    stack: stackOf(error),
  };
}

export function receiveError(sent: SentError): Error {
  const error = new Error(sent.message);
  error.name = sent.name;
  if (sent.stack !== undefined) error.stack = sent.stack;
  return sent.code === undefined ? error : Object.assign(error, { code: sent.code });
}

/** What a loop's thread begins with. */
export interface LoopData {
  readonly module: string;
  readonly index: number;
}

export type ToLoop =
  | {
      readonly type: "setup";
      readonly buffer: SharedArrayBuffer;
      readonly addrs: readonly string[];
      readonly choice: PollerChoice;
      /** What the loop listens to, with the epoll poller. */
      readonly shared: readonly SharedListener[];
      /** To the thread that has the sockets, with the stdlib poller. */
      readonly line: Line | undefined;
    }
  | { readonly type: "start" | "quiet" | "stop" };

export type FromLoop =
  | { readonly type: "ready"; readonly options: ServeOptions }
  /** Set up; `go` is false if `serving` said to shut down. */
  | { readonly type: "set"; readonly go: boolean }
  | { readonly type: "shutdown" | "quiet" | "deserted" }
  | { readonly type: "stopped"; readonly detached: number }
  | { readonly type: "failed"; readonly error: SentError };

/** What the thread that has the sockets begins with. */
export interface IOData {
  readonly places: readonly Place[];
  readonly balance: LoadBalance;
  readonly buffer: SharedArrayBuffer;
  /** To the loops. */
  readonly lines: readonly Line[];
}

/** How a loop and the thread that has its sockets reach each other: one end of a port, and a ring for each direction. */
export interface Line {
  readonly port: MessagePort;
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
}

export type ToIO = { readonly type: "start" | "quiet" };

export type FromIO =
  | { readonly type: "bound"; readonly addrs: readonly string[] }
  | { readonly type: "quiet" }
  | { readonly type: "failed"; readonly error: SentError };

/** From the thread that has the sockets to a loop; `id` is the stream's. */
export type ToStream =
  | {
      readonly type: "opened";
      readonly id: number;
      readonly addrIndex: number;
      readonly localAddress: string;
      readonly remoteAddress: string;
    }
  | { readonly type: "input"; readonly id: number; readonly input: Sent }
  | { readonly type: "ended"; readonly id: number }
  /** Of all output, so much has gone to the system. */
  | { readonly type: "written"; readonly id: number; readonly total: number }
  | { readonly type: "closed"; readonly id: number; readonly error: SentError }
  | {
      readonly type: "datagram";
      /** The index of the address that it has come to. */
      readonly id: number;
      readonly input: Sent;
      readonly from: SocketAddress;
      readonly remoteAddress: string;
    };

export type FromStream =
  | { readonly type: "start" | "shutdownWrite" | "destroy"; readonly id: number }
  | { readonly type: "write"; readonly id: number; readonly output: Sent }
  /** So much input has been handled. */
  | { readonly type: "taken"; readonly id: number; readonly length: number }
  | { readonly type: "keepAlive"; readonly id: number; readonly ms: number }
  /** A datagram, from the socket at the address with the index `id`. */
  | { readonly type: "send"; readonly id: number; readonly to: SocketAddress; readonly output: Sent };
