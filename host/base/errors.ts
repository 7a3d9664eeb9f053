/**
 * The errors that Skein gives to its users. Each names its cause in one line; none carries a stack of Skein's own code
 * where the program's stack is what matters.
 */

/** A mistake in how Skein was called: a bad option, a file that is no program, an export that does not exist. */
export class SkeinError extends Error {
  override name = "SkeinError";
}

/** Whether something failed since the system has no more descriptors, threads or memory to give, for now. */
export function isShortage(error: unknown): boolean {
  const { code = "", message = "" } = Object(error) as { code?: unknown; message?: unknown };
  return SHORTAGES.test(String(code)) || /\bE[MN]FILE\b|too many open files/i.test(String(message));
}

const SHORTAGES = /^(?:EMFILE|ENFILE|EAGAIN|ENOMEM|ERR_WORKER_INIT_FAILED)$/;

/** A program that does not compile. `message` is the whole text for the user. */
export class CompileError extends SkeinError {
  override name = "CompileError";
}

/** The thread of a goroutine died under it: the goroutine called process.exit, ran out of memory, or was stopped. */
export class WorkerError extends Error {
  override name = "WorkerError";
  /** The number of the M whose thread died. */
  readonly mid: number;

  constructor(mid: number, why: string) {
    super(`the thread of M${mid} died: ${why}`);
    this.mid = mid;
  }
}

/** One function on a goroutine's stack. */
export interface StackFrame {
  /** The function's name as its source spells it. */
  readonly name: string;
  /** `file:line:column` in the program's source, if the build kept it. */
  readonly location?: string | undefined;
}

/** A goroutine panicked: it threw an error, or trapped, and nothing contained it. */
export class GoPanic extends Error {
  override name = "GoPanic";
  /** The goroutine's number. */
  readonly goroutine: bigint;
  /** The goroutine's stack, innermost function first, without the runtime's own functions. */
  readonly frames: readonly StackFrame[];
  /** The number of the goroutine that started it; 0 if none did. */
  readonly creator: bigint;

  constructor(message: string, goroutine: bigint, frames: readonly StackFrame[], creator = 0n) {
    super(message);
    this.goroutine = goroutine;
    this.frames = frames;
    this.creator = creator;
    this.stack = `GoPanic: ${message}\n\n${formatStack(goroutine, frames, creator)}`;
  }

  /** What Go prints when a panic ends a program: the message, a blank line and the goroutine's stack. */
  get report(): string {
    return `panic: ${this.message}\n\n${formatStack(this.goroutine, this.frames, this.creator)}\n`;
  }
}

/** The program can never go on, or has hit a limit. `message` is the first line, `report` the whole text. */
export class FatalError extends Error {
  override name = "FatalError";
  /** The whole text, beginning with `fatal error: `. */
  readonly report: string;

  constructor(report: string) {
    super(report.split("\n", 1)[0]);
    this.report = report.endsWith("\n") ? report : report + "\n";
    Object.defineProperty(this, "report", { enumerable: false }); // the stack has it
    this.stack = `${this.constructor.name}: ${report}`;
  }
}

/** No goroutine can ever run again. `report` lists the goroutines and what each waits for. */
export class DeadlockError extends FatalError {
  override name = "DeadlockError";
}

/** The program called `exit` while calls were still running. */
export class ExitError extends Error {
  override name = "ExitError";
  /** The code that the program gave, 0 to 255. */
  readonly code: number;

  constructor(code: number) {
    super(`the program called exit(${code})`);
    this.code = code;
  }
}

/** Makes the error that a fatal error's text stands for. */
export function fatalError(report: string): FatalError {
  return report.includes("deadlock!") ? new DeadlockError(report) : new FatalError(report);
}

/** Stacks of more frames than this, overflown ones mostly, are cut to fit a screen. */
const MOST_FRAMES = 20;
const FRAMES_WHEN_CUT = 9;

/** A running goroutine's stack as Go prints it. */
export function formatStack(goroutine: bigint, frames: readonly StackFrame[], creator = 0n): string {
  const created = creator === 0n ? "" : `created in goroutine ${creator}\n`;
  return `goroutine ${goroutine} [running]:\n${formatFrames(frames)}${created}`.trimEnd();
}

/** The frames of a stack as Go prints them, each line with its end. */
export function formatFrames(frames: readonly StackFrame[]): string {
  const isCut = frames.length > MOST_FRAMES;
  const shown = isCut ? frames.slice(0, FRAMES_WHEN_CUT) : frames;
  const lines = shown.map(({ name, location }) => `${name}(...)\n\t${location ?? "?"}\n`);
  return lines.join("") + (isCut ? "...additional frames elided...\n" : "");
}
