/**
 * Listening sockets and datagram sockets of the stdlib poller: `node:net` and `node:dgram`.
 *
 * Guarantees: the promise resolves once the socket is bound, or rejects and leaves nothing open; after `close` nothing is accepted or
 * received. An accept that finds no free descriptor is the runtime's to handle (libuv closes the connection that it cannot take).
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, isIPv6, type ListenOptions } from "node:net";
import path from "node:path";
import { addressText, type Address } from "./address.js";
import { SOMAXCONN, ENOENT } from "./constants.js";
import { pausing } from "./pausing.js";
import type { SocketAddress } from "./sockaddr.js";
import { SocketError } from "./socket.js";
import { NetStream, placeOf } from "./stdlib-stream.js";
import { SocketFile } from "./unixfile.js";

/** What of an address tells how to listen there. */
export type Listening = Pick<Address, "network" | "reusePort">;

/** A socket that is bound. */
export interface NetSocket {
  /** With the port that the system chose. */
  readonly address: SocketAddress;
  close(): void;
}

/** Why an address cannot be had. */
function bindError(error: unknown, { network, reusePort }: Listening, address: SocketAddress): SocketError {
  const where = addressText(network, address);
  // libuv says EACCES where there is no such folder.
  const hasNoFolder =
    address.family === "unix" && !address.path.startsWith("@") && !existsSync(path.dirname(address.path));
  if (hasNoFolder) return SocketError.of("bind", ENOENT, where);
  const failure = SocketError.from(error as NodeJS.ErrnoException, "bind", where);
  if (reusePort && failure.code === "EADDRINUSE") {
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
  spec: Listening,
  address: SocketAddress,
  accepted: (stream: NetStream) => void,
): Promise<NetSocket> {
  let bound = address;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    accepted(new NetStream(socket, spec.network, bound)),
  );
  const where: ListenOptions = {
    ...placeOf(address),
    backlog: SOMAXCONN,
    exclusive: true,
    ipv6Only: spec.network.endsWith("6"),
    // Known to Node from 22.12 on; before that each server needs a port of its own.
    ...(spec.reusePort && address.family !== "unix" && { reusePort: true }),
  };
  try {
    server.listen(where);
    await once(server, "listening");
  } catch (error) {
    throw bindError(error, spec, address);
  }
  // Later errors are of single connections that could not be accepted; the listener goes on.
  server.on("error", () => {});
  const info = server.address();
  if (info !== null && typeof info === "object") {
    bound = addressOf(info.address, info.port);
    where.port = info.port;
  }
  const close = pausing(server, where);
  if (address.family !== "unix" || address.path.startsWith("@")) return { address: bound, close };
  const file = new SocketFile(address.path);
  return { address: bound, close: () => file.spare(close) };
}

function addressOf(host: string, port: number): SocketAddress {
  return { family: isIPv6(host) ? "ipv6" : "ipv4", host, port };
}

/** A socket for datagrams. */
export class NetDatagrams implements NetSocket {
  readonly address: SocketAddress;
  private readonly socket: Socket;
  /** The runtime drops what it was given to send and has not sent when the socket is closed. */
  private sending = 0;
  private isClosing = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    const { address, port } = socket.address();
    this.address = addressOf(address, port);
    // Errors from here on are those of single datagrams, which are lost, as datagrams may be.
    socket.on("error", () => {});
  }

  /**
   * Binds with `node:dgram`.
   *
   * @throws SocketError that names the address
   */
  static async bind(
    spec: Listening,
    address: SocketAddress,
    received: (this: void, input: Buffer, from: SocketAddress, socket: NetDatagrams) => void,
  ): Promise<NetDatagrams> {
    if (address.family === "unix") throw new TypeError("datagrams need a host and a port");
    const socket = createSocket({
      type: address.family === "ipv6" ? "udp6" : "udp4",
      ipv6Only: spec.network.endsWith("6"),
      // Of the same version as that of net; Node's older `reuseAddr` would let servers take a port from each other.
      ...(spec.reusePort && { reusePort: true }),
    });
    try {
      socket.bind({ address: address.host, port: address.port, exclusive: true });
      await once(socket, "listening");
    } catch (error) {
      throw bindError(error, spec, address);
    }
    const datagrams = new NetDatagrams(socket);
    socket.on("message", (input, { address: host, port }) => {
      if (!datagrams.isClosing) received(input, addressOf(host, port), datagrams);
    });
    return datagrams;
  }

  /** Sends bytes that are the socket's from now on; `written` is called when they have gone, or are lost. */
  send(output: Buffer, to: SocketAddress, written?: () => void): void {
    if (this.isClosing) return;
    if (to.family === "unix") {
      written?.();
      return;
    }
    this.sending++;
    this.socket.send(output, to.port, to.host, () => {
      if (!this.isClosing) written?.();
      if (--this.sending === 0 && this.isClosing) this.socket.close();
    });
  }

  close(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    if (this.sending === 0) this.socket.close();
  }
}
