/**
 * What the core imports for sockets: system calls on the program's memory, one function each.
 *
 * Guarantees: nothing is loaded for a program without sockets; no function throws; each returns the call's result or
 * -errno. The functions are made for one thread, as the way to call C is.
 */
import { ProgramState } from "../abi/enums.js";
import {
  AF_UNSPEC,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  ENOSYS,
  EPOLL_CLOEXEC,
  errnoName,
  errnoText,
  MSG_NOSIGNAL,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./constants.js";
import { addressText } from "./address.js";
import { decodeSockaddr, EPOLL_EVENT_DATA, EPOLL_EVENT_SIZE } from "./sockaddr.js";
import { beginLoad, endLoad } from "./loading.js";
import { loadSys, type Sys } from "./sys.js";
import type { Control } from "../base/control.js";
import type { ThreadData } from "../program/instance.js";
import { opensSockets } from "./forthread.js";
import type { Memory } from "../base/memory.js";
import { choosePoller, tellPoller } from "./poller.js";
import { resolveNow } from "./resolution.js";

/** What waits for the network, as the core calls it (`netpoll.ts`, PollerKind). */
const enum PollerKind {
  Epoll = 1,
  Stdlib = 2,
}

/** Connections that wait to be accepted; the system has its own limit, /proc/sys/net/core/somaxconn. */
const BACKLOG = 65535;

/**
 * The functions for one thread. A thread of a program that opens sockets loads what it needs at once: later there may be
 * no descriptor left to load it with.
 *
 * @param isPrograms it is one of the program's own; not so the thread that has started the program, which nobody ends
 */
export function netImports(
  { module, poller = "auto" }: Pick<ThreadData, "module" | "poller">,
  memory: Memory,
  control: Control,
  isPrograms: boolean,
): WebAssembly.ModuleImports {
  const isEnding = (): boolean => control.state !== ProgramState.Running;
  let sys: Sys | undefined;
  const load = (): Sys => {
    if (isPrograms && !beginLoad(isEnding)) return refusing;
    try {
      const loaded = loadSys(memory.raw);
      return typeof loaded === "string" ? refusing : (sys = loaded);
    } finally {
      if (isPrograms) endLoad();
    }
  };
  if (isPrograms && poller !== "stdlib" && opensSockets(module)) load();
  const text = (value: string, address: number, capacity: number): number => {
    const bytes = Buffer.from(value, "utf16le");
    memory.write(address >>> 0, bytes.subarray(0, capacity));
    return bytes.byteLength;
  };
  return {
    net_start() {
      if (isPrograms && !beginLoad(isEnding)) return PollerKind.Epoll; // the program is ending, and nothing will work
      try {
        const choice = choosePoller(poller, "core");
        tellPoller(choice);
        return choice.name === "epoll" ? PollerKind.Epoll : PollerKind.Stdlib;
      } finally {
        if (isPrograms) endLoad();
      }
    },
    net_event_layout: () => EPOLL_EVENT_SIZE * 256 + EPOLL_EVENT_DATA,
    net_epoll_create: () => (sys ?? load()).epollCreate1(EPOLL_CLOEXEC),
    net_epoll_ctl: (epoll: number, operation: number, fd: number, event: number) =>
      (sys ?? load()).epollCtl(epoll, operation, fd, event >>> 0),
    net_epoll_wait: (epoll: number, events: number, count: number, ms: number) =>
      (sys ?? load()).epollWait(epoll, events >>> 0, count, ms),
    net_eventfd: () => (sys ?? load()).eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    net_socket: (domain: number, type: number) =>
      (sys ?? load()).socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, AF_UNSPEC),
    net_bind: (fd: number, address: number, length: number) => (sys ?? load()).bind(fd, address >>> 0, length),
    net_listen: (fd: number) => (sys ?? load()).listen(fd, BACKLOG),
    net_accept: (fd: number, address: number, length: number) =>
      (sys ?? load()).accept4(fd, address >>> 0, length >>> 0, SOCK_NONBLOCK | SOCK_CLOEXEC),
    net_connect: (fd: number, address: number, length: number) => (sys ?? load()).connect(fd, address >>> 0, length),
    net_error(fd: number, word: number): number {
      const at = word >>> 0;
      memory.data.setInt32(at + 4, 4, true);
      const result = (sys ?? load()).getsockopt(fd, SOL_SOCKET, SO_ERROR, at, at + 4);
      return result < 0 ? result : -memory.data.getInt32(at, true);
    },
    net_setsockopt: (fd: number, level: number, name: number, value: number) =>
      (sys ?? load()).setsockopt(fd, level, name, value >>> 0, 4),
    net_getsockname: (fd: number, address: number, length: number) =>
      (sys ?? load()).getsockname(fd, address >>> 0, length >>> 0),
    net_getpeername: (fd: number, address: number, length: number) =>
      (sys ?? load()).getpeername(fd, address >>> 0, length >>> 0),
    net_read: (fd: number, at: number, length: number) => (sys ?? load()).read(fd, at >>> 0, length),
    net_write: (fd: number, at: number, length: number) => (sys ?? load()).write(fd, at >>> 0, length),
    net_recvfrom: (fd: number, at: number, length: number, address: number, addressLength: number) =>
      (sys ?? load()).recvfrom(fd, at >>> 0, length, 0, address >>> 0, addressLength >>> 0),
    net_sendto: (fd: number, at: number, length: number, address: number, addressLength: number) =>
      (sys ?? load()).sendto(fd, at >>> 0, length, MSG_NOSIGNAL, address >>> 0, addressLength),
    net_shutdown: (fd: number, how: number) => (sys ?? load()).shutdown(fd, how),
    net_close: (fd: number) => (sys ?? load()).close(fd),
    net_unlink: (path: number) => (sys ?? load()).unlink(path >>> 0),

    net_resolve: (address: number, length: number, purpose: number, resolution: number) =>
      resolveNow(memory, memory.utf16(address >>> 0, length), purpose, resolution >>> 0),

    net_format(sockaddr: number, length: number, packets: number, address: number, capacity: number): number {
      const decoded = decodeSockaddr(memory.bytes, sockaddr >>> 0, length);
      if (decoded === null) return 0;
      const network = decoded.family === "unix" ? "unix" : packets !== 0 ? "udp" : "tcp";
      return text(addressText(network, decoded), address, capacity);
    },

    net_strerror: (errno: number, address: number, capacity: number) =>
      text(`${errnoText(errno)} (${errnoName(errno)})`, address, capacity),
  };
}

/** System calls on a thread that cannot make any. */
const refusing: Sys = new Proxy({} as Sys, { get: () => () => -ENOSYS });
