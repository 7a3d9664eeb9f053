/**
 * `rt.trace`: writes what the scheduler does to a file while the program runs.
 *
 * The threads put events into rings, which the main thread empties every few milliseconds, and when the trace ends. All writing is
 * synchronous and in whole lines, so the file is one that viewers read however the program ends, as long as the process has a moment to
 * end in.
 */
import { conceal, present } from "../base/present.js";
import { closeSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import { fileURLToPath } from "node:url";
import { TraceRecord } from "../abi/records.js";
import { clockOf, type ClockBase } from "../base/clock.js";
import { SkeinError } from "../base/errors.js";
import { optionOf } from "../base/options.js";
import type { Core } from "../abi/core.js";
import type { Instance } from "../program/instance.js";
import { readProcs } from "../top/stats.js";
import { runtimeName, version } from "../base/version.js";
import { ChromeTrace } from "./chrome.js";
import { Names } from "./names.js";
import { Order, Rings } from "./rings.js";

/** What `Runtime.trace` takes. */
export interface TraceOptions {
  /** The file to write: a path, or a `file:` URL. It is replaced if it exists. */
  readonly file: string | URL;
  /**
   * Bytes of the program's memory that each thread gets for events which are still to be written, 4096 to 64 MiB; default 1 MiB, which
   * is some 32 000 events. What finds no room is left out, and counted.
   */
  readonly bufferSize?: number | undefined;
}

/** What a trace has come to. */
export interface TraceResult {
  /** The file's path. */
  readonly file: string;
  /** Events that were recorded. */
  readonly events: number;
  /** Events for which there was no room; the file says where. */
  readonly lost: number;
}

const BUFFER_DEFAULT = 2 ** 20;
const BUFFER_MIN = 4096;
const BUFFER_MAX = 2 ** 26;

/** How often the rings are emptied, in milliseconds. */
const DRAIN_MS = 10;

/** Characters that are written at a time. */
const CHUNK = 64 * 1024;

/** A trace that is being written. Made by `Runtime.trace`. */
export class Trace implements Disposable, AsyncDisposable {
  private readonly core: Core;
  private readonly rings: Rings;
  private readonly order = new Order();
  private readonly clock: () => number;
  private readonly chrome: ChromeTrace;
  private readonly path: string;
  private readonly fd: number;
  private readonly onStop: () => void;
  private readonly timer: NodeJS.Timeout;
  private readonly onExit = (): void => void this.finish();
  private text = "";
  private failure: SkeinError | undefined;
  private isStopped = false;

  /** @internal */
  constructor({ core, memory, stacks }: Instance, clock: ClockBase, options: TraceOptions, onStop: () => void) {
    const { file, bufferSize = BUFFER_DEFAULT } = checkOptions(options);
    this.core = core;
    this.rings = new Rings(memory);
    this.clock = clockOf(clock);
    this.path = file;
    this.fd = open(file);
    this.onStop = onStop;
    const names = new Names(core, memory, stacks);
    const header = { version: version(), runtime: runtimeName(), procs: readProcs(memory), pid: process.pid };
    this.chrome = new ChromeTrace((piece) => this.put(piece), names, this.clock(), header);
    core.beginTrace(2 ** Math.floor(Math.log2(bufferSize / TraceRecord.SIZE)));
    this.timer = setInterval(() => this.drain(), DRAIN_MS).unref();
    process.on("exit", this.onExit);
    conceal(this);
  }

  /**
   * Ends the trace and completes its file. May be repeated. Closing the runtime does it too, as do the end of the program and that of
   * the process.
   *
   * @throws SkeinError if the file could not be written; the trace then ends where that happened
   */
  stop(): TraceResult {
    this.finish();
    if (this.failure !== undefined) throw this.failure;
    return { file: this.path, events: this.chrome.allEvents, lost: this.chrome.lostEvents };
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    return Promise.resolve();
  }

  /** @internal Ends the trace; says so if it had failed and nobody will ask. */
  endQuietly(): void {
    if (this.isStopped) return;
    this.finish();
    if (this.failure !== undefined) process.emitWarning(this.failure.message, "SkeinWarning");
  }

  private drain(): void {
    const began = this.clock();
    this.chrome.add(this.order.add(this.rings.drain(), began));
    if (this.failure !== undefined) this.endQuietly();
  }

  private finish(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    clearInterval(this.timer);
    process.off("exit", this.onExit);
    this.core.endTrace();
    const now = this.clock();
    this.chrome.add(this.order.add(this.rings.drain(now), now));
    this.chrome.add(this.order.rest());
    this.core.freeTrace();
    this.chrome.finish(now);
    this.flush();
    closeSync(this.fd);
    this.onStop();
  }

  private put(piece: string): void {
    this.text += piece;
    if (this.text.length >= CHUNK) this.flush();
  }

  private flush(): void {
    const bytes = Buffer.from(this.text, "utf8");
    this.text = "";
    if (this.failure !== undefined) return;
    try {
      for (let at = 0; at < bytes.byteLength;) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      this.failure = new SkeinError(`the trace ${this.path} could not be written: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

function checkOptions(options: TraceOptions): { file: string; bufferSize: number | undefined } {
  const given = (options ?? undefined) as Partial<TraceOptions> | undefined;
  const file = optionOf(given, "file");
  const bufferSize = optionOf(given, "bufferSize");
  if ((typeof file !== "string" || file === "") && !(file instanceof URL)) {
    throw new SkeinError(`rt.trace needs the file to write: rt.trace({ file: "trace.json" })`);
  }
  if (
    bufferSize !== undefined &&
    !(Number.isFinite(bufferSize) && bufferSize >= BUFFER_MIN && bufferSize <= BUFFER_MAX)
  ) {
    throw new SkeinError(
      `bufferSize must be a number of bytes from ${BUFFER_MIN} to ${BUFFER_MAX}, not ${String(bufferSize)}`,
    );
  }
  const isUrl = file instanceof URL || file.startsWith("file:");
  try {
    return { file: isUrl ? fileURLToPath(file) : file, bufferSize };
  } catch (error) {
    throw new SkeinError(`rt.trace writes to files, not to ${String(file)}`, { cause: error });
  }
}

function open(file: string): number {
  try {
    return openSync(file, "w");
  } catch (error) {
    throw new SkeinError(`the trace ${file} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

present(Trace, "Trace", () => ({}), "stop() says what was written");
