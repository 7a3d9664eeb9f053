/**
 * A running program, seen from the main thread.
 *
 * The main thread is M0: its instance sets the memory up, submits calls and drains the notes that tell of their ends; it
 * never runs a goroutine, so the user's event loop never blocks.
 *
 * Guarantees: every promise given out is settled, also when a thread dies or the runtime is closed; the process is kept
 * alive while one is pending, and not a moment longer.
 */
import {
  M_GOROUTINES,
  M_PARKS,
  M_SIZE,
  M_STEALS,
  M_SWITCHES,
  MAX_THREADS,
  MS_BASE,
  NOTE_A,
  NOTE_B,
  NOTE_CALL,
  NOTE_EXIT,
  NOTE_FATAL,
  NOTE_INIT,
  NOTE_KIND,
  NOTE_MAIN,
  NOTE_NEXT,
  NOTE_PANIC,
  SCHED_HEAP_PAGES,
  SCHED_MCOUNT,
  SCHED_NPROCS,
  STATE_EXITED,
  TASK_SIZE,
  TASK_THUNK,
  TEXT_BYTES,
} from "../assembly/layout.js";
import { Worker } from "node:worker_threads";
import { convertArgs, readResult, writeTask, type CallValue } from "./calls.js";
import { newClock } from "./clock.js";
import { Control, Report, type PanicText } from "./control.js";
import type { FatalError } from "./errors.js";
import { ExitError, fatalError, GoPanic, SkeinError } from "./errors.js";
import { instantiate, type Core, type ThreadData } from "./instance.js";
import { ALL_PAGES, PAGE, reserveMemory, type Memory } from "./memory.js";
import type { ExportInfo, Program } from "./program.js";
import { numCPU } from "./procs.js";
import { stackFrames } from "./stack.js";
import { mainStartsThreads, startM, terminateThreads, type StartRequest } from "./threads.js";

/** What one M has done since it was started. */
export interface MStats {
  /** Its number, from 1. */
  readonly id: number;
  /** Goroutines that it has run from their beginning. */
  readonly goroutines: number;
  /** Switches to a goroutine. */
  readonly switches: number;
  /** Goroutines taken from other Ps' queues. */
  readonly steals: number;
  /** Times that it slept for want of work. */
  readonly parks: number;
}

/** The scheduler at one moment. */
export interface RuntimeStats {
  /** gomaxprocs. */
  readonly procs: number;
  /** Live goroutines of the program. */
  readonly goroutines: number;
  /** Bytes of memory that the allocator has taken so far. */
  readonly heapBytes: number;
  /** The threads, one entry for each M. */
  readonly ms: readonly MStats[];
}

/** Options of a runtime after they were checked. */
export interface RuntimeOptions {
  readonly procs: number;
  readonly maxThreads: number;
  /** Bytes that the heap may take; undefined for all there are. */
  readonly maxMemory: number | undefined;
  readonly panic: "isolate" | "exit";
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>> | undefined;
  /** Told of a panic that no `run` or `call` can report, and of every end of the program under `panic: "exit"`. */
  readonly onPanic: (error: GoPanic | FatalError | SkeinError) => void;
}

interface Pending {
  resolve(value: CallValue | undefined): void;
  reject(error: Error): void;
  readonly info: ExportInfo | undefined;
}

/** How long closing waits for the threads to end by themselves before it ends them, in milliseconds. */
const CLOSE_MS = 2000;

/** `submit`'s second argument. */
const SUBMIT_CALL = 0;
const SUBMIT_MAIN = 1;
const SUBMIT_INIT = 2;

/** How long an interrupted program may go on writing what it is just writing, in milliseconds. */
const WRITE_MS = 100;

/** A program and its scheduler. Made by `start`. */
export class Runtime implements AsyncDisposable {
  private readonly program: Program;
  private readonly options: RuntimeOptions;
  private readonly control: Control;
  private readonly core: Core;
  private readonly memory: Memory;
  private readonly sysmon: Worker;
  private readonly sysmonEnded: Promise<void>;
  /** Calls under way, by the address of their task. */
  private readonly calls = new Map<number, Pending>();
  private main: Pending | undefined;
  /** Main, or module-level code, is running. */
  private mainActive = false;
  private initialised: Promise<void> | undefined;
  private init: { resolve(): void; reject(error: Error): void } | undefined;
  /** Why nothing can run any more. */
  private ended: Error | undefined;
  /** A panic that ends the program is being put into words. */
  private reporting = false;
  private closing: Promise<void> | undefined;

