/**
 * One loop of a server: its connections, its notes, its clock. It knows nothing of pollers: a transport (transport.ts) brings
 * it sockets.
 *
 * Guarantees: all handlers of a loop run on its thread, one at a time; when `stop` has resolved, every connection that was
 * opened has been closed or detached, and its event has come.
 */
import { setImmediate } from "node:timers";
import { SERVE_IDLE_CHECKS } from "../../assembly/layout.js";
import { isError, stackOf, wordsOf } from "../base/thrown.js";
import { LONGEST_TIMER_MS, LongTimer } from "../base/timers.js";
import type { DatagramSender, StreamSocket } from "../sockets/socket.js";
import { DatagramConn, StreamConn } from "./connection.js";
import { outputOf } from "./output.js";
import type { DetachedStream } from "./detached.js";
import {
  Action,
  actionOf,
  isAction,
  type Conn,
  type Events,
  type ServeOptions,
  type Server,
  type TickResult,
} from "./events.js";
import { Counter, ServerBlock, SLOTS } from "./serverblock.js";
import type { Transport } from "./transport.js";

/** The input of a wake. */
const NO_INPUT = Buffer.alloc(0);

/** What a tick has said: a number is an action, or if it is none a delay. */
function ticked(result: TickResult | number): TickResult {
  if (typeof result !== "number") return result;
  return isAction(result) ? { action: result } : { delay: result };
}

export class Loop {
  /** In the order of `Counter`; this loop alone writes them. */
  readonly counters: Float64Array;
  /** Takes a descriptor that another loop accepted for this one. */
  adoptFd: (fd: number, addrIndex: number) => void = () => {};
  /** Called when the server is to end. */
  requestShutdown: () => void = () => {};
  /** Has the notes taken soon that this thread made. */
  soon: () => void = () => {};
  /** Whether times of activity are kept. */
  readonly keepsTime: boolean;

