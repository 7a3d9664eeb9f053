/**
 * A program on its threads, as the main thread starts, holds and ends them.
 *
 * The main thread is M0: its instance sets the memory up, submits work and drains the notes that tell of its ends; it never runs
 * a goroutine, so the user's event loop never blocks. The other threads are sysmon and the Ms, and one for the runtime's own
 * sockets where the program needs it.
 */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { NoteKind, ProgramState } from "../abi/enums.js";
import { checkHeap, reserveMemory } from "../base/addressspace.js";
import { newClock } from "../base/clock.js";
import { Control, Report } from "../base/control.js";
import { collectorSettings, debugSettings } from "../base/debug.js";
import { fatalError, type FatalError, type GoPanic, type SkeinError } from "../base/errors.js";
import type { Memory } from "../base/memory.js";
import { ALL_PAGES, PAGE } from "../base/pages.js";
import { ownOptions } from "../base/options.js";
import { within } from "../base/timers.js";
import { MainLoop } from "../go/mainloop.js";
import { Thread } from "../go/thread.js";
import { netImports } from "../sockets/coreimports.js";
import type { PollerWish } from "../sockets/pollerwish.js";
import { shareLoading } from "../sockets/loading.js";
import type { Core } from "../abi/core.js";
import { instantiate, type Instance, type Preopen, type ThreadData } from "../program/instance.js";
import { StopThread } from "../program/stops.js";
import type { Program } from "../program/program.js";
import type { SymbolSource } from "../program/stacks.js";
import type { ThreadOptions } from "../program/threadoptions.js";
import { Hub } from "../values/index.js";
import type { Spare } from "../values/ports.js";
import { LITTLE_JAVASCRIPT, mainStartsThreads, threadFile, threadFlags, type Booting } from "./boot.js";
import { numCPU } from "./procs.js";
import type { SysmonData } from "./sysmon.js";
import { isShort, RETRY_MS, Threads, type ThreadRequest } from "./threads.js";

/** Options of a runtime after they were checked. */
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
  /** The directories that its files are in. */
  readonly preopens?: readonly Preopen[] | undefined;
  /** Whether the program may run others. */
  readonly allowsExec?: boolean | undefined;
  /** What `skein top` shows it as; without it, it cannot be watched. */
  readonly title: string | undefined;
  /**
   * Whether it is to be found out that everything waits for ever, although JavaScript may wake goroutines. Not of a pool of piscina's, whose
   * threads wait for tasks that anybody may bring, and of which nothing but the pool itself could be failed.
   */
  readonly findsDeadlocks?: boolean;
  /** Whether SIGQUIT is to show its goroutines, and end the process. */
  readonly dumpsOnQuit?: boolean;
  /** Told of a panic that no `run` or `call` can report, and of every end of the program under `panic: "exit"`. */
  readonly onPanic: (error: GoPanic | FatalError | SkeinError) => void;
  /** Told of what goroutines leave rejected. Default: the process is, as of any rejection. */
  readonly onUnwatched?: ((error: unknown) => void) | undefined;
}

/** Bytes from sample to sample of a heap profile: Go's MemProfileRate. */
const SAMPLE_BYTES = 512 * 1024;

/** How long the threads get to end by themselves before they are ended, in milliseconds. */
const END_MS = 2000;

export class Machine {
  readonly data: ThreadData;
  readonly control: Control;
  readonly instance: Instance;
  readonly core: Core;
  readonly memory: Memory;
  /** What the main thread shares with every thread that runs JavaScript. */
  readonly thread: Thread;
  readonly loop: MainLoop;
  private readonly hub: Hub;
  private readonly threads: Threads;
  private sysmon: Worker;
  private sysmonEnded: Promise<void>;
  /** The thread of the runtime's own sockets, if the program needs it. */
  private io: Worker | undefined;

  /** @param drain handles what the threads have told, once `loop` runs */
  constructor(program: Program, options: RuntimeOptions, drain: () => boolean) {
    const memory = reserveMemory(Math.ceil(program.info.heapBase / PAGE), options.procs + 1);
    this.control = new Control(memory);
    this.data = {
      module: program.module,
      memory,
      control: this.control.shared,
      clock: newClock(),
      panic: options.panic,
      poller: options.poller,
      env: options.env,
      preopens: options.preopens,
      symbols: symbolSource(program),
      worker: options.worker,
    };
    this.instance = instantiate(this.data, this.control, netImports, { isPrograms: false });
    this.core = this.instance.core;
    this.memory = this.instance.memory;
    this.setUp(program, options);

    this.hub = new Hub(this.core, this.memory, {
      retain: (address) => this.thread.sync.holders.retain(address),
      release: (address) => this.thread.sync.holders.release(address),
      hold: (address, weight) => this.thread.sync.holders.hold(address, weight),
      leave: (address) => this.thread.sync.holders.leave(address),
    });
    this.threads = new Threads(this.data, this.control, this.core, this.memory, (mid) => this.hub.newPort(mid));
    this.sysmon = this.startSysmon();
    this.sysmonEnded = endOf(this.sysmon);
    this.startMs(options.first);

    this.loop = new MainLoop(this.control, this.memory, drain);
    this.thread = new Thread(this.core, this.memory, 0, this.loop, this.data.clock);
    this.thread.sync.carryWith(() => this.hub);
    if (options.onUnwatched !== undefined) this.thread.starter.onUnwatched = options.onUnwatched;
    this.thread.mailbox.on(NoteKind.Port, (note) => {
      this.core.mfree(note);
      this.hub.drain();
    });
  }

