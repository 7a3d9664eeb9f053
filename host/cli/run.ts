/**
 * `skein run`: builds a program unless it is cached, runs it, and gives its exit code.
 *
 * Guarantees: all that the program printed is out when this resolves; SIGINT and SIGTERM end the program at once, unless it watches for them.
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import process from "node:process";
import { isCSource } from "../c/names.js";
import { needsNoGuards, NO_GUARDS } from "../base/addressspace.js";
import { loadFile } from "../runtime/load.js";
import { type FatalError, type GoPanic, SkeinError } from "../base/errors.js";
import type { Preopen } from "../program/instance.js";
import { checkPoller } from "../sockets/poller.js";
import type { PollerWish } from "../sockets/pollerwish.js";
import { writeFully } from "../base/stdio.js";
import { defaultProcs } from "../runtime/procs.js";
import { shown } from "../runtime/quit.js";
import { Runtime } from "../runtime/runtime.js";
import { DEFAULT_MAX_THREADS, reportOf } from "../runtime/start.js";
import { LITTLE_JAVASCRIPT } from "../runtime/boot.js";
import { buildBeside } from "./beside.js";
import { showWarnings, tellOfCompiling } from "./build.js";
import { EXIT_PANIC, EXIT_SIGNALS } from "../base/exitcodes.js";
import { cOf, type CFlags } from "./csources.js";
import { delivered } from "./output.js";
import { respawn } from "./respawn.js";
import { statsTable } from "./stats.js";

/** Options of `skein run`, as the command line's parser leaves them. */
export interface RunOptions extends CFlags {
  readonly procs?: number;
  readonly maxMemory?: number;
  readonly stats?: true;
  /** False for --no-preempt. */
  readonly preempt: boolean;
  readonly sched: "gmp" | "gm";
  readonly poller: PollerWish;
  /** The file to write a trace to. */
  readonly trace?: string;
  /** Directories that the program is given, each as DIR or DIR=GUEST. */
  readonly dir?: readonly string[];
  /** Whether the program may run others. */
  readonly allowExec?: true;
  readonly quick?: true;
  readonly transform?: readonly string[];
}

/** Runs the program in `file` with `args`; resolves with the exit code. */
export async function runCommand(file: string, rest: readonly string[], options: RunOptions): Promise<number> {
  const procs = options.procs ?? defaultProcs();
  if (needsNoGuards(procs + 1)) return respawn(NO_GUARDS);
  if (options.transform && !file.endsWith(".ts") && !isCSource(file)) {
    throw new SkeinError(`${file} is compiled already: skein build takes the transforms`);
  }
  const { c, args } = cOf(file, rest, options);
  const preopens = (options.dir ?? []).map(preopenOf);
  const { program, stats, isQuick } = await loadFile(file, {
    noPreempt: !options.preempt,
    c,
    transforms: options.transform,
    soon: options.quick === true,
    onCompile: () => tellOfCompiling(file),
  });
  // C is compiled apart, and has its own cache.
  if (options.quick && isQuick && c === undefined) buildBeside(file, options).unref();
  showWarnings(stats);
  let ended: GoPanic | FatalError | SkeinError | undefined;
  const started = performance.now();
  const runtime = new Runtime(program, {
    procs,
    maxThreads: DEFAULT_MAX_THREADS,
    maxMemory: options.maxMemory,
    panic: "exit",
    sched: options.sched,
    poller: checkPoller(options.poller),
    solo: true,
    // Any thread may close what another has opened.
    worker: { resourceLimits: LITTLE_JAVASCRIPT, ...(preopens.length > 0 && { trackUnmanagedFds: false }) },
    preopens,
    allowsExec: options.allowExec,
    args,
    env: undefined,
    title: file,
    onPanic: (error) => {
      ended = error;
    },
  });
  for (const [signal, code] of Object.entries(EXIT_SIGNALS)) {
    if (signal === "SIGHUP" && ignoresHangup()) continue;
    process.on(signal, () => {
      if (runtime.signal(signal as keyof typeof EXIT_SIGNALS)) return;
      runtime.interrupt();
      process.exit(code);
    });
  }
  process.on("SIGQUIT", () => void quit(runtime));
  const trace = options.trace === undefined ? undefined : runtime.trace({ file: options.trace });
  let code: number;
  try {
    code = await runtime.run();
  } catch (error) {
    if (ended === undefined) throw error;
    writeFully(2, Buffer.from(reportOf(ended)));
    code = EXIT_PANIC;
  }
  const traced = trace?.stop();
  if (traced !== undefined && traced.lost > 0) {
    const { file, events, lost } = traced;
    writeFully(2, Buffer.from(`skein: ${file}: ${lost} of ${events + lost} events found no room and are missing\n`));
  }
  if (options.stats) writeFully(2, Buffer.from(statsTable(runtime.stats(), performance.now() - started)));
  return delivered(code, runtime.outputErrno);
}

/** The directory that `--dir` names: DIR, or DIR=GUEST with the program's name for it. */
function preopenOf(given: string): Preopen {
  const equals = given.indexOf("=");
  const folder = equals < 0 ? given : given.slice(0, equals);
  const guest = equals < 0 ? folder : given.slice(equals + 1);
  if (folder === "" || guest === "") throw new SkeinError(`--dir takes DIR or DIR=GUEST, not '${given}'`);
  try {
    const host = realpathSync(folder);
    if (statSync(host).isDirectory()) return { host, guest };
  } catch (cause) {
    throw new SkeinError(`--dir ${folder}: ${(cause as Error).message}`, { cause });
  }
  throw new SkeinError(`--dir ${folder}: this is no directory`);
}

/** Whether whoever started this process wants it to live on when its terminal goes, as nohup does. */
function ignoresHangup(): boolean {
  try {
    const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return ignored === undefined || (BigInt(`0x${ignored}`) & 1n) !== 0n;
  } catch {
    return true; // no way to know: the system's way of ending it, then
  }
}

/** As Go does on SIGQUIT: shows every goroutine, and ends the program with code 2. */
async function quit(runtime: Runtime): Promise<void> {
  writeFully(2, Buffer.from("SIGQUIT: quit\n"));
  await shown(runtime.dump());
  runtime.interrupt();
  process.exit(EXIT_PANIC);
}
