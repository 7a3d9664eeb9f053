/**
 * The control block: what the host's threads tell each other outside the program's memory, which may be beyond use
 * when there is something to tell.
 *
 * Guarantees: at most one report is ever made, the first; its text is complete once the main thread is woken. Making a
 * report takes no lock and calls no wasm, so it works after a trap in any place.
 */
import { ProgramState } from "../abi/enums.js";
import type { Sched } from "../abi/records.js";
import { GoPanic, type StackFrame } from "./errors.js";
import { Memory } from "./memory.js";

/** What a report is about. */
export const enum Report {
  None = 0,
  /** A goroutine panicked and panics end the program; the text is of `writePanic`. */
  Panic = 1,
  /** The core gave up; the text is what to print. */
  Fatal = 2,
  /** A thread of the host could not start or died; the text says why. */
  Failure = 3,
}

/** A panic as one thread writes it down and the main thread reads it: this in JSON, an end of line, and the message. */
interface PanicText {
  /** Decimal numbers of the goroutine and of the one that started it. */
  readonly goroutine: string;
  readonly creator: string;
  readonly frames: readonly StackFrame[];
}

/** Writes a panic down; `message` is without the word `panic`. */
export function writePanic(message: string, goroutine: bigint, creator: bigint, frames: readonly StackFrame[]): string {
  const text: PanicText = { goroutine: String(goroutine), creator: String(creator), frames };
  return `${JSON.stringify(text)}\n${message}`;
}

/** Reads what `writePanic` wrote, also where the end is missing. */
export function readPanic(text: string): GoPanic {
  const end = text.indexOf("\n");
  const { goroutine, creator, frames } = JSON.parse(text.slice(0, end)) as PanicText;
  return new GoPanic(text.slice(end + 1), BigInt(goroutine), frames, BigInt(creator));
}

/** Room for a report's text; longer ones are cut. */
const TEXT_BYTES = 256 * 1024;
const TEXT_OFFSET = 64;

const enum Word {
  /** Who makes the report: 0 nobody, 1 somebody. */
  Claimed = 0,
  /** A `Report`, written last. */
  Kind = 1,
  Length = 2,
  /** The program's arguments in its memory: address and bytes. */
  Args = 3,
  ArgsLength = 4,
  /** 1 while a thread of the program writes to a descriptor; the core admits one at a time. */
  Writing = 5,
  /** 1 once the main thread has been told to stop the program: nobody else begins to write. */
  Interrupted = 6,
  /** The error's number of a write to standard output that failed. */
  OutputErrno = 7,
  /** 1 once an M's thread has begun. */
  Begun = 8,
  /** Which of descriptors 1 and 2, as bits, the main thread is to write what goroutines print to. */
  Captured = 9,
}

/** One thread's handle on the control block. */
export class Control {
  readonly shared: SharedArrayBuffer;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly sched: Sched;
  private isInterrupter = false;

  /** `shared` as another thread made it, or undefined to make it. */
  constructor(memory: WebAssembly.Memory, shared = new SharedArrayBuffer(TEXT_OFFSET + TEXT_BYTES)) {
    this.shared = shared;
    this.words = new Int32Array(shared, 0, TEXT_OFFSET / 4);
    this.sched = new Memory(memory).sched;
  }

  /** One of `STATE_*`. */
  get state(): number {
    return this.sched.state;
  }

  get exitCode(): number {
    return this.sched.exitCode;
  }

  /** True once a thread is making a report. */
  get reported(): boolean {
    return Atomics.load(this.words, Word.Claimed) !== 0;
  }

  /** Takes the right to end a running program; false if it is ending already. */
  beginExit(): boolean {
    const { words, stateIndex } = this.sched;
    return (
      Atomics.compareExchange(words, stateIndex, ProgramState.Running, ProgramState.Exiting) === ProgramState.Running
    );
  }

  /** Ends the program that `beginExit` began to end. */
  finishExit(code: number): void {
    this.sched.exitCode = code;
    this.sched.state = ProgramState.Exited;
    this.wakeMain();
  }