  /** Runs `step`, which calls the core on the main thread; a fatal error of the core's is thrown as what it is. */
  onM0<T>(step: () => T): T {
    try {
      return step();
    } catch (thrown) {
      const report = this.control.read();
      if (!(thrown instanceof StopThread) || report === undefined) throw thrown;
      throw fatalError(report.text);
    }
  }

  /** Gives the program arguments. */
  setArgs(args: readonly string[]): void {
    const bytes = Buffer.from(args.map((arg) => arg + "\0").join(""), "utf16le");
    // The block before this one stays: a goroutine may just be reading it.
    const address = bytes.byteLength === 0 ? 0 : this.core.malloc(bytes.byteLength);
    this.memory.write(address, bytes);
    this.control.setArgs(address, bytes.byteLength);
  }

  /** The program opens sockets, and they are to be the runtime's own. */
  startIO(): void {
    const io = new Worker(
      new URL("../sockets/iothread.js", import.meta.url),
      ownOptions({ workerData: this.data, name: "skein I/O" }),
    );
    io.on("error", (error) => this.control.report(Report.Failure, `the I/O thread died: ${error.message}`));
    io.unref();
    this.io = io;
  }

  /** Ends all threads. Nothing is to be waited for any more. */
  async end(): Promise<void> {
    this.loop.end();
    this.core.close();
    this.control.wakeMain();
    this.sysmon.ref();
    await within(END_MS, this.sysmonEnded);
    await Promise.all([this.sysmon.terminate(), this.threads.terminate(), this.io?.terminate()]);
    this.thread.drain(); // what they have printed
    this.hub.close();
    this.core.endNet();
  }

  // ---- starting ------------------------------------------------------------------------------------------------------

  private setUp({ data, info }: Program, options: RuntimeOptions): void {
    const { core, memory } = this;
    for (const [address, bytes] of data) memory.write(address, bytes);
    const heapLimit = options.maxMemory === undefined ? ALL_PAGES : Math.floor(options.maxMemory / PAGE);
    const { schedtrace, scheddetail, stall, leaks, heap, heapprofile, gctrace, gcstress } = debugSettings();
    checkHeap(heap, memory.raw);
    this.onM0(() => {
      core.init(options.procs, numCPU(), options.maxThreads, info.heapBase, heapLimit, heap);
      if (options.sched === "gm") core.useGm();
      if (!options.solo) core.noSolo();
      const { percent, limit } = collectorSettings();
      core.setGc(percent, limit, gctrace, gcstress);
      if (heapprofile > 0) core.setHeapProfile(heapprofile === 1 ? SAMPLE_BYTES : heapprofile);
      if (options.threads !== undefined) core.threadGoal(options.threads);
      if (schedtrace + scheddetail + stall + leaks > 0) core.setDebug(schedtrace, scheddetail, stall, leaks);
      this.setArgs(options.args);
    });
  }

  private startSysmon(): Worker {
    const { port1: source, port2: ports } = new MessageChannel();
    this.hub.listen(source);
    const spares: Spare[] = mainStartsThreads ? [] : [this.hub.newSpare(), this.hub.newSpare()];
    shareLoading();
    const sysmon = new Worker(
      threadFile("sysmon"),
      ownOptions({
        workerData: { ...this.data, ports, spares } satisfies SysmonData,
        transferList: [ports, ...spares.map(({ port }): MessagePort => port)],
        name: "skein sysmon",
        resourceLimits: LITTLE_JAVASCRIPT,
        // Node has the threads that it starts do as it does.
        trackUnmanagedFds: this.data.worker?.trackUnmanagedFds,
        ...threadFlags(),
      }),
    );
    let failure: Error | undefined;
    sysmon.on("error", (error) => (failure = error));
    sysmon.on("exit", (code) => {
      // Ms run without it meanwhile: they have taken the last descriptors before it began.
      if (isShort(this.control, code, failure)) setTimeout(() => this.restartSysmon(), RETRY_MS).unref();
      else if (failure) this.control.report(Report.Failure, `the sysmon thread died: ${failure.message}`);
    });
    sysmon.on("message", ({ start, kill }: ThreadRequest) => {
      if (start !== undefined) this.threads.start(start)?.unref();
      if (kill !== undefined) void this.threads.kill(kill);
    });
    sysmon.unref();
    return sysmon;
  }

  private restartSysmon(): void {
    if (this.control.state !== ProgramState.Running) return;
    this.sysmon = this.startSysmon();
    this.sysmonEnded = endOf(this.sysmon);
  }

  /**
   * On Deno, of the threads that begin at the same time, sysmon's should be the first. On Node sysmon starts those for which
   * there is no processor now: one that begins beside them would only keep the first ones waiting.
   */
  private startMs(first: Booting | undefined): void {
    const most = mainStartsThreads ? Infinity : Math.max(1, numCPU() - 1);
    for (let i = 0, mid: number; i < most && (mid = this.core.nextM()) !== 0; i++) {
      this.threads.start(mid, i === 0 ? first : undefined)?.unref();
    }
  }
}

function endOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once("exit", () => resolve()));
}

/** The program's bytes where all threads can read them. */
function symbolSource({ bytes, folder }: Program): SymbolSource {
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return { bytes: shared, folder };
}
