/**
 * The threads of Ms, as the thread that started them sees them: starting, killing, and what is to be done when one dies.
 *
 * The main thread starts the first Ms, so that they and sysmon begin at the same time, as many as there are processors for; on
 * Node the sysmon thread starts all others, so that a busy event loop on the main thread holds nothing up (a nested Worker
 * starts although its parent blocks right after making it). On Deno a nested Worker takes half a second to start, so there
 * the main thread starts them all.
 *
 * A thread may die only where it runs JavaScript, which its mark tells (see `assembly/runtime/js/jsgo.ts`): then its goroutines
 * fail and all else goes on. One that dies in the core may have held its locks, so that is the end of the program.
 */
import type { MessagePort, Worker } from "node:worker_threads";
import { ProgramState, ThreadMark } from "../abi/enums.js";
import { type Control, Report } from "../base/control.js";
import { isShortage } from "../base/errors.js";
import { EXIT_SHORTAGE } from "../base/exitcodes.js";
import type { Core } from "../abi/core.js";
import type { ThreadData } from "../program/instance.js";
import type { Memory } from "../base/memory.js";
import { within } from "../base/timers.js";
import { takeText, writeText } from "../program/notes.js";
import { loaded } from "../sockets/loading.js";
import { isFree } from "../sockets/pausing.js";
import { boot, mainStartsThreads, type Booting } from "./boot.js";
import type { MData } from "./mthread.js";

/** Whether a thread has not begun for want of descriptors or memory, in a program that others run already. */
export function isShort(control: Control, code: number, failure: unknown): boolean {
  return control.hasBegun && (code === EXIT_SHORTAGE || isShortage(failure));
}

/** What the sysmon thread asks of the main thread: to start the thread of an M, or to kill one that it has started. */
export interface ThreadRequest {
  readonly start?: number;
  readonly kill?: number;
}

/** Descriptors that a thread takes as it begins: some ten. Deno panics where there are none. */
const THREAD_FILES = 16;

/** How long after a thread could not be started another may be asked for, in milliseconds. */
export const RETRY_MS = 200;

/** How long a thread that was killed may take to be gone, in milliseconds. */
const KILL_MS = 1000;

interface MThread {
  readonly worker: Worker;
  /** Resolves when it has ended and its goroutines have failed. */
  readonly gone: Promise<void>;
}

export class Threads {
  private readonly data: ThreadData;
  private readonly control: Control;
  private readonly core: Core;
  private readonly memory: Memory;
  private readonly connect: (mid: number) => MessagePort;
  private readonly threads = new Map<number, MThread>();
  private readonly all = new Set<Worker>();

  /** @param connect gives an M's port to the main thread, over which threads hand each other what memory cannot hold */
  constructor(data: ThreadData, control: Control, core: Core, memory: Memory, connect: (mid: number) => MessagePort) {
    this.connect = connect;
    this.data = data;
    this.control = control;
    this.core = core;
    this.memory = memory;
  }

  /** Starts the thread of an M, or makes one that is booting that M's; undefined if the system has no thread to give. */
  start(mid: number, booting?: Booting): Worker | undefined {
    if (mainStartsThreads && this.control.hasBegun && !isFree(THREAD_FILES)) {
      this.notStarted(mid);
      return undefined;
    }
    const port = this.connect(mid);
    const data: MData = { ...this.data, mid, port };
    let booted = booting;
    booting?.worker.postMessage(data, [port]);
    try {
      booted ??= boot(mid, this.data.worker, data);
    } catch (error) {
      if (!isShort(this.control, 0, error)) throw error;
      this.notStarted(mid);
      return undefined;
    }
    const { worker, end } = booted;
    this.all.add(worker);
    const gone = end.then(({ code, failure }) => {
      this.all.delete(worker);
      if (this.threads.get(mid)?.worker === worker) this.threads.delete(mid);
      this.exited(mid, code, failure);
    });
    this.threads.set(mid, { worker, gone });
    return worker;
  }

  /** Ends the thread of an M that is doomed; false if this thread has not started it. Resolves when it is gone. */
  async kill(mid: number): Promise<boolean> {
    const thread = this.threads.get(mid);
    if (thread === undefined) return false;
    void thread.worker.terminate();
    await within(KILL_MS, thread.gone);
    return true;
  }

  /** Ends the threads that are still there, whatever they are doing. On Deno one that computes goes on until it looks. */
  async terminate(): Promise<void> {
    await loaded();
    await Promise.all([...this.all].map((worker) => worker.terminate()));
  }

  private exited(mid: number, code: number, failure: Error | undefined): void {
    if (this.control.state !== ProgramState.Running) return;
    const { mark, lastWords } = this.memory.m(mid);
    if (mark === ThreadMark.Core) {
      if (isShort(this.control, code, failure)) return this.notStarted(mid);
      if (failure !== undefined) this.control.report(Report.Failure, `thread M${mid} died: ${failure.message}`);
      else if (code !== 0) this.control.report(Report.Failure, `thread M${mid} ended with code ${code}`);
      return;
    }
    let why = failure?.message ?? `it ended with code ${code}`;
    if (mark === ThreadMark.Doomed && lastWords !== 0) why = takeText(this.core, this.memory, lastWords);
    this.lost(mid, why);
  }

  /** A thread could not be started: the others do without it, and the scheduler asks for another when it needs one. */
  private notStarted(mid: number): void {
    const lose = (): void => {
      if (this.control.state === ProgramState.Running) this.lost(mid, "it could not be started");
    };
    // Elsewhere it is sysmon that asks, and hears of this once a second.
    if (mainStartsThreads) setTimeout(lose, RETRY_MS).unref();
    else lose();
  }

  private lost(mid: number, why: string): void {
    const text = writeText(this.core, this.memory, why);
    this.core.mlost(mid, text);
    this.core.mfree(text);
  }
}
