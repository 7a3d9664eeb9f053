/**
 * A running program, seen from the main thread.
 *
 * The main thread is M0: its instance sets the memory up, submits calls and drains the notes that tell of their ends; it
 * never runs a goroutine, so the user's event loop never blocks.
 *
 * Guarantees: every promise given out is settled, also when a thread dies or the runtime is closed; the process is kept
 * alive while one is pending, and not a moment longer.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { NoteKind, ProgramState } from "../abi/enums.js";
import { checkHeap, reserveMemory } from "../base/addressspace.js";
import { convertArgs, type CallArgument, type CallValue } from "./calls.js";
import { newClock } from "../base/clock.js";
import { Control, readPanic, Report } from "../base/control.js";
import { debugSettings } from "../base/debug.js";
import { Entries } from "./entries.js";
import type { GoPanic } from "../base/errors.js";
import { ExitError, fatalError, SkeinError, type FatalError } from "../base/errors.js";
import type { Core } from "../program/core.js";
import { instantiate, StopThread, type Instance, type ThreadData } from "../program/instance.js";
import { ALL_PAGES, PAGE, type Memory } from "../base/memory.js";
import { netImports } from "../sockets/coreimports.js";
import { choosePoller, type PollerChoice, type PollerWish } from "../sockets/poller.js";
import { shareLoading } from "../sockets/loading.js";
import { resolveName } from "../sockets/resolution.js";
import { GRACE_MS } from "../go/starter.js";
import { MainLoop } from "../go/mainloop.js";
import { Thread, type Go, type Scope } from "../go/thread.js";
import type { GoTasks } from "../go/tasks.js";
import { readNote, takeText } from "../program/notes.js";
import type { Program } from "../program/program.js";
import { checkProcs, numCPU } from "./procs.js";
import type { SymbolSource } from "../program/stacks.js";
import { isAwaiting, readProcs, readStats, type RuntimeStats } from "../top/stats.js";
import type { SysmonData } from "./sysmon.js";
import { SyncMembers } from "../sync/index.js";
import type { Sync } from "../sync/sync.js";
import type { ThreadOptions } from "../program/threadoptions.js";
import { publish } from "../top/publish.js";
import type { Watched } from "../top/snapshot.js";
import { Trace, type TraceOptions } from "../trace/index.js";
import { Hub } from "../values/index.js";
import { mainStartsThreads, threadFile, threadFlags, Threads, type Booting, type ThreadRequest } from "./threads.js";

/** @internal Options of a runtime after they were checked. */
export interface RuntimeOptions {
  readonly procs: number;
  readonly maxThreads: number;
  /** How many Ms are made at most, even if more could run. */
  readonly threads?: number | undefined;
  /** Bytes that the heap may take; undefined for all there are. */
  readonly maxMemory: number | undefined;
  readonly panic: "isolate" | "exit";
  readonly sched: "gmp" | "gm";
  /** What goroutines' sockets are to be made of. */
  readonly poller: PollerWish;
  /** Nobody but the program's own goroutines will use its channels, so with one P it may do without locks. */
  readonly solo: boolean;
  /** How the threads of Ms are made. */
  readonly worker: ThreadOptions | undefined;
  /** The thread of the first M, where it has been started before the program was there. */
  readonly first?: Booting | undefined;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>> | undefined;
  /** What `skein top` shows it as; without it, it cannot be watched. */
  readonly title: string | undefined;
  /** Told of a panic that no `run` or `call` can report, and of every end of the program under `panic: "exit"`. */
  readonly onPanic: (error: GoPanic | FatalError | SkeinError) => void;
}

/** How often, and how long each time, setting `procs` waits until it has happened, in milliseconds: 5 ms in all. */
const PROCS_WAITS = 100;
const PROCS_WAIT_MS = 0.05;

/** How long closing lets goroutines finish, unless told, in milliseconds. */
const DRAIN_MS = 5000;
/** How often it looks whether they have, and those that were cancelled. */
const DRAIN_STEP_MS = 2;

/** Options of `Runtime.close`. */
export interface CloseOptions {
  /** Milliseconds that goroutines get to finish before they are cancelled; 0 for none, Infinity for as long as they take. Default 5000. */
  readonly deadline?: number | undefined;
}

/** How long closing waits for the threads to end by themselves before it ends them, in milliseconds. */
const CLOSE_MS = 2000;

/** How long an interrupted program may go on writing what it is just writing, in milliseconds. */
const WRITE_MS = 100;

