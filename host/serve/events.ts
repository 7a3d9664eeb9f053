/**
 * The public surface of `serve`, after evio: the events of a server and what its handlers return.
 *
 * Handlers are synchronous and run on their loop's thread, one at a time. What they return is acted on when they return.
 */
import type { Duplex } from "node:stream";
import { SERVE_HIGH_WATER_MARK, SERVE_LINGER_MS, SERVE_LOOPS_MAX } from "../../assembly/layout.js";
import { SkeinError } from "../base/errors.js";
import { optionOf } from "../base/options.js";
import { pollerWishes, type PollerName, type PollerWish } from "../sockets/pollerwish.js";

/** What is to happen to a connection, or to the server, after an event. */
export const Action = {
  /** Nothing; the default. */
  None: 0,
  /** The connection leaves the server: `detached` gets it as a stream. */
  Detach: 1,
  /** The connection closes, once the output is out. */
  Close: 2,
  /** The server closes, with all connections. */
  Shutdown: 3,
} as const;
export type Action = (typeof Action)[keyof typeof Action];

/** Output: bytes, which are the caller's again afterwards, or text, sent as UTF-8. */
export type Out = Uint8Array | string | null | undefined;

/** What `data` may return; or just the output, or just an action. */
export interface DataResult {
  readonly out?: Out;
  readonly action?: Action | undefined;
}

/** What `opened` may return. */
export interface OpenedResult extends DataResult {
  /** Milliseconds of silence after which tcp probes the peer. Default: no probes. */
  readonly keepAliveMs?: number | undefined;
  /** `data` gets the loop's own buffer, good until it returns, and no copy. */
  readonly reuseInputBuffer?: boolean | undefined;
}

/** What `tick` returns: milliseconds until the next; it does not come again if there is none. */
export interface TickResult {
  readonly delay?: number | undefined;
  readonly action?: Action | undefined;
}

/** An action by itself, or as a member. */
export type ActionResult = Action | { readonly action?: Action | undefined } | null | undefined | void;

export type LoadBalance = "random" | "round-robin" | "least-connections";

/** A structured-clonable name of a connection, for `connOf` and `wake` in any thread. */
export interface ConnHandle {
  readonly block: SharedArrayBuffer;
  readonly loop: number;
  readonly slot: number;
  readonly generation: number;
}

/** What may be done with a connection from anywhere: in its handlers or outside of them, and with its handle in other threads. */
export interface ConnWriter {
  /**
   * Sends bytes, which are the caller's again when this returns, or text. Resolves when there is room for more, so who awaits it writes
   * as fast as the peer reads; to false if the connection has closed.
   */
  write(out: Uint8Array | string): Promise<boolean>;
  /** Closes it, once its output is out. False if it has closed already. */
  close(): boolean;
  /**
   * Has `data` called soon, with empty input. Each wake makes one call.
   *
   * @returns false if the connection has closed, or is udp
   */
  wake(): boolean;
}

/** A connection; of udp, where a datagram came from. */
export interface Conn extends ConnWriter {
  /** Yours. */
  context: unknown;
  /** Which of the server's addresses it came to: its index among the arguments of `serve`. */
  readonly addrIndex: number;
  /** As `tcp://127.0.0.1:8080`. */
  readonly localAddr: string;
  readonly remoteAddr: string;
  /** Bytes of output that the system has not taken yet. */
  readonly buffered: number;
  /** For `connOf(handle)` and `wake(handle)` in other threads; undefined for udp. */
  readonly handle: ConnHandle | undefined;
  /**
   * Of udp: sends a datagram to another address, as `udp://127.0.0.1:53`, from the same socket.
   *
   * @throws AddressError if it is no literal address; TypeError if the connection is no udp
   */
  sendTo(out: Uint8Array | string, address: string): void;
}

/** Figures of one loop. */
export interface LoopStats {
  /** Connections open now. */
  readonly connections: number;
  /** Connections opened so far. */
  readonly accepted: number;
  /** Bytes that were read from streams and datagrams. */
  readonly bytesIn: number;
  /** Bytes that handlers gave to be sent. */
  readonly bytesOut: number;
  /** Times that `data` was called for a wake. */
  readonly wakes: number;
  /** Times that the loop woke up because of its sockets or notes; 0 with the stdlib poller, which does not know. */
  readonly turns: number;
}

/** A server at one moment. */
export interface ServerStats {
  readonly poller: PollerName;
  /** Why it is that one. */
  readonly pollerReason: string;
  /** Connections open now, in all loops. */
  readonly connections: number;
  readonly loops: readonly LoopStats[];
}

