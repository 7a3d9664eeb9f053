/**
 * Byte streams over sockets, after asyncio's: `openConnection` and `startServer` give a StreamReader and a StreamWriter.
 *
 * Guarantees, as asyncio's
 * - One at a time waits for a reader's data. What was not taken is kept; the socket is paused above twice the limit, and goes on below
 *   the limit, so a peer that sends without end is held back.
 * - `readuntil` and `readline` fail for a line longer than the limit, instead of keeping it.
 * - `drain` waits while the system does not take what was written; it fails once the connection has failed.
 * - All of them are tasks of the loop: cancelling a read loses no byte.
 */
import { Buffer } from "node:buffer";
import type * as Net from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { optionsOf, ownOptions } from "../base/options.js";
import { conceal, present } from "../base/present.js";
import type { EventLoop } from "./eventloop.js";
import type { Future } from "./future.js";
import { IncompleteReadError, LimitOverrunError, LoopError } from "./looperrors.js";
import type { CoroutineGenerator, Task } from "./task.js";

/** asyncio's: 64 KiB. */
const LIMIT = 65536;
const NEWLINE = Buffer.from("\n");
const NOTHING = Buffer.alloc(0);

export interface StreamOptions {
  /** Bytes that a reader keeps before its socket is paused at twice as many, and the longest line. Default 65536. */
  readonly limit?: number | undefined;
}

/** Where to connect to, or to listen: a host and a port, or the path of a Unix socket. */
export type StreamAddress = { readonly host?: string; readonly port: number } | { readonly path: string };

/** What a server does with a connection; async, or a generator function, too. */
export type ClientConnected = (
  reader: StreamReader,
  writer: StreamWriter,
) => void | PromiseLike<void> | CoroutineGenerator<void>;

/** What comes from a stream. */
export class StreamReader {
  readonly #loop: EventLoop;
  readonly #limit: number;
  /** What has come and was not taken lies here, from `#from` to `#to`. */
  #buffer: Buffer = NOTHING;
  #from = 0;
  #to = 0;
  #hasEnded = false;
  #failure: unknown;
  #hasFailed = false;
  #waiter: Future<void> | undefined;
  #socket: Socket | undefined;
  #isPaused = false;

  constructor(loop: EventLoop, options?: StreamOptions) {
    const { limit = LIMIT } = optionsOf("StreamReader", options, { limit: true });
    if (!(limit > 0)) throw new RangeError("Limit cannot be <= 0");
    this.#loop = loop;
    this.#limit = limit;
    conceal(this);
  }

  /** @internal Lets the reader pause where its bytes come from. */
  attach(socket: Socket): void {
    this.#socket = socket;
  }

