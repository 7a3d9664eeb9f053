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
import {
  IO_BLOCK,
  IO_KIND,
  IO_LENGTH,
  IO_M,
  IO_SOCKET,
  SCHED_IO_WAKE,
  STD_FLAGS,
  STD_LOCAL,
  STD_LOCAL_LENGTH,
  STD_REMOTE,
  STD_REMOTE_LENGTH,
} from "../../assembly/layout.js";
import { ProgramState } from "../abi/enums.js";
import { Control, Report } from "../base/control.js";
import type { Memory } from "../base/memory.js";
import type { Core } from "../program/core.js";
import { instantiate, StopThread, type ThreadData } from "../program/instance.js";
import type { Network } from "./address.js";
import { errnoOf } from "./constants.js";
import { netImports } from "./coreimports.js";
import { ONLY_IPV6, REUSE_PORT } from "./resolution.js";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from "./sockaddr.js";
import { listenNet, NetDatagrams, type Listening, type NetSocket } from "./stdlib-listen.js";
import { dialNet, NetStream } from "./stdlib-stream.js";

/** What the core asks for. */
const enum Request {
  Listen = 0,
  Dial = 1,
  OpenPackets = 2,
  Write = 3,
  Send = 4,
  Shutdown = 5,
  Resume = 6,
  Close = 7,
}

/** What is told to the core. */
const enum Event {
  Done = 0,
  Written = 1,
  Ended = 2,
  Failed = 3,
}

/** What the core's requests are done to. */
type Socket = NetStream | NetDatagrams | Pick<NetStream, "close">;
/** Stands for a socket that is being opened, so that what is accepted meanwhile is no stranger's. */
const OPENING: Socket = { close: () => {} };

class IOThread {
  private readonly core: Core;
  private readonly memory: Memory;
  private readonly sockets = new Map<number, Socket>();

  constructor(core: Core, memory: Memory) {
    this.core = core;
    this.memory = memory;
  }

  /** Does what was asked for since the last time. */
  serve(): void {
    for (let at = this.core.takeRequests() >>> 0; at !== 0;) {
      const view = this.memory.data;
      const next = view.getUint32(at, true);
      const kind = view.getInt32(at + IO_KIND, true);
      const socket = view.getUint32(at + IO_SOCKET, true);
      const block = view.getUint32(at + IO_BLOCK, true);
      const length = view.getInt32(at + IO_LENGTH, true);
      this.core.mfree(at);
      this.handle(kind, socket, block, length);
      at = next;
    }
  }

  /** Closes everything. */
  end(): void {
    for (const socket of this.sockets.values()) socket.close(false);
  }

