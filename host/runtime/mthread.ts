/**
 * The thread of an M: runs `mstart` until the runtime closes, takes turns of the event loop when the core says so, and deals with
 * what is thrown out of it.
 *
 * Guarantees: whatever happens here, the main thread learns of it through a note or the control block; the thread ends
 * when the program does.
 */
import process from "node:process";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Mstart, NoteKind, ProgramState, ThreadMark } from "../abi/enums.js";
import { NoteHead } from "../abi/records.js";
import { isShortage } from "../base/errors.js";
import { EXIT_SHORTAGE, EXIT_SIGPIPE } from "../base/exitcodes.js";
import { Control, Report, writePanic } from "../base/control.js";
import { installHook } from "../go/current.js";
import { ThreadScope } from "../go/scope.js";
import { HostLoop } from "../go/hostloop.js";
import { Mark, sleepForEver } from "../go/mark.js";
import { Runner } from "../go/runner.js";
import { Thread } from "../go/thread.js";
import { netImportsFor } from "../sockets/forthread.js";
import type { Core } from "../abi/core.js";
import { instantiate, type FilesOf, type Instance, type ThreadData } from "../program/instance.js";
import { StopThread } from "../program/stops.js";
import { writeText } from "../program/notes.js";
import { isError, stackOf, wordsOf } from "../base/thrown.js";
import { BrokenPipe } from "../base/stdio.js";
import { threadNumber } from "../base/threadtime.js";
import { Spoke } from "../values/index.js";
import { panicMessage, thrownText } from "../program/panics.js";
import { writeAtOnce } from "../go/stdout.js";

/** What the thread of an M is given. */
export interface MData extends ThreadData {
  /** The M's number, from 1. */
  readonly mid: number;
  /** To the main thread, for what memory cannot hold. */
  readonly port: MessagePort;
}

/** Frames of a panic's stack that are kept, innermost first; Go prints 100. */
const STACK_FRAMES = 100;

async function runM(data: MData): Promise<void> {
  Error.stackTraceLimit = STACK_FRAMES;
  const { mid } = data;
  const control = new Control(data.memory, data.control);
  let core: Core | undefined;
  try {
    let hasRun = false;
    const send = (fd: number, bytes: Uint8Array): boolean => thread.starter.tellOutput(fd, bytes);
    const runJs = (record: number): number => {
      if (!hasRun) {
        hasRun = true;
        writeAtOnce(control, send);
        exitAsleep();
      }
      return runner.run(record);
    };
    const options = { runJs, send, files: await filesFor(data) };
    const instance = instantiate(data, control, await netImportsFor(data.module), options);
    core = instance.core;
    const { memory } = instance;
    const mark = new Mark(memory, mid);
    const loop = new HostLoop(memory, mid, mark);
    const thread = new Thread(mark.crossing(core), memory, mid, loop, data.clock);
    loop.attach(thread);
    thread.sync.carryWith(
      (counts) => new Spoke(thread.core, memory, counts, data.port, () => notifyMain(thread, NoteKind.Port)),
    );
    const panic = (error: unknown, goroutine: number): void => {
      const text = panicOf(error, goroutine);
      if (thread.core.beginExit()) control.report(Report.Panic, text);
    };
    const runner = new Runner(thread, mark, data.panic === "exit" ? panic : undefined);
    installHook({ scope: new ThreadScope(thread), context: () => runner.context() });
    watchEnd(instance, mid, mark, thread, runner);
    memory.m(mid).tid = threadNumber();
    core.beM(mid);
    control.begin();
    for (;;) {
      let code: number;
      try {
        code = core.mstart(mid);
      } catch (thrown) {
        if (!recover(thrown, data, control, instance)) break;
        continue;
      }
      if (code === Mstart.Again) continue;
      if (code === Mstart.End) break;
      await loop.turn(code);
      mark.leave();
    }
    loop.end();
    if (control.state === ProgramState.Running) thread.sync.holders.end();
    // What goroutines have left behind in this event loop must not keep the thread.
    if (hasRun) endThread();
  } catch (error) {
    if (core === undefined && control.hasBegun && isShortage(error)) process.exit(EXIT_SHORTAGE);
    const what = core === undefined ? "could not start" : "failed";
    const reason = stackOf(error) ?? wordsOf(error);
    control.report(Report.Failure, `thread M${mid} ${what}: ${reason}`);
  }
}

/** What C imports for files; programs that use none are spared to load it. */
async function filesFor({ module, preopens, mid }: MData): Promise<FilesOf | undefined> {
  if (!WebAssembly.Module.imports(module).some(({ name }) => name === "file")) return undefined;
  const { fileCalls } = await import("../program/files.js");
  return (memory) => fileCalls(memory, preopens ?? [], mid);
}

/**
 * Has the thread tell why it ends where JavaScript ends it: a goroutine, or an error or rejection that nobody caught. That fails the goroutines
 * that await here; where none does, the process's main thread hears, as it does of goroutines that fail and are watched by nobody.
 */
