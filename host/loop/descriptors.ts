/**
 * Readers and writers: callbacks for each turn in which a descriptor can be read, or written to.
 *
 * Numbers of descriptors go through an epoll of the loop's own (`host/sockets`), level-triggered, as asyncio's selectors are. The
 * host's event loop watches that epoll, and says when there is something in it; so a turn of a busy loop costs no system
 * call as long as there is nothing. Where the host cannot, a sleeping loop looks every millisecond.
 *
 * Streams of the runtime's own, whose descriptors the runtime reads and writes itself, are asked for their state
 * (`streams.ts`).
 *
 * A callback that was taken back is not called, even if its turn to be called has begun.
 */
import {
  EBADF,
  EPERM,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  errnoName,
  errnoText,
} from "../sockets/constants.js";
import { EPOLL_EVENT_DATA, EPOLL_EVENT_SIZE } from "../sockets/sockaddr.js";
import { loadSys, type Sys, type Watch } from "../sockets/sys.js";
import { bound } from "./contextual.js";
import { describe, LoopError } from "./looperrors.js";
import type { Callback, Handle } from "./handles.js";
import type { EventSource, Scheduler } from "./scheduler.js";
import { isStream, Streams, type HostStream } from "./streams.js";

/** A descriptor's number, an object that has one, or a stream of the runtime's. */
export type Pollable = number | { readonly fd: number } | HostStream;

export type Kind = "reader" | "writer";

/** A reader or writer. */
export interface Watcher {
  /** The callback, bound to its context. */
  readonly callback: Callback;
  readonly args: readonly unknown[];
  /** The latest call that was asked for. */
  handle: Handle | undefined;
}

export type Watchers = Partial<Record<Kind, Watcher>>;

/** Events taken from epoll with one call. */
const EVENTS = 64;
/** How often a sleeping loop looks where the host cannot watch a descriptor, in milliseconds. */
const LOOK_MS = 1;

export class Descriptors implements EventSource {
  private readonly watched = new Map<number, Watchers>();
  private readonly streams: Streams;
  private epoll: Epoll | undefined;

  constructor(private readonly loop: Scheduler) {
    this.streams = new Streams((watcher) => this.ready(watcher), loop);
  }

  add(target: Pollable, kind: Kind, callback: Callback, args: readonly unknown[]): void {
    const watcher: Watcher = { callback: bound(callback), args, handle: undefined };
    if (isStream(target)) return this.streams.add(target, kind, watcher);
    const fd = numberOf(target);
    const before = this.watched.get(fd);
    const after = { ...before, [kind]: watcher };
    this.epoll ??= new Epoll(() => this.loop.wake());
    this.epoll.control(before === undefined ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, eventsOf(after));
    before?.[kind]?.handle?.cancel();
    this.watched.set(fd, after);
    this.loop.wake();
  }

  remove(target: Pollable, kind: Kind): boolean {
    if (isStream(target)) return this.streams.remove(target, kind);
    const fd = numberOf(target);
    const watchers = this.watched.get(fd);
    const watcher = watchers?.[kind];
    if (watchers === undefined || watcher === undefined) return false;
    watcher.handle?.cancel();
    delete watchers[kind];
    const events = eventsOf(watchers);
    if (events === 0) this.watched.delete(fd);
    // A descriptor that was closed meanwhile has left the epoll by itself.
    this.epoll?.control(events === 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, fd, events, true);
    return true;
  }

  take(): void {
    this.streams.take();
    if (this.watched.size > 0) this.epoll?.take((fd, events) => this.happened(fd, events));
  }

  sleep(): void {
    this.streams.sleep();
    if (this.watched.size > 0) this.epoll?.sleep();
  }

  stopped(): Promise<void> | undefined {
    return this.epoll?.stopped();
  }

  close(): void {
    this.epoll?.close();
    this.epoll = undefined;
    this.watched.clear();
    this.streams.close();
  }

  private happened(fd: number, events: number): void {
    const watchers = this.watched.get(fd);
    // An end or an error is for both to find out.
    const over = (events & (EPOLLERR | EPOLLHUP)) !== 0;
    if (watchers?.reader && (over || (events & (EPOLLIN | EPOLLRDHUP)) !== 0)) this.ready(watchers.reader);
    if (watchers?.writer && (over || (events & EPOLLOUT) !== 0)) this.ready(watchers.writer);
  }

