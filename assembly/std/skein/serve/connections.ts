/**
 * The connections of a loop: what each has to do, their output, and their life from being taken over to being closed, or let go.
 *
 * Invariants
 * - A connection that has something to do is in the list, once: `listed`. What is to be done is in its `events`, `readable`
 *   and `closeAsked`. One go is at most one read.
 * - `out` has the output of the handler that is running, and of no connection that has output waiting: that is kept with it.
 *   So nothing overtakes, and what several writes give goes out in one call.
 * - Nothing here is allocated for an event; buffers grow to what they are needed for.
 *
 * On the loop's goroutine, but `outsideOf`.
 */
import { addressOf, SOCKADDR_MAX } from "../abi";
import { nanotime } from "../runtime/base/clock";
import { malloc } from "../runtime/memory/malloc";
import { Errno, fail, strerror } from "../runtime/net/errors";
import { fdClose, SocketKind } from "../runtime/net/fd";
import { SinkEvent } from "../runtime/net/sink";
import { sysRead, sysRecvfrom, sysSendto, sysShutdownWrite, sysWrite } from "../runtime/net/sys";
import { netpolldone, netpollSetSink } from "../runtime/net/polldesc";
import { gopanic } from "../runtime/base/panic";
import { destinationOf } from "../runtime/net/packets";
import { Mutex } from "../runtime/sync/mutex";
import { Conn as Stream } from "../net";
import { Conn, ConnState } from "./conn";
import { Action, Events } from "./events";
import { INPUT, InBuffer } from "./inbuffer";
import { OutBuffer } from "./outbuffer";
import { Outside } from "./outside";
import { Server } from "./server";
import { SlotEvent, slotGeneration, Slots, slotTakeWakes, takeSlots } from "./slots";
import { Worklist } from "./worklist";

/** Datagrams that one go takes. */
const DATAGRAMS: i32 = 64;
/** Reads of input that nobody wants, before the close: closing with unread input resets the connection. */
const DISCARD_READS: i32 = 16;
/** Of the loop's times: not at all. */
export const NEVER: i64 = i64.MAX_VALUE;

export abstract class Connections {
  readonly slots: Slots = takeSlots();
  // Figures: for all to read, but `connections` the loop's to write. That is atomic: who gives it a connection counts it.
  connections: i32 = 0;
  accepted: i64 = 0;
  bytesIn: i64 = 0;
  bytesOut: i64 = 0;
  wakes: i64 = 0;

  protected readonly server: Server;
  protected readonly events: Events;
  /** The connections, by the index of their slots. */
  protected readonly conns: Array<Conn | null> = [];
  /** How many those are, but for sockets of datagrams. */
  protected count: i32 = 0;
  protected readonly work: Worklist = new Worklist();
  protected stopping: bool = false;
  /** When looking for idle and lingering connections is due. */
  protected nextSweep: i64 = NEVER;
  protected readonly out: OutBuffer = new OutBuffer();
  private readonly input: InBuffer = new InBuffer();
  /** For the making of what other goroutines put things into. */
  private readonly outsideLock: Mutex = new Mutex();
  /** The connection whose handler is running. */
  private current: Conn | null = null;

  constructor(server: Server) {
    this.server = server;
    this.events = server.events;
  }

  /** The connection has something to do. */
  list(conn: Conn): void {
    this.work.add(conn);
  }

  // ---- a connection's go

  protected go(conn: Conn): void {
    const bits = conn.events;
    conn.events = 0;
    if (conn.state == ConnState.Closed) return;
    if (conn.fd.kind == SocketKind.Packets) {
      this.receive(conn);
      return;
    }
    if ((bits & SinkEvent.Read) != 0) conn.readable = true;
    if (conn.closeAsked) {
      conn.closeAsked = false;
      this.close(conn);
    }
    if ((bits & SinkEvent.Write) != 0 && conn.buffered > 0 && !this.flush(conn)) return;
    if ((bits & SlotEvent.Outside) != 0) this.takeOutside(conn);
    if ((bits & SlotEvent.Wake) != 0) this.wake(conn);
    if (conn.state == ConnState.Open && conn.readable && !conn.paused) this.read(conn);
    if (conn.state == ConnState.Open && conn.readable && !conn.paused) this.list(conn);
  }

  private wake(conn: Conn): void {
    let n = slotTakeWakes(conn.slot);
    this.wakes += n;
    for (; n > 0 && conn.state == ConnState.Open; n--) this.data(conn, this.input.none);
  }

  protected read(conn: Conn): void {
    // First: what comes after the read, and is the end, is told by an event.
    const done = netpolldone(conn.fd.pd);
    const n = sysRead(conn.fd.fd, this.input.at, INPUT);
    if (n > 0) {
      // A short read has taken all; what comes next is told by an event.
      if (n < INPUT && !done && conn.fd.kind == SocketKind.TCP) conn.readable = false;
      this.data(conn, this.inputOf(n));
    } else if (n == 0) {
      conn.readable = false;
      conn.ended = true;
      // What the peer has asked for before is still answered.
      this.close(conn);
    } else if (n == -Errno.EAGAIN) {
      conn.readable = false;
    } else if (n != -Errno.EINTR) {
      this.fail(conn, "read", -n);
    }
  }

