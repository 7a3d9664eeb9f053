/**
 * `start`: from options to a running scheduler.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { MAX_THREADS } from "../../assembly/layout.js";
import { debugSettings } from "../base/debug.js";
import { type FatalError, GoPanic, SkeinError } from "../base/errors.js";
import { EXIT_PANIC } from "../base/exitcodes.js";
import { checkArgs, checkOptions, optionOf, shown, type Names } from "../base/options.js";
import { writeFully } from "../base/stdio.js";
import { checkMemory, checkProcs, defaultProcs } from "./procs.js";
import { checkWish, type PollerWish } from "../sockets/pollerwish.js";
import type { RuntimeOptions } from "./machine.js";
import type { Runtime } from "./runtime.js";
import type { ThreadOptions } from "../program/threadoptions.js";
import { boot, mainStartsThreads, threadFile } from "./boot.js";

/** Options of `start`. */
export interface StartOptions {
  /**
   * The program: a URL or path of a compiled `.wasm`, of a `.ts` file to compile (cached by content), or the bytes of
   * a compiled one. Default: none; the runtime runs JavaScript goroutines only.
   */
  readonly program?: string | URL | Uint8Array | undefined;
  /** gomaxprocs: how many goroutines run at once. Default: SKEIN_MAXPROCS, GOMAXPROCS, or the CPUs this process may use. */
  readonly procs?: number | undefined;
  /** The limit on threads, as in Go: to need more ends the program. Default 10000. */
  readonly maxThreads?: number | undefined;
  /**
   * How many threads may be made for goroutines, at least `procs`. Where each of them is in a function that blocks or
   * computes, what else is to run waits; if they wait for that, they wait for ever. Default: as many as it takes.
   */
  readonly threads?: number | undefined;
  /**
   * What a panic that nothing contains ends: `"isolate"`, the default, its goroutine, and the `run` or `call` that waits
   * for it rejects; `"exit"` the process, with the panic on standard error and exit code 2, as in Go.
   */
  readonly panic?: "isolate" | "exit" | undefined;
  /**
   * `"gmp"`, the default; or `"gm"`, one global queue under one lock and none of each P's own, to see what those are for.
   */
  readonly sched?: "gmp" | "gm" | undefined;
  /**
   * What goroutines' sockets are made of: `"epoll"`, system calls (Linux, and a way to make them: koffi, or Deno's
   * --allow-ffi); `"stdlib"`, the runtime's own sockets; `"auto"`, the default, epoll where it can be had. `stats().poller`
   * says which it is, and why.
   */
  readonly poller?: PollerWish | undefined;
  /** Bytes that the program's heap may take, at least 4 MiB. Default: the 4 GiB of the address space. */
  readonly maxMemory?: number | undefined;
  /**
   * How the threads are made, in the terms of `new Worker`. A goroutine that exceeds `resourceLimits` fails, with its thread. Default:
   * as Node or Deno make them.
   */
  readonly worker?: ThreadOptions | undefined;
  /** What the program's `args()` returns. Default: nothing. */
  readonly args?: readonly string[] | undefined;
  /** What the program's `env()` looks into. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Told of a panic that no `run` or `call` waits for (a goroutine that outlived the call that started it). Default: it
   * is printed on standard error.
   */
  readonly onPanic?: ((panic: GoPanic) => void) | undefined;
}

/** The default of `maxThreads`, as in Go. */
export const DEFAULT_MAX_THREADS = 10000;

/**
 * Starts a program's scheduler. Nothing of the program runs before `run` or `call`.
 *
 * @throws SkeinError if an option is wrong, the program cannot be read, compiled or is none
 */
export async function start(options: StartOptions = {}): Promise<Runtime> {
  const settings = settingsOf(options);
  const first = mainStartsThreads ? undefined : boot(1, settings.worker);
  first?.worker.unref();
  try {
    // Read while that thread comes up.
    const { launch } = await import("./launch.js");
    return await launch(optionOf(options, "program"), { ...settings, first, findsDeadlocks: true });
  } catch (error) {
    void first?.worker.terminate();
    throw error;
  }
}