  private handle(kind: Request, at: number, block: number, length: number): void {
    const socket = this.sockets.get(at);
    const stream = socket instanceof NetStream ? socket : undefined;
    switch (kind) {
      case Request.Listen:
      case Request.Dial:
      case Request.OpenPackets:
        void this.open(kind, at);
        break;
      case Request.Write:
        stream?.give(this.take(block, 0, length), () => this.core.ioEvent(at, Event.Written, length));
        this.core.mfree(block);
        break;
      case Request.Send: {
        const head = 4 + this.memory.data.getInt32(block, true);
        const to = decodeSockaddr(this.memory.bytes, block + 4, head - 4);
        const written = (): void => this.core.ioEvent(at, Event.Written, length - head);
        if (to !== null && socket instanceof NetDatagrams) socket.send(this.take(block, head, length), to, written);
        this.core.mfree(block);
        break;
      }
      case Request.Shutdown:
        stream?.shutdownWrite();
        break;
      case Request.Resume:
        stream?.resume();
        break;
      case Request.Close:
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
    for (let left: number; (left = this.core.ioTakeAccepted(at) >>> 0) !== 0;) this.close(left, true);
    this.core.ioFree(at);
  }

  // ---- opening

  private async open(kind: Request, at: number): Promise<void> {
    let result = 0;
    this.sockets.set(at, OPENING);
    try {
      if (kind === Request.Dial) this.connected(at, await this.dial(at));
      else this.bound(at, await (kind === Request.Listen ? this.listen(at) : this.openPackets(at)));
    } catch (error) {
      result = errnoOf(error);
    }
    this.core.ioEvent(at, Event.Done, result);
  }

  private dial(at: number): Promise<NetStream> {
    const address = this.address(at, STD_REMOTE, STD_REMOTE_LENGTH);
    return dialNet(networkOf(address, 0), address);
  }

  private listen(at: number): Promise<NetSocket> {
    const address = this.address(at, STD_LOCAL, STD_LOCAL_LENGTH);
    return listenNet(this.listening(at, address), address, (stream) => this.accepted(at, stream));
  }

  private openPackets(at: number): Promise<NetDatagrams> {
    const { core, memory } = this;
    const address = this.address(at, STD_LOCAL, STD_LOCAL_LENGTH);
    return NetDatagrams.bind(this.listening(at, address), address, (input, from) => {
      const sender = core.malloc(SOCKADDR_SIZE) >>> 0;
      const senderLength = encodeSockaddr(from, memory.bytes, sender);
      const block = core.malloc(input.byteLength) >>> 0;
      memory.write(block, input);
      core.ioInput(at, block, input.byteLength, sender, senderLength);
    });
  }

  private bound(at: number, socket: NetSocket): void {
    if (socket.address.family !== "unix") this.setAddress(at, STD_LOCAL, STD_LOCAL_LENGTH, socket.address);
    this.sockets.set(at, socket);
  }

  private accepted(listener: number, stream: NetStream): void {
    if (!this.sockets.has(listener)) {
      stream.destroy();
      return;
    }
    const at = this.core.newStdSocket() >>> 0;
    if (stream.remote !== undefined) this.setAddress(at, STD_REMOTE, STD_REMOTE_LENGTH, stream.remote);
    this.connected(at, stream);
    this.core.ioAccepted(listener, at);
  }

  /** Moves what happens to a connected socket to the core. */
  private connected(at: number, stream: NetStream): void {
    const { core, memory } = this;
    if (stream.local.family !== "unix") this.setAddress(at, STD_LOCAL, STD_LOCAL_LENGTH, stream.local);
    this.sockets.set(at, stream);
    stream.handler = {
      input(input) {
        const block = core.malloc(input.byteLength) >>> 0;
        memory.write(block, input);
        if (core.ioInput(at, block, input.byteLength, 0, 0) !== 0) stream.pause();
      },
      ended: () => core.ioEvent(at, Event.Ended, 0),
      drained: () => {},
      closed: (error) => core.ioEvent(at, Event.Failed, errnoOf(error)),
    };
    stream.start();
  }

  // ---- addresses

  private address(at: number, offset: number, lengthOffset: number): SocketAddress {
    const length = this.memory.data.getInt32(at + lengthOffset, true);
    const address = decodeSockaddr(this.memory.bytes, at + offset, length);
    if (address === null) throw new Error("the core gave no address");
    return address;
  }

  private listening(at: number, address: SocketAddress): Listening {
    const flags = this.memory.data.getInt32(at + STD_FLAGS, true);
    return { network: networkOf(address, flags), reusePort: (flags & REUSE_PORT) !== 0 };
  }

  private setAddress(at: number, offset: number, lengthOffset: number, address: SocketAddress): void {
    const length = encodeSockaddr(address, this.memory.bytes, at + offset);
    this.memory.data.setInt32(at + lengthOffset, length, true);
  }
}

function networkOf(address: SocketAddress, flags: number): Network {
  if (address.family === "unix") return "unix";
  return (flags & ONLY_IPV6) !== 0 ? "tcp6" : "tcp";
}

async function runIO(data: ThreadData): Promise<void> {
  const control = new Control(data.memory, data.control);
  // Waiting for requests keeps no event loop alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const { core, memory } = instantiate(data, control, netImports);
    core.beM(IO_M);
    const io = new IOThread(core, memory);
    while (true) {
      const seen = Atomics.load(memory.words, SCHED_IO_WAKE >> 2);
      if (control.state !== ProgramState.Running) break;
      io.serve();
      const wait = Atomics.waitAsync(memory.words, SCHED_IO_WAKE >> 2, seen);
      if (wait.async) await wait.value;
    }
    io.end();
  } catch (error) {
    if (!(error instanceof StopThread)) {
      control.report(Report.Failure, `the I/O thread failed: ${(error as Error).stack ?? String(error)}`);
    }
  } finally {
    clearInterval(alive);
  }
}

void runIO(workerData as ThreadData);
