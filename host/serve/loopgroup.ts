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
import { choose } from "./index.js";
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
    const group = new Group(threads, io, listeners, options, block, choice, addrs);
    await group.start(lines);
    return group.server;
  } catch (error) {
    await Promise.all(threads.map(retire));
    await io?.end();
    await listeners?.close();
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
  thread.worker.postMessage({ type: "stop" } satisfies ToLoop);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)));
  await Promise.race([thread.stopped, thread.exited, limit]);
  clearTimeout(timer);
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

/** The threads of a server that has been set up. */
class Group {
  readonly server: ServerHandle;
  private readonly threads: readonly LoopThread[];
  private readonly io: Thread<FromIO> | undefined;
  private readonly listeners: Listeners | undefined;
  private readonly options: ServeOptions;
  private readonly block: ServerBlock;
  private readonly choice: PollerChoice;
  private readonly addrs: readonly string[];

  constructor(
    threads: readonly LoopThread[],
    io: Thread<FromIO> | undefined,
    listeners: Listeners | undefined,
    options: ServeOptions,
    block: ServerBlock,
    choice: PollerChoice,
    addrs: readonly string[],
  ) {
    this.threads = threads;
    this.io = io;
    this.listeners = listeners;
    this.options = options;
    this.block = block;
    this.choice = choice;
    this.addrs = addrs;
    this.server = new ServerHandle(addrs, block, choice, () => this.end());
  }

  /** Sets the loops up, the first one first: `serving` comes before anything is accepted. */
  async start(lines: readonly Line[]): Promise<void> {
    for (const [index, thread] of this.threads.entries()) {
      const line = lines[index];
      const shared = this.listeners?.of(index) ?? [];
      const { addrs, choice } = this;
      const setup: ToLoop = { type: "setup", buffer: this.block.buffer, addrs, choice, shared, line };
      thread.worker.postMessage(setup, line === undefined ? [] : [line.port]);
      const { go } = await thread.next("set");
      if (!go) {
        this.watch();
        await this.server.close();
        return;
      }
    }
    this.watch();
    for (const thread of this.threads) this.tell(thread, "start");
    this.io?.worker.postMessage({ type: "start" });
  }

  private watch(): void {
    for (const thread of this.threads) {
      thread.onFailure = (error) => this.server.fail(error);
      thread.onMessage = ({ type }) => {
        if (type === "shutdown") void this.server.close().catch(() => {});
      };
    }
    if (this.io !== undefined) this.io.onFailure = (error) => this.server.fail(error);
  }

  private tell(thread: LoopThread, type: "start" | "quiet" | "stop"): void {
    thread.worker.postMessage({ type } satisfies ToLoop);
  }

  private async end(): Promise<void> {
    const { io, threads } = this;
    const late = new Set<number>();
    const within = async (what: Promise<unknown>, index: number): Promise<void> => {
      let timer: LongTimer | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = new LongTimer(this.options.lingerMs + GRACE_MS, () => {
          late.add(index);
          resolve();
        });
      });
      // A thread that fails on the way is reported by `onFailure`.
      await Promise.race([what.catch(() => {}), limit]);
      timer?.clear();
    };
    if (io !== undefined) {
      const quiet = io.next("quiet").catch(() => {});
      io.worker.postMessage({ type: "quiet" });
      await quiet;
    }
    const all = async (request: "quiet" | "stop", answer: "quiet" | "stopped"): Promise<void> => {
      const answers = threads.map((thread, index) => within(thread.next(answer), index));
      for (const thread of threads) this.tell(thread, request);
      await Promise.all(answers);
    };
    await all("quiet", "quiet");
    await this.listeners?.close();
    const detached = new Set<LoopThread>();
    for (const thread of threads) {
      const before = thread.onMessage;
      thread.onMessage = (message) => {
        before(message);
        if (message.type === "stopped" && message.detached > 0) detached.add(thread);
        if (message.type === "deserted" && detached.delete(thread)) void this.leave(thread, detached);
      };
    }
    if (late.size === 0) await all("stop", "stopped");
    // A thread that is ended while its poller has events would be told of them while it is no more.
    for (const index of late) this.listeners?.closeDescriptor(this.block.epoll(index));
    await Promise.all(threads.filter((thread) => !detached.has(thread)).map((thread) => thread.end()));
    if (detached.size === 0) await io?.end();
    if (late.size > 0) throw new Error(`loop ${[...late].join(", ")} did not stop: a handler is still computing`);
  }

  /** Ends a thread whose last detached stream has closed. */
  private async leave(thread: LoopThread, detached: ReadonlySet<LoopThread>): Promise<void> {
    await thread.end();
    if (detached.size === 0) await this.io?.end();
  }
}