  private inputOf(n: i32): Uint8Array {
    this.bytesIn += n;
    return this.input.take(n);
  }

  private data(conn: Conn, input: Uint8Array): void {
    if (this.events.idleTimeout > 0) conn.lastActive = nanotime();
    this.current = conn;
    const action = this.events.data(conn, input);
    this.handled(conn, action);
  }

  /** Takes the datagrams of a socket, and answers them. */
  private receive(conn: Conn): void {
    for (let i = 0; i < DATAGRAMS && conn.state == ConnState.Open; i++) {
      store<i32>(conn.sender - 4, SOCKADDR_MAX);
      const n = sysRecvfrom(conn.fd.fd, this.input.at, INPUT, conn.sender, conn.sender - 4);
      if (n == -Errno.EAGAIN) return;
      // Other errors are those of earlier answers, and as lost as these.
      if (n >= 0) this.data(conn, this.inputOf(n));
    }
    this.list(conn);
  }

  // ---- output

  /** Takes output for a connection: of the handler that is running, or of another one's connection. */
  output(conn: Conn, at: usize, length: i32): bool {
    if (conn.state != ConnState.Open) return false;
    if (length == 0) return true;
    if (conn == this.current && conn.buffered == 0) {
      memory.copy(this.out.reserve(length), at, length);
      this.out.length += length;
      return true;
    }
    // To whom a datagram was from is only known while it is handled.
    if (conn.sender != 0) return false;
    this.bytesOut += length;
    conn.keep(at, length);
    if (conn.buffered > this.events.highWaterMark) conn.paused = true;
    conn.events |= SinkEvent.Write;
    this.list(conn);
    return true;
  }

  /** The same for text. */
  outputText(conn: Conn, text: string): bool {
    const out = this.out;
    const length = out.encode(text);
    if (conn != this.current || conn.buffered > 0 || conn.state != ConnState.Open) {
      return this.output(conn, out.at + out.length, length);
    }
    out.length += length;
    return true;
  }

  /** Takes what other goroutines have for a connection. */
  private takeOutside(conn: Conn): void {
    const outside = conn.outside;
    if (!outside) return;
    const pieces = outside.take();
    if (pieces.length > 0) this.events.preWrite();
    for (let i = 0; i < pieces.length; i++) this.giveOut(conn, pieces[i].dataStart, pieces[i].length);
    if (outside.setFull(conn.buffered > this.events.highWaterMark)) this.close(conn);
  }

  /** Sends bytes at once, and keeps what the system does not take. */
  private giveOut(conn: Conn, at: usize, length: i32): void {
    if (conn.state != ConnState.Open) return;
    this.bytesOut += length;
    const n = conn.buffered == 0 ? this.push(conn, at, length) : 0;
    if (n < 0) return;
    if (n < length) conn.keep(at + n, length - n);
    if (conn.buffered > this.events.highWaterMark) conn.paused = true;
  }

  /** Where other goroutines put what they have for a connection; null if it has closed. Any goroutine. */
  outsideOf(conn: Conn): Outside | null {
    this.outsideLock.lock();
    let outside = conn.outside;
    if (conn.state != ConnState.Open) outside = null;
    else if (!outside) {
      outside = new Outside(this.events.highWaterMark);
      conn.outside = outside;
    }
    this.outsideLock.unlock();
    return outside;
  }

  get highWaterMark(): i32 {
    return this.events.highWaterMark;
  }

  /** A handler has returned: sends what it gave, and does what it said. */
  private handled(conn: Conn, action: Action): void {
    this.current = null;
    if (this.out.length > 0) {
      this.events.preWrite();
      this.bytesOut += this.out.length;
      if (conn.sender == 0) this.send(conn);
      else this.answer(conn);
      this.out.clear();
    }
    if (conn.buffered > this.events.highWaterMark) conn.paused = true;
    if (action != Action.None) this.act(conn, action);
  }

  /** Sends what a handler gave; keeps what the system does not take. */
  private send(conn: Conn): void {
    const at = this.out.at;
    const length = this.out.length;
    const n = this.push(conn, at, length);
    if (n >= 0 && n < length) conn.keep(at + n, length - n);
  }

  /** Sends a datagram elsewhere than to where one came from. */
  sendTo(conn: Conn, bytes: Uint8Array, addr: string): bool {
    const to = destinationOf(conn.fd, addr);
    if (!to) return false;
    this.events.preWrite();
    this.bytesOut += bytes.length;
    const n = sysSendto(conn.fd.fd, bytes.dataStart, bytes.length, changetype<usize>(to), to.byteLength);
    if (n >= 0) return true;
    fail("write", addr, strerror(-n));
    return false;
  }