  /** Makes the report, unless one was made before, and wakes the main thread. */
  report(kind: Report, text: string): void {
    if (Atomics.compareExchange(this.words, Word.Claimed, 0, 1) !== 0) return;
    const bytes = Buffer.from(text, "utf8").subarray(0, TEXT_BYTES);
    new Uint8Array(this.shared, TEXT_OFFSET).set(bytes);
    Atomics.store(this.words, Word.Length, bytes.byteLength);
    Atomics.store(this.words, Word.Kind, kind);
    this.wakeMain();
  }

  /** The report, once it is complete. */
  read(): { kind: Report; text: string } | undefined {
    const kind = Atomics.load(this.words, Word.Kind) as Report;
    if (kind === Report.None) return undefined;
    const length = Atomics.load(this.words, Word.Length);
    const text = Buffer.from(new Uint8Array(this.shared, TEXT_OFFSET, length).slice()).toString("utf8");
    return { kind, text };
  }

  /** Announces a write to a descriptor; false if there must be none any more. */
  beginWrite(): boolean {
    if (this.isInterrupter) return true;
    // The order of these two, and of the two in `interrupt`, makes sure that one side sees the other.
    Atomics.store(this.words, Word.Writing, 1);
    if (Atomics.load(this.words, Word.Interrupted) === 0) return true;
    this.endWrite();
    return false;
  }

  endWrite(): void {
    Atomics.store(this.words, Word.Writing, 0);
    Atomics.notify(this.words, Word.Writing);
  }

  /**
   * Keeps all other threads from writing; false if one is writing still after `patienceMs`, to a pipe that is full, say.
   * Then it may hold a lock for ever.
   */
  interrupt(patienceMs: number): boolean {
    this.isInterrupter = true;
    Atomics.store(this.words, Word.Interrupted, 1);
    return Atomics.wait(this.words, Word.Writing, 1, patienceMs) !== "timed-out";
  }

  /** The thread of an M begins: what is missing from now on, others may do without. */
  begin(): void {
    Atomics.store(this.words, Word.Begun, 1);
  }

  get hasBegun(): boolean {
    return Atomics.load(this.words, Word.Begun) === 1;
  }

  /** Whether what goroutines print to a descriptor is for the main thread to write. */
  isCaptured(fd: number): boolean {
    return (Atomics.load(this.words, Word.Captured) & (1 << fd)) !== 0;
  }

  /** Says which descriptors that is true of: of descriptor n, bit n. */
  capture(fds: number): void {
    Atomics.store(this.words, Word.Captured, fds);
  }

  /** A thread's write to standard output has failed. */
  outputFailed(errno: number): void {
    Atomics.compareExchange(this.words, Word.OutputErrno, 0, errno);
  }

  /** The error's number of the first write to standard output that failed; 0 if none has. */
  get outputErrno(): number {
    return Atomics.load(this.words, Word.OutputErrno);
  }

  /** Makes the main thread look at its notes and at the report. */
  wakeMain(): void {
    const { words, mainWakeIndex } = this.sched;
    Atomics.add(words, mainWakeIndex, 1);
    Atomics.notify(words, mainWakeIndex);
  }

  /** A counter of `wakeMain` calls, to be read before looking. */
  get wakes(): number {
    return this.sched.mainWake;
  }

  /** Resolves when `wakes` has changed from `seen`; does not by itself keep the process alive. */
  async woken(seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.sched.words, this.sched.mainWakeIndex, seen);
    if (wait.async) await wait.value;
  }

  /** Where the program's arguments are; written by the main thread before it submits main. */
  get args(): { address: number; length: number } {
    return {
      address: Atomics.load(this.words, Word.Args) >>> 0,
      length: Atomics.load(this.words, Word.ArgsLength),
    };
  }

  setArgs(address: number, length: number): void {
    Atomics.store(this.words, Word.Args, address);
    Atomics.store(this.words, Word.ArgsLength, length);
  }
}
