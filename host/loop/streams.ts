/**
 * Readers and writers on streams of the runtime's own, such as `net.Socket` and `process.stdin`: what a stream has read already
 * no descriptor would tell of. A reader is called in each turn in which the stream has something to `read()`, and once
 * when it has ended or failed; a writer in each turn in which the stream takes more without asking to wait.
 */
import type { Kind, Watcher, Watchers } from "./descriptors.js";
import type { Scheduler } from "./scheduler.js";

/** The part of Node's streams that is used here. */
export interface HostStream {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  read?(size: number): unknown;
  readonly readableLength?: number;
  readonly readableEnded?: boolean;
  readonly writableNeedDrain?: boolean;
  readonly writable?: boolean;
  readonly destroyed?: boolean;
}

/** Events after which a stream is to be looked at again. */
const EVENTS = ["readable", "end", "close", "error", "drain"];

interface Watched extends Watchers {
  readonly stream: HostStream;
  /** It has ended, closed or failed, and its reader has not been told. */
  over: boolean;
  readonly listeners: readonly [event: string, listener: () => void][];
}

export function isStream(target: unknown): target is HostStream {
  return typeof target === "object" && target !== null && typeof (target as HostStream).on === "function";
}

export class Streams {
  private readonly watched = new Map<HostStream, Watched>();

  constructor(
    private readonly ready: (watcher: Watcher) => void,
    private readonly loop: Scheduler,
  ) {}

  add(stream: HostStream, kind: Kind, watcher: Watcher): void {
    const watched = this.watched.get(stream) ?? this.watch(stream);
    watched[kind]?.handle?.cancel();
    watched[kind] = watcher;
    this.loop.wake();
  }

  remove(stream: HostStream, kind: Kind): boolean {
    const watched = this.watched.get(stream);
    const watcher = watched?.[kind];
    if (watched === undefined || watcher === undefined) return false;
    watcher.handle?.cancel();
    delete watched[kind];
    if (watched.reader === undefined && watched.writer === undefined) this.forget(watched);
    return true;
  }

  take(): void {
    for (const watched of this.watched.values()) {
      if (watched.reader !== undefined && (watched.over || (watched.stream.readableLength ?? 0) > 0)) {
        watched.over = false;
        this.ready(watched.reader);
      }
      if (watched.writer !== undefined && canWrite(watched.stream)) this.ready(watched.writer);
    }
  }

  /** Streams tell by events. */
  sleep(): void {}

  close(): void {
    for (const watched of this.watched.values()) this.forget(watched);
  }

  private watch(stream: HostStream): Watched {
    const look = (): void => this.loop.wake();
    const end = (): void => {
      watched.over = true;
      this.loop.wake();
    };
    const readable = (): void => {
      // Readable with nothing in it: it has ended, but says so only to those who read.
      if (stream.readableLength === 0) stream.read?.(0);
      look();
    };
    const others: Record<string, () => void> = { readable, drain: look };
    const listeners = EVENTS.map((event): [string, () => void] => [event, others[event] ?? end]);
    const watched: Watched = { stream, over: stream.destroyed === true || stream.readableEnded === true, listeners };
    for (const [event, listener] of listeners) stream.on(event, listener);
    this.watched.set(stream, watched);
    return watched;
  }

  private forget({ stream, listeners }: Watched): void {
    for (const [event, listener] of listeners) stream.off(event, listener);
    this.watched.delete(stream);
  }
}

function canWrite(stream: HostStream): boolean {
  return stream.destroyed === true || (stream.writable === true && stream.writableNeedDrain !== true);
}