function watchEnd(instance: Instance, mid: number, mark: Mark, thread: Thread, runner: Runner): void {
  process.on("exit", (code) => {
    // Called from a goroutine: then the thread dies in JavaScript.
    if (mark.current !== ThreadMark.Core) dying(instance, mid, mark, `it called process.exit(${code})`);
  });
  const uncaught = (error: unknown): void => {
    if (process.listenerCount("uncaughtException") > 1) return; // a task's own handler has it
    const what = stackOf(error) ?? wordsOf(error);
    if (!runner.isPending) thread.starter.tellUnwatched(error);
    if (mark.current !== ThreadMark.Core) dying(instance, mid, mark, `an error that nobody caught: ${what}`);
    process.exit(1);
  };
  process.on("uncaughtException", uncaught);
  process.on("unhandledRejection", (error, promise) => {
    if (process.listenerCount("unhandledRejection") > 1) return; // a task's own handler has it
    const isGoroutine = Object.prototype.toString.call(promise) === "[object Goroutine]";
    if (isGoroutine || !runner.isPending) thread.starter.tellUnwatched(error);
    else if ("deno" in process.versions) uncaught(error);
    else unhandled(error);
  });
}

/** What Node does without a listener: what nobody handles is an uncaught exception, unless its flags say otherwise. */
function unhandled(error: unknown): void {
  const flags = [process.env["NODE_OPTIONS"], ...process.execArgv].join(" ");
  const mode = /--unhandled-rejections[= ]([\w-]+)/.exec(flags)?.[1];
  if (mode === undefined || mode === "throw") throw error;
  // Of the others only this one takes a listener to have dealt with it.
  if (mode === "warn-with-error-code") {
    process.emitWarning(stackOf(error) ?? wordsOf(error), "UnhandledPromiseRejectionWarning");
  }
}

/**
 * Ends this thread with its turn of the event loop. Not by `process.exit` on Deno: a thread that its maker has ended meanwhile
 * would turn in there for ever.
 */
function endThread(): void {
  if ("deno" in process.versions) (globalThis as unknown as { close(): void }).close();
  else process.exit(0);
}

/** Has a goroutine that calls `process.exit` in a thread of Deno's which has been ended already sleep there, not turn. */
function exitAsleep(): void {
  if (!("deno" in process.versions)) return;
  const exiting = process as unknown as { reallyExit: (code: number) => void };
  const { reallyExit } = exiting;
  exiting.reallyExit = (code) => {
    reallyExit(code);
    sleepForEver();
  };
}

/** Puts a note of a kind that says all into the main thread's mailbox. */
function notifyMain({ core, memory }: Thread, kind: number): void {
  const note = core.malloc(NoteHead.SIZE);
  memory.note(note).kind = kind;
  core.postOwned(0, memory.m(0).gen, note);
}

/** Tells who looks after this thread that it is about to end, and why. */
function dying({ core, memory }: Instance, mid: number, mark: Mark, why: string): void {
  // In the event loop it may be anybody's doing, also that of a module that is being loaded.
  core.killM(mid, mark.current, writeText(core, memory, why), mark.current !== ThreadMark.Turn, 0);
}

/** Handles what came out of `mstart`; true if this M goes on. Throws what it does not know. */
function recover(thrown: unknown, data: MData, control: Control, { core, memory, stacks }: Instance): boolean {
  if (thrown instanceof StopThread) return false;
  if (thrown instanceof BrokenPipe) {
    // As SIGPIPE would: the reader has gone, so nobody misses the rest.
    if (control.beginExit()) control.finishExit(EXIT_SIGPIPE);
    return false;
  }
  const state = control.state;
  if (state !== ProgramState.Running && state !== ProgramState.Closing) return false;
  const message = panicMessage(thrown);
  const goroutine = core.currentGoid();
  if (message === undefined || goroutine === 0n) throw thrown;

  if (core.panicLater(writeText(core, memory, thrownText(thrown)!))) return true;
  const frames = stacks.frames(stackOf(thrown) ?? "");
  const text = writePanic(message, goroutine, core.currentCreator(), frames);
  if (data.panic === "exit") {
    if (core.beginExit()) control.report(Report.Panic, text);
    return false;
  }
  core.panicNote(writeText(core, memory, text));
  core.discard();
  return true;
}

/** An error that a JavaScript function has thrown, as a panic. */
function panicOf(error: unknown, goroutine: number): string {
  const lines = (isError(error) ? (stackOf(error) ?? "") : "").split("\n").filter((line) => /^\s+at /.test(line));
  const frames = lines.map((line) => {
    const [, name, place] = /^\s+at (?:async )?(?:([^(]+) \()?(.*?)\)?$/.exec(line) ?? [];
    // Where a function that was sent as its source was compiled is of no interest.
    return { name: name === "eval" ? "function" : (name ?? "function"), location: place?.replace(/^eval at .*, /, "") };
  });
  return writePanic(wordsOf(error), BigInt(goroutine), 0n, frames);
}

/** What this thread is to be; one that was started before that was known is told in a message. */
async function given(): Promise<MData> {
  const data = workerData as MData | null | undefined;
  if (data) return data;
  const port = parentPort!;
  const here: { message: unknown } | undefined = receiveMessageOnPort(port);
  if (here !== undefined) return here.message as MData;
  return new Promise((resolve) => port.once("message", resolve));
}

void given().then(runM);