  /** @internal */
  constructor(program: Program, options: RuntimeOptions) {
    this.program = program;
    this.options = options;
    const heapPage = Math.ceil(program.info.heapBase / PAGE);
    const wanted = options.maxMemory === undefined ? ALL_PAGES : heapPage + Math.floor(options.maxMemory / PAGE);
    const { memory, pages } = reserveMemory(heapPage + 1, Math.min(wanted, ALL_PAGES));
    this.control = new Control(memory);
    const data: ThreadData = {
      module: program.module,
      memory,
      control: this.control.shared,
      clock: newClock(),
      panic: options.panic,
      env: options.env,
    };
    const bytes = new Uint8Array(memory.buffer);
    for (const [address, segment] of program.data) bytes.set(segment, address);
    const instance = instantiate(data, this.control);
    this.core = instance.core;
    this.memory = instance.memory;
    this.core.init(options.procs, numCPU(), options.maxThreads, program.info.heapBase, pages);
    this.setArgs(options.args);

    this.sysmon = new Worker(new URL("./sysmon.js", import.meta.url), { workerData: data, name: "skein sysmon" });
    this.sysmon.unref();
    this.sysmon.on("error", (error) => this.control.report(Report.Failure, `the sysmon thread died: ${error.message}`));
    this.sysmonEnded = new Promise((resolve) => this.sysmon.once("exit", () => resolve()));
    if (mainStartsThreads) {
      this.sysmon.on("message", ({ start }: StartRequest) => startM(data, start).unref());
      this.sysmon.unref();
    }
    void this.pump();
  }

  /** The number of Ps: how many goroutines can run at once. */
  get procs(): number {
    return Atomics.load(this.memory.words(), SCHED_NPROCS >> 2);
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
  run(args?: readonly string[]): Promise<number> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    if (this.mainActive && this.main !== undefined) return Promise.reject(new SkeinError("main is already running"));
    if (args !== undefined) this.setArgs(args);
    return new Promise<number>((resolve, reject) => {
      this.main = {
        resolve: (code) => resolve(Number(code) & 255),
        reject,
        info: undefined,
      };
      this.hold();
      const begin = (): void => {
        if (this.ended !== undefined) return;
        this.submitMain(this.program.info.main.thunk, SUBMIT_MAIN);
      };
      if (this.initialised === undefined) {
        this.initialised = this.expectInit();
        begin();
      } else {
        this.initialised.then(begin, (error: Error) => this.settleMain((main) => main.reject(error)));
      }
    });
  }

  /**
   * Runs one of the program's exports as a new goroutine. Resolves with its result: a `bigint` for 64-bit types, a
   * `boolean` for `bool`, undefined for `void`, else a number. Rejects with a `SkeinError` if there is no such export or
   * the arguments do not fit, with a `GoPanic` if the goroutine panics, with a `FatalError` if the program cannot go on.
   *
   * @param name the export's name
   * @param args a number, bigint or boolean for each of its parameters
   */
  async call(name: string, ...args: readonly (number | bigint | boolean)[]): Promise<CallValue | undefined> {
    const info = Object.hasOwn(this.program.info.exports, name) ? this.program.info.exports[name] : undefined;
    if (info === undefined) {
      const names = this.exports.join(", ");
      throw new SkeinError(
        `the program exports no function ${name} that can be called${names && `; it exports ${names}`}`,
      );
    }
    const values = convertArgs(name, info, args);
    if (this.ended !== undefined) throw this.ended;
    if (this.initialised === undefined) {
      this.initialised = this.expectInit();
      this.submitMain(this.program.info.init.thunk, SUBMIT_INIT);
    }
    this.hold();
    try {
      await this.initialised;
      if (this.ended !== undefined) throw this.ended as Error;
      return await new Promise<CallValue | undefined>((resolve, reject) => {
        const task = this.core.alloc(info.size) >>> 0;
        writeTask(this.memory.data(task + info.size), task, info, values);
        this.calls.set(task, { resolve, reject, info });
        this.core.submit(task, SUBMIT_CALL);
      });
    } finally {
      this.release();
    }
  }

  /** The scheduler's counters at this moment. They are read without stopping anything, so they are close, not exact. */
  stats(): RuntimeStats {
    const words = this.memory.words();
    const count = Math.min(Atomics.load(words, SCHED_MCOUNT >> 2), MAX_THREADS - 1);
    const view = this.memory.data(MS_BASE + (count + 1) * M_SIZE);
    const ms = Array.from({ length: count }, (_, i): MStats => {
      const m = MS_BASE + (i + 1) * M_SIZE;
      const counter = (offset: number): number => Number(view.getBigUint64(m + offset, true));
      return {
        id: i + 1,
        goroutines: counter(M_GOROUTINES),
        switches: counter(M_SWITCHES),
        steals: counter(M_STEALS),
        parks: counter(M_PARKS),
      };
    });
    return {
      procs: this.procs,
      goroutines: this.core.num_goroutine(),
      heapBytes: Atomics.load(words, SCHED_HEAP_PAGES >> 2) * PAGE,
      ms,
    };
  }

  /** Ends all goroutines and threads. Calls still running reject. Resolves when the threads have ended; may be repeated. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Stops the program where it is: only unfinished lines are still printed. */
  interrupt(): void {
    if (this.control.interrupt(WRITE_MS)) this.core.begin_exit();
  }

