/** Making a thread for an M: all that there is to do before anything of the program or the core is at hand. */
import process from "node:process";
import { Worker } from "node:worker_threads";
import { SCRATCH_PAGES } from "../../assembly/layout.js";
import { ownOptions } from "../base/options.js";
import { PAGE } from "../base/pages.js";
import type { ThreadOptions } from "../program/threadoptions.js";
import { shareLoading } from "../sockets/loading.js";
import type { MData } from "./mthread.js";

/** Whether the main thread starts the threads of all Ms. */
export const mainStartsThreads = "deno" in process.versions;

/** The file of a thread: a CommonJS module, which Node is quicker to load. */
export function threadFile(name: "mthread" | "sysmon"): URL {
  return new URL(`./${name}.cjs`, import.meta.url);
}

/** How a thread has ended. */
interface End {
  readonly code: number;
  readonly failure: Error | undefined;
}

/** A thread for an M. */
export interface Booting {
  readonly worker: Worker;
  readonly end: Promise<End>;
}

/**
 * Starts a thread for an M; without `data` it waits until it is told which M it is. So the first one can come up while its
 * program is still being loaded: that takes longer than all else about a start.
 */
export function boot(mid: number, options: ThreadOptions | undefined, data?: MData): Booting {
  shareLoading();
  const worker = new Worker(
    threadFile("mthread"),
    ownOptions({
      ...(data !== undefined && { workerData: data, transferList: [data.port] }),
      ...threadFlags(),
      ...options,
      resourceLimits: { ...options?.resourceLimits, stackSizeMb: STACK_MB },
      name: `skein M${mid}`,
    }),
  );
  let failure: Error | undefined;
  worker.on("error", (error) => (failure = error));
  const end = new Promise<End>((resolve) => {
    worker.on("exit", (code) => resolve({ code, failure }));
  });
  return { worker, end };
}

/**
 * For threads that run next to no JavaScript but Skein's own, which allocates little: the system's calls, turns of the event loop. V8 would
 * let the place for new objects grow to 48 MB in each of them as time goes by, and give some of it back now and then; here it stays at the
 * least that there can be, 1 MB, of which V8 has three.
 */
export const LITTLE_JAVASCRIPT = { maxYoungGenerationSizeMb: 3 } as const;

/**
 * Megabytes of stack for an M's thread: ten thousands of calls. A goroutine's stack must fit the M's scratch buffer when it
 * parks, so there is no more of it than that. Deno has one megabyte for every thread, whatever is asked.
 */
const STACK_MB = Math.floor((SCRATCH_PAGES * PAGE) / 2 ** 20);

/**
 * Node's own flags for a thread: this one's. Where they say where the main script comes from, which Node refuses for a thread whose
 * script is a file, only those go along that change how modules load: Node refuses most that are the whole process's, too.
 */
export function threadFlags(): { execArgv?: string[] } {
  const flags = process.execArgv;
  if (!flags.some((flag) => MAIN_SCRIPT.test(flag))) return {};
  const takesNext = (flag = ""): boolean => MODULES.test(flag) && !flag.includes("=");
  return {
    execArgv: flags.filter((flag, i) => MODULES.test(flag) || (!flag.startsWith("-") && takesNext(flags[i - 1]))),
  };
}

const MAIN_SCRIPT = /^(?:--input-type|-[ep]+|--eval|--print)(?:=|$)/;
const MODULES = /^(?:--import|--require|-r|--(?:experimental-)?loader|--conditions|-C|--enable-source-maps)(?:=|$)/;
