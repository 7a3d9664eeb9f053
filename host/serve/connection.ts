/**
 * Connections: what stands between a socket and the handlers.
 *
 * Guarantees:
 * - `opened` comes first, `closed` or `detached` last and once, `data` between; output goes out in the order in which it was
 *   given, after what is still waiting.
 * - An action takes effect when its handler has returned. Close waits for waiting output only as long as the peer takes it:
 *   `lingerMs` without any progress end the connection.
 * - Above the high-water mark of waiting output no input is taken until all of it is out.
 * - A handler that throws closes its connection, and the error is told.
 */
import { INSTEAD, present } from "../base/present.js";
import { Action, actionOf, type Conn, type ConnHandle } from "./events.js";
import { bytesOf, outputOf } from "./output.js";
import { isError, wordsOf } from "../base/thrown.js";
import { LongTimer } from "../base/timers.js";
import { destinationOf } from "../sockets/address.js";
import { SocketError, type DatagramSender, type StreamHandler, type StreamSocket } from "../sockets/socket.js";
import { DetachedStream } from "./detached.js";
import type { Loop } from "./serverloop.js";
import { Counter } from "./serverblock.js";

/** The longest silence before a peer is probed that a system takes. */
const LONGEST_KEEPALIVE_MS = 32_767_000;

/** What is left of a connection's life. */
const enum State {
  Open,
  /** Closing: waits for its output to go out; no more events but `closed`. */
  Closing,
  Closed,
}

/** What `write` gives where nobody has to wait. */
const ROOM = Promise.resolve(true);
const CLOSED = Promise.resolve(false);

export class StreamConn implements Conn, StreamHandler {
  context: unknown = undefined;
  /** When there was input last, in the loop's time. */
  lastActive: number;
  /** Found idle for too long by one look; the next one ends it. */
  isOverdue = false;
  readonly #loop: Loop;
  readonly #socket: StreamSocket;
  /** That of its handle. */
  readonly generation: number;
  private state: State = State.Open;
  /** `close` was called, and takes effect once the handler that runs has returned. */
  private isLeaving = false;
  /** Told when there is room for more output, or the connection has closed. */
  private readonly writers: ((isOpen: boolean) => void)[] = [];
  /** Paused because of waiting output. */
  private isHeldBack = false;
  private hasEnded = false;
  private linger: LongTimer | undefined;

  constructor(
    loop: Loop,
    socket: StreamSocket,
    readonly addrIndex: number,
    /** Its place in the loop's table. */
    readonly slot: number,
  ) {
    this.#loop = loop;
    this.#socket = socket;
    this.generation = loop.block.generation(loop.index, slot);
    this.lastActive = loop.time();
    socket.handler = this;
  }

  get localAddr(): string {
    return this.#socket.localAddress;
  }

  get remoteAddr(): string {
    return this.#socket.remoteAddress;
  }

  get buffered(): number {
    return this.#socket.buffered;
  }

  get [INSTEAD](): string {
    return "a connection stays on its loop's thread; send its .handle, which wake() takes on any";
  }

  get handle(): ConnHandle {
    const { slot, generation } = this;
    const loop = this.#loop;
    return { block: loop.block.buffer, loop: loop.index, slot, generation };
  }

  wake(): boolean {
    return this.#loop.wake(this.slot, this.generation);
  }

  /** Runs `opened`, and begins to take input. */
  open(): void {
    const { events } = this.#loop;
    if (events.opened !== undefined) {
      try {
        const result = events.opened(this);
        if (typeof result === "object" && result !== null && !ArrayBuffer.isView(result)) {
          const keepAliveMs = result.keepAliveMs ?? 0;
          if (keepAliveMs > 0) this.#socket.keepAlive(Math.min(keepAliveMs, LONGEST_KEEPALIVE_MS));
          this.#socket.reuseInput = result.reuseInputBuffer === true;
        }
        if (result !== undefined && result !== null) this.apply(result);
      } catch (error) {
        this.thrown("opened", error);
      }
    }
    // Detached connections live on, and a closed socket does nothing.
    this.#socket.start();
  }

  input(input: Uint8Array): void {
    if (this.state !== State.Open || this.isLeaving) return;
    this.#loop.add(Counter.bytesIn, input.length);
    this.data(input);
  }

  /** Runs `data`: for input, or for a wake with empty input. */
  data(input: Uint8Array): void {
    const loop = this.#loop;
    if (this.state !== State.Open || this.isLeaving) return;
    if (loop.keepsTime) {
      this.lastActive = loop.time();
      this.isOverdue = false;
    }
    if (loop.events.data === undefined) return;
    try {
      const result = loop.events.data(this, input);
      if (result !== undefined && result !== null) this.apply(result);
    } catch (error) {
      this.thrown("data", error);
    }
  }

  private apply(result: NonNullable<unknown>): void {
    const output = outputOf(result);
    if (output !== undefined && output.length > 0) this.send(output);
    // Plain output has no action.
    if (output === result) return;
    if (result instanceof Promise)
      throw new TypeError("a handler returned a promise: handlers are synchronous, use wake()");
    const action = actionOf(result);
    if (action !== Action.None) this.act(action);
  }

