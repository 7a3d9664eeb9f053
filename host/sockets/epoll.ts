/**
 * The epoll poller: one epoll descriptor and what is registered with it, for one thread.
 *
 * Guarantees:
 * - The thread's event loop stays whole: the epoll descriptor is itself watched by the runtime's event loop, so timers, promises
 *   and messages run between turns, and the thread can be terminated. (An epoll descriptor is readable when it has events.)
 * - Streams are registered once, edge-triggered. A stream that may have more input than one read took is put on the ready
 *   list and read again only after all others had their turn: one that always has input starves nobody.
 * - A turn is bounded (ROUNDS): then the event loop gets to run, and the rest is taken up after it.
 * - An event for a descriptor that was closed earlier in the same turn, whose number may be in use again, reaches nobody: events
 *   carry the registration's stamp.
 * - `wake` of any thread: one write to the eventfd. It is registered edge-triggered, so that each write is reported once and
 *   nothing needs to be read; its counter would overflow after 2^64 writes.
 */
import { Buffer } from "node:buffer";
import type { Watch } from "./bindings.js";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
  EPOLLIN,
} from "./constants.js";
import { EPOLL_EVENT_DATA, EPOLL_EVENT_SIZE, SOCKADDR_SIZE } from "./sockaddr.js";
import { SocketError } from "./socket.js";
import { loadSys, type Sys } from "./sys.js";

/** Events taken in one call. */
const EVENTS_MAX = 256;
/** Calls of epoll_wait in one turn of the event loop. */
const ROUNDS = 8;
/** Bytes of the input buffer: what one read takes at most. As large as evio's, and as a datagram may be. */
export const IN_SIZE = 65536;
/** Bytes of the output buffer: what one write gives at most. */
export const OUT_SIZE = 262144;

/** The longest input whose view is kept. */
const INPUTS_KEPT = 1024;

/** Offsets in the poller's buffer. */
const EVENTS = 0;
const SCRATCH = EVENTS + EVENTS_MAX * 16;
export const ADDRESS = SCRATCH + 16;
const ADDRESS_LENGTH = ADDRESS + 120;
export const IN = 8192;
export const OUT = IN + IN_SIZE;
const BUFFER_SIZE = OUT + OUT_SIZE;

/**
 * Handlers see views of the buffer, so it must be one that they can do nothing to: that of a WebAssembly memory cannot be
 * transferred away. It is not shared, as much of the platform takes no shared views.
 */
function pinnedBuffer(): ArrayBuffer {
  const pages = Math.ceil(BUFFER_SIZE / 65536);
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
}

/** What is registered with the poller. */
export interface Target {
  /** Where it is in the poller's table; set by `add`. */
  slot: number;
  /** Tells this registration from others that had the same slot; set by `add`. */
  stamp: number;
  onEvents(events: number): void;
}

/** What may be on the ready list. */
export interface Ready {
  onReady(): void;
}

export class EpollPoller {
  readonly sys: Sys;
  /** What system calls read and write. */
  readonly buffer = pinnedBuffer();
  readonly bytes = Buffer.from(this.buffer);
  readonly view = new DataView(this.buffer);
  /** The descriptor that `wake` writes to; any thread may. */
  readonly eventfd: number;
  /** Called in a turn after `wake`, and at the end of every turn. */
  onNotes: () => void = () => {};
  /** Turns of the event loop in which there was something to do. */
  turns = 0;

  /** Views of the input buffer's first bytes, by their number. */
  private readonly inputs: Buffer[] = [];
  /** The epoll descriptor. Closing it from another thread ends the reports to this one. */
  readonly epoll: number;
  private readonly targets: (Target | null)[] = [];
  private readonly freeSlots: number[] = [];
  private stamps = 0;
  private ready: Ready[] = [];
  private watch: Watch | undefined;
  private isClosed = false;
  private inTurn = false;
  private isScheduled = false;

  /** @throws SocketError if no descriptors are free; Error with the reason where there are no system calls */
  constructor() {
    const sys = loadSys(this.buffer, true);
    if (typeof sys === "string") throw new Error(sys);
    if (sys.watch === undefined) throw new Error(`the event loop watches no descriptors through ${sys.via}`);
    this.sys = sys;
    this.epoll = sys.epollCreate1(EPOLL_CLOEXEC);
    if (this.epoll < 0) throw SocketError.of("epoll_create1", this.epoll);
    this.eventfd = sys.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (this.eventfd < 0) {
      sys.close(this.epoll);
      throw SocketError.of("eventfd", this.eventfd);
    }
    // A wake needs no answer but that the turn happens: notes are taken at its end.
    this.add(this.eventfd, EPOLLIN | EPOLLET, { slot: 0, stamp: 0, onEvents: () => {} });
  }