/** Kinds of notes that a program's own goroutines send. */
const NOTES = [
  NoteKind.Init,
  NoteKind.Call,
  NoteKind.Panic,
  NoteKind.Main,
  NoteKind.Fatal,
  NoteKind.Exit,
  NoteKind.Dumped,
  NoteKind.Resolve,
  NoteKind.StartIo,
];

/** A program and its scheduler. Made by `start`. */
export class Runtime extends SyncMembers implements AsyncDisposable, Scope {
  private readonly program: Program;
  private readonly options: RuntimeOptions;
  private readonly control: Control;
  private readonly instance: Instance;
  private readonly core: Core;
  private readonly memory: Memory;
  private readonly sysmon: Worker;
  private readonly sysmonEnded: Promise<void>;
  private readonly threads: Threads;
  private readonly threadData: ThreadData;
  /** The thread of the runtime's own sockets, if the program needs it. */
  private io: Worker | undefined;
  private readonly loop: MainLoop;
  private readonly thread: Thread;
  private readonly hub: Hub;
  /** What `procs` was last set to, until it is. */
  private wantedProcs: number | undefined;
  private readonly entries: Entries;
  private tracing: Trace | undefined;
  private readonly unpublish: (() => void) | undefined;
  /** Those who wait for a dump. */
  private dumps: (() => void)[] = [];
  /** Why nothing can run any more. */
  private ended: Error | undefined;
  private closing: Promise<void> | undefined;
  /** Why nothing more is begun: it is being closed. */
  private refusal: Error | undefined;

  /** @internal */
  constructor(program: Program, options: RuntimeOptions) {
    super();
    this.program = program;
    this.options = options;
    const heapPage = Math.ceil(program.info.heapBase / PAGE);
    const heapLimit = options.maxMemory === undefined ? ALL_PAGES : Math.floor(options.maxMemory / PAGE);
    const memory = reserveMemory(heapPage, options.procs + 1);
    this.control = new Control(memory);
    const data: ThreadData = (this.threadData = {
      module: program.module,
      memory,
      control: this.control.shared,
      clock: newClock(),
      panic: options.panic,
      poller: options.poller,
      env: options.env,
      symbols: symbolSource(program),
      worker: options.worker,
    });
    const instance = (this.instance = instantiate(data, this.control, netImports, { isPrograms: false }));
    this.core = instance.core;
    this.memory = instance.memory;
    this.entries = new Entries(program.info, this.core, this.memory, (step) => this.onM0(step));
    for (const [address, bytes] of program.data) this.memory.write(address, bytes);
    this.onM0(() => {
      const { schedtrace, scheddetail, stall, leaks, heap } = debugSettings();
      checkHeap(heap, memory);
      this.core.init(options.procs, numCPU(), options.maxThreads, program.info.heapBase, heapLimit, heap);
      if (options.sched === "gm") this.core.use_gm();
      if (!options.solo) this.core.no_solo();
      if (options.threads !== undefined) this.core.thread_goal(options.threads);
      if (schedtrace + scheddetail + stall + leaks > 0) this.core.set_debug(schedtrace, scheddetail, stall, leaks);
      this.setArgs(options.args);
    });

    const hub = new Hub(this.core, this.memory, {
      retain: (address) => this.sync.holders.retain(address),
      release: (address) => this.sync.holders.release(address),
    });
    this.hub = hub;
    const { port1: source, port2: ports } = new MessageChannel();
    hub.listen(source);
    const spares = mainStartsThreads ? [] : [hub.newSpare(), hub.newSpare()];
    shareLoading();
    this.sysmon = new Worker(threadFile("sysmon"), {
      workerData: { ...data, ports, spares } satisfies SysmonData,
      transferList: [ports, ...spares.map(({ port }) => port)],
      name: "skein sysmon",
      ...threadFlags(),
    });
    this.sysmonEnded = new Promise((resolve) => this.sysmon.once("exit", () => resolve()));
    this.sysmon.on("error", (error) => this.control.report(Report.Failure, `the sysmon thread died: ${error.message}`));
    const threads = new Threads(data, this.control, this.core, this.memory, (mid) => hub.newPort(mid));
    this.threads = threads;
    this.sysmon.on("message", ({ start, kill }: ThreadRequest) => {
      if (start !== undefined) threads.start(start).unref();
      if (kill !== undefined) void threads.kill(kill);
    });
    this.sysmon.unref();
    // On Deno, of the threads that begin at the same time, sysmon's should be the first. On Node sysmon starts those for which
    // there is no processor now: one that begins beside them would only keep the first ones waiting.
    const most = mainStartsThreads ? Infinity : Math.max(1, numCPU() - 1);
    for (let i = 0, mid: number; i < most && (mid = this.core.next_m()) !== 0; i++) {
      threads.start(mid, i === 0 ? options.first : undefined).unref();
    }

    this.loop = new MainLoop(this.control, this.memory.words, () => this.drain());
    this.thread = new Thread(this.core, this.memory, 0, this.loop, data.clock);
    this.sync.carryWith(() => hub);
    this.thread.mailbox.on(NoteKind.Port, (note) => {
      this.core.free(note);
      hub.drain();
    });
    this.go = this.thread.go;
    for (const kind of NOTES) this.thread.mailbox.on(kind, (address) => this.handle(kind, address));
    void this.loop.run();
    if (options.title !== undefined) this.unpublish = publish(options.title, () => this.watched());
  }

