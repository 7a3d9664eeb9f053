/**
 * A server whose handlers are a module: its loops are on threads of their own, which this thread starts, sets up and ends.
 *
 * Guarantees:
 * - `serve` resolves when every loop accepts, or rejects and leaves nothing behind.
 * - No loop stops before all have stopped accepting: a connection on its way from one to another is not lost.
 * - A thread that does not end by itself (a handler that computes for ever) is ended after GRACE_MS; a thread that fails takes
 *   the server down, and `closed` rejects with its error.
 */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { SkeinError } from "../base/errors.js";
import { LongTimer } from "../base/timers.js";
import type { PollerChoice } from "../sockets/poller.js";
import { shareLoading } from "../sockets/loading.js";
import type { ServeOptions, Server } from "./events.js";
import { bindListeners, type Listeners, type Place } from "./listeners.js";
import {
  receiveError,
  type FromIO,
  type FromLoop,
  type IOData,
  type Line,
  type LoopData,
  type ToLoop,
} from "./threadmessages.js";
import { createRing } from "./bytering.js";
import { choose } from "./transport.js";
import { ServerHandle } from "./serverhandle.js";
import { ServerBlock } from "./serverblock.js";

/** Milliseconds, beyond what connections may linger, until a thread that does not end is ended. */
const GRACE_MS = 3000;

/** A thread and its messages: `next` waits for one of a type, and rejects if the thread fails first. */
class Thread<From extends { readonly type: string }> {
  readonly worker: Worker;
  readonly exited: Promise<void>;
  /** Resolves when the thread says that it has stopped. */
  readonly stopped: Promise<void>;
  onMessage: (message: From) => void = () => {};
  onFailure: (error: Error) => void = () => {};
  private readonly waiting = new Map<string, { resolve: (message: From) => void; reject: (error: Error) => void }>();
  private failure: Error | undefined;
  private isEnding = false;

  constructor(file: string, name: string, data: object, ports: readonly MessagePort[] = []) {
    shareLoading();
    this.worker = new Worker(new URL(file, import.meta.url), { workerData: data, transferList: [...ports], name });
    this.worker.on("message", (message: From & { error?: Parameters<typeof receiveError>[0] }) => {
      if (message.type === "failed" && message.error !== undefined) this.fail(receiveError(message.error));
      this.waiting.get(message.type)?.resolve(message);
      this.waiting.delete(message.type);
      this.onMessage(message);
    });
    this.stopped = new Promise((resolve) => {
      this.worker.on("message", ({ type }: From) => {
        if (type === "stopped") resolve();
      });
    });
    this.worker.on("error", (error: Error) => this.fail(error));
    this.exited = new Promise((resolve) => {
      this.worker.on("exit", (code) => {
        if (!this.isEnding) this.fail(new Error(`the thread ${name} ended with code ${code}`));
        resolve();
      });
    });
  }

  private fail(error: Error): void {
    const isFirst = this.failure === undefined;
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    if (isFirst) this.onFailure(error);
  }

  next<T extends From["type"]>(type: T): Promise<From & { type: T }> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.set(type, { resolve: resolve as (message: From) => void, reject });
    });
  }

  /** Ends the thread. */
  async end(): Promise<void> {
    this.isEnding = true;
    await this.worker.terminate();
  }
}

type LoopThread = Thread<FromLoop>;

/** Serves with the handlers that a module exports. */
export async function serveModule(given: URL | string, places: readonly Place[]): Promise<Server> {
  const module = moduleURL(given);
  const startLoop = (index: number): LoopThread =>
    new Thread<FromLoop>("./loopthread.js", `skein loop ${index}`, { module, index } satisfies LoopData);
  const threads: LoopThread[] = [startLoop(0)];
  let io: Thread<FromIO> | undefined;
  let listeners: Listeners | undefined;
  try {
    const { options } = await ready(threads[0] as LoopThread, module);
    const count = options.loops === -1 ? availableParallelism() : Math.max(1, options.loops);
    const choice = choose(options, places);
    const block = ServerBlock.create(count);
    let lines: readonly Line[] = [];
    if (choice.name === "epoll") {
      listeners = await bindListeners(places, count);
    } else {
      const ends = Array.from({ length: count }, lineEnds);
      lines = ends.map(([end]) => end);
      const others = ends.map(([, end]) => end);
      const data: IOData = { places, balance: options.loadBalance, buffer: block.buffer, lines: others };
      const ports = others.map(({ port }) => port);
      io = new Thread<FromIO>("./socketthread.js", "skein sockets", data, ports);
    }
    const addrs = io === undefined ? (listeners?.addrs ?? []) : (await io.next("bound")).addrs;
    for (let index = 1; index < count; index++) threads.push(startLoop(index));
    await Promise.all(threads.slice(1).map((thread) => ready(thread, module)));
    const group = new Group({ threads, io, lines, listeners, options, block, choice, addrs });
    await group.start();
    return group.server;
  } catch (error) {
    await Promise.all(threads.map(retire));
    await io?.end();
    listeners?.close();
    throw error;
  }
}

/** Both ends of what connects a loop and the thread that has its sockets. */
function lineEnds(): readonly [Line, Line] {
  const { port1, port2 } = new MessageChannel();
  const rings = { input: createRing(), output: createRing() };
  return [
    { port: port1, ...rings },
    { port: port2, ...rings },
  ];
}

