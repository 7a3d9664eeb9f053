/**
 * The life of a runtime: what its threads tell the main thread, how it ends, and how it is closed.
 *
 * Guarantees: every promise given out is settled, also when a thread dies or the runtime is closed; the end is reported once,
 * and whatever comes after it changes nothing.
 */
import { NoteKind, ProgramState } from "../abi/enums.js";
import { readPanic, Report } from "../base/control.js";
import { debugSettings } from "../base/debug.js";
import { ExitError, fatalError, SkeinError, type FatalError, type GoPanic } from "../base/errors.js";
import { within } from "../base/timers.js";
import { GRACE_MS } from "../go/cancelling.js";
import { resolveName } from "../sockets/resolution.js";
import { readNote, takeText, type Note } from "../program/notes.js";
import type { ProgramInfo } from "../program/program.js";
import { isAwaiting } from "../top/stats.js";
import { Asks } from "./asks.js";
import { DeadlockWatch } from "./deadlock.js";
import { Entries } from "./entries.js";
import type { Machine, RuntimeOptions } from "./machine.js";
import type { Watch } from "./watch.js";

/** How often closing looks whether goroutines have finished, and those that were cancelled, in milliseconds. */
const DRAIN_STEP_MS = 2;

/** How long closing waits for a list of leaked goroutines, in milliseconds. */
const LEAKS_MS = 5000;

/** How long an interrupted program may go on writing what it is just writing, in milliseconds. */
const WRITE_MS = 100;

export class Life {
  readonly entries: Entries;
  readonly asks: Asks;
  private readonly machine: Machine;
  private readonly watch: Watch;
  private readonly options: RuntimeOptions;
  private readonly deadlocks: DeadlockWatch | undefined;
  /** Why nothing can run any more. */
  private ended: Error | undefined;
  private closing: Promise<void> | undefined;
  /** Why nothing more is begun: it is being closed. */
  private refusal: Error | undefined;

  constructor(machine: Machine, info: ProgramInfo, watch: Watch, options: RuntimeOptions) {
    this.machine = machine;
    this.watch = watch;
    this.options = options;
    if (options.findsDeadlocks === true) this.deadlocks = new DeadlockWatch(machine);
    this.entries = new Entries(info, machine);
    this.asks = new Asks(machine.core, machine.memory, options.allowsExec === true);
    this.listen();
  }

  /** @throws why nothing may begin any more */
  mayBegin(): void {
    const refusal = this.ended ?? this.refusal;
    if (refusal !== undefined) throw refusal;
  }

  /** Keeps the process alive while `body` runs. */
  async holding<T>(body: () => Promise<T>): Promise<T> {
    const { thread } = this.machine;
    thread.hold();
    try {
      return await body();
    } finally {
      thread.release();
    }
  }

  /** Stops the program where it is: only unfinished lines are still printed. */
  interrupt(): void {
    const { control, core } = this.machine;
    this.watch.endTrace();
    if (control.interrupt(WRITE_MS)) core.beginExit();
    core.close(); // a thread in the netpoller cannot be ended, it has to be woken
  }

  // ---- closing -------------------------------------------------------------------------------------------------------

  /** Lets JavaScript goroutines finish until the deadline, in milliseconds, cancels the others, and ends all threads. */
  close(deadline: number): Promise<void> {
    this.refusal ??= new SkeinError("the runtime was closed");
    this.machine.thread.starter.refuse(this.refusal);
    this.closing ??= this.shutDown(deadline);
    return this.closing;
  }

  private async shutDown(deadline: number): Promise<void> {
    await this.finishGoroutines(deadline);
    if (this.ended === undefined && debugSettings().leaks > 0) await within(LEAKS_MS, this.watch.showLeaks());
    this.watch.endTrace(); // before threads are ended, which might be writing down an event
    this.end(new SkeinError("the runtime was closed"), true);
    await this.machine.end();
  }

