/**
 * `skein bench`: every benchmark against the peers that are installed, side by side.
 *
 * Exit code 0 when all that could run ran, whether or not it reached its target; 1 for a wrong command line or a program
 * that failed; 130, 143 and 141 when interrupted or when nobody reads on. No child outlives it.
 */
import { access, constants, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { CommanderError } from "commander";
import { BrokenPipe, writeFully } from "../base/stdio.js";
import { numCPU } from "../runtime/procs.js";
import { implementations } from "./implementations/index.js";
import type { Measurement } from "./measurement.js";
import { benchParser, readOptions, type Options, type Print } from "./options.js";
import { json } from "./report/json.js";
import { list } from "./report/list.js";
import { page } from "./report/page.js";
import { table } from "./report/table.js";
import { runPlan } from "./rounds.js";
import { suite } from "./suite.js";

const standard: Print = {
  out: (text) => writeFully(1, Buffer.from(text)),
  err: (text) => writeFully(2, Buffer.from(text)),
};

/** Runs `skein bench` with the arguments after its name; returns the exit code. */
export async function benchCommand(argv: string[], print: Print = standard): Promise<number> {
  const interrupted = interruptible();
  try {
    const options = readOptions(argv, suite, implementations, benchParser(print));
    if (options.list) {
      print.out(list(options.benchmarks, options.implementations));
      return 0;
    }
    return await measure(options, interrupted.signal, print);
  } catch (error) {
    // Commander has already printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof Interrupt) return error.exitCode;
    if (error instanceof BrokenPipe) return exitCodeOf("SIGPIPE");
    throw error;
  } finally {
    interrupted.restore();
  }
}

async function measure(options: Options, stop: AbortSignal, print: Print): Promise<number> {
  const refused = await unwritable([options.json, options.html]);
  if (refused !== undefined) {
    print.err(`skein: ${refused}\n`);
    return 1;
  }
  const cores = numCPU();
  let measurements: Measurement[];
  try {
    measurements = await runPlan({ ...options, cores }, stop, progressLine);
  } finally {
    progressLine("");
  }
  await report(measurements, options, cores, print);
  return measurements.some(({ outcome }) => outcome.kind === "failed") ? 1 : 0;
}

async function report(
  measurements: readonly Measurement[],
  options: Options,
  cores: number,
  print: Print,
): Promise<void> {
  const text = table(measurements, cores);
  if (options.json === "-") {
    print.out(json(measurements));
    print.err(text);
  } else {
    print.out(text);
    if (options.json !== undefined) await writeFile(options.json, json(measurements));
  }
  if (options.html !== undefined) {
    const processor = os.cpus()[0]?.model.trim() ?? os.arch();
    const machine = { processor, system: `${os.type()} ${os.release()}`, cores };
    await writeFile(options.html, page(measurements, machine, new Date()));
  }
}

/** What is wrong with the files to write, before minutes are spent on what goes into them. */
async function unwritable(files: readonly (string | undefined)[]): Promise<string | undefined> {
  for (const file of files) {
    if (file === undefined || file === "-") continue;
    try {
      await access(path.dirname(file), constants.W_OK);
    } catch (error) {
      return `cannot write ${file}: ${(error as Error).message}`;
    }
  }
  return undefined;
}

/** The line at the bottom of a terminal that says what runs now; not for files, which would keep all of them. */
function progressLine(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

class Interrupt extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCodeOf(signal);
  }
}

/** What a shell reports of a process that the signal ended. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + os.constants.signals[signal];
}

/** A signal that aborts when the user or the system ends the bench, so that the child running now is ended first. */
function interruptible(): { signal: AbortSignal; restore: () => void } {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => controller.abort(new Interrupt(signal));
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    restore: () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal),
  };
}
