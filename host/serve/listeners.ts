/**
 * The listening sockets of a server. With the epoll poller the thread that called `serve` makes them and all loops share them; with
 * the stdlib poller they are on the thread that has the sockets.
 *
 * Guarantees: either all addresses are bound or none; closing removes the files of Unix sockets that were made here.
 */
import { addressText, isDatagram, type Address, type Network } from "../sockets/address.js";
import { bindSocket } from "../sockets/epoll-listen.js";
import type { SocketAddress } from "../sockets/sockaddr.js";
import { loadSys } from "../sockets/sys.js";
import { listenNet, NetDatagrams, type NetSocket } from "../sockets/stdlib-listen.js";
import type { NetStream } from "../sockets/stdlib-stream.js";
import { removeStaleSocket, SocketFile } from "../sockets/unixfile.js";

/** An address to listen at, and what it stands for. */
export interface Place {
  readonly spec: Address;
  readonly address: SocketAddress;
}

/** A socket that listens for all loops, or for one where the address says reuseport. */
export interface SharedListener {
  readonly fd: number;
  readonly network: Network;
  /** As `Server.addrs` has it. */
  readonly address: string;
  readonly addrIndex: number;
}

/** Space for the calls that make a socket. */
const BUFFER_SIZE = 16384;

export interface Listeners {
  readonly addrs: readonly string[];
  /** What loop `index` listens to. */
  of(index: number): readonly SharedListener[];
  close(): void;
  /** Closes a descriptor of a loop that cannot do it itself. */
  closeDescriptor(fd: number): void;
}

/**
 * Binds every address: once, or for each loop where it says reuseport.
 *
 * @throws SocketError that names the address
 */
export async function bindListeners(places: readonly Place[], loops: number): Promise<Listeners> {
  const buffer = new ArrayBuffer(BUFFER_SIZE);
  const bytes = new Uint8Array(buffer);
  const sys = loadSys(buffer);
  if (typeof sys === "string") throw new Error(sys);
  const perLoop: SharedListener[][] = Array.from({ length: loops }, () => []);
  const addrs: string[] = [];
  const fds: number[] = [];
  const files: SocketFile[] = [];
  const close = (): void => {
    for (const fd of fds.splice(0)) sys.close(fd);
    for (const file of files.splice(0)) file.remove();
  };
  try {
    for (const [addrIndex, { spec, address: wanted }] of places.entries()) {
      if (wanted.family === "unix") await removeStaleSocket(wanted.path);
      let { fd, address } = bindSocket(sys, bytes, spec, wanted);
      fds.push(fd);
      if (wanted.family === "unix" && !wanted.path.startsWith("@")) files.push(new SocketFile(wanted.path));
      const text = addressText(spec.network, address);
      addrs.push(text);
      for (const [loop, listeners] of perLoop.entries()) {
        if (spec.reusePort && loop > 0) {
          ({ fd, address } = bindSocket(sys, bytes, spec, address));
          fds.push(fd);
        }
        listeners.push({ fd, network: spec.network, address: text, addrIndex });
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  const closeDescriptor = (fd: number): void => void (fd >= 0 && sys.close(fd));
  return { addrs, of: (index) => perLoop[index] ?? [], close, closeDescriptor };
}

/** Told of what comes to listeners of the runtime's own sockets. */
interface NetEvents {
  accepted(stream: NetStream, addrIndex: number): void;
  datagram(input: Buffer, addrIndex: number, from: SocketAddress, remoteAddress: string): void;
}

/** The runtime's own listening sockets. */
export class NetListeners {
  /** As `Server.addrs` has them. */
  readonly addrs: string[] = [];
  private readonly sockets: NetSocket[] = [];
  /** What came before `start`. */
  private early: (() => void)[] | undefined = [];

  private constructor() {}

  /**
   * Listens; what comes before `start` waits.
   *
   * @throws SocketError that names the address
   */
  static async bind(places: readonly Place[], events: NetEvents): Promise<NetListeners> {
    const listeners = new NetListeners();
    try {
      for (const [addrIndex, place] of places.entries()) await listeners.add(place, addrIndex, events);
    } catch (error) {
      listeners.close();
      throw error;
    }
    return listeners;
  }

  private async add({ spec, address }: Place, addrIndex: number, events: NetEvents): Promise<void> {
    const { network } = spec;
    if (address.family === "unix") await removeStaleSocket(address.path);
    const socket = isDatagram(network)
      ? await NetDatagrams.bind(spec, address, (input, from) =>
          this.whenStarted(() => events.datagram(input, addrIndex, from, addressText(network, from))),
        )
      : await listenNet(spec, address, (stream) => this.whenStarted(() => events.accepted(stream, addrIndex)));
    this.sockets.push(socket);
    this.addrs.push(addressText(network, socket.address));
  }

  private whenStarted(event: () => void): void {
    if (this.early === undefined) event();
    else this.early.push(event);
  }

  /** Sends a datagram from the socket at an address. */
  send(addrIndex: number, output: Buffer, to: SocketAddress): void {
    const socket = this.sockets[addrIndex];
    if (socket instanceof NetDatagrams) socket.send(output, to);
  }

  start(): void {
    const { early } = this;
    this.early = undefined;
    for (const event of early ?? []) event();
  }

  close(): void {
    for (const socket of this.sockets.splice(0)) socket.close();
  }
}