  private async finishGoroutines(deadline: number): Promise<void> {
    const { core, memory, thread } = this.machine;
    const until = performance.now() + deadline;
    await this.drainWhile(() => performance.now() < until);
    if (this.ended !== undefined || core.numJsGoroutine() === 0) return;
    thread.starter.cancelAll(new SkeinError("the runtime was closed"));
    const late = performance.now() + GRACE_MS;
    await this.drainWhile(() => performance.now() < late && isAwaiting(memory));
  }

  private async drainWhile(condition: () => boolean): Promise<void> {
    while (this.ended === undefined && this.machine.core.numJsGoroutine() > 0 && condition()) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
    this.drain();
  }

  // ---- what the threads tell -----------------------------------------------------------------------------------------

  /** Handles what has come; false if nothing had. */
  drain(): boolean {
    const { control, thread } = this.machine;
    const came = thread.drain();
    this.readReport();
    if (control.state === ProgramState.Exited) this.exited(control.exitCode);
    return came;
  }

  private listen(): void {
    const { core, memory, thread } = this.machine;
    const on = (kind: number, handle: (note: Note) => void): void =>
      thread.mailbox.on(kind, (address) => handle(readNote(core, memory, address)));
    on(NoteKind.Init, () => this.entries.initialised());
    on(NoteKind.Call, ({ a }) => this.entries.returned(a));
    on(NoteKind.Main, ({ a }) => this.entries.mainReturned(a));
    on(NoteKind.Panic, ({ a, b }) => this.panicked(a, takeText(core, memory, b)));
    on(NoteKind.Fatal, ({ b }) => this.fatal(fatalError(takeText(core, memory, b))));
    on(NoteKind.Exit, ({ a }) => this.exited(a));
    on(NoteKind.Resolve, ({ a }) => void this.resolve(a));
    on(NoteKind.Ask, ({ a }) => this.asks.ask(a));
    on(NoteKind.Watch, ({ a }) => this.asks.watch(a));
    on(NoteKind.Kill, ({ a }) => this.asks.kill(a));
    on(NoteKind.StartIo, () => this.machine.startIO());
    on(NoteKind.Dumped, () => this.watch.dumped());
    on(NoteKind.HeapProfile, ({ a, b }) => this.watch.heapProfileMade(takeText(core, memory, b), a === 1));
    on(NoteKind.Leaks, ({ b }) => this.watch.leaksFound(takeText(core, memory, b)));
  }

  /** A goroutine waits for a host name. */
  private async resolve(resolution: number): Promise<void> {
    await resolveName(this.machine.memory, resolution);
    if (this.ended === undefined) this.machine.core.hostReady(resolution);
  }

  /** A goroutine has panicked and was dropped; `task` is that of the call that it served, or 0. */
  private panicked(task: number, text: string): void {
    const panic = readPanic(text);
    const isMain = panic.goroutine === 1n;
    if (!this.entries.failed(task, panic, isMain) && !isMain) this.options.onPanic(panic);
  }

  private readReport(): void {
    const report = this.machine.control.read();
    if (report === undefined || this.ended !== undefined) return;
    switch (report.kind) {
      case Report.Panic:
        return this.fatal(readPanic(report.text));
      case Report.Fatal:
        return this.fatal(fatalError(report.text));
      default:
        return this.fatal(new SkeinError(report.text));
    }
  }

  /** The program can never go on. */
  private fatal(error: GoPanic | FatalError | SkeinError): void {
    if (this.options.panic === "exit") this.options.onPanic(error);
    this.end(error);
    void this.close(0);
  }

  /** The program called exit. */
  private exited(code: number): void {
    if (this.ended !== undefined) return; // closing looks at the state again
    this.entries.mainReturned(code);
    this.end(new ExitError(code & 255));
    void this.close(0);
  }

  /** Settles everything that is pending; quietly, where nobody waits for it, if the end is what the user has asked for. */
  private end(error: Error, isExpected = false): void {
    if (this.ended !== undefined) return;
    this.ended = error;
    const { sync, starter } = this.machine.thread;
    this.asks.end();
    this.watch.end(error);
    this.deadlocks?.end();
    this.entries.end(error);
    starter.end(error, isExpected);
    sync.ops.end(error, isExpected);
  }
}
