/**
 * Streams of the stdlib poller: the runtime's own sockets (`node:net`), for systems and runtimes where epoll cannot be called. All three
 * who need such sockets drive them with this class: a loop of `serve` on its own thread, the thread that has the sockets of
 * loops on others, and the I/O thread of goroutines.
 *
 * What differs from the epoll poller is cost: each chunk of input and output passes the runtime's stream machinery.
 *
 * Ownership: a NetStream owns its socket from the constructor on, and whoever got the NetStream owns that. It ends in one of three
 * ways, after each of which no callback comes: `destroy`, which drops waiting output; `close`, which sends it first; or
 * `closed`, when the socket itself has gone.
 */
import { Buffer } from "node:buffer";
import { connect, isIPv6, type Socket } from "node:net";
import { addressText, type Network } from "./address.js";
import type { SocketAddress } from "./sockaddr.js";
import { SocketError, type StreamHandler, type StreamSocket } from "./socket.js";

/** The buffer that streams of this thread with `reuseInput` share. */
let inputBuffer: Buffer | undefined;
/** As many bytes as the epoll poller reads at once. */
const IN_SIZE = 65536;

/** An address as the runtime tells it; undefined of a Unix socket's client, and of a socket that has gone. */
function endOf(host: string | undefined, port: number | undefined): SocketAddress | undefined {
  if (host === undefined || port === undefined) return undefined;
  return { family: isIPv6(host) ? "ipv6" : "ipv4", host, port };
}

/** An address of a socket as the runtime takes it. Abstract names, written with an `@`, begin with a 0 byte for the system. */
export function placeOf(address: SocketAddress): { path: string } | { host: string; port: number } {
  if (address.family === "unix") return { path: address.path.replace(/^@/, "\0") };
  return { host: address.host, port: address.port };
}

/**
 * Connects.
 *
 * @throws SocketError that names the address
 */
export function dialNet(network: Network, address: SocketAddress): Promise<NetStream> {
  const socket = connect({ ...placeOf(address), allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => reject(SocketError.from(error, "connect", addressText(network, address)));
    socket.once("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      resolve(new NetStream(socket, network, address));
    });
  });
}

export class NetStream implements StreamSocket {
  handler!: StreamHandler;
  reuseInput = false;
  /** Where the peer is, if it has an address. */
  readonly remote: SocketAddress | undefined;
  private ownEnd: SocketAddress | undefined;
  private isOpen = true;
  private isStarted = false;
  private isPaused = false;
  private error: SocketError | undefined;
  private hasEnded = false;
  private hasClosed = false;
  private endsWriting = false;
  /** Output that had to wait: `drained` is owed. */
  private owesDrained = false;

  /** Takes over a connected socket; `listening` is where it was accepted, or went. */
  constructor(
    private readonly socket: Socket,
    private readonly network: Network,
    private readonly listening: SocketAddress,
  ) {
    this.remote = endOf(socket.remoteAddress, socket.remotePort);
    // All of these may come before `start`, which a loop in another thread calls late.
    socket.on("error", (error) => {
      this.error = SocketError.from(error, "read");
    });
    socket.on("end", () => {
      this.hasEnded = true;
      if (this.isOpen && this.isStarted) this.handler.ended();
    });
    socket.on("close", () => {
      this.hasClosed = true;
      if (this.isStarted) this.gone();
    });
  }

  start(): void {
    const { socket } = this;
    if (!this.isOpen) return;
    this.isStarted = true;
    socket.on("data", (chunk: Buffer) => this.input(chunk));
    if (this.hasEnded) this.handler.ended();
    if (this.hasClosed) this.gone();
    if (!this.isOpen) return;
    if (this.isPaused) socket.pause();
    else socket.resume();
  }

  private gone(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    // Both directions have ended in order, of which the handler knows.
    if (this.error === undefined && this.hasEnded && this.endsWriting) return;
    this.handler.closed(this.error ?? new SocketError("read", "ECONNRESET", "connection reset by peer"));
  }

  private input(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.isOpen; at += IN_SIZE) {
      const piece = chunk.subarray(at, at + IN_SIZE);
      // A pause between the pieces of one chunk: the rest comes first after `resume`.
      if (this.isPaused) {
        this.socket.unshift(chunk.subarray(at));
        return;
      }
      if (!this.reuseInput) {
        this.handler.input(piece);
        continue;
      }
      inputBuffer ??= Buffer.alloc(IN_SIZE);
      inputBuffer.set(piece);
      this.handler.input(inputBuffer.subarray(0, piece.length));
    }
  }

  get buffered(): number {
    return this.isOpen ? this.socket.writableLength : 0;
  }

  /** Where this end is; once the socket has gone, what was asked for before. */
  get local(): SocketAddress {
    return (this.ownEnd ??= endOf(this.socket.localAddress, this.socket.localPort)) ?? this.listening;
  }

  get localAddress(): string {
    return addressText(this.network, this.local);
  }

  get remoteAddress(): string {
    return this.remote === undefined ? `${this.network}://` : addressText(this.network, this.remote);
  }

  write(output: Uint8Array): void {
    this.give(Buffer.from(output));
  }

  /** Writes bytes that are the stream's from now on; `written` is called when they have gone to the system, or the socket has. */
  give(output: Buffer, written?: () => void): void {
    if (!this.isOpen || output.length === 0) return;
    this.socket.write(output, (error) => {
      if (!this.isOpen) return;
      written?.();
      // Of a socket that was reset nothing waits either.
      if (error || this.socket.destroyed || !this.owesDrained || this.socket.writableLength > 0) return;
      this.owesDrained = false;
      this.handler.drained();
    });
    if (this.socket.writableLength > 0) this.owesDrained = true;
  }

  writeText(text: string): number {
    const output = Buffer.from(text);
    this.give(output);
    return output.length;
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.socket.resume();
  }

  shutdownWrite(): void {
    if (!this.isOpen) return;
    this.endsWriting = true;
    this.socket.end();
  }

  destroy(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    // `destroySoon` ends the outgoing direction before it closes, so that the peer sees an end and not a reset.
    if (this.socket.writableLength === 0 && !this.socket.destroyed) this.socket.destroySoon();
    else this.socket.destroy();
    this.socket.resume();
  }

  /** Closes once what was written is out; if input was left unread, at once with a reset, as the system does. */
  close(leavesInput: boolean): void {
    this.isOpen = false;
    if (leavesInput && this.remote !== undefined) this.socket.resetAndDestroy();
    else this.socket.destroySoon();
  }

  keepAlive(ms: number): void {
    if (this.isOpen && this.network !== "unix") this.socket.setKeepAlive(true, ms);
  }
}
