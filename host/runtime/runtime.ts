/**
 * A running program, seen from the main thread: the library's main class, which hands everything on to who does it. The threads
 * are the machine's (`machine.ts`), what becomes of them is the life's (`life.ts`), what can be seen of them the watch's.
 *
 * Guarantees: every promise given out is settled, also when a thread dies or the runtime is closed; the process is kept
 * alive while one is pending, and not a moment longer.
 */
import { SkeinError } from "../base/errors.js";
import { checkArgs, optionOf } from "../base/options.js";
import { present, refuseClone } from "../base/present.js";
import type { Go, Scope } from "../go/thread.js";
import type { GoTasks } from "../go/tasks.js";
import type { PollerChoice } from "../sockets/poller.js";
import type { Program } from "../program/program.js";
import { SyncMembers } from "../sync/index.js";
import type { Sync } from "../sync/sync.js";
import { readProcs, type RuntimeStats } from "../top/stats.js";
import type { Trace, TraceOptions } from "../trace/index.js";
import { convertArgs, type CallArgument, type CallValue } from "./calls.js";
import type { HeapProfile } from "./heapprofile.js";
import { parseLeaks, type LeakedGoroutine } from "./leaks.js";
import { Life } from "./life.js";
import { Machine, type RuntimeOptions } from "./machine.js";
import { checkProcs } from "./procs.js";
import { Watch } from "./watch.js";

/** How often, and how long each time, setting `procs` waits until it has happened, in milliseconds: 5 ms in all. */
const PROCS_WAITS = 100;
const PROCS_WAIT_MS = 0.05;

/** How long closing lets goroutines finish, unless told, in milliseconds. */
const DRAIN_MS = 5000;

/** Options of `Runtime.close`. */
export interface CloseOptions {
  /** Milliseconds that goroutines get to finish before they are cancelled; 0 for none, Infinity for as long as they take. Default 5000. */
  readonly deadline?: number | undefined;
}

/** A program and its scheduler. Made by `start`. */
export class Runtime extends SyncMembers implements AsyncDisposable, Scope {
  readonly #program: Program;
  readonly #machine: Machine;
  readonly #watch: Watch;
  readonly #life: Life;
  readonly #go: Go;
  /** What `procs` was last set to, until it is. */
  #wantedProcs: number | undefined;

  /** @internal */
  constructor(program: Program, options: RuntimeOptions) {
    super();
    this.#program = program;
    this.#machine = new Machine(program, options, () => this.#life.drain());
    this.#watch = new Watch(this.#machine, options);
    this.#life = new Life(this.#machine, program.info, this.#watch, options);
    this.#go = this.#machine.thread.go;
    refuseClone(this);
    void this.#machine.loop.run();
  }

  /** @internal */
  protected get sync(): Sync {
    return this.#machine.thread.sync;
  }

  /** Starts goroutines whose functions are JavaScript. */
  get go(): Go {
    return this.#go;
  }

  /**
   * The functions that a module exports, as tasks for `go`. The module is loaded by the threads that run them, once by each.
   *
   * @param url the module's absolute URL, such as `new URL("./work.js", import.meta.url)`
   */
  tasks<M>(url: string | URL): GoTasks<M> {
    return this.#machine.thread.tasks<M>(url);
  }

