/**
 * What the core imports for sockets: system calls on the program's memory, one function each.
 *
 * Guarantees: nothing is loaded for a program without sockets; no function throws; each returns the call's result or
 * -errno. The functions are made for one thread, as the way to call C is.
 */
import { PollerKind, ProgramState } from "../abi/enums.js";
import { bindNetImports } from "../abi/imports.js";
import {
  AF_UNSPEC,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  ENOSYS,
  EPOLL_CLOEXEC,
  errnoName,
  errnoText,
  MSG_NOSIGNAL,
  MSG_PEEK,
  SO_ERROR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./constants.js";
import { addressText } from "./address.js";
import { decodeSockaddr, EPOLL_EVENT_DATA, EPOLL_EVENT_SIZE } from "./sockaddr.js";
import { beginLoad, endLoad } from "./loading.js";
import { loadSys, NULL, type Sys } from "./sys.js";
import type { Control } from "../base/control.js";
import { isShortage } from "../base/errors.js";
import type { ThreadData } from "../program/instance.js";
import { opensSockets } from "./forthread.js";
import { fileLimit } from "./pausing.js";
import type { Memory } from "../base/memory.js";
import { choosePoller, tellPoller } from "./poller.js";
import { resolveNow } from "./resolution.js";

/** Connections that wait to be accepted; the system has its own limit, /proc/sys/net/core/somaxconn. */
const BACKLOG = 65535;

/**
 * The functions for one thread. A thread of a program that opens sockets loads what it needs at once: later there may be
 * no descriptor left to load it with.
 *
 * @param isPrograms it is one of the program's own; not so the thread that has started the program, which nobody ends
 */
export function netImports(
  { module, poller = "auto", mid }: Pick<ThreadData, "module" | "poller" | "mid">,
  memory: Memory,
  control: Control,
  isPrograms: boolean,
): WebAssembly.ModuleImports {
  const isEnding = (): boolean => control.state !== ProgramState.Running;
  const sys = loadedOnce(memory, mid !== undefined, isPrograms ? isEnding : undefined);
  if (isPrograms && poller !== "stdlib" && opensSockets(module)) sys();
  const text = (value: string, address: number, capacity: number): number => {
    const bytes = Buffer.from(value, "utf16le");
    memory.write(address, bytes.subarray(0, capacity));
    return bytes.byteLength;
  };
  return bindNetImports({
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
    net_files: fileLimit,
    net_event_layout: () => EPOLL_EVENT_SIZE * 256 + EPOLL_EVENT_DATA,
    net_epoll_create: () => sys().epollCreate1(EPOLL_CLOEXEC),
    net_epoll_ctl: (epoll, operation, fd, event) => sys().epollCtl(epoll, operation, fd, event),
    net_epoll_wait: (epoll, events, count, ms) => sys().epollWait(epoll, events, count, ms),
    net_eventfd: () => sys().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    net_socket: (domain, type) => sys().socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, AF_UNSPEC),
    net_bind: (fd, address, length) => sys().bind(fd, address, length),
    net_listen: (fd) => sys().listen(fd, BACKLOG),
    net_accept: (fd, address, length) => sys().accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC),
    net_connect: (fd, address, length) => sys().connect(fd, address, length),
    net_error(fd, word) {
      memory.data.setInt32(word + 4, 4, true);
      const result = sys().getsockopt(fd, SOL_SOCKET, SO_ERROR, word, word + 4);
      return result < 0 ? result : -memory.data.getInt32(word, true);
    },
    net_setsockopt: (fd, level, name, value) => sys().setsockopt(fd, level, name, value, 4),
    net_getsockname: (fd, address, length) => sys().getsockname(fd, address, length),
    net_getpeername: (fd, address, length) => sys().getpeername(fd, address, length),
    net_read: (fd, at, length) => sys().read(fd, at, length),
    net_write: (fd, at, length) => sys().write(fd, at, length),
    net_recvfrom: (fd, at, length, address, addressLength) => sys().recvfrom(fd, at, length, 0, address, addressLength),
    net_peek: (fd, at, length) => sys().recvfrom(fd, at, length, MSG_PEEK, NULL, NULL),
    net_sendto: (fd, at, length, address, addressLength) =>
      sys().sendto(fd, at, length, MSG_NOSIGNAL, address, addressLength),
    net_shutdown: (fd, how) => sys().shutdown(fd, how),
    net_close: (fd) => sys().close(fd),
    net_unlink: (path) => sys().unlink(path),

    net_resolve: (address, length, purpose, resolution) =>
      resolveNow(memory, memory.utf16(address, length), purpose, resolution),

    net_format(sockaddr, length, packets, address, capacity) {
      const decoded = decodeSockaddr(memory.bytes, sockaddr, length);
      if (decoded === null) return 0;
      const [streams, datagrams] =
        decoded.family === "unix" ? (["unix", "unixgram"] as const) : (["tcp", "udp"] as const);
      return text(addressText(packets !== 0 ? datagrams : streams, decoded), address, capacity);
    },

    net_strerror: (errno, address, capacity) => text(`${errnoText(errno)} (${errnoName(errno)})`, address, capacity),
  });
}

/**
 * Gives the system calls of this thread, loaded when they are first wanted.
 *
 * @param isM the thread is an M's
 * @param isEnding whether the program ends, whose thread it is; then nothing is loaded any more
 */
function loadedOnce(memory: Memory, isM: boolean, isEnding: (() => boolean) | undefined): () => Sys {
  let sys: Sys | undefined;
  const load = (): Sys => {
    if (isEnding !== undefined && !beginLoad(isEnding)) return refusing;
    try {
      const loaded = loadSys(memory.raw);
      if (typeof loaded !== "string") return (sys = loaded);
      // An M that cannot do what the others do is better not there; other threads look again.
      if (isM && isShortage({ message: loaded })) throw new Error(loaded);
      return refusing;
    } finally {
      if (isEnding !== undefined) endLoad();
    }
  };
  return () => sys ?? load();
}

/** System calls on a thread that cannot make any. */
const refusing: Sys = new Proxy({} as Sys, { get: () => () => -ENOSYS });
