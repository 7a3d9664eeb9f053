/**
 * The I/O thread: the runtime's own sockets, for goroutines, where no system calls can be made. What it shares with the core is
 * in `assembly/runtime/net/stdlib.ts`.
 *
 * Guarantees: bytes received wait in the program's memory up to a limit, beyond which the socket is paused; what was written
 * before a close goes out; a close with bytes unread resets the connection, as the system does. The thread ends when the
 * program does, and its sockets with it.
 */
import { createSocket, type Socket as PacketSocket } from "node:dgram";
import { existsSync } from "node:fs";
import net from "node:net";
import path from "node:path";
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
import type { Core } from "../program/core.js";
import { instantiate, StopThread, type ThreadData } from "../program/instance.js";
import type { Memory } from "../base/memory.js";
import { ENOENT, errnoName } from "./constants.js";
import { pausing } from "./pausing.js";
import { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from "./sockaddr.js";
import { netImports } from "./coreimports.js";
import { ONLY_IPV6, REUSE_PORT } from "./resolution.js";

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

const BACKLOG = 4096;
const EIO = 5;

/** The numbers of errors by their names. */
const errnos = new Map(Array.from({ length: 132 }, (_, errno) => [errnoName(errno), errno]));

function errnoOf(error: unknown): number {
  return errnos.get((error as NodeJS.ErrnoException).code ?? "") ?? EIO;
}

/** One of the core's sockets. */
interface IOSocket {
  write?(bytes: Buffer): void;
  send?(bytes: Buffer, to: SocketAddress): void;
  shutdown?(): void;
  resume?(): void;
  /** Closes it; `unread` bytes have not been read. Tells the core nothing any more. */
  close(unread: number): void;
}

class IOThread {
  private readonly core: Core;
  private readonly memory: Memory;
  private readonly sockets = new Map<number, IOSocket>();

  constructor(core: Core, memory: Memory) {
    this.core = core;
    this.memory = memory;
  }

  /** Does what was asked for since the last time. */
  serve(): void {
    for (let at = this.core.net_io_take() >>> 0; at !== 0;) {
      const view = this.memory.data;
      const next = view.getUint32(at, true);
      const kind = view.getInt32(at + IO_KIND, true);
      const socket = view.getUint32(at + IO_SOCKET, true);
      const block = view.getUint32(at + IO_BLOCK, true);
      const length = view.getInt32(at + IO_LENGTH, true);
      this.core.free(at);
      this.handle(kind, socket, block, length);
      at = next;
    }
  }

  /** Closes everything. */
  end(): void {
    for (const socket of this.sockets.values()) socket.close(0);
  }

  private handle(kind: Request, at: number, block: number, length: number): void {
    switch (kind) {
      case Request.Listen:
        return this.opening(at, () => this.listen(at));
      case Request.Dial:
        return this.opening(at, () => this.dial(at));
      case Request.OpenPackets:
        return this.opening(at, () => this.openPackets(at));
      case Request.Write: {
        const bytes = this.memory.copy(block, length);
        this.core.free(block);
        return this.sockets.get(at)?.write?.(bytes);
      }
      case Request.Send: {
        const addressLength = this.memory.data.getInt32(block, true);
        const to = decodeSockaddr(this.memory.bytes, block + 4, addressLength);
        const bytes = this.memory.copy(block + 4 + addressLength, length - 4 - addressLength);
        this.core.free(block);
        if (to !== null) this.sockets.get(at)?.send?.(bytes, to);
        return;
      }
      case Request.Shutdown:
        return this.sockets.get(at)?.shutdown?.();
      case Request.Resume:
        return this.sockets.get(at)?.resume?.();
      case Request.Close:
        this.close(at, length);
        // Here the block is the word at which somebody waits.
        if (block !== 0) this.core.net_ready(block);
    }
  }

  private close(at: number, unread: number): void {
    this.sockets.get(at)?.close(unread);
    this.sockets.delete(at);
    for (let left: number; (left = this.core.net_io_take_accepted(at) >>> 0) !== 0;) this.close(left, 1);
    this.core.net_io_free(at);
  }

  private opening(at: number, open: () => void): void {
    try {
      open();
    } catch (error) {
      this.core.net_io_event(at, Event.Done, errnoOf(error));
    }
  }

  // ---- addresses

  private address(at: number, offset: number, lengthOffset: number): SocketAddress {
    const length = this.memory.data.getInt32(at + lengthOffset, true);
    const address = decodeSockaddr(this.memory.bytes, at + offset, length);
    if (address === null) throw new Error("the core gave no address");
    return address;
  }

  private setAddress(at: number, offset: number, lengthOffset: number, address: SocketAddress): void {
    const length = encodeSockaddr(address, this.memory.bytes, at + offset);
    this.memory.data.setInt32(at + lengthOffset, length, true);
  }

  private setLocal(at: number, host: string | undefined, port: number | undefined): void {
    if (host === undefined || port === undefined) return;
    this.setAddress(at, STD_LOCAL, STD_LOCAL_LENGTH, ipAddress(host, port));
  }

  // ---- streams

  private listen(at: number): void {
    const address = this.address(at, STD_LOCAL, STD_LOCAL_LENGTH);
    const flags = this.memory.data.getInt32(at + STD_FLAGS, true);
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.accepted(at, server, socket),
    );
    let isOpen = true;
    let close = (): void => void server.close();
    server.once("error", (error) => {
      // libuv says EACCES where there is no such folder.
      const hasNoFolder = address.family === "unix" && !existsSync(path.dirname(address.path));
      this.core.net_io_event(at, Event.Done, hasNoFolder ? ENOENT : errnoOf(error));
    });
    server.once("listening", () => {
      // Later errors are of single connections that could not be accepted; the listener goes on.
      server.removeAllListeners("error").on("error", () => {});
      const bound = server.address();
      if (bound !== null && typeof bound === "object") {
        where.port = bound.port;
        this.setLocal(at, bound.address, bound.port);
      }
      if (isOpen) close = pausing(server, where);
      this.core.net_io_event(at, Event.Done, 0);
    });
    server.on("connection", (socket) => {
      if (!isOpen) socket.destroy();
    });
    const where: net.ListenOptions = {
      ...(address.family === "unix"
        ? { path: systemPath(address.path) }
        : { host: address.host, port: address.port, ...((flags & REUSE_PORT) !== 0 && { reusePort: true }) }),
      backlog: BACKLOG,
      exclusive: true,
      ipv6Only: (flags & ONLY_IPV6) !== 0,
    };
    server.listen(where);
    this.sockets.set(at, {
      close() {
        isOpen = false;
        close();
      },
    });
  }

  private accepted(listener: number, server: net.Server, socket: net.Socket): void {
    if (!this.sockets.has(listener)) {
      socket.destroy();
      return;
    }
    const at = this.core.net_io_new() >>> 0;
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    if (remoteAddress !== undefined && remotePort !== undefined) {
      this.setAddress(at, STD_REMOTE, STD_REMOTE_LENGTH, ipAddress(remoteAddress, remotePort));
    }
    this.setLocal(at, localAddress, localPort);
    this.stream(at, socket);
    this.core.net_io_accepted(listener, at);
  }

  private dial(at: number): void {
    const address = this.address(at, STD_REMOTE, STD_REMOTE_LENGTH);
    const to =
      address.family === "unix" ? { path: systemPath(address.path) } : { host: address.host, port: address.port };
    const socket = net.connect({ ...to, allowHalfOpen: true, noDelay: true });
    const refused = (error: Error): void => this.core.net_io_event(at, Event.Done, errnoOf(error));
    socket.once("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      this.setLocal(at, socket.localAddress, socket.localPort);
      this.stream(at, socket);
      this.core.net_io_event(at, Event.Done, 0);
    });
  }

  /** Moves what happens to a connected socket to the core. */
  private stream(at: number, socket: net.Socket): void {
    const { core, memory } = this;
    let isOpen = true;
    let hasEnded = false;
    const tell = (event: Event, value: number): void => {
      if (isOpen) core.net_io_event(at, event, value);
    };
    socket.on("data", (chunk: Buffer) => {
      if (!isOpen) return;
      const block = core.alloc(chunk.byteLength) >>> 0;
      memory.write(block, chunk);
      if (core.net_io_input(at, block, chunk.byteLength, 0, 0) !== 0) socket.pause();
    });
    socket.on("end", () => {
      hasEnded = true;
      tell(Event.Ended, 0);
    });
    socket.on("error", (error) => tell(Event.Failed, errnoOf(error)));
    socket.on("close", () => {
      if (!hasEnded) tell(Event.Failed, errnos.get("ECONNRESET") ?? EIO);
    });
    this.sockets.set(at, {
      write: (bytes) => {
        socket.write(bytes, () => tell(Event.Written, bytes.byteLength));
      },
      shutdown: () => socket.end(),
      resume: () => socket.resume(),
      close: (unread) => {
        isOpen = false;
        if (unread > 0 && socket.remoteAddress !== undefined) socket.resetAndDestroy();
        else socket.destroySoon();
      },
    });
  }

  // ---- packets

  private openPackets(at: number): void {
    const { core, memory } = this;
    const address = this.address(at, STD_LOCAL, STD_LOCAL_LENGTH);
    if (address.family === "unix") throw new Error("packets have no paths");
    const flags = memory.data.getInt32(at + STD_FLAGS, true);
    const socket: PacketSocket = createSocket({
      type: address.family === "ipv6" ? "udp6" : "udp4",
      ipv6Only: (flags & ONLY_IPV6) !== 0,
      ...((flags & REUSE_PORT) !== 0 && { reusePort: true }),
    });
    let isOpen = true;
    let sending = 0;
    socket.once("error", (error) => core.net_io_event(at, Event.Done, errnoOf(error)));
    socket.once("listening", () => {
      // Errors of single packets: they are lost, as packets may be.
      socket.removeAllListeners("error").on("error", () => {});
      const bound = socket.address();
      this.setLocal(at, bound.address, bound.port);
      core.net_io_event(at, Event.Done, 0);
    });
    socket.on("message", (message, { address: host, port }) => {
      if (!isOpen) return;
      const sender = core.alloc(SOCKADDR_SIZE) >>> 0;
      const senderLength = encodeSockaddr(ipAddress(host, port), memory.bytes, sender);
      const block = core.alloc(message.byteLength) >>> 0;
      memory.write(block, message);
      core.net_io_input(at, block, message.byteLength, sender, senderLength);
    });
    socket.bind({ address: address.host, port: address.port, exclusive: true });
    this.sockets.set(at, {
      send(bytes, to) {
        sending++;
        const written = (): void => {
          sending--;
          if (isOpen) core.net_io_event(at, Event.Written, bytes.byteLength);
          else if (sending === 0) socket.close();
        };
        if (to.family === "unix") written();
        else socket.send(bytes, to.port, to.host, written);
      },
      close() {
        isOpen = false;
        // A packet that was given to `send` may not be on its way yet, and would be dropped.
        if (sending === 0) socket.close();
      },
    });
  }
}

function ipAddress(host: string, port: number): SocketAddress {
  return { family: net.isIPv6(host) ? "ipv6" : "ipv4", host, port };
}

/** Abstract names, which are written with an `@`, begin with a 0 byte for the system. */
function systemPath(path: string): string {
  return path.startsWith("@") ? `\0${path.slice(1)}` : path;
}

async function runIO(data: ThreadData): Promise<void> {
  const control = new Control(data.memory, data.control);
  // Waiting for requests keeps no event loop alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const { core, memory } = instantiate(data, control, netImports);
    core.be_m(IO_M);
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