/** Ends a thread of a server that has not come to be. */
async function retire(thread: LoopThread): Promise<void> {
  tell(thread, "stop");
  await within(GRACE_MS, Promise.race([thread.stopped, thread.exited]));
  await thread.end();
}

function moduleURL(given: URL | string): string {
  if (given instanceof URL || /^[a-z][a-z0-9+.-]+:/i.test(given)) return new URL(given).href;
  return pathToFileURL(given).href;
}

async function ready(thread: LoopThread, module: string): Promise<FromLoop & { type: "ready" }> {
  try {
    return await thread.next("ready");
  } catch (error) {
    const { message, name } = error as Error;
    if (name === "SkeinError") throw new SkeinError(message);
    throw new SkeinError(`the module of handlers ${module} cannot be loaded: ${message}`, { cause: error });
  }
}

/** What a server on threads is made of. */
interface Parts {
  readonly threads: readonly LoopThread[];
  /** The thread that has the sockets, and how the loops reach it; with the stdlib poller. */
  readonly io: Thread<FromIO> | undefined;
  readonly lines: readonly Line[];
  /** With the epoll poller. */
  readonly listeners: Listeners | undefined;
  readonly options: ServeOptions;
  readonly block: ServerBlock;
  readonly choice: PollerChoice;
  readonly addrs: readonly string[];
}

/** The threads of a server that has been set up. */
class Group {
  readonly server: ServerHandle;

  constructor(private readonly parts: Parts) {
    this.server = new ServerHandle(parts.addrs, parts.block, parts.choice, () => this.end());
  }

  /** Sets the loops up, the first one first: `serving` comes before anything is accepted. */
  async start(): Promise<void> {
    const { threads, io, lines, listeners, block, choice, addrs } = this.parts;
    for (const [index, thread] of threads.entries()) {
      const line = lines[index];
      const shared = listeners?.of(index) ?? [];
      const setup: ToLoop = { type: "setup", buffer: block.buffer, addrs, choice, shared, line };
      thread.worker.postMessage(setup, line === undefined ? [] : [line.port]);
      const { go } = await thread.next("set");
      if (!go) {
        this.watch();
        await this.server.close();
        return;
      }
    }
    this.watch();
    for (const thread of threads) tell(thread, "start");
    io?.worker.postMessage({ type: "start" });
  }

  private watch(): void {
    const { threads, io } = this.parts;
    for (const thread of threads) {
      thread.onFailure = (error) => this.server.fail(error);
      thread.onMessage = ({ type }) => {
        if (type === "shutdown") void this.server.close().catch(() => {});
      };
    }
    if (io !== undefined) io.onFailure = (error) => this.server.fail(error);
  }

  private async end(): Promise<void> {
    const { io, threads, listeners, options, block } = this.parts;
    const late = new Set<number>();
    const all = async (request: "quiet" | "stop", answer: "quiet" | "stopped"): Promise<void> => {
      const answers = threads.map(async (thread, index) => {
        if (!(await within(options.lingerMs + GRACE_MS, thread.next(answer)))) late.add(index);
      });
      for (const thread of threads) tell(thread, request);
      await Promise.all(answers);
    };
    if (io !== undefined) {
      const quiet = io.next("quiet").catch(() => {});
      io.worker.postMessage({ type: "quiet" });
      await quiet;
    }
    await all("quiet", "quiet");
    listeners?.close();
    const detached = this.keepDetached();
    if (late.size === 0) await all("stop", "stopped");
    // A thread that is ended while its poller has events would be told of them while it is no more.
    for (const index of late) listeners?.closeDescriptor(block.epoll(index));
    await Promise.all(threads.filter((thread) => !detached.has(thread)).map((thread) => thread.end()));
    if (detached.size === 0) await io?.end();
    if (late.size > 0) throw new Error(`loop ${[...late].join(", ")} did not stop: a handler is still computing`);
  }

  /** Threads that stop with detached streams left: each ends when its last stream has closed, and with the last the sockets' own. */
  private keepDetached(): ReadonlySet<LoopThread> {
    const detached = new Set<LoopThread>();
    const leave = async (thread: LoopThread): Promise<void> => {
      await thread.end();
      if (detached.size === 0) await this.parts.io?.end();
    };
    for (const thread of this.parts.threads) {
      const before = thread.onMessage;
      thread.onMessage = (message) => {
        before(message);
        if (message.type === "stopped" && message.detached > 0) detached.add(thread);
        if (message.type === "deserted" && detached.delete(thread)) void leave(thread);
      };
    }
    return detached;
  }
}

function tell(thread: LoopThread, type: "start" | "quiet" | "stop"): void {
  thread.worker.postMessage({ type } satisfies ToLoop);
}

/** Waits for something, so many milliseconds at most; false if it is late. That it fails is told elsewhere. */
async function within(ms: number, what: Promise<unknown>): Promise<boolean> {
  let timer: LongTimer | undefined;
  const limit = new Promise<false>((resolve) => (timer = new LongTimer(ms, () => resolve(false))));
  const came = what.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([came, limit]);
  timer?.clear();
  return inTime;
}