  private watched(): ReturnType<Watched> {
    return { schedtrace: this.schedtrace(), stats: this.stats() };
  }

  /** @internal */
  protected get sync(): Sync {
    return this.thread.sync;
  }

  /** Starts goroutines whose functions are JavaScript. */
  readonly go: Go;

  /**
   * The functions that a module exports, as tasks for `go`. The module is loaded by the threads that run them, once by each.
   *
   * @param url the module's absolute URL, such as `new URL("./work.js", import.meta.url)`
   */
  tasks<M>(url: string | URL): GoTasks<M> {
    return this.thread.tasks<M>(url);
  }

  /** The number of Ps: how many goroutines can run at once. */
  get procs(): number {
    const procs = readProcs(this.memory);
    if (this.wantedProcs === procs) this.wantedProcs = undefined;
    return this.wantedProcs ?? procs;
  }

  /** @throws SkeinError if it is no whole number from 1 to 256 */
  set procs(n: number) {
    checkProcs(n);
    this.mayBegin();
    this.wantedProcs = n;
    this.onM0(() => this.core.set_procs(n));
    // A goroutine does it, as soon as the world can be stopped: usually in a moment.
    const word = new Int32Array(new SharedArrayBuffer(4));
    for (let i = 0; i < PROCS_WAITS && readProcs(this.memory) !== n; i++) Atomics.wait(word, 0, 0, PROCS_WAIT_MS);
  }

  /** The scheduler's state in a line as Go prints it with GODEBUG=schedtrace. */
  schedtrace(): string {
    const address = this.core.schedtrace() >>> 0;
    return takeText(this.core, this.memory, address).trimEnd();
  }

  /**
   * Writes to a file what the scheduler does from now on: which goroutines run where, why they stop, what they wait for. Chrome's
   * chrome://tracing and ui.perfetto.dev show such files, and `skein trace` sums them up. The trace ends with `stop()`, or, where it is
   * held by `using`, with its scope; at the latest with the runtime. One at a time.
   *
   * @throws SkeinError if an option is wrong, the file cannot be written, or a trace is being written already
   */
  trace(options: TraceOptions): Trace {
    this.mayBegin();
    if (this.tracing !== undefined) throw new SkeinError("a trace is being written already: stop it first");
    this.tracing = new Trace(this.instance, this.threadData.clock, options, () => {
      this.tracing = undefined;
    });
    return this.tracing;
  }

  /** What goroutines, calls and `run` are waited for keeps the process alive: the default. */
  ref(): this {
    this.loop.reference(true);
    return this;
  }

  /** The process may end although something is waited for. */
  unref(): this {
    this.loop.reference(false);
    return this;
  }

  /** The names of the program's exports that `call` takes. */
  get exports(): string[] {
    return Object.keys(this.program.info.exports);
  }

  /**
   * Runs the program's `main` as goroutine 1. Resolves with its exit code, 0 to 255: what `main` returned or the program
   * gave to `exit`. Rejects with a `GoPanic` if a goroutine panics that no call waits for, with a `DeadlockError` or
   * another `FatalError` if the program cannot go on. One `run` at a time.
   *
   * @param args the program's arguments, instead of those given to `start`
   */
  async run(args?: readonly string[]): Promise<number> {
    this.mayBegin();
    if (this.entries.isMainBusy) throw new SkeinError("main is already running");
    return this.holding(() =>
      this.entries.run(() => {
        if (args !== undefined) this.onM0(() => this.setArgs(args));
      }),
    );
  }

