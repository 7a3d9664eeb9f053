/**
 * System calls on one memory buffer: the only door from Skein to the operating system's sockets.
 *
 * Guarantees:
 * - Every function returns the call's result, or -errno. None throws, and none blocks unless the descriptor does or the
 *   call is `epollWait` with a timeout.
 * - A pointer is an offset in the buffer that the binding was made for. Offset and length are checked against the
 *   buffer before the call, and -EFAULT is the answer to what lies outside, so that no wrong number ever makes the
 *   kernel write where it must not. NULL stands for the null pointer where the call takes one.
 * - Descriptors belong to the process: any thread may use those of another. A `Sys` belongs to the thread that loaded it, as
 *   errno does.
 * - A thread inside a blocking call cannot be terminated. Whoever blocks must have a descriptor in its set through which
 *   others end the call.
 */
import { isShortage } from "../base/errors.js";
import process from "node:process";
import { loadBinding, type Binding, type FunctionName, type Watch, type Word } from "./bindings.js";
import { EFAULT, EFD_CLOEXEC, EPOLL_CLOEXEC, MADV_DONTNEED, errnoName, errnoText } from "./constants.js";
import { EPOLL_EVENT_SIZE } from "./sockaddr.js";

export type { Watch } from "./bindings.js";

/** The null pointer. */
export const NULL = -1;

/** What system calls read and write. Shared memory is best: its address never changes. */
export type SysMemory = SharedArrayBuffer | ArrayBuffer | WebAssembly.Memory;

/** The system calls. Parameters called `at`, and those that end in `At`, are offsets in the buffer; each call returns its result, or -errno. */
export type Sys = ReturnType<typeof makeSys>;

/**
 * Makes the system calls available on a buffer.
 *
 * @param pinned the caller vouches that the memory never moves, grows or goes, so that calls need not look
 * @returns the calls; or, as text, the reason why there are none: another system than Linux, a runtime without a way to
 * call C, one that refuses it, or a kernel that does not let this process use epoll
 */