  /**
   * The first `length` bytes of the input buffer. Short ones are made once: a view costs as much as the rest of what is
   * done for a short request, and then its collection.
   */
  input(length: number): Buffer {
    if (length > INPUTS_KEPT) return this.bytes.subarray(IN, IN + length);
    return (this.inputs[length] ??= this.bytes.subarray(IN, IN + length));
  }

  /** Begins to take turns. */
  start(): void {
    this.watch = this.sys.watch?.(this.epoll, () => this.turn());
  }

  /** @throws SocketError if the system's limit on watches is reached */
  add(fd: number, events: number, target: Target): void {
    target.slot = this.freeSlots.pop() ?? this.targets.length;
    target.stamp = this.stamps = (this.stamps + 1) >>> 0;
    const result = this.control(EPOLL_CTL_ADD, fd, events, target);
    if (result < 0) {
      this.freeSlots.push(target.slot);
      throw SocketError.of("epoll_ctl", result);
    }
    this.targets[target.slot] = target;
  }

  modify(fd: number, events: number, target: Target): void {
    this.control(EPOLL_CTL_MOD, fd, events, target);
  }

  /** Forgets a target whose descriptor stays open. */
  remove(fd: number, target: Target): void {
    this.control(EPOLL_CTL_DEL, fd, 0, target);
    this.forget(target);
  }

  /** Forgets a target whose descriptor is being closed, which takes it out of the epoll set. */
  forget(target: Target): void {
    this.targets[target.slot] = null;
    this.freeSlots.push(target.slot);
  }

  private control(operation: number, fd: number, events: number, target: Target): number {
    this.view.setUint32(SCRATCH, events >>> 0, true);
    this.view.setUint32(SCRATCH + EPOLL_EVENT_DATA, target.slot, true);
    this.view.setUint32(SCRATCH + EPOLL_EVENT_DATA + 4, target.stamp, true);
    return this.sys.epollCtl(this.epoll, operation, fd, SCRATCH);
  }

  /** Has `ready.onReady` called once, after the others that are ready. */
  whenReady(ready: Ready): void {
    this.ready.push(ready);
    if (!this.inTurn) this.schedule();
  }

  private turn(): void {
    if (this.isClosed || this.inTurn) return;
    this.inTurn = true;
    this.turns++;
    let more = true;
    for (let round = 0; more && round < ROUNDS; round++) {
      const count = this.sys.epollWait(this.epoll, EVENTS, EVENTS_MAX, 0);
      for (let i = 0; i < count; i++) this.dispatch(EVENTS + i * EPOLL_EVENT_SIZE);
      this.runReady();
      this.onNotes();
      if (this.isClosed) break;
      more = count === EVENTS_MAX || this.ready.length > 0;
    }
    this.inTurn = false;
    if (more && !this.isClosed) this.schedule();
  }

  /** Takes the rest up once the event loop has had its turn: what is on the ready list makes no event. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.turn();
    });
  }

  private dispatch(at: number): void {
    const { view } = this;
    const target = this.targets[view.getUint32(at + EPOLL_EVENT_DATA, true)];
    if (target === null || target === undefined) return;
    if (target.stamp !== view.getUint32(at + EPOLL_EVENT_DATA + 4, true)) return;
    target.onEvents(view.getUint32(at, true));
  }

  private runReady(): void {
    if (this.ready.length === 0) return;
    const { ready } = this;
    this.ready = [];
    for (const one of ready) one.onReady();
  }

  /** Has a turn taken soon. For other threads there is `eventfd`. */
  wake(): void {
    if (!this.inTurn && !this.isClosed) this.schedule();
  }

  /** Stops watching, at once; for a thread that is ending. */
  abandon(): void {
    void this.watch?.close();
  }

  /**
   * Closes the poller's own descriptors; those of sockets are their owners'. `keepEventfd` leaves the eventfd open, for when
   * somebody may still write to it: its number must not become another file's.
   */
  async close(keepEventfd = false): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.watch?.close();
    if (!keepEventfd) this.sys.close(this.eventfd);
    this.sys.close(this.epoll);
  }
}

/** Space for a socket's address, and the word that says how long it is. */
export function addressSpace(poller: EpollPoller): readonly [at: number, lengthAt: number] {
  poller.view.setUint32(ADDRESS_LENGTH, SOCKADDR_SIZE, true);
  return [ADDRESS, ADDRESS_LENGTH];
}