  /**
   * Runs one of the program's exports as a new goroutine. Resolves with its result: a `bigint` for 64-bit types, a
   * `boolean` for `bool`, undefined for `void`, else a number. Rejects with a `SkeinError` if there is no such export or
   * the arguments do not fit, with a `GoPanic` if the goroutine panics, with a `FatalError` if the program cannot go on.
   *
   * @param name the export's name
   * @param args a number, bigint or boolean for each of its parameters; for a `Chan<f64>`, `Chan<i32>`, `Chan<i64>` or
   *   `Chan<Uint8Array>` a channel made with that type: `rt.chan<number>(16, { type: "f64" })`
   */
  async call(name: string, ...args: readonly CallArgument[]): Promise<CallValue | undefined> {
    const info = Object.hasOwn(this.program.info.exports, name) ? this.program.info.exports[name] : undefined;
    if (info === undefined) {
      const names = this.exports.length === 0 ? "" : `; it exports ${this.exports.join(", ")}`;
      throw new SkeinError(`the program exports no function ${name} that can be called${names}`);
    }
    const sync: Sync = this.sync;
    args.forEach((arg, i) => {
      if (typeof arg === "object") sync.checkOwn(arg, `argument ${i + 1} of ${name}`);
    });
    const values = convertArgs(name, info, args);
    this.mayBegin();
    return this.holding(() => this.entries.call(info, values));
  }

  /** The scheduler's counters at this moment. They are read without stopping anything, so they are close, not exact. */
  stats(): RuntimeStats & { readonly poller: PollerChoice } {
    return { ...readStats(this.core, this.memory), poller: choosePoller(this.options.poller, "core") };
  }

  /**
   * Ends the runtime: lets JavaScript goroutines finish, cancels those that have not by the deadline, and ends all other
   * goroutines and the threads. Calls still running reject. Resolves when the threads have ended; may be repeated.
   */
  close(options: CloseOptions = {}): Promise<void> {
    const { deadline = DRAIN_MS } = options;
    if (typeof deadline !== "number" || !(deadline >= 0)) {
      return Promise.reject(new SkeinError(`deadline must be a number of milliseconds, not ${String(deadline)}`));
    }
    this.refusal ??= new SkeinError("the runtime was closed");
    this.thread.starter.refuse(this.refusal);
    this.closing ??= this.shutDown(deadline);
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Writes every goroutine to standard error: its number, state, what it waits for and how long, its stack, who started it.
   * The scheduler pauses meanwhile. Resolves when that is done, which takes until every running goroutine has reached a
   * point where it can yield; or, if the program ends before, then.
   */
  dump(): Promise<void> {
    if (this.ended !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.dumps.push(resolve);
      this.core.dump();
    });
  }

  /** @internal Stops the program where it is: only unfinished lines are still printed. */
  interrupt(): void {
    this.tracing?.endQuietly();
    if (this.control.interrupt(WRITE_MS)) this.core.begin_exit();
    this.core.close(); // a thread in the netpoller cannot be ended, it has to be woken
  }

