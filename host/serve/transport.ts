/**
 * How a loop comes by its sockets: through epoll on descriptors that all loops share, or through the runtime's own sockets.
 *
 * Guarantees: after `quiet` no loop is given another connection by this one; after `close` nothing of the transport is open.
 */
import { isDatagram } from "../sockets/address.js";
import { EpollPoller } from "../sockets/epoll.js";
import { EpollDatagrams, EpollListener } from "../sockets/epoll-listen.js";
import { EpollStream } from "../sockets/epoll-stream.js";
import { demandPoller, tellPoller, type PollerChoice } from "../sockets/poller.js";
import type { LoadBalance, ServeOptions } from "./events.js";
import { NetListeners, type Place, type SharedListener } from "./listeners.js";
import type { Loop } from "./serverloop.js";
import { Counter } from "./serverblock.js";

/** Chooses the poller: an address may ask for the runtime's own sockets. */
export function choose(options: ServeOptions, places: readonly Place[]): PollerChoice {
  const place = places.find(({ spec }) => spec.stdlib);
  const forced = place && `an address asks for the runtime's own sockets (${place.spec.network}-net)`;
  const choice = demandPoller(options.poller, "event loop", forced);
  tellPoller(choice);
  return choice;
}

export interface Transport {
  /** Begins to accept. */
  start(): void;
  /** Stops listening. */
  quiet(): void;
  /** Lets go of everything, once the loop has stopped. */
  close(): Promise<void>;
  /** The thread is ending: nothing may be reported to it any more. */
  abandon(): void;
}

export class EpollTransport implements Transport {
  private readonly poller: EpollPoller;
  private listeners: (EpollListener | EpollDatagrams)[] = [];

  constructor(
    private readonly loop: Loop,
    private readonly shared: readonly SharedListener[],
    private readonly balance: LoadBalance,
  ) {
    this.poller = new EpollPoller();
    loop.block.setDescriptors(loop.index, this.poller.eventfd, this.poller.epoll);
    loop.soon = () => this.poller.wake();
    loop.adoptFd = (fd, addrIndex) => this.adopt(fd, addrIndex);
    this.poller.onNotes = () => {
      loop.counters[Counter.turns] = this.poller.turns;
      loop.takeNotes();
    };
    this.poller.start();
  }

  start(): void {
    const { loop, poller } = this;
    this.listeners = this.shared.map(({ fd, network, address, addrIndex }) =>
      isDatagram(network)
        ? new EpollDatagrams(poller, fd, network, (input, remote, send) =>
            loop.datagram(addrIndex, address, input, remote, send),
          )
        : new EpollListener(
            poller,
            fd,
            network,
            (accepted, remote) => this.accepted(accepted, addrIndex, remote),
            (error) => loop.report(`accept at ${address}`, error, undefined),
          ),
    );
  }

  /** Gives an accepted connection to the loop whose turn it is. */
  private accepted(fd: number, addrIndex: number, remote: string): void {
    const { block, index } = this.loop;
    const target = block.place(this.balance);
    if (target !== index) {
      if (block.handOver(target, fd, addrIndex)) return;
      block.addConnections(target, -1);
      block.addConnections(index, 1);
    }
    this.adopt(fd, addrIndex, remote);
  }

  private adopt(fd: number, addrIndex: number, remote?: string): void {
    const { loop, poller } = this;
    const network = this.shared.find((listener) => listener.addrIndex === addrIndex)?.network ?? "tcp";
    let stream: EpollStream;
    try {
      stream = new EpollStream(poller, fd, network, remote);
    } catch (error) {
      poller.sys.close(fd);
      loop.block.addConnections(loop.index, -1);
      loop.report("accept", error, undefined);
      return;
    }
    loop.adopt(stream, addrIndex);
  }

  quiet(): void {
    for (const listener of this.listeners) listener.close();
    this.listeners = [];
  }

  async close(): Promise<void> {
    this.quiet();
    const nobodyWrites = this.loop.block.retire(this.loop.index);
    await this.poller.close(!nobodyWrites);
  }

  abandon(): void {
    this.poller.abandon();
  }
}

/** The runtime's own sockets, on the loop's thread. */
export class NetTransport implements Transport {
  readonly addrs: readonly string[];
  private readonly listeners: NetListeners;
  private readonly loop: Loop;

  private constructor(loop: Loop, listeners: NetListeners) {
    this.loop = loop;
    this.listeners = listeners;
    this.addrs = listeners.addrs;
    loop.listenForNotes();
  }

  /**
   * Listens; what comes before `start` waits.
   *
   * @throws SocketError if one of the addresses cannot be had; then none is
   */
  static async bind(loop: Loop, places: readonly Place[]): Promise<NetTransport> {
    const listeners = await NetListeners.bind(places, {
      accepted(stream, addrIndex) {
        loop.block.addConnections(loop.index, 1);
        loop.adopt(stream, addrIndex);
      },
      datagram: (input, addrIndex, from, remote) =>
        loop.datagram(addrIndex, listeners.addrs[addrIndex] ?? "", input, remote, (output, to = from) =>
          listeners.send(addrIndex, Buffer.from(output), to),
        ),
    });
    return new NetTransport(loop, listeners);
  }

  start(): void {
    this.listeners.start();
  }

  quiet(): void {
    this.listeners.close();
  }

  close(): Promise<void> {
    this.start();
    this.quiet();
    this.loop.block.retire(this.loop.index);
    return Promise.resolve();
  }

  abandon(): void {}
}
