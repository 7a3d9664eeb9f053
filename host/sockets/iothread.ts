/**
 * The I/O thread: the runtime's own sockets, for goroutines, where no system calls can be made. It moves what happens between the
 * sockets (stdlib-stream.ts, stdlib-listen.ts) and the core; what it shares with that is in `assembly/runtime/net/stdlib.ts`.
 *
 * Guarantees: bytes received wait in the program's memory up to a limit, beyond which the socket is paused; what was written
 * before a close goes out; a close with bytes unread resets the connection, as the system does. The thread ends when the
 * program does, and its sockets with it.
 *
 * Ownership: a socket is in `sockets` under the address of the core's StdSocket from when it is open until the core's request to
 * close it, the last to name it; whatever happens to it later reaches nobody.
 */
import { workerData } from "node:worker_threads";
import { IO_M } from "../../assembly/layout.js";
import type { Core } from "../abi/core.js";
import { IoEvent, IoKind, ProgramState, SlotFlag, StdSocketLayout } from "../abi/enums.js";
import { IoRequest, StdSocket } from "../abi/records.js";
import { Control, Report } from "../base/control.js";
import type { Memory } from "../base/memory.js";
import { keepAlive, letGo } from "../base/timers.js";
import { instantiate, type ThreadData } from "../program/instance.js";
import { StopThread } from "../program/stops.js";
import type { Network } from "./address.js";
import { errnoOf } from "./constants.js";
import { netImports } from "./coreimports.js";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from "./sockaddr.js";
import { listenNet, NetDatagrams, type Listening, type NetSocket } from "./stdlib-listen.js";
import { dialNet, NetStream } from "./stdlib-stream.js";

/** What the core's requests are done to. */
type Socket = NetStream | NetDatagrams | Pick<NetStream, "close">;
/** Stands for a socket that is being opened, so that what is accepted meanwhile is no stranger's. */
const OPENING: Socket = { close: () => {} };

class IOThread {
  private readonly sockets = new Map<number, Socket>();

  constructor(
    private readonly core: Core,
    private readonly memory: Memory,
  ) {}

  /** Does what was asked for since the last time. */
  serve(): void {
    for (let at = this.core.takeRequests(); at !== 0;) {
      const { next, kind, socket, block, length } = new IoRequest(this.memory, at);
      this.core.mfree(at);
      this.handle(kind, socket, block, length);
      at = next;
    }
  }

  /** Closes everything. */
  end(): void {
    for (const socket of this.sockets.values()) socket.close(false);
  }

  private handle(kind: IoKind, at: number, block: number, length: number): void {
    const socket = this.sockets.get(at);
    const stream = socket instanceof NetStream ? socket : undefined;
    switch (kind) {
      case IoKind.Listen:
      case IoKind.Dial:
      case IoKind.OpenPackets:
        void this.open(kind, at);
        break;
      case IoKind.Write:
        stream?.give(this.take(block, 0, length), () => this.core.ioEvent(at, IoEvent.Written, length));
        this.core.mfree(block);
        break;
      case IoKind.Send: {
        const head = 4 + this.memory.data.getInt32(block, true);
        const to = decodeSockaddr(this.memory.bytes, block + 4, head - 4);
        const written = (): void => this.core.ioEvent(at, IoEvent.Written, length - head);
        if (to !== null && socket instanceof NetDatagrams) socket.send(this.take(block, head, length), to, written);
        this.core.mfree(block);
        break;
      }
      case IoKind.Shutdown:
        stream?.shutdownWrite();
        break;
      case IoKind.Resume:
        stream?.resume();
        break;
      case IoKind.Close:
        this.close(at, length > 0);
        // Here the block is the word at which somebody waits.
        if (block !== 0) this.core.hostReady(block);
    }
  }

  /** A copy of bytes of a block. */
  private take(block: number, from: number, to: number): Buffer {
    return this.memory.copy(block + from, to - from);
  }

  private close(at: number, leavesInput: boolean): void {
    this.sockets.get(at)?.close(leavesInput);
    this.sockets.delete(at);
    for (let left: number; (left = this.core.ioTakeAccepted(at)) !== 0;) this.close(left, true);
    this.core.ioFree(at);
  }

  // ---- opening