  private async shutDown(deadline: number): Promise<void> {
    await this.finishGoroutines(deadline);
    this.tracing?.endQuietly(); // before threads are ended, which might be writing down an event
    this.end(new SkeinError("the runtime was closed"), true);
    this.loop.end();
    this.core.close();
    this.control.wakeMain();
    this.sysmon.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.sysmonEnded, late]);
    clearTimeout(timer);
    await Promise.all([this.sysmon.terminate(), this.threads.terminate(), this.io?.terminate()]);
    this.hub.close();
    this.core.net_end();
  }

  private async finishGoroutines(deadline: number): Promise<void> {
    const until = performance.now() + deadline;
    await this.drainWhile(() => performance.now() < until);
    if (this.ended !== undefined || this.core.js_count() === 0) return;
    this.thread.starter.cancelAll(new SkeinError("the runtime was closed"));
    const late = performance.now() + GRACE_MS;
    await this.drainWhile(() => performance.now() < late && isAwaiting(this.memory));
  }

  private async drainWhile(condition: () => boolean): Promise<void> {
    while (this.ended === undefined && this.core.js_count() > 0 && condition()) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
    this.drain();
  }

  private mayBegin(): void {
    const refusal = this.ended ?? this.refusal;
    if (refusal !== undefined) throw refusal;
  }

  // ---- on M0 ---------------------------------------------------------------------------------------------------------

  /** Runs `step`, which calls the core on the main thread; a fatal error of the core's is thrown as what it is. */
  private onM0<T>(step: () => T): T {
    try {
      return step();
    } catch (thrown) {
      const report = this.control.read();
      if (!(thrown instanceof StopThread) || report === undefined) throw thrown;
      throw fatalError(report.text);
    }
  }

  private setArgs(args: readonly string[]): void {
    const bytes = Buffer.from(args.map((arg) => arg + "\0").join(""), "utf16le");
    // The block before this one stays: a goroutine may just be reading it.
    const address = bytes.byteLength === 0 ? 0 : this.core.alloc(bytes.byteLength) >>> 0;
    this.memory.write(address, bytes);
    this.control.setArgs(address, bytes.byteLength);
  }

  /** Keeps the process alive while `body` runs. */
  private async holding<T>(body: () => Promise<T>): Promise<T> {
    this.thread.hold();
    try {
      return await body();
    } finally {
      this.thread.release();
    }
  }

  // ---- what the threads tell -----------------------------------------------------------------------------------------

  private drain(): boolean {
    const came = this.thread.drain();
    this.readReport();
    if (this.control.state === ProgramState.Exited) this.exited(this.control.exitCode);
    return came;
  }

  private handle(kind: number, address: number): void {
    const { a, b } = readNote(this.core, this.memory, address);
    switch (kind) {
      case NoteKind.Init:
        this.entries.initialised();
        break;
      case NoteKind.Call:
        this.entries.returned(a);
        break;
      case NoteKind.Panic:
        this.panicked(a, takeText(this.core, this.memory, b));
        break;
      case NoteKind.Main:
        this.entries.mainReturned(a);
        break;
      case NoteKind.Fatal:
        this.fatal(fatalError(takeText(this.core, this.memory, b)));
        break;
      case NoteKind.Exit:
        this.exited(a);
        break;
      case NoteKind.Resolve:
        void this.resolve(a);
        break;
      case NoteKind.StartIo:
        this.startIO();
        break;
      case NoteKind.Dumped:
        this.dumped();
        break;
    }
  }

  /** The program opens sockets, and they are to be the runtime's own. */
  private startIO(): void {
    const io = new Worker(new URL("../sockets/iothread.js", import.meta.url), {
      workerData: this.threadData,
      name: "skein I/O",
    });
    io.on("error", (error) => this.control.report(Report.Failure, `the I/O thread died: ${error.message}`));
    io.unref();
    this.io = io;
  }

  /** A goroutine waits for a host name. */
  private async resolve(resolution: number): Promise<void> {
    await resolveName(this.memory, resolution);
    if (this.ended === undefined) this.core.net_ready(resolution);
  }

  /** A goroutine has panicked and was dropped; `task` is that of the call that it served, or 0. */
  private panicked(task: number, text: string): void {
    const panic = readPanic(text);
    const isMain = panic.goroutine === 1n;
    if (!this.entries.failed(task, panic, isMain) && !isMain) this.options.onPanic(panic);
  }

  private readReport(): void {
    const report = this.control.read();
    if (report === undefined || this.ended !== undefined) return;
    switch (report.kind) {
      case Report.Panic:
        this.fatal(readPanic(report.text));
        break;
      case Report.Fatal:
        this.fatal(fatalError(report.text));
        break;
      default:
        this.fatal(new SkeinError(report.text));
    }
  }

  /** The program can never go on. */
  private fatal(error: GoPanic | FatalError | SkeinError): void {
    if (this.options.panic === "exit") this.options.onPanic(error);
    this.end(error);
    void this.close();
  }

  /** The program called exit. */
  private exited(code: number): void {
    if (this.ended !== undefined) return; // closing looks at the state again
    this.entries.mainReturned(code);
    this.end(new ExitError(code & 255));
    void this.close();
  }

  private dumped(): void {
    const dumps = this.dumps;
    this.dumps = [];
    for (const resolve of dumps) resolve();
  }

  /** Settles everything that is pending; quietly, where nobody waits for it, if the end is what the user has asked for. */
  private end(error: Error, isExpected = false): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    this.unpublish?.();
    this.dumped();
    this.entries.end(error);
    this.thread.starter.end(error, isExpected);
    this.sync.ops.end(error);
  }
}

/** The program's bytes where all threads can read them. */
function symbolSource({ bytes, folder }: Program): SymbolSource {
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return { bytes: shared, folder };
}