  /** Adds bytes, as if they had come. */
  feedData(data: Uint8Array): void {
    if (this.#hasEnded) throw new LoopError("feedData after feedEof");
    if (data.length === 0) return;
    this.#reserve(data.length);
    this.#buffer.set(data, this.#to);
    this.#to += data.length;
    this.#wake();
    if (this.#chunks.length <= 2 * this.#limit || this.#socket === undefined || this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Nothing more comes. */
  feedEof(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Has this and all later reads fail. */
  setException(error: unknown): void {
    [this.#failure, this.#hasFailed] = [error, true];
    this.#wake();
  }

  /** What reads fail with; undefined if that is nothing. */
  exception(): unknown {
    return this.#failure;
  }

  /** Has everything been read, and the end come? */
  atEof(): boolean {
    return this.#hasEnded && this.#chunks.length === 0;
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined && !waiter.done()) waiter.setResult();
  }

  /** Up to `n` bytes, at least one; all until the end for -1; none at the end. */
  read(n = -1): Task<Buffer> {
    return this.#loop.createTask(this.#reading(n));
  }

  /** A line with its newline; what is left where the end comes first. */
  readline(): Task<Buffer> {
    return this.#loop.createTask(this.#readingLine());
  }

  /**
   * Exactly `n` bytes.
   *
   * @throws IncompleteReadError with what there was, where the end comes first
   */
  readexactly(n: number): Task<Buffer> {
    if (!(n >= 0)) throw new RangeError("readexactly size can not be less than zero");
    return this.#loop.createTask(this.#readingExactly(n));
  }

  /**
   * All up to a separator, with it.
   *
   * @throws IncompleteReadError where the end comes first; LimitOverrunError where the limit does, and nothing is lost
   */
  readuntil(separator: Uint8Array | string = NEWLINE): Task<Buffer> {
    const bytes = Buffer.from(separator as string);
    if (bytes.length === 0) throw new RangeError("Separator should be at least one-byte string");
    return this.#loop.createTask(this.#readingUntil(bytes));
  }

  /** The lines. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  *#reading(n: number): Generator<unknown, Buffer, unknown> {
    this.#check();
    if (n === 0) return NOTHING;
    if (n < 0) {
      const pieces: Buffer[] = [];
      for (let piece = yield* this.#reading(this.#limit); piece.length > 0; piece = yield* this.#reading(this.#limit))
        pieces.push(piece);
      return Buffer.concat(pieces);
    }
    if (this.#chunks.length === 0 && !this.#hasEnded) yield* this.#more("read");
    return this.#take(Math.min(n, this.#chunks.length));
  }

  *#readingExactly(n: number): Generator<unknown, Buffer, unknown> {
    this.#check();
    while (this.#chunks.length < n) {
      if (this.#hasEnded) throw new IncompleteReadError(this.#take(this.#chunks.length), n);
      yield* this.#more("readexactly");
    }
    return this.#take(n);
  }

  *#readingUntil(separator: Buffer): Generator<unknown, Buffer, unknown> {
    this.#check();
    for (let from = 0; ;) {
      const at = this.#chunks.indexOf(separator, from);
      if (at > this.#limit) throw new LimitOverrunError("Separator is found, but chunk is longer than limit", at);
      if (at >= 0) return this.#take(at + separator.length);
      // A separator may have come in part.
      from = Math.max(0, this.#chunks.length - separator.length + 1);
      if (from > this.#limit) throw new LimitOverrunError("Separator is not found, and chunk exceed the limit", from);
      if (this.#hasEnded) throw new IncompleteReadError(this.#take(this.#chunks.length), undefined);
      yield* this.#more("readuntil");
    }
  }

  *#readingLine(): Generator<unknown, Buffer, unknown> {
    try {
      return yield* this.#readingUntil(NEWLINE);
    } catch (error) {
      if (error instanceof IncompleteReadError) return error.partial;
      if (!(error instanceof LimitOverrunError)) throw error;
      // The line is dropped, or all that there is of it, as asyncio does.
      const isThere = this.#chunks.subarray(error.consumed, error.consumed + 1).equals(NEWLINE);
      this.#take(isThere ? error.consumed + 1 : this.#chunks.length);
      throw new RangeError(error.message, { cause: error });
    }
  }

  #check(): void {
    if (this.#hasFailed) throw this.#failure as Error;
  }

  /** Waits for more data, the end, or a failure. */
  *#more(what: string): Generator<unknown, void, unknown> {
    if (this.#waiter !== undefined)
      throw new LoopError(`${what}() called while another coroutine is already waiting for incoming data`);
    // What waits would else wait for itself.
    this.#resume();
    const waiter = this.#loop.createFuture<void>();
    this.#waiter = waiter;
    try {
      yield* waiter;
    } finally {
      if (this.#waiter === waiter) this.#waiter = undefined;
    }
    this.#check();
  }

  #take(n: number): Buffer {
    const taken = Buffer.from(this.#chunks.subarray(0, n));
    this.#from += n;
    if (this.#from === this.#to) {
      [this.#from, this.#to] = [0, 0];
      // What one large read needed is not held for ever.
      if (this.#buffer.length > 4 * this.#limit) this.#buffer = NOTHING;
    }
    if (this.#chunks.length <= this.#limit) this.#resume();
    return taken;
  }

  get #chunks(): Buffer {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  /** Makes room behind what is there; grows by doubling, so that each byte is moved about once. */
  #reserve(length: number): void {
    if (this.#to + length <= this.#buffer.length) return;
    const kept = this.#chunks;
    const need = kept.length + length;
    if (need > this.#buffer.length / 2) this.#buffer = Buffer.alloc(2 * need);
    kept.copy(this.#buffer);
    [this.#from, this.#to] = [0, kept.length];
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }
}

/** What goes to a stream. */
export class StreamWriter {
  readonly #loop: EventLoop;
  readonly #socket: Socket;
  readonly #reader: StreamReader;
  readonly #closed: Future<void>;
  #isClosing = false;

  /** @internal Made by `openConnection` and `startServer`. */
  constructor(loop: EventLoop, socket: Socket, reader: StreamReader) {
    this.#loop = loop;
    this.#socket = socket;
    this.#reader = reader;
    this.#closed = loop.createFuture<void>();
    reader.attach(socket);
    socket.on("data", (data: Buffer) => reader.feedData(data));
    socket.on("end", () => reader.feedEof());
    socket.on("error", (error) => reader.setException(error));
    socket.on("close", () => {
      reader.feedEof();
      if (!this.#closed.done()) this.#closed.setResult();
    });
    conceal(this);
  }

  /** Sends bytes, which are the caller's again, or text; follow it with `await drain()`. */
  write(data: Uint8Array | string): void {
    if (!this.#socket.writable) return;
    this.#socket.write(typeof data === "string" ? data : Buffer.from(data));
  }

  writelines(lines: Iterable<Uint8Array | string>): void {
    for (const line of lines) this.write(line);
  }

  /** Waits while too much waits to go out. */
  drain(): Task<void> {
    return this.#loop.createTask(this.#draining());
  }

  *#draining(): Generator<unknown, void, unknown> {
    const failure = this.#reader.exception();
    if (failure !== undefined) throw failure as Error;
    const socket = this.#socket;
    if (socket.destroyed) throw Object.assign(new Error("Connection lost"), { code: "ECONNRESET" });
    if (!socket.writableNeedDrain) return;
    const waiter = this.#loop.createFuture<void>();
    const done = (): void => {
      if (!waiter.done()) waiter.setResult();
    };
    socket.once("drain", done).once("close", done);
    try {
      yield* waiter;
    } finally {
      socket.off("drain", done).off("close", done);
    }
    const failed = this.#reader.exception();
    if (failed !== undefined) throw failed as Error;
  }

  canWriteEof(): boolean {
    return true;
  }

  /** Ends what goes out, once it is out; the peer may go on. */
  writeEof(): void {
    this.#socket.end();
  }

  /** Closes the stream, once what was written is out. */
  close(): void {
    this.#isClosing = true;
    this.#socket.destroySoon();
  }

  isClosing(): boolean {
    return this.#isClosing || this.#socket.destroyed;
  }

  /** Waits until it is closed. */
  waitClosed(): Future<void> {
    return this.#loop.shield(this.#closed);
  }

  /** `peername` and `sockname`, as `127.0.0.1:80` or a path; `socket`, Node's. */
  getExtraInfo(name: "peername" | "sockname"): string | undefined;
  getExtraInfo(name: "socket"): Socket;
  getExtraInfo(name: string): string | Socket | undefined {
    const { remoteAddress, remotePort, localAddress, localPort } = this.#socket;
    if (name === "socket") return this.#socket;
    const [host, port] = name === "peername" ? [remoteAddress, remotePort] : [localAddress, localPort];
    return host === undefined ? undefined : `${host}:${port}`;
  }
}

/** A server of `startServer`. */
export class StreamServer {
  readonly #loop: EventLoop;
  readonly #server: Server;
  readonly #closed: Future<void>;
  readonly #clients = new Set<Socket>();

  /** @internal */
  constructor(loop: EventLoop, server: Server, connected: ClientConnected, options: StreamOptions) {
    this.#loop = loop;
    this.#server = server;
    this.#closed = loop.createFuture<void>();
    server.on("connection", (socket) => {
      this.#clients.add(socket);
      socket.on("close", () => this.#clients.delete(socket));
      const reader = new StreamReader(loop, options);
      const writer = new StreamWriter(loop, socket, reader);
      const task = loop.createTask(() => connected(reader, writer));
      task.addDoneCallback(() => {
        if (task.cancelled()) writer.close();
        else if (task.exception() !== null && task.exception() !== undefined) {
          loop.callExceptionHandler({
            message: "Unhandled exception in clientConnected",
            exception: task.exception(),
            task,
          });
          writer.close();
        }
      });
    });
    server.on("close", () => {
      if (!this.#closed.done()) this.#closed.setResult();
    });
    conceal(this);
  }

  /** Where it listens: `127.0.0.1:7000`, or a path. */
  get address(): string {
    const address = this.#server.address();
    return typeof address === "string" ? address : address === null ? "" : hostPort(address);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  isServing(): boolean {
    return this.#server.listening;
  }

  /** Stops listening; connections go on. */
  close(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Closes the connections too. */
  closeClients(): void {
    for (const socket of this.#clients) socket.destroySoon();
  }

  /** Waits until it has stopped, and all connections are closed. */
  waitClosed(): Future<void> {
    return this.#loop.shield(this.#closed);
  }

  /** Serves until it is cancelled, which closes the server. */
  serveForever(): Task<void> {
    return this.#loop.createTask(this.#serving());
  }

  *#serving(): Generator<unknown, void, unknown> {
    try {
      yield* this.#loop.shield(this.#closed);
    } finally {
      this.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.closeClients();
    await this.waitClosed();
  }
}

function hostPort({ address, port, family }: AddressInfo): string {
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Most programs have no use for it, and it takes its time to load. */
function* net(loop: EventLoop): Generator<unknown, typeof Net, unknown> {
  return yield* loop.ensureFuture(import("node:net"));
}

export function* connecting(
  loop: EventLoop,
  address: StreamAddress,
  options: StreamOptions,
): Generator<unknown, [StreamReader, StreamWriter], unknown> {
  const reader = new StreamReader(loop, options);
  const { connect } = yield* net(loop);
  const socket = connect(ownOptions({ ...address, noDelay: true, allowHalfOpen: true }));
  const waiter = loop.createFuture<void>();
  const failed = (error: Error): void => {
    if (!waiter.done()) waiter.setException(error);
  };
  socket.once("error", failed);
  socket.once("connect", () => {
    if (!waiter.done()) waiter.setResult();
  });
  try {
    yield* waiter;
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const writer = new StreamWriter(loop, socket, reader);
  socket.off("error", failed);
  return [reader, writer];
}

export function* listening(
  loop: EventLoop,
  connected: ClientConnected,
  address: StreamAddress,
  options: StreamOptions,
): Generator<unknown, StreamServer, unknown> {
  const { createServer } = yield* net(loop);
  const server = createServer(ownOptions({ allowHalfOpen: true, noDelay: true }));
  const waiter = loop.createFuture<void>();
  server.once("error", (error) => {
    if (!waiter.done()) waiter.setException(error);
  });
  const made = new StreamServer(loop, server, connected, options);
  // As everywhere here, an address without a host is loopback.
  server.listen(ownOptions(Object.hasOwn(address, "port") ? { host: "127.0.0.1", ...address } : address), () => {
    if (!waiter.done()) waiter.setResult();
  });
  try {
    yield* waiter;
  } catch (error) {
    server.close();
    throw error;
  }
  return made;
}

present(StreamReader, "StreamReader", () => ({}), "await its read()");
present(StreamWriter, "StreamWriter", () => ({}), "write() to it");
present(StreamServer, "StreamServer", ({ address }) => ({ address }), "its address says where it listens");
