/**
 * The sysmon thread: runs the core's monitor, and starts and kills the threads of Ms when it asks for that.
 *
 * Guarantees: ends when the runtime closes, after the Ms that it started; a failure here reaches the main thread.
 */
import process from "node:process";
import { MessageChannel, type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { SysmonWish, WishShift } from "../abi/enums.js";
import { Control, Report } from "../base/control.js";
import { isShortage } from "../base/errors.js";
import { EXIT_SHORTAGE } from "../base/exitcodes.js";
import { type GiveBack, giverFor, netImportsFor } from "../sockets/forthread.js";
import { instantiate, type ThreadData } from "../program/instance.js";
import { StopThread } from "../program/stops.js";
import { stackOf, wordsOf } from "../base/thrown.js";
import type { Spare } from "../values/ports.js";
import { mainStartsThreads } from "./boot.js";
import { Threads, type ThreadRequest } from "./threads.js";

/** Of WebAssembly's memory. */
const PAGE_SIZE = 0x10000;
/** How long Ms may take to return from `mstart` after the runtime was closed, in milliseconds. */
const GRACE_MS = 500;

/** What the sysmon thread is given. */
export interface SysmonData extends ThreadData {
  /** Where the main thread hears of Ms' ports, and where more spare ones come from. */
  readonly ports: MessagePort;
  /** Ports for the Ms that are started here. */
  readonly spares: readonly Spare[];
}

async function runSysmon(data: SysmonData): Promise<void> {
  const control = new Control(data.memory, data.control);
  let threads: Threads | undefined;
  let giveBack: GiveBack | undefined;
  try {
    const { core, memory } = instantiate(data, control, await netImportsFor(data.module));
    const { ports, spares: first, ...threadData } = data;
    const spares = [...first];
    const connect = (mid: number): MessagePort => {
      for (let it; (it = receiveMessageOnPort(ports)) !== undefined;) spares.push(it.message as Spare);
      const spare = spares.shift();
      if (spare !== undefined) {
        ports.postMessage({ mid, spare: spare.number });
        return spare.port;
      }
      const { port1, port2 } = new MessageChannel();
      ports.postMessage({ mid, port: port1 }, [port1]);
      return port2;
    };
    threads = new Threads(threadData, control, core, memory, connect);
    for (let answer: number; (answer = core.sysmon()) !== SysmonWish.End;) {
      const mid = answer >>> WishShift.Number;
      const wish = answer & ((1 << WishShift.Number) - 1);
      if (wish === SysmonWish.Turn) await eventLoopTurn();
      else if (wish === SysmonWish.Release) {
        giveBack ??= await giverFor(data.memory);
        const page = (answer & ((1 << WishShift.Pages) - 1)) >>> WishShift.Number;
        core.released(giveBack(page * PAGE_SIZE, (answer >>> WishShift.Pages) * PAGE_SIZE));
      } else if (wish === SysmonWish.Kill) {
        if (!(await threads.kill(mid))) ask({ kill: mid });
      } else if (mainStartsThreads) ask({ start: mid });
      else threads.start(mid);
    }
  } catch (error) {
    if (threads === undefined && control.hasBegun && isShortage(error)) process.exit(EXIT_SHORTAGE);
    if (!(error instanceof StopThread)) {
      control.report(Report.Failure, `the sysmon thread failed: ${stackOf(error) ?? wordsOf(error)}`);
    }
  }
  // Ms that compute without looking at the state would keep this thread for ever.
  setTimeout(() => void threads?.terminate(), GRACE_MS).unref();
}

function ask(request: ThreadRequest): void {
  parentPort?.postMessage(request);
}

/** Lets events of the threads started here, such as their deaths, be handled. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

void runSysmon(workerData as SysmonData);
