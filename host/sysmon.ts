/**
 * The sysmon thread: runs the core's monitor and starts the threads of Ms when it asks for them.
 *
 * Guarantees: ends when the runtime closes, after the Ms that it started; a failure here reaches the main thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Control, Report } from "./control.js";
import { instantiate, StopThread, type ThreadData } from "./instance.js";
import { mainStartsThreads, startM, terminateThreads, type StartRequest } from "./threads.js";

/** How long Ms may take to return from `mstart` after the runtime was closed, in milliseconds. */
const GRACE_MS = 500;

async function runSysmon(data: ThreadData): Promise<void> {
  const control = new Control(data.memory, data.control);
  try {
    const { core } = instantiate(data, control);
    for (let mid: number; (mid = core.sysmon()) !== 0;) {
      if (mid < 0) {
        await eventLoopTurn();
      } else if (mainStartsThreads) {
        parentPort?.postMessage({ start: mid } satisfies StartRequest);
      } else {
        startM(data, mid);
      }
    }
  } catch (error) {
    if (!(error instanceof StopThread)) {
      control.report(Report.Failure, `the sysmon thread failed: ${(error as Error).stack ?? String(error)}`);
    }
  }
  // Ms that compute without looking at the state would keep this thread for ever.
  setTimeout(() => void terminateThreads(), GRACE_MS).unref();
}

/** Lets events of the threads started here, such as their deaths, be handled. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

void runSysmon(workerData as ThreadData);
