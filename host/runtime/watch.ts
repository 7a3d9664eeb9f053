/** What can be watched of a running program: its counters, its goroutines, a trace, and `skein top`. */
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { choosePoller, type PollerChoice } from "../sockets/poller.js";
import { takeText } from "../program/notes.js";
import { readClasses } from "../program/symbols.js";
import { publish } from "../top/publish.js";
import { readStats, type RuntimeStats } from "../top/stats.js";
import { Trace, type TraceOptions } from "../trace/index.js";
import { parseHeapProfile, showHeapProfile, type HeapProfile } from "./heapprofile.js";
import type { Machine, RuntimeOptions } from "./machine.js";
import { onQuit } from "./quit.js";

/** Somebody who waits for a text of the core's. */
interface Asked {
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

export class Watch {
  private readonly unpublish: (() => void) | undefined;
  private readonly unquit: (() => void) | undefined;
  private tracing: Trace | undefined;
  /** Those who wait for a dump. */
  private dumps: (() => void)[] = [];
  /** Those who wait for a leak report, and for a heap profile. */
  private readonly leakReports: Asked[] = [];
  private readonly heapProfiles: Asked[] = [];
  private isOver = false;

  constructor(
    private readonly machine: Machine,
    private readonly options: RuntimeOptions,
  ) {
    if (options.dumpsOnQuit === true) this.unquit = onQuit(() => this.dump());
    if (options.title === undefined) return;
    this.unpublish = publish(options.title, () => ({ schedtrace: this.schedtrace(), stats: this.stats() }));
  }

  stats(): RuntimeStats & { readonly poller: PollerChoice } {
    const { core, memory } = this.machine;
    return { ...readStats(core, memory), poller: choosePoller(this.options.poller, "core") };
  }

  schedtrace(): string {
    const { core, memory } = this.machine;
    return takeText(core, memory, core.schedtraceNow()).trimEnd();
  }

  trace(options: TraceOptions): Trace {
    if (this.tracing !== undefined) throw new SkeinError("a trace is being written already: stop it first");
    const { instance, data } = this.machine;
    this.tracing = new Trace(instance, data.clock, options, () => {
      this.tracing = undefined;
    });
    return this.tracing;
  }

  /** Completes the trace that is being written, if one is. */
  endTrace(): void {
    this.tracing?.endQuietly();
  }

  /** Resolves when the goroutines have been shown, or the program ends before. */
  dump(): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.dumps.push(resolve);
      this.machine.core.requestDump();
    });
  }

  /** The goroutines have been shown. */
  dumped(): void {
    for (const resolve of this.dumps.splice(0)) resolve();
  }

  /** The report on goroutines that are leaked, as the core writes it. */
  leaks(): Promise<string> {
    return this.ask(this.leakReports, () => this.machine.core.requestLeaks());
  }

  /** What the program's objects are, and where they come from. */
  async heapProfile(): Promise<HeapProfile> {
    return this.parseProfile(await this.ask(this.heapProfiles, () => this.machine.core.requestHeapProfile()));
  }

  private parseProfile(text: string): HeapProfile {
    return parseHeapProfile(text, readClasses(this.machine.data.module));
  }

  private ask(waiting: Asked[], request: () => void): Promise<string> {
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      this.machine.onM0(request);
    });
  }

  /** The same on standard error, if there are any and the program does not end before. */
  async showLeaks(): Promise<void> {
    writeFully(2, Buffer.from(await this.leaks().catch(() => "")));
  }

  /** A report has come. */
  leaksFound(report: string): void {
    this.leakReports.shift()?.resolve(report);
  }

  /** A heap profile has come: for who has asked for it, or because the program ends. */
  heapProfileMade(text: string, isLast: boolean): void {
    if (isLast) writeFully(2, Buffer.from(showHeapProfile(this.parseProfile(text))));
    else this.heapProfiles.shift()?.resolve(text);
  }

  /** There is nothing to be watched any more. */
  end(error: Error): void {
    this.isOver = true;
    this.unpublish?.();
    this.unquit?.();
    this.dumped();
    for (const { reject } of [...this.leakReports.splice(0), ...this.heapProfiles.splice(0)]) reject(error);
  }
}