export function loadSys(memory: SysMemory, pinned = false): Sys | string {
  const refusal = refused();
  if (refusal !== undefined) return refusal;
  try {
    return makeSys(loadBinding(), memory, pinned);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why this thread cannot make system calls; null once it is known that it can. */
let reason: string | null | undefined;

/** Asks once whether system calls can be made, with the two that nothing works without. */
function refused(): string | undefined {
  if (reason !== undefined && !isShortage({ message: reason })) return reason ?? undefined;
  reason = probe() ?? null;
  return reason ?? undefined;
}

function probe(): string | undefined {
  if (process.platform !== "linux") return `epoll is Linux's, and this is ${process.platform}`;
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) return "this machine is big-endian";
  let sys: Sys;
  try {
    sys = makeSys(loadBinding(), new SharedArrayBuffer(8), true);
  } catch (error) {
    return (error as Error).message;
  }
  for (const [name, fd] of [
    ["epoll_create1", sys.epollCreate1(EPOLL_CLOEXEC)],
    ["eventfd", sys.eventfd(0, EFD_CLOEXEC)],
  ] as const) {
    if (fd < 0) return `the system refuses ${name}: ${errnoName(fd)} (${errnoText(fd)})`;
    sys.close(fd);
  }
  return undefined;
}

/** The buffer, its address, and the test that everything the kernel may touch lies in it. */
class Window {
  private readonly binding: Binding;
  private readonly memory: SysMemory;
  /** A memory that is not shared may move when it grows; an ArrayBuffer may be taken away by a transfer. */
  private readonly mayMove: boolean;
  /** Views the buffer, and keeps it alive for as long as the kernel may be given its address. */
  private bytes: Uint8Array = new Uint8Array(0);
  private base = 0n;
  private baseNumber = 0;
  private limit = 0;

  constructor(binding: Binding, memory: SysMemory, pinned: boolean) {
    this.binding = binding;
    this.memory = memory;
    this.mayMove = !pinned && !(bufferOf(memory) instanceof SharedArrayBuffer);
    this.locate();
  }

  private locate(): void {
    const buffer = bufferOf(this.memory);
    // No view can be made of a buffer that was transferred.
    this.bytes = buffer.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(buffer);
    this.limit = this.bytes.byteLength;
    this.base = this.limit === 0 ? 0n : this.binding.address(this.bytes);
    this.baseNumber = Number(this.base);
  }

  /** Whether `length` bytes from `at` lie in the buffer. */
  has(at: number, length: number): boolean {
    // Both detach the buffer, whose views then have no length.
    if (this.mayMove && this.bytes.byteLength !== this.limit) this.locate();
    if (!(at >= 0 && length >= 0 && Number.isInteger(at) && Number.isInteger(length))) return false;
    if (at + length <= this.limit) return true;
    // A shared memory only ever grows, in its place.
    if (bufferOf(this.memory).byteLength === this.limit) return false;
    this.locate();
    return at + length <= this.limit;
  }

  number(at: number): number {
    return this.baseNumber + at;
  }

  bigint(at: number): bigint {
    return this.base + BigInt(at);
  }

  /** The length that the 32-bit word at `at` states, or -1 if the word is not in the buffer. */
  lengthAt(at: number): number {
    if (!this.has(at, 4)) return -1;
    const { bytes } = this;
    return (
      (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8) + ((bytes[at + 2] ?? 0) << 16) + (bytes[at + 3] ?? 0) * 2 ** 24
    );
  }

  /** Whether a text that begins at `at` ends with a 0 byte within the buffer. */
  hasText(at: number): boolean {
    return this.has(at, 1) && this.bytes.indexOf(0, at) >= 0;
  }
}

function bufferOf(memory: SysMemory): SharedArrayBuffer | ArrayBuffer {
  return memory instanceof WebAssembly.Memory ? memory.buffer : memory;
}

/** A way to call C on one buffer: what the calls below are made of. */
function makeDoor(binding: Binding, memory: SysMemory, pinned: boolean) {
  const window = new Window(binding, memory, pinned);
  const big = binding.wordsAreBigints;
  const null64: Word = big ? 0n : 0;
  return {
    window,
    c: binding.functions as Record<FunctionName, (...args: Word[]) => number>,
    pointer: (at: number): Word => (at === NULL ? null64 : big ? window.bigint(at) : window.number(at)),
    size: (length: number): Word => (big ? BigInt(length) : length),
    answer: (result: number): number => (result === -1 ? -binding.errno() : result),
    /** Whether a space for a socket's address and the word that says its length are in the buffer. */
    hasSpace: (at: number, lengthAt: number): boolean =>
      (at === NULL && lengthAt === NULL) || window.has(at, window.lengthAt(lengthAt)),
  };
}

function makeSys(binding: Binding, memory: SysMemory, pinned: boolean) {
  const door = makeDoor(binding, memory, pinned);
  const { window, c, pointer, answer } = door;
  return {
    /** Through what the calls are made. */
    via: binding.name,
    ...socketCalls(door),
    close: (fd: number): number => answer(c.close(fd)),
    epollCreate1: (flags: number): number => answer(c.epoll_create1(flags)),
    /** `at` may be NULL for EPOLL_CTL_DEL. */
    epollCtl: (epoll: number, operation: number, fd: number, at: number): number =>
      at === NULL || window.has(at, EPOLL_EVENT_SIZE)
        ? answer(c.epoll_ctl(epoll, operation, fd, pointer(at)))
        : -EFAULT,
    /** Waits `timeout` milliseconds, -1 for ever, for up to `count` events, each EPOLL_EVENT_SIZE bytes. */
    epollWait: (epoll: number, at: number, count: number, timeout: number): number =>
      window.has(at, count * EPOLL_EVENT_SIZE) ? answer(c.epoll_wait(epoll, pointer(at), count, timeout)) : -EFAULT,
    eventfd: (initial: number, flags: number): number => answer(c.eventfd(initial, flags)),
    fcntl: (fd: number, command: number, argument: number): number => answer(c.fcntl(fd, command, argument)),
    /** The path is UTF-8 and ends with a 0 byte. */
    unlink: (at: number): number => (window.hasText(at) ? answer(c.unlink(pointer(at))) : -EFAULT),
    /** The system gets the memory back, and has zeros there when it is used again; whole pages of the system's. */
    dontNeed: (at: number, length: number): number =>
      window.has(at, length) ? answer(c.madvise(pointer(at), door.size(length), MADV_DONTNEED)) : -EFAULT,
    /** Writes the two descriptors as 32-bit words. */
    pipe2: (at: number, flags: number): number => (window.has(at, 8) ? answer(c.pipe2(pointer(at), flags)) : -EFAULT),
    /**
     * Has the event loop of this thread watch a descriptor: `ready` is called while it is readable, once a turn. Not there
     * where the way to call C does not offer it.
     */
    watch: binding.watch && ((fd: number, ready: () => void) => binding.watch?.(fd, ready) as Watch),
  };
}

/** The calls on sockets, and those that move bytes. */
function socketCalls({ window, c, pointer, size, answer, hasSpace }: ReturnType<typeof makeDoor>) {
  const name =
    (call: "getsockname" | "getpeername") =>
    (fd: number, at: number, lengthAt: number): number =>
      at !== NULL && hasSpace(at, lengthAt) ? answer(c[call](fd, pointer(at), pointer(lengthAt))) : -EFAULT;
  return {
    socket: (domain: number, type: number, protocol: number): number => answer(c.socket(domain, type, protocol)),
    bind: (fd: number, at: number, length: number): number =>
      window.has(at, length) ? answer(c.bind(fd, pointer(at), length)) : -EFAULT,
    listen: (fd: number, backlog: number): number => answer(c.listen(fd, backlog)),
    /** `at` and `lengthAt` may be NULL; else the word at `lengthAt` says how long the space is. */
    accept4: (fd: number, at: number, lengthAt: number, flags: number): number =>
      hasSpace(at, lengthAt) ? answer(c.accept4(fd, pointer(at), pointer(lengthAt), flags)) : -EFAULT,
    connect: (fd: number, at: number, length: number): number =>
      window.has(at, length) ? answer(c.connect(fd, pointer(at), length)) : -EFAULT,
    /** The word at `lengthAt` says how long the space at `at` is. */
    getsockopt: (fd: number, level: number, option: number, at: number, lengthAt: number): number =>
      at !== NULL && hasSpace(at, lengthAt)
        ? answer(c.getsockopt(fd, level, option, pointer(at), pointer(lengthAt)))
        : -EFAULT,
    setsockopt: (fd: number, level: number, option: number, at: number, length: number): number =>
      window.has(at, length) ? answer(c.setsockopt(fd, level, option, pointer(at), length)) : -EFAULT,
    getsockname: name("getsockname"),
    getpeername: name("getpeername"),
    read: (fd: number, at: number, length: number): number =>
      window.has(at, length) ? answer(c.read(fd, pointer(at), size(length))) : -EFAULT,
    write: (fd: number, at: number, length: number): number =>
      window.has(at, length) ? answer(c.write(fd, pointer(at), size(length))) : -EFAULT,
    /** `addressAt` and `lengthAt` may be NULL. */
    recvfrom: (fd: number, at: number, length: number, flags: number, addressAt: number, lengthAt: number): number =>
      window.has(at, length) && hasSpace(addressAt, lengthAt)
        ? answer(c.recvfrom(fd, pointer(at), size(length), flags, pointer(addressAt), pointer(lengthAt)))
        : -EFAULT,
    /** `addressAt` may be NULL, with a length of 0: the descriptor's peer. */
    sendto: (
      fd: number,
      at: number,
      length: number,
      flags: number,
      addressAt: number,
      addressLength: number,
    ): number =>
      window.has(at, length) && (addressAt === NULL ? addressLength === 0 : window.has(addressAt, addressLength))
        ? answer(c.sendto(fd, pointer(at), size(length), flags, pointer(addressAt), addressLength))
        : -EFAULT,
    shutdown: (fd: number, how: number): number => answer(c.shutdown(fd, how)),
  };
}