/** @internal The options of `start` as a runtime takes them, checked. */
export function settingsOf(given: StartOptions): RuntimeOptions {
  const options = checkStart(given);
  const panic = options.panic ?? "isolate";
  if (panic !== "isolate" && panic !== "exit") {
    throw new SkeinError(`panic must be "isolate" or "exit", not ${JSON.stringify(panic)}`);
  }
  const sched = options.sched ?? "gmp";
  if (sched !== "gmp" && sched !== "gm")
    throw new SkeinError(`sched must be "gmp" or "gm", not ${JSON.stringify(sched)}`);
  const procs = options.procs === undefined ? defaultProcs() : checkProcs(options.procs, shown(options.procs));
  const maxThreads = options.maxThreads ?? DEFAULT_MAX_THREADS;
  if (!Number.isInteger(maxThreads) || maxThreads < 1 || maxThreads > MAX_THREADS - 1) {
    throw new SkeinError(`maxThreads must be a whole number from 1 to ${MAX_THREADS - 1}, not ${shown(maxThreads)}`);
  }
  const { threads, maxMemory } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= procs)) {
    throw new SkeinError(`threads must be a whole number, at least procs (${procs}), not ${shown(threads)}`);
  }
  if (maxMemory !== undefined) checkMemory(maxMemory, shown(maxMemory));
  const poller = checkWish(options.poller ?? "auto");
  // As the library's code says, which a bundler may have moved away from its other files.
  if (!existsSync(threadFile("mthread"))) {
    throw new SkeinError(
      "skein was bundled without the files of its threads: leave it out of the bundle " +
        '(esbuild: --external:skein; Rollup, Vite: external: ["skein"]; webpack: externals: { skein: "commonjs skein" }, or "module skein" in an ES module)',
    );
  }
  return {
    procs,
    maxThreads,
    threads,
    maxMemory,
    panic,
    sched,
    poller,
    solo: false,
    worker: options.worker && checkOptions<ThreadOptions>("worker", options.worker, WORKER_OPTIONS),
    args: options.args ?? [],
    env: options.env,
    dumpsOnQuit: true,
    title: debugSettings().top > 0 ? (process.argv[1] ?? "a program") : undefined,
    onPanic: (error) => {
      if (panic === "exit") endProcess(error);
      else if (options.onPanic !== undefined && error instanceof GoPanic) options.onPanic(error);
      else writeFully(2, Buffer.from(reportOf(error)));
    },
  };
}

const OPTIONS: Names<StartOptions> = {
  program: true,
  procs: true,
  maxThreads: true,
  threads: true,
  panic: true,
  sched: true,
  poller: true,
  maxMemory: true,
  worker: true,
  args: true,
  env: true,
  onPanic: true,
};
const WORKER_OPTIONS: Names<ThreadOptions> = {
  argv: true,
  env: true,
  execArgv: true,
  resourceLimits: true,
  trackUnmanagedFds: true,
};

/** Checks what nothing else looks at before a thread has it; the options to use. */
function checkStart(given: StartOptions): StartOptions {
  const options = checkOptions<StartOptions>("start", given, OPTIONS);
  const { args, env, onPanic } = options;
  if (args !== undefined) checkArgs(args);
  if (env !== undefined && (typeof env !== "object" || env === null)) {
    throw new SkeinError(`env must be an object of texts, not ${shown(env)}`);
  }
  for (const [name, value] of Object.entries(env ?? {})) {
    if (typeof value !== "string") throw new SkeinError(`env.${name} must be a text, not ${shown(value)}`);
  }
  if (onPanic !== undefined && typeof onPanic !== "function") {
    throw new SkeinError(`onPanic must be a function, not ${shown(onPanic)}`);
  }
  return options;
}

/** What goes to standard error about the end of a program. */
export function reportOf(error: GoPanic | FatalError | SkeinError): string {
  return "report" in error ? error.report : `skein: ${error.message}\n`;
}

function endProcess(error: GoPanic | FatalError | SkeinError): never {
  writeFully(2, Buffer.from(reportOf(error)));
  process.exit(EXIT_PANIC);
}
