/**
 * The thread of an M: runs `mstart` until the runtime closes, and deals with what is thrown out of it.
 *
 * Guarantees: whatever happens here, the main thread learns of it through a note or the control block; the thread ends
 * when the program does.
 */
import { workerData } from "node:worker_threads";
import { STATE_CLOSING, STATE_RUNNING, TEXT_BYTES } from "../assembly/layout.js";
import { EXIT_SIGPIPE } from "./exitcodes.js";
import { Control, Report, type PanicText } from "./control.js";
import { instantiate, StopThread, type Core, type Instance, type ThreadData } from "./instance.js";
import { BrokenPipe } from "./stdio.js";
import { panicMessage } from "./panics.js";

/** What the thread of an M is given. */
export interface MData extends ThreadData {
  /** The M's number, from 1. */
  readonly mid: number;
}

/** Frames of a panic's stack that are kept, innermost first; Go prints 100. */
const STACK_FRAMES = 100;

function runM(data: MData): void {
  Error.stackTraceLimit = STACK_FRAMES;
  const control = new Control(data.memory, data.control);
  let core: Core | undefined;
  try {
    const instance = instantiate(data, control);
    core = instance.core;
    for (;;) {
      try {
        while (core.mstart(data.mid) !== 0);
        return;
      } catch (thrown) {
        if (!recover(thrown, data, control, instance)) return;
      }
    }
  } catch (error) {
    const what = core === undefined ? "could not start" : "failed";
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    control.report(Report.Failure, `thread M${data.mid} ${what}: ${reason}`);
  }
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
  if (state !== STATE_RUNNING && state !== STATE_CLOSING) return false;
  const message = panicMessage(thrown);
  const goroutine = core.goid();
  if (message === undefined || goroutine === 0n) throw thrown;

  const frames = stacks.frames((thrown as Error).stack ?? "");
  const text: PanicText = { goroutine: String(goroutine), message, frames };
  if (data.panic === "exit") {
    if (core.begin_exit() !== 0) control.report(Report.Panic, JSON.stringify(text));
    return false;
  }
  const bytes = Buffer.from(JSON.stringify(text), "utf8");
  const address = core.alloc(TEXT_BYTES + bytes.byteLength) >>> 0;
  memory.data.setInt32(address, bytes.byteLength, true);
  memory.write(address + TEXT_BYTES, bytes);
  core.panicNote(address);
  core.discard();
  return true;
}

runM(workerData as MData);