  private readonly conns: (StreamConn | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly detached = new Set<DetachedStream>();
  private count = 0;
  private isStopping = false;
  private stopped: (() => void) | undefined;
  private idleTimer: ReturnType<typeof setInterval> | undefined;
  private tickTimer: LongTimer | undefined;

  constructor(
    readonly index: number,
    readonly events: Events,
    readonly options: ServeOptions,
    readonly block: ServerBlock,
  ) {
    this.counters = block.counters(index);
    this.keepsTime = options.idleTimeoutMs > 0;
  }

  /** Milliseconds, when times are kept; else 0. */
  time(): number {
    return this.keepsTime ? performance.now() : 0;
  }

  /** Runs `serving`; false if the server is to end at once. */
  serving(server: Server): boolean {
    if (this.events.serving === undefined) return true;
    return actionOf(this.events.serving(server)) !== Action.Shutdown;
  }

  /** Starts the clock. */
  start(): void {
    const { idleTimeoutMs } = this.options;
    if (this.keepsTime) {
      const every = Math.min(Math.max(1, idleTimeoutMs / SERVE_IDLE_CHECKS), LONGEST_TIMER_MS);
      this.idleTimer = setInterval(() => this.expireIdle(), every);
    }
    if (this.index === 0 && this.events.tick !== undefined) setImmediate(() => this.tick());
  }

  private expireIdle(): void {
    const { idleTimeoutMs } = this.options;
    const now = this.time();
    for (const conn of this.conns) {
      if (conn === undefined || now - conn.lastActive < idleTimeoutMs) continue;
      // Not at once: when something has held this thread up, its input may be waiting to be read.
      if (conn.isOverdue) conn.expire(idleTimeoutMs);
      else conn.isOverdue = true;
    }
  }

  private tick(): void {
    if (this.isStopping) return;
    this.run("tick", undefined, () => {
      const result = this.events.tick?.();
      const { delay, action = Action.None } = ticked(result ?? {});
      if (typeof delay === "number" && action !== Action.Shutdown && !this.isStopping) {
        this.tickTimer = new LongTimer(Math.max(0, delay), () => this.tick());
      }
      return action;
    });
  }

  /** Runs a handler that may at most end the server; what it throws is reported. */
  run(name: string, conn: Conn | undefined, handler: () => unknown): void {
    try {
      if (actionOf(handler()) === Action.Shutdown) this.requestShutdown();
    } catch (error) {
      this.report(name, error, conn);
    }
  }

  add(counter: number, by: number): void {
    this.counters[counter] = (this.counters[counter] as number) + by;
  }

  // ---- connections

  /** Opens a connection; it has been counted already. */
  adopt(socket: StreamSocket, addrIndex: number): void {
    const slot = this.freeSlots.pop() ?? this.conns.length;
    if (this.isStopping || slot >= SLOTS) {
      this.block.addConnections(this.index, -1);
      socket.handler = { input: () => {}, ended: () => {}, drained: () => {}, closed: () => {} };
      socket.destroy();
      if (slot < SLOTS) this.freeSlots.push(slot);
      else this.report("accept", new Error(`a loop has at most ${SLOTS} connections`), undefined);
      return;
    }
    const conn = new StreamConn(this, socket, addrIndex, slot);
    this.conns[slot] = conn;
    this.count++;
    this.add(Counter.accepted, 1);
    conn.open();
  }

  /** Forgets a connection that has closed or was detached. */
  remove(conn: StreamConn): void {
    this.conns[conn.slot] = undefined;
    this.count--;
    this.block.addConnections(this.index, -1);
    if (this.block.closeSlot(this.index, conn.slot)) this.freeSlots.push(conn.slot);
    this.checkStopped();
  }

  /** Keeps the transport open for a stream that has left the server. */
  keepFor(stream: DetachedStream): void {
    this.detached.add(stream);
    stream.once("close", () => {
      this.detached.delete(stream);
      if (this.detached.size === 0) this.whenDeserted();
    });
  }

  /** Called when the last detached stream has closed. */
  private whenDeserted: () => void = () => {};

  /** Runs `data` for a datagram. */
  datagram(addrIndex: number, localAddr: string, input: Uint8Array, remoteAddr: string, send: DatagramSender): void {
    const { events } = this;
    if (this.isStopping || events.data === undefined) return;
    const conn = new DatagramConn(addrIndex, localAddr, remoteAddr, (output, to) => {
      events.preWrite?.();
      this.add(Counter.bytesOut, output.length);
      send(output, to);
    });
    this.add(Counter.bytesIn, input.length);
    this.run("data", conn, () => {
      const result = events.data?.(conn, input);
      const output = outputOf(result);
      if (output !== undefined) void conn.write(output);
      return result;
    });
  }

  // ---- notes

  wake(slot: number, generation: number): boolean {
    const isThere = this.block.wake(this.index, slot, generation);
    this.soon();
    return isThere;
  }

  /**
   * Serves notes where no poller does: those of other threads when they signal; those of this thread right after the event that made
   * them, before more input comes, or a flood of it would pile up what the wakes are to send. Wakes that wakes make wait for the signal.
   */
  listenForNotes(): void {
    let isSoon = false;
    const take = (): void => {
      isSoon = true;
      this.takeNotes();
      isSoon = false;
    };
    this.soon = () => {
      if (isSoon) return;
      isSoon = true;
      queueMicrotask(take);
    };
    void this.block.listen(this.index, take);
  }

  /** Serves the notes that have come. */
  takeNotes(): void {
    for (const note of this.block.take(this.index)) {
      const subject = ServerBlock.subject(note);
      if (ServerBlock.isWake(note)) this.woken(subject);
      else if (ServerBlock.isParcel(note)) this.parcel(ServerBlock.parcelOf(note));
      else this.adoptFd(subject, this.block.addrIndexOf(subject));
    }
  }

  /** Output, or a close, that another thread has for a connection. */
  private parcel(at: number): void {
    const { slot, generation, output } = this.block.parcels.open(this.index, at);
    const conn = this.conns[slot];
    if (conn?.generation === generation) {
      if (output === undefined) conn.close();
      else void conn.write(output);
    }
    this.block.parcels.free(this.index, at);
  }

  private woken(slot: number): void {
    const wakes = this.block.takeWakes(this.index, slot);
    const conn = this.conns[slot];
    if (conn === undefined) {
      // It closed while its note was on the way; now the slot can be used again.
      this.freeSlots.push(slot);
      return;
    }
    this.add(Counter.wakes, wakes);
    for (let i = 0; i < wakes && this.conns[slot] === conn; i++) conn.data(NO_INPUT);
  }

  // ---- the end

  /** Closes all connections, each once its output is out; resolves when the last `closed` has come. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.idleTimer);
    this.tickTimer?.clear();
    // Descriptors that were handed over and not taken yet.
    this.takeNotes();
    for (const conn of [...this.conns]) conn?.end();
    if (this.count > 0) await new Promise<void>((resolve) => (this.stopped = resolve));
  }

  /**
   * Stops, and closes the transport: at once, before anybody hears that this thread may be ended, or when the last of the detached
   * streams has closed, which live on without the server. How many those are is the answer; `deserted` is called after them.
   */
  async end(transport: Transport, deserted: (closed: Promise<void>) => void): Promise<number> {
    await this.stop();
    if (this.detached.size === 0) await transport.close();
    else this.whenDeserted = () => deserted(transport.close());
    return this.detached.size;
  }

  private checkStopped(): void {
    if (this.count === 0) this.stopped?.();
  }

  /** Tells of an error that no connection's `closed` tells of. */
  report(where: string, error: unknown, conn: Conn | undefined): void {
    const thrown = isError(error) ? error : new Error(wordsOf(error));
    if (this.events.error === undefined) {
      console.error(`skein serve: ${where}: ${stackOf(thrown) ?? wordsOf(thrown)}`);
      return;
    }
    try {
      this.events.error(thrown, conn);
    } catch (again) {
      console.error(`skein serve: error: ${stackOf(again) ?? wordsOf(again)}`);
    }
  }
}
