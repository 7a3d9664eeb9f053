/** The command line of `skein bench`, read and checked: what comes out can be run. */
import { Command, InvalidArgumentError } from "commander";
import { isNamed, type Benchmark } from "./benchmark.js";
import type { Implementation } from "./implementations/implementation.js";

/** Where a command's text goes. */
export interface Print {
  out(text: string): void;
  err(text: string): void;
}

export interface Options {
  readonly benchmarks: readonly Benchmark[];
  readonly implementations: readonly Implementation[];
  readonly runs: number;
  readonly quick: boolean;
  /** Where the JSON goes: a file, or `-` for standard output. */
  readonly json?: string;
  /** Where the HTML page goes. */
  readonly html?: string;
  readonly list: boolean;
}

/** Processes for each benchmark and implementation: enough that a median means something. */
const RUNS = 5;
const QUICK_RUNS = 2;

interface Flags {
  impl?: string;
  runs?: number;
  quick: boolean;
  json?: string;
  html?: string;
  list: boolean;
  remote: boolean;
}

/** The parser of `skein bench`, which prints through `print` and throws a CommanderError instead of ending the process. */
export function benchParser(print: Print): Command {
  return new Command("skein bench")
    .description("Measure Skein against its peers, side by side.")
    .argument("[name...]", "benchmarks to run (default: all)")
    .option("--impl <names>", "implementations to run, separated by commas (default: all)")
    .option(
      "--runs <n>",
      `processes for each benchmark and implementation (default: ${RUNS}; ${QUICK_RUNS} if --quick)`,
      count,
    )
    .option("--quick", "small sizes and few runs, some two minutes in all", false)
    .option("--json <out>", "write the measurements to a file, or to standard output if -")
    .option("--html <out>", "write a page with charts")
    .option("--remote", "those of calls between processes, the family remote: they start servers", false)
    .option("--list", "list the benchmarks and the implementations", false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => print.out(text),
      writeErr: (text) => print.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, "skein: ")),
    });
}

/** Reads a command line. Names that are not known end in an error that lists those that are. */
export function readOptions(
  argv: readonly string[],
  suite: readonly Benchmark[],
  implementations: readonly Implementation[],
  parser: Command,
): Options {
  parser.parse([...argv], { from: "user" });
  const flags = parser.opts<Flags>();
  try {
    const names = flags.impl?.split(",").map((name) => name.trim()) ?? [];
    const options = {
      benchmarks: named("benchmark", [...parser.args, ...(flags.remote ? ["remote"] : [])], suite, isNamed),
      implementations: named("implementation", names, implementations, (thing, name) => thing.name === name),
    };
    checkComparable(options);
    return {
      ...options,
      runs: flags.runs ?? (flags.quick ? QUICK_RUNS : RUNS),
      quick: flags.quick,
      list: flags.list,
      ...(flags.json !== undefined && { json: flags.json }),
      ...(flags.html !== undefined && { html: flags.html }),
    };
  } catch (error) {
    return parser.error(`error: ${(error as Error).message}`);
  }
}

/** The things that these names stand for, in the table's order, each once; all of them if no name is given. */
function named<T extends { readonly name: string }>(
  kind: string,
  names: readonly string[],
  known: readonly T[],
  isNamed: (thing: T, name: string) => boolean,
): T[] {
  const unknown = names.find((name) => !known.some((thing) => isNamed(thing, name)));
  if (unknown !== undefined) {
    const list = [...new Set(known.map((thing) => thing.name))].join(", ");
    throw new RangeError(`no ${kind} is called '${unknown}'; there are ${list}`);
  }
  return names.length === 0 ? [...known] : known.filter((thing) => names.some((name) => isNamed(thing, name)));
}

/** Refuses a choice of which nothing is left to run. */
function checkComparable({ benchmarks, implementations }: Pick<Options, "benchmarks" | "implementations">): void {
  const chosen = implementations.map(({ name }) => name);
  if (benchmarks.some((benchmark) => benchmark.implementations.some((name) => chosen.includes(name)))) return;
  const compared = [...new Set(benchmarks.flatMap((benchmark) => benchmark.implementations))].join(", ");
  throw new RangeError(`the benchmarks chosen compare ${compared}`);
}

function count(text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n) || n < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return n;
}
