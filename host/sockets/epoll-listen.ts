/**
 * Listening sockets and datagram sockets of the epoll poller.
 *
 * Guarantees:
 * - Several threads may listen on one descriptor: it is registered with EPOLLEXCLUSIVE, so that a connection wakes one of them.
 * - When no more files can be opened the listener stops asking for events, which would come without end, and tries again
 *   after a while (BACKOFF_MIN, doubled up to BACKOFF_MAX); nothing else of the poller is held up.
 * - A datagram's answer that the system does not take at once is dropped, as the network may do with any.
 */
import { Buffer } from "node:buffer";
import { addressText, isDatagram, type Address, type Network } from "./address.js";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  EAGAIN,
  ECONNABORTED,
  EINTR,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  SOMAXCONN,
  TCP_NODELAY,
} from "./constants.js";
import { ADDRESS, addressSpace, IN, IN_SIZE, OUT, OUT_SIZE, type EpollPoller, type Target } from "./epoll.js";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from "./sockaddr.js";
import { SocketError, type DatagramHandler } from "./socket.js";
import { NULL, type Sys } from "./sys.js";

/** Milliseconds until a listener that found no free descriptor tries again. */
const BACKOFF_MIN = 10;
const BACKOFF_MAX = 1000;
/** Connections accepted, or datagrams received, before others have their turn. */
const BATCH = 64;

/** A socket that is bound, and listens if it is for streams; a descriptor, for all threads. */
interface BoundSocket {
  readonly fd: number;
  /** With the port that the system chose. */
  readonly address: SocketAddress;
}

/**
 * Makes a socket at an address.
 *
 * @throws SocketError that names the address
 */
export function bindSocket(sys: Sys, bytes: Uint8Array, spec: Address, address: SocketAddress): BoundSocket {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const where = addressText(spec.network, address);
  const datagram = isDatagram(spec.network);
  const domain = address.family === "unix" ? AF_UNIX : address.family === "ipv6" ? AF_INET6 : AF_INET;
  const fd = sys.socket(domain, (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw SocketError.of("socket", fd, where);
  const check = (call: string, result: number): void => {
    if (result >= 0) return;
    sys.close(fd);
    throw SocketError.of(call, result, where);
  };
  const set = (level: number, option: number, value: number): void => {
    view.setInt32(ADDRESS, value, true);
    check("setsockopt", sys.setsockopt(fd, level, option, ADDRESS, 4));
  };
  if (domain !== AF_UNIX) {
    if (!datagram) set(SOL_SOCKET, SO_REUSEADDR, 1);
    // Accepted sockets inherit it.
    if (!datagram) set(IPPROTO_TCP, TCP_NODELAY, 1);
    if (spec.reusePort) set(SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (domain === AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, spec.network.endsWith("6") ? 1 : 0);
  check("bind", sys.bind(fd, ADDRESS, encodeSockaddr(address, bytes, ADDRESS)));
  if (!datagram) check("listen", sys.listen(fd, SOMAXCONN));
  view.setUint32(ADDRESS + SOCKADDR_SIZE + 8, SOCKADDR_SIZE, true);
  check("getsockname", sys.getsockname(fd, ADDRESS, ADDRESS + SOCKADDR_SIZE + 8));
  const length = view.getUint32(ADDRESS + SOCKADDR_SIZE + 8, true);
  return { fd, address: decodeSockaddr(bytes, ADDRESS, length) ?? address };
}

/** Accepts connections from a bound socket, which it does not own. */
export class EpollListener implements Target {
  slot = 0;
  stamp = 0;
  private backoff = BACKOFF_MIN;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isWatching = false;
  private isClosed = false;

  /** `accepted` gets the descriptor for its own; `failed` is told of what holds accepting up. */
  constructor(
    private readonly poller: EpollPoller,
    private readonly fd: number,
    private readonly network: Network,
    private readonly accepted: (fd: number, remoteAddress: string) => void,
    private readonly failed: (error: SocketError) => void,
  ) {
    this.listen();
  }

  private listen(): void {
    this.isWatching = true;
    this.poller.add(this.fd, EPOLLIN | EPOLLEXCLUSIVE, this);
  }

  onEvents(): void {
    const { poller } = this;
    for (let i = 0; i < BATCH && this.isWatching; i++) {
      const [at, lengthAt] = addressSpace(poller);
      const fd = poller.sys.accept4(this.fd, at, lengthAt, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        this.backoff = BACKOFF_MIN;
        const address = decodeSockaddr(poller.bytes, at, poller.view.getUint32(lengthAt, true));
        this.accepted(fd, address === null ? `${this.network}://` : addressText(this.network, address));
      } else if (fd === -EAGAIN) {
        return;
      } else if (fd === -EMFILE || fd === -ENFILE || fd === -ENOBUFS || fd === -ENOMEM) {
        this.retryLater();
        this.failed(SocketError.of("accept", fd));
      } else if (fd !== -EINTR && fd !== -ECONNABORTED) {
        // Errors of the connection that was to be accepted show here as well: the next one may be sound.
        this.failed(SocketError.of("accept", fd));
      }
    }
  }

  private retryLater(): void {
    this.unwatch();
    this.timer = setTimeout(() => {
      if (!this.isClosed) this.listen();
    }, this.backoff);
    this.backoff = Math.min(2 * this.backoff, BACKOFF_MAX);
  }

  private unwatch(): void {
    if (!this.isWatching) return;
    this.isWatching = false;
    this.poller.remove(this.fd, this);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.unwatch();
  }
}

/** Receives datagrams from a bound socket, which it does not own. */
export class EpollDatagrams implements Target {
  slot = 0;
  stamp = 0;
  private isOpen = true;

  constructor(
    private readonly poller: EpollPoller,
    private readonly fd: number,
    private readonly network: Network,
    private readonly handler: DatagramHandler,
  ) {
    poller.add(fd, EPOLLIN | EPOLLEXCLUSIVE, this);
  }

  onEvents(): void {
    const { poller } = this;
    for (let i = 0; i < BATCH && this.isOpen; i++) {
      const [at, lengthAt] = addressSpace(poller);
      const n = poller.sys.recvfrom(this.fd, IN, IN_SIZE, 0, at, lengthAt);
      if (n === -EINTR) continue;
      // Errors here are those of earlier answers (no port, no host): they are as lost as the answers.
      if (n < 0) return;
      const length = poller.view.getUint32(lengthAt, true);
      const address = decodeSockaddr(poller.bytes, at, length);
      if (address === null) continue;
      const input = Buffer.from(poller.bytes.subarray(IN, IN + n));
      const sender = Buffer.from(poller.bytes.subarray(at, at + length));
      this.handler(input, addressText(this.network, address), (output, to) => this.send(output, to ?? sender));
    }
  }

  private send(output: Uint8Array, to: Uint8Array | SocketAddress): void {
    if (!this.isOpen || output.length > OUT_SIZE) return;
    const { bytes, sys } = this.poller;
    const isEncoded = to instanceof Uint8Array;
    if (isEncoded) bytes.set(to, ADDRESS);
    const length = isEncoded ? to.length : encodeSockaddr(to, bytes, ADDRESS);
    bytes.set(output, OUT);
    sys.sendto(this.fd, OUT, output.length, 0, length === 0 ? NULL : ADDRESS, length);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.poller.remove(this.fd, this);
  }
}
