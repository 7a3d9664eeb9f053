/** `skein build`: compiles a program to a file. */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import type { CompileStats } from "../compiler/index.js";
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { cOf, type CFlags } from "./csources.js";

/** Options of `skein build`, as the command line's parser leaves them. */
export interface BuildOptions extends CFlags {
  readonly output: string;
  readonly transform?: readonly string[];
  readonly stats?: true;
  /** False for --no-preempt. */
  readonly preempt: boolean;
}

/** Compiles the program in `file`; resolves with the exit code. */
export async function buildCommand(file: string, more: readonly string[], options: BuildOptions): Promise<number> {
  if (options.output.endsWith(".ts")) {
    throw new SkeinError(`cannot write ${options.output}: what a build gives is a .wasm, and a .ts may be a source`);
  }
  const { compile } = await import("../compiler/index.js");
  const { c, args } = cOf(file, more, options);
  if (args.length > 0)
    throw new SkeinError(`${args[0]!} is no C source: a build takes one entry file, and C beside it`);
  const { wasm, stats } = await compile(file, {
    noPreempt: !options.preempt,
    c,
    transforms: options.transform,
    onCompile: () => tellOfCompiling(file),
  });
  showWarnings(stats);
  try {
    await writeFile(options.output, wasm);
  } catch (cause) {
    throw new SkeinError(`cannot write ${options.output}: ${(cause as Error).message}`, { cause });
  }
  if (options.stats) writeFully(2, Buffer.from(statsText(stats)));
  return 0;
}

/** Says on a terminal why nothing happens for some seconds. */
export function tellOfCompiling(file: string): void {
  if (process.stderr.isTTY) writeFully(2, Buffer.from(`skein: compiling ${file} …\n`));
}

/** Prints what the compiler had to say about a program that compiles all the same. */
export function showWarnings(stats: CompileStats | undefined): void {
  for (const warning of stats?.warnings ?? []) writeFully(2, Buffer.from(warning.trimEnd() + "\n"));
}

function statsText(stats: CompileStats): string {
  const size = `${(stats.bytes / 1024).toFixed(1)} KiB`;
  if (stats.cached) return `${size}, from the cache in ${stats.total.toFixed(0)} ms\n`;
  const steps = (["parse", "compile", "optimize", "emit"] as const).map(
    (step) => `${step} ${stats[step].toFixed(0)} ms`,
  );
  return `${size} in ${stats.total.toFixed(0)} ms: ${steps.join(", ")}\n`;
}
