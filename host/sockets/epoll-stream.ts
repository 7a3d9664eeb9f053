/**
 * Streams of the epoll poller.
 *
 * Invariants:
 * - `readable` is true while the kernel may have input for us that no further edge will announce: from an edge until a
 *   read comes back short or empty. A paused stream keeps the flag, and `resume` reads on.
 * - `queue` holds what the kernel has not taken, in order; `head` bytes of its first chunk are gone already. While it is not
 *   empty nothing is written past it, and the registration asks for EPOLLOUT.
 * - The descriptor is closed exactly once, and all use of it ends before: whoever closes clears `isOpen` first.
 */
import { Buffer } from "node:buffer";
import { addressText, type Network } from "./address.js";
import {
  EAGAIN,
  EINTR,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  IPPROTO_TCP,
  SHUT_WR,
  SO_ERROR,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "./constants.js";
import {
  ADDRESS,
  addressSpace,
  IN,
  IN_SIZE,
  OUT,
  OUT_SIZE,
  type EpollPoller,
  type Ready,
  type Target,
} from "./epoll.js";
import { decodeSockaddr } from "./sockaddr.js";
import { SocketError, type StreamHandler, type StreamSocket } from "./socket.js";

const INPUT = EPOLLIN | EPOLLRDHUP | EPOLLET;
const GONE = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

/** Reads of input that nobody wants, before the close: closing with unread input resets the connection. */
const DISCARD_READS = 16;

/** Bytes up to which a loop of ours copies faster than the engine's call does. */
const SHORT = 32;

function copyShort(from: Uint8Array, to: Uint8Array): void {
  for (let i = 0; i < from.length; i++) to[OUT + i] = from[i] as number;
}

export class EpollStream implements StreamSocket, Target, Ready {
  slot = 0;
  stamp = 0;
  handler!: StreamHandler;
  reuseInput = false;

  private readonly poller: EpollPoller;
  private readonly fd: number;
  private readonly network: Network;
  private remote: string | undefined;
  private local: string | undefined;
  private isOpen = true;
  private readable = false;
  /** An event said that the end is near: reads go on until they meet it. */
  private isGoing = false;
  private isPaused = false;
  private isQueued = false;
  private hasEnded = false;
  private endsWhenDrained = false;
  private queue: Uint8Array[] | undefined;
  private head = 0;
  private queued = 0;

  /**
   * Takes over a connected, non-blocking descriptor.
   *
   * @throws SocketError if it cannot be watched; the descriptor is then still the caller's
   */
  constructor(poller: EpollPoller, fd: number, network: Network, remote?: string) {
    this.poller = poller;
    this.fd = fd;
    this.network = network;
    this.remote = remote;
    poller.add(fd, INPUT, this);
  }

  get buffered(): number {
    return this.queued;
  }

  get localAddress(): string {
    return (this.local ??= this.addressOf("getsockname"));
  }

  get remoteAddress(): string {
    return (this.remote ??= this.addressOf("getpeername"));
  }

  private addressOf(call: "getsockname" | "getpeername"): string {
    const [at, lengthAt] = addressSpace(this.poller);
    if (!this.isOpen || this.poller.sys[call](this.fd, at, lengthAt) < 0) return `${this.network}://`;
    const address = decodeSockaddr(this.poller.bytes, at, this.poller.view.getUint32(lengthAt, true));
    return address === null ? `${this.network}://` : addressText(this.network, address);
  }

  /** Input that came before the registration makes an event as well, so there is nothing to begin. */
  start(): void {}

  onEvents(events: number): void {
    if ((events & EPOLLOUT) !== 0 || ((events & GONE) !== 0 && this.queued > 0)) this.flush();
    if (!this.isOpen || (events & (EPOLLIN | GONE)) === 0) return;
    this.readable = true;
    if ((events & GONE) !== 0) this.isGoing = true;
    if (this.hasEnded) this.checkError(events);
    else if (!this.isPaused && !this.isQueued) this.read();
  }

  onReady(): void {
    this.isQueued = false;
    if (this.isOpen && this.readable && !this.isPaused && !this.hasEnded) this.read();
  }

  private read(): void {
    const { poller } = this;
    const n = poller.sys.read(this.fd, IN, IN_SIZE);
    if (n > 0) {
      // A short read has emptied the kernel's buffer: the next input makes an edge.
      if (n < IN_SIZE && !this.isGoing) this.readable = false;
      else this.readLater();
      const input = poller.input(n);
      this.handler.input(this.reuseInput ? input : Buffer.from(input));
    } else if (n === 0) {
      this.readable = false;
      this.hasEnded = true;
      this.handler.ended();
    } else if (n === -EAGAIN) {
      this.readable = false;
    } else if (n === -EINTR) {
      this.readLater();
    } else {
      this.fail(SocketError.of("read", n));
    }
  }

  private readLater(): void {
    if (this.isQueued) return;
    this.isQueued = true;
    this.poller.whenReady(this);
  }

  /** After the peer's end there is nothing to read; a reset then shows only in the socket's error. */
  private checkError(events: number): void {
    if ((events & EPOLLERR) === 0) return;
    const { poller } = this;
    const [at, lengthAt] = addressSpace(poller);
    if (poller.sys.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, at, lengthAt) < 0) return;
    const errno = poller.view.getInt32(at, true);
    if (errno !== 0) this.fail(SocketError.of("write", errno));
  }

  write(output: Uint8Array): void {
    if (!this.isOpen || output.length === 0) return;
    const sent = this.queued > 0 ? 0 : this.send(output, 0);
    if (sent < 0 || sent === output.length) return;
    // The caller's buffer is its own again when this returns.
    this.keep(Uint8Array.prototype.slice.call(output, sent));
  }

  /** Text that is certain to fit goes straight into the output buffer. */
  writeText(text: string): number {
    const { bytes } = this.poller;
    if (this.queued > 0 || 3 * text.length > OUT_SIZE) {
      const output = Buffer.from(text);
      this.write(output);
      return output.length;
    }
    const length = bytes.write(text, OUT, "utf8");
    if (this.isOpen && length > 0) this.sendOut(length);
    return length;
  }

  /** Sends the first bytes of the output buffer, and keeps what the kernel does not take. */
  private sendOut(length: number): void {
    const { poller } = this;
    const n = poller.sys.write(this.fd, OUT, length);
    if (n === length) return;
    if (n < 0 && n !== -EAGAIN && n !== -EINTR) {
      this.fail(SocketError.of("write", n));
      return;
    }
    this.keep(Buffer.from(poller.bytes.subarray(OUT + Math.max(n, 0), OUT + length)));
  }

  private keep(rest: Uint8Array): void {
    if (this.queued === 0) this.poller.modify(this.fd, INPUT | EPOLLOUT, this);
    (this.queue ??= []).push(rest);
    this.queued += rest.length;
  }

  /** Gives the kernel as much as it takes of `output` from `from`; how far that got, or -1 if the stream failed. */
  private send(output: Uint8Array, from: number): number {
    const { poller } = this;
    let at = from;
    while (at < output.length) {
      const size = Math.min(output.length - at, OUT_SIZE);
      let place = OUT;
      if (output.length <= SHORT && at === 0) copyShort(output, poller.bytes);
      else if (output.buffer === poller.buffer) place = output.byteOffset + at;
      else poller.bytes.set(at === 0 && size === output.length ? output : output.subarray(at, at + size), OUT);
      const n = poller.sys.write(this.fd, place, size);
      if (n === -EINTR) continue;
      if (n === -EAGAIN) break;
      if (n < 0) {
        this.fail(SocketError.of("write", n));
        return -1;
      }
      at += n;
      if (n < size) break;
    }
    return at;
  }

  private flush(): void {
    const { queue } = this;
    if (queue === undefined) return;
    while (queue.length > 0) {
      const chunk = queue[0] as Uint8Array;
      const sent = this.send(chunk, this.head);
      if (sent < 0) return;
      this.queued -= sent - this.head;
      this.head = sent;
      if (sent < chunk.length) return;
      queue.shift();
      this.head = 0;
    }
    this.queue = undefined;
    this.poller.modify(this.fd, INPUT, this);
    if (this.endsWhenDrained) this.poller.sys.shutdown(this.fd, SHUT_WR);
    this.handler.drained();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    if (this.readable && this.isOpen) this.readLater();
  }

  shutdownWrite(): void {
    if (!this.isOpen) return;
    this.endsWhenDrained = true;
    if (this.queued === 0) this.poller.sys.shutdown(this.fd, SHUT_WR);
  }

  destroy(): void {
    if (!this.isOpen) return;
    const { sys } = this.poller;
    if (this.readable && !this.hasEnded && this.queued === 0) {
      sys.shutdown(this.fd, SHUT_WR);
      for (let i = 0; i < DISCARD_READS && sys.read(this.fd, IN, IN_SIZE) === IN_SIZE; i++);
    }
    this.close();
  }

  private close(): void {
    this.isOpen = false;
    this.queue = undefined;
    this.queued = 0;
    this.poller.forget(this);
    this.poller.sys.close(this.fd);
  }

  private fail(error: SocketError): void {
    if (!this.isOpen) return;
    // While the descriptor still knows: `closed` handlers ask for it.
    this.remote ??= this.remoteAddress;
    this.close();
    this.handler.closed(error);
  }

  keepAlive(ms: number): void {
    if (!this.isOpen || this.network === "unix") return;
    const { sys, view } = this.poller;
    const seconds = Math.max(1, Math.round(ms / 1000));
    for (const [level, option, value] of [
      [SOL_SOCKET, SO_KEEPALIVE, 1],
      [IPPROTO_TCP, TCP_KEEPIDLE, seconds],
      [IPPROTO_TCP, TCP_KEEPINTVL, seconds],
    ] as const) {
      view.setInt32(ADDRESS, value, true);
      sys.setsockopt(this.fd, level, option, ADDRESS, 4);
    }
  }
}