  /** The number of Ps: how many goroutines can run at once. */
  get procs(): number {
    const procs = readProcs(this.#machine.memory);
    if (this.#wantedProcs === procs) this.#wantedProcs = undefined;
    return this.#wantedProcs ?? procs;
  }

  /** @throws SkeinError if it is no whole number from 1 to 256 */
  set procs(n: number) {
    checkProcs(n);
    this.#life.mayBegin();
    this.#wantedProcs = n;
    const { core, memory } = this.#machine;
    this.#machine.onM0(() => core.setProcs(n));
    // A goroutine does it, as soon as the world can be stopped: usually in a moment.
    const word = new Int32Array(new SharedArrayBuffer(4));
    for (let i = 0; i < PROCS_WAITS && readProcs(memory) !== n; i++) Atomics.wait(word, 0, 0, PROCS_WAIT_MS);
  }

  /** The scheduler's state in a line as Go prints it with GODEBUG=schedtrace. */
  schedtrace(): string {
    return this.#watch.schedtrace();
  }

  /**
   * Writes to a file what the scheduler does from now on: which goroutines run where, why they stop, what they wait for. Chrome's
   * chrome://tracing and ui.perfetto.dev show such files, and `skein trace` sums them up. The trace ends with `stop()`, or, where it is
   * held by `using`, with its scope; at the latest with the runtime. One at a time.
   *
   * @throws SkeinError if an option is wrong, the file cannot be written, or a trace is being written already
   */
  trace(options: TraceOptions): Trace {
    this.#life.mayBegin();
    return this.#watch.trace(options);
  }

  /** What goroutines, calls and `run` are waited for keeps the process alive: the default. */
  ref(): this {
    this.#machine.loop.reference(true);
    return this;
  }

  /** The process may end although something is waited for. */
  unref(): this {
    this.#machine.loop.reference(false);
    return this;
  }

  /** @internal The error's number of the first write of the program's to standard output that failed; 0 if none has. */
  get outputErrno(): number {
    return this.#machine.control.outputErrno;
  }

  /** The names of the program's exports that `call` takes. */
  get exports(): string[] {
    return Object.keys(this.#program.info.exports);
  }

  /**
   * Runs the program's `main` as goroutine 1. Resolves with its exit code, 0 to 255: what `main` returned or the program
   * gave to `exit`. Rejects with a `GoPanic` if a goroutine panics that no call waits for, with a `DeadlockError` or
   * another `FatalError` if the program cannot go on. One `run` at a time.
   *
   * @param args the program's arguments, instead of those given to `start`
   */
  async run(args?: readonly string[]): Promise<number> {
    const life = this.#life;
    const machine = this.#machine;
    if (args !== undefined) checkArgs(args);
    life.mayBegin();
    if (life.entries.isMainBusy) throw new SkeinError("main is already running");
    return life.holding(() =>
      life.entries.run(() => {
        if (args !== undefined) machine.onM0(() => machine.setArgs(args));
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
    const info = Object.hasOwn(this.#program.info.exports, name) ? this.#program.info.exports[name] : undefined;
    if (info === undefined) {
      const names = this.exports.length === 0 ? "" : `; it exports ${this.exports.join(", ")}`;
      throw new SkeinError(`the program exports no function ${name} that can be called${names}`);
    }
    const sync: Sync = this.sync;
    args.forEach((arg, i) => {
      if (typeof arg === "object") sync.checkOwn(arg, `argument ${i + 1} of ${name}`);
    });
    const values = convertArgs(name, info, args);
    this.#life.mayBegin();
    return this.#life.holding(() => this.#life.entries.call(info, values, args));
  }

  /** The scheduler's counters at this moment. They are read without stopping anything, so they are close, not exact. */
  stats(): RuntimeStats & { readonly poller: PollerChoice } {
    return this.#watch.stats();
  }

  /**
   * Ends the runtime: lets JavaScript goroutines finish, cancels those that have not by the deadline, and ends all other
   * goroutines and the threads. Calls still running reject. Resolves when the threads have ended; may be repeated.
   */
  close(options?: CloseOptions): Promise<void> {
    const deadline = optionOf(options, "deadline") ?? DRAIN_MS;
    if (typeof deadline !== "number" || !(deadline >= 0)) {
      return Promise.reject(new SkeinError(`deadline must be a number of milliseconds, not ${String(deadline)}`));
    }
    return this.#life.close(deadline);
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
    return this.#watch.dump();
  }

  /**
   * The goroutines of the program that can never run again, since they wait for a channel or a lock that nothing else reaches; none if
   * there are none. Exact for what the program holds; what JavaScript holds, or has handed to the program, counts as reached. The program
   * pauses while all of its memory is looked through.
   */
  async leaks(): Promise<LeakedGoroutine[]> {
    this.#life.mayBegin();
    return parseLeaks(await this.#life.holding(() => this.#watch.leaks()));
  }

  /**
   * What the program's objects are, by class: all that is reachable now. And, if `SKEIN_DEBUG=heapprofile=1` was set when the runtime
   * started, where they were allocated, by a sample. The program pauses while all of its memory is looked through.
   */
  async heapProfile(): Promise<HeapProfile> {
    this.#life.mayBegin();
    return this.#life.holding(() => this.#watch.heapProfile());
  }

  /** @internal Stops the program where it is: only unfinished lines are still printed. */
  interrupt(): void {
    this.#life.interrupt();
  }

  /** @internal Tells the program of a signal; false if it does not watch for it. */
  signal(name: "SIGHUP" | "SIGINT" | "SIGTERM"): boolean {
    return this.#life.asks.signal(name);
  }
}

present(
  Runtime,
  "Runtime",
  (rt) => ({ procs: rt.procs, goroutines: rt.stats().goroutines }),
  "it is a running scheduler: rt.stats() has its figures",
);
