/**
 * What the program's own code has been asked for and is waited for: its main, its top-level code, calls of its exports.
 *
 * Guarantees: the top-level code runs once, before anything else of the program; each promise given out is settled once, by
 * what a note tells or by the end of the runtime.
 */
import { Task } from "../abi/records.js";
import { readResult, writeTask, type CallValue } from "./calls.js";
import type { Machine } from "./machine.js";
import type { ExportInfo, ProgramInfo } from "../program/program.js";

interface PendingCall {
  readonly info: ExportInfo;
  /** Keeps channels that were given until the goroutine that has them has ended: the collector knows of its references from its start on. */
  readonly args: readonly unknown[];
  resolve(value: CallValue | undefined): void;
  reject(error: Error): void;
}

interface PendingMain {
  resolve(code: number): void;
  reject(error: Error): void;
}

/** What `submit` starts. */
const enum Submit {
  Call = 0,
  Main = 1,
  Init = 2,
}

export class Entries {
  /** Calls under way, by the address of their task. */
  private readonly calls = new Map<number, PendingCall>();
  private main: PendingMain | undefined;
  /** Goroutine 1 has been submitted and has not ended. */
  private isMainActive = false;
  /** The top-level code has run, or is about to. */
  private initialising: Promise<void> | undefined;
  private init: { resolve(): void; reject(error: Error): void } | undefined;
  /** Why nothing can run any more. */
  private ended: Error | undefined;

  constructor(
    private readonly info: ProgramInfo,
    private readonly machine: Machine,
  ) {}

  /** Whether main, or the top-level code alone, is running. */
  get isMainBusy(): boolean {
    return this.main !== undefined || this.isMainActive;
  }

  /** Runs main, after `prepare`; resolves with its exit code. */
  async run(prepare: () => void): Promise<number> {
    const code = new Promise<number>((resolve, reject) => {
      this.main = { resolve, reject };
    });
    code.catch(() => undefined);
    try {
      prepare();
      // main's thunk runs the top-level code first, if it has not been run.
      if (this.initialising === undefined) this.initialising = this.expectInit();
      else await this.initialising;
      this.submitMain(this.info.main.thunk, Submit.Main);
    } catch (error) {
      this.settleMain((main) => main.reject(error as Error));
    }
    return (await code) & 255;
  }

  /** Calls an export with values that fit; `args` are what they were made of. */
  async call(
    info: ExportInfo,
    values: Parameters<typeof writeTask>[3],
    args: readonly unknown[],
  ): Promise<CallValue | undefined> {
    if (this.initialising === undefined) {
      this.initialising = this.expectInit();
      this.submitMain(this.info.init.thunk, Submit.Init);
    }
    await this.initialising;
    if (this.ended !== undefined) throw this.ended;
    return new Promise<CallValue | undefined>((resolve, reject) => {
      this.machine.onM0(() => {
        const task = this.machine.core.malloc(info.size);
        writeTask(this.machine.memory, task, info, values);
        this.calls.set(task, { resolve, reject, info, args });
        this.machine.core.submit(task, Submit.Call);
      });
    });
  }

  private submitMain(thunk: number, kind: Submit): void {
    this.machine.onM0(() => {
      const { core, memory } = this.machine;
      const task = new Task(memory, core.malloc(Task.SIZE));
      task.thunk = thunk;
      task.size = Task.SIZE;
      this.isMainActive = true;
      core.submit(task.address, kind);
    });
  }

  private expectInit(): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.init = { resolve, reject };
    });
    promise.catch(() => undefined);
    return promise;
  }

  // ---- what the threads tell -----------------------------------------------------------------------------------------

  /** The top-level code has run. */
  initialised(): void {
    // Without a run there was only the top-level code; otherwise main goes on after it.
    if (this.main === undefined) this.isMainActive = false;
    this.init?.resolve();
  }

  /** The call of a task has returned. */
  returned(task: number): void {
    const call = this.takeCall(task);
    if (call !== undefined) call.resolve(readResult(this.machine.memory.data, task, call.info));
    this.machine.core.mfree(task);
  }

  /** main has returned, or the program called exit. */
  mainReturned(code: number): void {
    this.isMainActive = false;
    this.settleMain((main) => main.resolve(code));
  }

  /** A goroutine has panicked that served the call of `task` (0: none); false if nobody waits for it. */
  failed(task: number, panic: Error, isMain: boolean): boolean {
    const call = this.takeCall(task);
    if (call !== undefined) {
      call.reject(panic);
      return true;
    }
    if (isMain) {
      this.isMainActive = false;
      this.init?.reject(panic);
    }
    if (this.main === undefined) return false;
    this.settleMain((main) => main.reject(panic));
    return true;
  }

  /** Rejects all that is pending. */
  end(error: Error): void {
    this.ended = error;
    this.isMainActive = false;
    this.init?.reject(error);
    this.settleMain((main) => main.reject(error));
    for (const call of this.calls.values()) call.reject(error);
    this.calls.clear();
  }

  private takeCall(task: number): PendingCall | undefined {
    const call = this.calls.get(task);
    this.calls.delete(task);
    return call;
  }

  private settleMain(settle: (main: PendingMain) => void): void {
    const { main } = this;
    this.main = undefined;
    if (main !== undefined) settle(main);
  }
}