  private answer(conn: Conn): void {
    sysSendto(conn.fd.fd, this.out.at, this.out.length, conn.sender, load<i32>(conn.sender - 4));
  }

  /** Gives the system as many bytes as it takes; how many, or -1 if the connection has failed and is closed. */
  private push(conn: Conn, at: usize, length: i32): i32 {
    let done = 0;
    while (done < length) {
      const n = sysWrite(conn.fd.fd, at + done, length - done);
      if (n >= 0) done += n;
      else if (n == -Errno.EAGAIN) break;
      else if (n != -Errno.EINTR) {
        this.fail(conn, "write", -n);
        return -1;
      }
    }
    return done;
  }

  /** Sends what waits. False if the connection is not the loop's any more. */
  private flush(conn: Conn): bool {
    const n = this.push(conn, conn.waitingAt, conn.buffered);
    if (n < 0) return false;
    conn.sent(n);
    if (conn.buffered > 0) return true;
    conn.paused = false;
    const outside = conn.outside;
    if (outside) outside.setFull(false);
    if (conn.state == ConnState.Closing) this.finish(conn, null);
    else if (conn.state == ConnState.Detaching) this.letGo(conn);
    return conn.state == ConnState.Open;
  }

  // ---- the life of a connection

  protected open(conn: Conn): void {
    const slot = this.slots.take();
    conn.slot = slot;
    conn.generation = slotGeneration(slot);
    while (this.conns.length <= slot.index) this.conns.push(null);
    this.conns[slot.index] = conn;
    // What has happened before is found out by trying.
    netpollSetSink(conn.fd.pd, changetype<usize>(slot));
    this.list(conn);
    if (conn.fd.kind == SocketKind.Packets) {
      conn.sender = malloc(4 + SOCKADDR_MAX) + 4;
      store<i32>(conn.sender - 4, 0);
      return;
    }
    this.count++;
    this.accepted++;
    if (this.events.idleTimeout > 0) conn.lastActive = nanotime();
    this.current = conn;
    const action = this.events.opened(conn);
    this.handled(conn, action);
    if (this.stopping) this.close(conn);
  }

  private act(conn: Conn, action: Action): void {
    if (action == Action.Shutdown) this.server.shutdown();
    else if (action != Action.Close && action != Action.Detach)
      gopanic("serve: there is no action " + (<i32>action).toString());
    else if (conn.state != ConnState.Open || conn.sender != 0) return;
    else if (action == Action.Close) this.close(conn);
    else if (conn.buffered == 0) this.letGo(conn);
    else this.lingerOn(conn, ConnState.Detaching);
  }

  /** Closes it, once its output is out. */
  protected close(conn: Conn): void {
    if (conn.state != ConnState.Open) return;
    if (conn.buffered == 0) this.finish(conn, null);
    else this.lingerOn(conn, ConnState.Closing);
  }

  protected lingerOn(conn: Conn, state: u8): void {
    conn.state = state;
    const now = nanotime();
    const linger = this.events.linger;
    conn.lingerAt = linger > NEVER - now ? NEVER : now + linger;
    conn.lingerLeft = conn.buffered;
    this.nextSweep = min(this.nextSweep, conn.lingerAt);
  }

  protected fail(conn: Conn, operation: string, errno: i32): void {
    const end = conn.fd.remote ? conn.remoteAddr : conn.localAddr;
    this.finish(conn, operation + " " + end + ": " + strerror(errno));
  }

  /** The end, at once. */
  protected finish(conn: Conn, error: string | null): void {
    if (conn.state == ConnState.Closed) return;
    if (conn.readable && !conn.ended && conn.buffered == 0 && !error) this.discard(conn);
    this.forget(conn);
    fdClose(conn.fd);
    if (this.events.closed(conn, error) == Action.Shutdown) this.server.shutdown();
  }

  /** Reads what has come and nobody wants: closing over it would take the output back that is on its way. */
  private discard(conn: Conn): void {
    sysShutdownWrite(conn.fd.fd);
    for (let i = 0; i < DISCARD_READS; i++) if (sysRead(conn.fd.fd, this.input.at, INPUT) != INPUT) break;
  }

  /** It is no connection of this loop any more; its descriptor is. */
  private forget(conn: Conn): void {
    conn.state = ConnState.Closed;
    this.outsideLock.lock();
    const outside = conn.outside;
    this.outsideLock.unlock();
    if (outside) outside.end();
    conn.drop();
    netpollSetSink(conn.fd.pd, 0);
    this.conns[conn.slot.index] = null;
    this.slots.give(conn.slot);
    this.count--;
    atomic.sub<i32>(addressOf(this.connections), 1);
  }

  /** It leaves the server. */
  private letGo(conn: Conn): void {
    this.forget(conn);
    if (this.events.detached(conn, new Stream(conn.fd)) == Action.Shutdown) this.server.shutdown();
  }
}