  private ready(watcher: Watcher): void {
    watcher.handle = this.loop.handleFor(watcher.callback, watcher.args);
    this.loop.deliver(watcher.handle);
  }
}

function numberOf(target: unknown): number {
  const fd = typeof target === "number" ? target : (target as { fd?: unknown } | null | undefined)?.fd;
  if (typeof fd === "number" && Number.isInteger(fd) && fd >= 0) return fd;
  throw new TypeError(`a descriptor's number, an object with one, or a stream is required, not ${describe(target)}`);
}

function eventsOf({ reader, writer }: Watchers): number {
  return (reader === undefined ? 0 : EPOLLIN | EPOLLRDHUP) | (writer === undefined ? 0 : EPOLLOUT);
}

/** An epoll, and the host's watch on it. */
class Epoll {
  private readonly sys: Sys;
  private readonly view: DataView;
  private readonly fd: number;
  private readonly wake: () => void;
  private watch: Watch | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Resolves when the watch has ended that was there before; the thread must not be ended earlier. */
  private unwatched: Promise<void> | undefined;
  /** There may be something in it: as far as the host has not said that there is nothing. */
  private suspect = true;

  /** @param wake called when there is something */
  constructor(wake: () => void) {
    this.wake = wake;
    const memory = new SharedArrayBuffer(EPOLL_EVENT_SIZE * EVENTS);
    const sys = loadSys(memory);
    if (typeof sys === "string") {
      throw new LoopError(
        `descriptors cannot be waited for here: ${sys}. The runtime's own streams can be given instead`,
      );
    }
    this.sys = sys;
    this.view = new DataView(memory);
    this.fd = sys.epollCreate1(EPOLL_CLOEXEC);
    if (this.fd < 0) throw new LoopError(`epoll_create1: ${errnoName(this.fd)} (${errnoText(this.fd)})`);
  }

  control(operation: number, fd: number, events: number, mayBeGone = false): void {
    this.view.setUint32(0, events, true);
    this.view.setInt32(EPOLL_EVENT_DATA, fd, true);
    this.view.setInt32(EPOLL_EVENT_DATA + 4, 0, true);
    let result = this.sys.epollCtl(this.fd, operation, fd, 0);
    // Closed and opened again under the same number since it was added.
    if (result < 0 && operation === EPOLL_CTL_MOD && !mayBeGone)
      result = this.sys.epollCtl(this.fd, EPOLL_CTL_ADD, fd, 0);
    this.suspect = true;
    if (result >= 0 || mayBeGone) return;
    if (result === -EPERM) throw new LoopError(`descriptor ${fd} is that of a file: files are always ready`);
    if (result === -EBADF) throw new LoopError(`there is no open descriptor ${fd}`);
    throw new LoopError(`descriptor ${fd} cannot be waited for: ${errnoName(result)} (${errnoText(result)})`);
  }

  take(happened: (fd: number, events: number) => void): void {
    if (this.watch === undefined && this.sys.watch !== undefined) {
      this.watch = this.sys.watch(this.fd, this.look);
      // The loop itself decides whether it keeps the process alive.
      this.watch.unref();
    }
    if (!this.suspect) return;
    // Without a watch nobody else would say that there is something.
    this.suspect = this.watch === undefined;
    const count = this.sys.epollWait(this.fd, 0, EVENTS, 0);
    // With as many as fit there may be more.
    if (count === EVENTS) this.suspect = true;
    // The callbacks may change the set, and with it the view: they are called later.
    for (let i = 0; i < count; i++) {
      const at = i * EPOLL_EVENT_SIZE;
      happened(this.view.getInt32(at + EPOLL_EVENT_DATA, true), this.view.getUint32(at, true));
    }
  }

  sleep(): void {
    if (this.watch !== undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.look, LOOK_MS);
  }

  private readonly look = (): void => {
    this.suspect = true;
    this.wake();
  };

  /** Nobody takes anything any more, and the host would go on saying that there is something. */
  stopped(): Promise<void> | undefined {
    clearTimeout(this.timer);
    const { watch } = this;
    if (watch !== undefined) {
      this.watch = undefined;
      this.suspect = true;
      // What is waited for must keep the process alive.
      watch.ref();
      this.unwatched = watch.close();
    }
    return this.unwatched;
  }

  close(): void {
    void this.stopped();
    this.sys.close(this.fd);
  }
}
