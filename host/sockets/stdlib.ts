/**
 * The stdlib poller: the same sockets over `node:net` and `node:dgram`, for systems and runtimes where epoll cannot be called.
 *
 * What differs from the epoll poller is cost: each chunk of input and output passes the runtime's stream machinery. An accept
 * that finds no free descriptor is the runtime's to handle (libuv closes the connection that it cannot take).
 */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { addressText, type Address, type Network } from "./address.js";
import { pausing } from "./pausing.js";
import type { SocketAddress } from "./sockaddr.js";
import {
  SocketError,
  type DatagramHandler,
  type ListenSocket,
  type StreamHandler,
  type StreamSocket,
} from "./socket.js";

/** The buffer that streams of this thread with `reuseInput` share. */
let inputBuffer: Buffer | undefined;
/** As many bytes as the epoll poller reads at once. */
const IN_SIZE = 65536;

export class NetStream implements StreamSocket {
  handler!: StreamHandler;
  reuseInput = false;
  readonly remoteAddress: string;
  private readonly socket: Socket;
  private readonly network: Network;
  private readonly listening: string;
  private local: string | undefined;
  private isOpen = true;
  private isStarted = false;
  private isPaused = false;
  private error: SocketError | undefined;
  private hasEnded = false;
  private hasClosed = false;
  private endsWriting = false;
  /** Output that had to wait: `drained` is owed. */
  private owesDrained = false;

  /** Takes over a connected socket; `listening` is the address that it was accepted at. */
  constructor(socket: Socket, network: Network, listening: string) {
    this.socket = socket;
    this.network = network;
    this.listening = listening;
    const { remoteAddress: host, remotePort: port, remoteFamily } = socket;
    // Clients of Unix sockets have no address; a client that is already gone has none any more.
    this.remoteAddress =
      network === "unix" || host === undefined || port === undefined
        ? `${network}://`
        : addressText(network, { family: remoteFamily === "IPv6" ? "ipv6" : "ipv4", host, port });
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

  get localAddress(): string {
    const { localAddress: host, localPort: port } = this.socket;
    if (this.network === "unix" || host === undefined || port === undefined) return this.local ?? this.listening;
    return (this.local ??= addressText(this.network, { family: host.includes(":") ? "ipv6" : "ipv4", host, port }));
  }

  write(output: Uint8Array): void {
    if (!this.isOpen || output.length === 0) return;
    // The stream keeps what the system does not take at once, and the caller's buffer is its own again when this returns.
    this.socket.write(Buffer.from(output), () => {
      if (!this.isOpen || !this.owesDrained || this.socket.writableLength > 0) return;
      this.owesDrained = false;
      this.handler.drained();
    });
    if (this.socket.writableLength > 0) this.owesDrained = true;
  }

  writeText(text: string): number {
    const output = Buffer.from(text);
    this.write(output);
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

  keepAlive(ms: number): void {
    if (this.isOpen && this.network !== "unix") this.socket.setKeepAlive(true, ms);
  }
}

/** Why an address cannot be had. */
function bindError(error: NodeJS.ErrnoException, spec: Address, where: string): SocketError {
  const failure = SocketError.from(error, "bind", where);
  if (spec.reusePort && failure.code === "EADDRINUSE") {
    failure.message += "; with the stdlib poller reuseport takes Node 22.12, or on Deno tcp";
  }
  return failure;
}

/**
 * Listens with `node:net`.
 *
 * @throws SocketError that names the address
 */
export async function listenNet(
  spec: Address,
  address: SocketAddress,
  accepted: (stream: NetStream) => void,
): Promise<ListenSocket> {
  const where = addressText(spec.network, address);
  let text = where;
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    accepted(new NetStream(socket, spec.network, text)),
  );
  const place =
    address.family === "unix"
      ? { path: address.path.replace(/^@/, "\0") }
      : {
          host: address.host,
          port: address.port,
          ipv6Only: spec.network.endsWith("6"),
          // Known to Node from 22.12 on; before that each server needs a port of its own.
          reusePort: spec.reusePort,
        };
  const options = { ...place, backlog: 4096 };
  await new Promise<void>((resolve, reject) => {
    server.on("error", (error) => reject(bindError(error, spec, where)));
    server.listen(options, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") return { address: text, close: pausing(server, options) };
  text = addressText(spec.network, fromInfo(bound));
  return { address: text, close: pausing(server, { ...options, port: bound.port }) };
}

function fromInfo({ address: host, port, family }: AddressInfo): SocketAddress {
  return { family: family === "IPv6" ? "ipv6" : "ipv4", host, port };
}

/**
 * Receives datagrams with `node:dgram`.
 *
 * @throws SocketError that names the address
 */
export async function listenDatagrams(
  spec: Address,
  address: SocketAddress,
  handler: DatagramHandler,
): Promise<ListenSocket> {
  if (address.family === "unix") throw new TypeError("datagrams need a host and a port");
  const { host, port } = address;
  const where = addressText(spec.network, address);
  const socket = createSocket({
    type: address.family === "ipv6" ? "udp6" : "udp4",
    ipv6Only: spec.network.endsWith("6"),
    // Of the same version as that of net; Node's older `reuseAddr` would let servers take a port from each other.
    ...(spec.reusePort && { reusePort: true }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", (error) => reject(bindError(error, spec, where)));
    socket.bind({ port, address: host }, resolve);
  });
  // Errors from here on are those of answers, which are as lost as the answers.
  socket.on("error", () => {});
  socket.on("message", (input, remote) => {
    const from: SocketAddress = {
      family: remote.family === "IPv6" ? "ipv6" : "ipv4",
      host: remote.address,
      port: remote.port,
    };
    handler(input, addressText(spec.network, from), (output) => {
      if (isClosing) return;
      sending++;
      socket.send(Buffer.from(output), remote.port, remote.address, () => {
        if (--sending === 0 && isClosing) socket.close();
      });
    });
  });
  // The runtime drops what it was given to send and has not sent when the socket is closed.
  let sending = 0;
  let isClosing = false;
  const close = (): void => {
    if (isClosing) return;
    isClosing = true;
    if (sending === 0) socket.close();
  };
  return { address: addressText(spec.network, fromInfo(socket.address())), close };
}