  private async shutDown(): Promise<void> {
    this.end(new SkeinError("the runtime was closed"));
    this.core.close();
    this.control.wakeMain();
    this.sysmon.ref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.sysmonEnded, late]);
    clearTimeout(timer);
    await Promise.all([this.sysmon.terminate(), mainStartsThreads ? terminateThreads() : undefined]);
  }

  // ---- starting ------------------------------------------------------------------------------------------------------

  private setArgs(args: readonly string[]): void {
    const bytes = Buffer.from(args.map((arg) => arg + "\0").join(""), "utf16le");
    // The block before this one stays: a goroutine may just be reading it.
    const address = bytes.byteLength === 0 ? 0 : this.core.alloc(bytes.byteLength) >>> 0;
    this.memory.write(address, bytes);
    this.control.setArgs(address, bytes.byteLength);
  }

  private submitMain(thunk: number, kind: number): void {
    const size = TASK_SIZE + 4;
    const task = this.core.alloc(size) >>> 0;
    const view = this.memory.data(task + size);
    view.setInt32(task + TASK_THUNK, thunk, true);
    view.setInt32(task + TASK_SIZE, size, true);
    this.mainActive = true;
    this.core.submit(task, kind);
  }

  private expectInit(): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.init = { resolve, reject };
    });
    promise.catch(() => undefined);
    return promise;
  }

  // ---- keeping the process alive -------------------------------------------------------------------------------------

  private holds = 0;

  private hold(): void {
    if (this.holds++ === 0) this.sysmon.ref();
  }

  private release(): void {
    if (--this.holds === 0) this.sysmon.unref();
  }

  // ---- what the threads tell -----------------------------------------------------------------------------------------

  private async pump(): Promise<void> {
    for (;;) {
      const seen = this.control.wakes;
      this.drain();
      this.readReport();
      if (this.control.state === STATE_EXITED) this.exited(this.control.exitCode);
      if (this.ended !== undefined || this.reporting) return;
      await this.control.woken(seen);
      if (this.closing !== undefined) return;
    }
  }

  private drain(): void {
    let note = this.core.drain() >>> 0;
    while (note !== 0) {
      const view = this.memory.data(note + 16);
      const next = view.getUint32(note + NOTE_NEXT, true);
      const kind = view.getInt32(note + NOTE_KIND, true);
      const a = view.getUint32(note + NOTE_A, true);
      const b = view.getUint32(note + NOTE_B, true);
      this.core.free(note);
      this.handleNote(kind, a, b);
      note = next;
    }
  }

  private handleNote(kind: number, a: number, b: number): void {
    switch (kind) {
      case NOTE_INIT:
        // Module-level code alone is over; main goes on after it.
        if (this.main === undefined) this.mainActive = false;
        this.init?.resolve();
        break;
      case NOTE_CALL: {
        const call = this.takeCall(a);
        const info = call?.info;
        if (info !== undefined) call?.resolve(readResult(this.memory.data(a + info.size), a, info));
        this.core.free(a);
        break;
      }
      case NOTE_PANIC:
        void this.panicked(a, this.takeText(b));
        break;
      case NOTE_MAIN:
        this.mainActive = false;
        this.settleMain((main) => main.resolve(a));
        break;
      case NOTE_FATAL:
        this.fatal(fatalError(this.takeText(b)));
        break;
      case NOTE_EXIT:
        this.exited(a);
        break;
    }
  }

  private takeCall(task: number): Pending | undefined {
    const call = this.calls.get(task);
    this.calls.delete(task);
    return call;
  }

  private takeText(address: number): string {
    const length = this.memory.data(address + TEXT_BYTES).getInt32(address, true);
    const text = this.memory.utf8(address + TEXT_BYTES, length);
    this.core.free(address);
    return text;
  }

  private settleMain(settle: (main: Pending) => void): void {
    const main = this.main;
    if (main === undefined) return;
    this.main = undefined;
    this.release();
    settle(main);
  }

  private async panicked(task: number, text: string): Promise<void> {
    const call = task === 0 ? undefined : this.takeCall(task);
    const panic = await this.goPanic(text);
    if (call !== undefined) return call.reject(panic);
    if (panic.goroutine === 1n) {
      this.mainActive = false;
      this.init?.reject(panic);
    }
    if (this.main !== undefined) return this.settleMain((main) => main.reject(panic));
    if (panic.goroutine !== 1n) this.options.onPanic(panic);
  }

  private async goPanic(text: string): Promise<GoPanic> {
    const { goroutine, message, stack } = JSON.parse(text) as PanicText;
    return new GoPanic(message, BigInt(goroutine), await stackFrames(this.program, stack));
  }

  private readReport(): void {
    const report = this.control.read();
    if (report === undefined || this.ended !== undefined) return;
    switch (report.kind) {
      case Report.Panic:
        this.reporting = true;
        void this.goPanic(report.text).then((panic) => this.fatal(panic));
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
    this.settleMain((main) => main.resolve(code));
    this.end(new ExitError(code & 255));
    void this.close();
  }

  /** Settles everything that is pending. */
  private end(error: Error): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    this.mainActive = false;
    this.init?.reject(error);
    this.settleMain((main) => main.reject(error));
    for (const call of this.calls.values()) call.reject(error);
    this.calls.clear();
  }
}