/** A server. */
export interface Server {
  /** The addresses, as `serve` takes them, with the ports that the system chose. */
  readonly addrs: readonly string[];
  /** How many loops there are. */
  readonly loops: number;
  stats(): ServerStats;
  /** Stops listening, closes all connections, ends the loops' threads. Resolves when all of it is done. */
  close(): Promise<void>;
  /** Resolves when the server has closed, for whatever reason; rejects if it failed. */
  readonly closed: Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The events of a server and its options. */
export interface Events {
  /** How many loops, each on a thread of its own: -1 for as many as CPUs. Default 1. Needs a module for more than one. */
  readonly loops?: number | undefined;
  /** Which loop gets a new connection. Default `"random"`. */
  readonly loadBalance?: LoadBalance | undefined;
  /** What waits for the sockets. Default `"auto"`: epoll if it can be called. */
  readonly poller?: PollerWish | undefined;
  /** Bytes of waiting output above which a connection's input is left in the system. Default 1 MiB. */
  readonly highWaterMark?: number | undefined;
  /** Milliseconds without input or wake after which a connection is closed, with the error ETIMEDOUT. Default: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** Milliseconds that a connection which closes waits for a peer that takes none of its output. Default 2000. */
  readonly lingerMs?: number | undefined;
  /** The server is about to accept connections. Called on the first loop. */
  serving?(server: Server): ActionResult;
  opened?(conn: Conn): OpenedResult | Out | Action | void;
  /** `input` is empty for a wake. */
  data?(conn: Conn, input: Uint8Array): DataResult | Out | Action | void;
  /** `error` is null if the peer, a handler or the server closed it. */
  closed?(conn: Conn, error: Error | null): ActionResult;
  /** The connection is yours: a stream, on the loop's thread. Without this handler Detach is Close. */
  detached?(conn: Conn, stream: Duplex): ActionResult;
  /** Before output is written. */
  preWrite?(): void;
  /** Soon after the start, then each `delay` milliseconds; on the first loop. A number is an action, or if it is none a delay. */
  tick?(): TickResult | number | void;
  /** A handler threw, which closed its connection; or accepting failed. Default: it is printed on standard error. */
  error?(error: Error, conn: Conn | undefined): void;
}

/** The options among the events, checked and with their defaults. */
export interface ServeOptions {
  readonly loops: number;
  readonly loadBalance: LoadBalance;
  readonly poller: PollerWish;
  readonly highWaterMark: number;
  readonly idleTimeoutMs: number;
  readonly lingerMs: number;
}

const balances: readonly unknown[] = ["random", "round-robin", "least-connections"];
const handlers = ["serving", "opened", "data", "closed", "detached", "preWrite", "tick", "error"] as const;

/**
 * Reads the options of a server.
 *
 * @throws SkeinError that names the member that is wrong
 */
export function checkEvents(events: Events): ServeOptions {
  const wrong = (name: string, what: string, value: unknown): never => {
    const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw new SkeinError(`${name} of serve's events must be ${what}, not ${shown}`);
  };
  for (const name of handlers) {
    const handler: unknown = (events as Record<string, unknown>)[name];
    if (handler !== undefined && typeof handler !== "function") wrong(name, "a function", handler);
  }
  const loops = optionOf(events, "loops") ?? 1;
  const loadBalance = optionOf(events, "loadBalance") ?? "random";
  const poller = optionOf(events, "poller") ?? "auto";
  if (!Number.isInteger(loops) || loops < -1 || loops > SERVE_LOOPS_MAX) {
    wrong("loops", `-1, for as many as CPUs, or a number up to ${SERVE_LOOPS_MAX}`, loops);
  }
  if (!balances.includes(loadBalance)) wrong("loadBalance", `one of ${balances.join(", ")}`, loadBalance);
  if (!pollerWishes.includes(poller)) wrong("poller", `one of ${pollerWishes.join(", ")}`, poller);
  const amount = (name: "highWaterMark" | "idleTimeoutMs" | "lingerMs", fallback: number): number => {
    const value = optionOf(events, name) ?? fallback;
    if (typeof value !== "number" || !(value >= 0)) wrong(name, "a number, 0 or more", value);
    return value;
  };
  return {
    loops,
    loadBalance,
    poller,
    highWaterMark: amount("highWaterMark", SERVE_HIGH_WATER_MARK),
    idleTimeoutMs: amount("idleTimeoutMs", 0),
    lingerMs: amount("lingerMs", SERVE_LINGER_MS),
  };
}

/** Whether a number is an action. */
export function isAction(value: number): value is Action {
  return (Object.values(Action) as number[]).includes(value);
}

/** The action in what a handler returned. */
export function actionOf(result: unknown): number {
  if (typeof result === "number") return result;
  if (typeof result === "object" && result !== null) return (result as { action?: number }).action ?? Action.None;
  return Action.None;
}