  write(out: Uint8Array | string): Promise<boolean> {
    const output = outputOf(out);
    if (this.state !== State.Open || this.isLeaving) return CLOSED;
    if (output !== undefined && output.length > 0) this.send(output);
    return this.isHeldBack ? new Promise((resolve) => this.writers.push(resolve)) : ROOM;
  }

  sendTo(): void {
    throw new TypeError("sendTo is for udp: this is a stream, which has one peer");
  }

  close(): boolean {
    if (this.state !== State.Open || this.isLeaving) return false;
    this.isLeaving = true;
    queueMicrotask(() => this.end());
    return true;
  }

  private send(output: Uint8Array | string): void {
    const loop = this.#loop;
    const socket = this.#socket;
    loop.events.preWrite?.();
    let { length } = output;
    if (typeof output === "string") length = socket.writeText(output);
    else socket.write(output);
    loop.add(Counter.bytesOut, length);
    if (socket.buffered > loop.options.highWaterMark && !this.isHeldBack) {
      this.isHeldBack = true;
      loop.block.gates.shut(loop.index, this.slot);
      socket.pause();
    }
  }

  private act(action: number): void {
    if (action === Action.Shutdown) this.#loop.requestShutdown();
    else if (this.state !== State.Open) return;
    else if (action === Action.Close) this.end();
    else if (action === Action.Detach) this.detach();
    else throw new TypeError(`there is no action ${action}`);
  }

  /** Closes as soon as the output is out. */
  end(): void {
    if (this.state !== State.Open) return;
    if (this.#socket.buffered === 0) {
      this.finish(null);
      return;
    }
    this.state = State.Closing;
    // A peer that is still sending must not keep us busy; what it sends stays in the system.
    this.#socket.pause();
    this.lingerOn(this.#socket.buffered);
  }

  private lingerOn(before: number): void {
    this.linger = new LongTimer(this.#loop.options.lingerMs, () => {
      const now = this.#socket.buffered;
      if (now < before) this.lingerOn(now);
      else this.finish(null);
    });
  }

  private detach(): void {
    const loop = this.#loop;
    if (loop.events.detached === undefined) {
      this.end();
      return;
    }
    this.state = State.Closed;
    this.letWriters();
    loop.remove(this);
    const stream = new DetachedStream(this.#socket, this.hasEnded);
    loop.keepFor(stream);
    loop.run("detached", this, () => loop.events.detached?.(this, stream));
  }

  ended(): void {
    this.hasEnded = true;
    // What the peer asked for before it ended is still answered.
    this.end();
  }

  drained(): void {
    if (this.state === State.Closing) {
      this.finish(null);
    } else if (this.isHeldBack) {
      this.#socket.resume();
      this.letWriters();
    }
  }

  /** There is room for more, or no connection any more. */
  private letWriters(): void {
    if (this.isHeldBack) this.#loop.block.gates.open(this.#loop.index, this.slot);
    this.isHeldBack = false;
    for (const writer of this.writers.splice(0)) writer(this.state === State.Open);
  }

  closed(error: Error): void {
    this.finish(error);
  }

  private thrown(handler: string, error: unknown): void {
    this.#loop.report(handler, error, this);
    this.finish(isError(error) ? error : new Error(wordsOf(error)));
  }

  /** Ends for want of input. */
  expire(ms: number): void {
    if (this.state === State.Open) this.finish(new SocketError("read", "ETIMEDOUT", `no input for ${ms} ms`));
  }

  /** The end, at once. */
  finish(error: Error | null): void {
    if (this.state === State.Closed) return;
    const loop = this.#loop;
    this.state = State.Closed;
    this.linger?.clear();
    this.letWriters();
    this.#socket.destroy();
    loop.remove(this);
    loop.run("closed", this, () => loop.events.closed?.(this, error));
  }
}

/** Where a datagram came from. */
export class DatagramConn implements Conn {
  context: unknown = undefined;
  readonly buffered = 0;
  readonly handle = undefined;
  readonly #send: DatagramSender;

  constructor(
    readonly addrIndex: number,
    readonly localAddr: string,
    readonly remoteAddr: string,
    send: DatagramSender,
  ) {
    this.#send = send;
  }

  write(out: Uint8Array | string): Promise<boolean> {
    this.#send(bytesOf(out));
    return ROOM;
  }

  sendTo(out: Uint8Array | string, address: string): void {
    this.#send(bytesOf(out), destinationOf(address, this.localAddr));
  }

  close(): boolean {
    return false;
  }

  wake(): boolean {
    return false;
  }
}

for (const type of [StreamConn, DatagramConn]) {
  present<StreamConn | DatagramConn>(
    type,
    "Conn",
    ({ localAddr, remoteAddr }) => ({ localAddr, remoteAddr }),
    "it is a connection, and no data",
  );
}