  private async open(kind: IoKind, at: number): Promise<void> {
    let result = 0;
    this.sockets.set(at, OPENING);
    try {
      if (kind === IoKind.Dial) this.connected(at, await this.dial(at));
      else this.bound(at, await (kind === IoKind.Listen ? this.listen(at) : this.openPackets(at)));
    } catch (error) {
      result = errnoOf(error);
    }
    this.core.ioEvent(at, IoEvent.Done, result);
  }

  private dial(at: number): Promise<NetStream> {
    const address = this.address(at + StdSocketLayout.Remote, this.socket(at).remoteLength);
    return dialNet(networkOf(address, 0), address);
  }

  private listen(at: number): Promise<NetSocket> {
    const address = this.address(at + StdSocketLayout.Local, this.socket(at).localLength);
    return listenNet(this.listening(at, address), address, (stream) => this.accepted(at, stream));
  }

  private openPackets(at: number): Promise<NetDatagrams> {
    const { core, memory } = this;
    const address = this.address(at + StdSocketLayout.Local, this.socket(at).localLength);
    return NetDatagrams.bind(this.listening(at, address), address, (input, from) => {
      const sender = core.malloc(SOCKADDR_SIZE);
      const senderLength = encodeSockaddr(from, memory.bytes, sender);
      const block = core.malloc(input.byteLength);
      memory.write(block, input);
      core.ioInput(at, block, input.byteLength, sender, senderLength);
    });
  }

  private bound(at: number, socket: NetSocket): void {
    if (socket.address.family !== "unix") this.setLocal(at, socket.address);
    this.sockets.set(at, socket);
  }

  private accepted(listener: number, stream: NetStream): void {
    if (!this.sockets.has(listener)) {
      stream.destroy();
      return;
    }
    const at = this.core.newStdSocket();
    if (stream.remote !== undefined) this.setRemote(at, stream.remote);
    this.connected(at, stream);
    this.core.ioAccepted(listener, at);
  }

  /** Moves what happens to a connected socket to the core. */
  private connected(at: number, stream: NetStream): void {
    const { core, memory } = this;
    if (stream.local.family !== "unix") this.setLocal(at, stream.local);
    this.sockets.set(at, stream);
    stream.handler = {
      input(input) {
        const block = core.malloc(input.byteLength);
        memory.write(block, input);
        if (core.ioInput(at, block, input.byteLength, 0, 0) !== 0) stream.pause();
      },
      ended: () => core.ioEvent(at, IoEvent.Ended, 0),
      drained: () => {},
      closed: (error) => core.ioEvent(at, IoEvent.Failed, errnoOf(error)),
    };
    stream.start();
  }

  // ---- addresses

  private socket(at: number): StdSocket {
    return new StdSocket(this.memory, at);
  }

  private address(address: number, length: number): SocketAddress {
    const decoded = decodeSockaddr(this.memory.bytes, address, length);
    if (decoded === null) throw new Error("the core gave no address");
    return decoded;
  }

  private listening(at: number, address: SocketAddress): Listening {
    const { flags } = this.socket(at);
    return { network: networkOf(address, flags), reusePort: (flags & SlotFlag.ReusePort) !== 0 };
  }

  private setLocal(at: number, address: SocketAddress): void {
    this.socket(at).localLength = encodeSockaddr(address, this.memory.bytes, at + StdSocketLayout.Local);
  }

  private setRemote(at: number, address: SocketAddress): void {
    this.socket(at).remoteLength = encodeSockaddr(address, this.memory.bytes, at + StdSocketLayout.Remote);
  }
}

function networkOf(address: SocketAddress, flags: number): Network {
  if (address.family === "unix") return "unix";
  return (flags & SlotFlag.Only6) !== 0 ? "tcp6" : "tcp";
}

async function runIO(data: ThreadData): Promise<void> {
  const control = new Control(data.memory, data.control);
  keepAlive();
  try {
    const { core, memory } = instantiate(data, control, netImports);
    core.beM(IO_M);
    const io = new IOThread(core, memory);
    while (true) {
      const seen = memory.sched.ioWake;
      if (control.state !== ProgramState.Running) break;
      io.serve();
      const wait = Atomics.waitAsync(memory.words, memory.sched.ioWakeIndex, seen);
      if (wait.async) await wait.value;
    }
    io.end();
  } catch (error) {
    if (!(error instanceof StopThread)) {
      control.report(Report.Failure, `the I/O thread failed: ${(error as Error).stack ?? String(error)}`);
    }
  } finally {
    letGo();
  }
}

void runIO(workerData as ThreadData);
