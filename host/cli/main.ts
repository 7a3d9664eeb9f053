/**
 * The command `skein`.
 *
 * What it exits with is in `exitcodes.ts`.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { FatalError, SkeinError } from "../base/errors.js";
import { BrokenPipe, outputError, writeFully } from "../base/stdio.js";
import { checkMemory, checkProcs, parseMemory } from "../runtime/procs.js";
import { version } from "../base/version.js";
import { EXIT_PANIC, EXIT_REFUSED, EXIT_SIGPIPE } from "../base/exitcodes.js";
import { delivered } from "./output.js";
import type { Action, DeadLettersOptions } from "./deadletters.js";
import type { BuildOptions } from "./build.js";
import type { RunOptions } from "./run.js";
import type { TopOptions } from "./top.js";
import type { VetOptions } from "./vet.js";
import type { WorkerOptions } from "./worker.js";

/** Runs the command line `argv`, without the runtime's and the script's name; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // Benchmarks have options of their own; only they know them.
  if (argv[0] === "bench") {
    if (!existsSync(new URL("../../bench", import.meta.url))) {
      const where = "run `node bin/skein.js bench` in a checkout of the repository";
      writeFully(2, Buffer.from(`skein: the benchmarks are not in the package: ${where}\n`));
      return EXIT_REFUSED;
    }
    const { benchCommand } = await import("../bench/index.js");
    return benchCommand(argv.slice(1));
  }
  try {
    return await parse(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof BrokenPipe) return EXIT_SIGPIPE;
    if (error instanceof FatalError) {
      writeFully(2, Buffer.from(error.report));
      return EXIT_PANIC;
    }
    if (error instanceof SkeinError) {
      // A compile error is a text of its own that begins with the file and the line.
      const text = error.name === "CompileError" ? error.message : `skein: ${error.message}`;
      writeFully(2, Buffer.from(text.trimEnd() + "\n"));
      return EXIT_REFUSED;
    }
    throw error;
  }
}

async function parse(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command("skein")
    .description("Goroutines on every core from inside WebAssembly.")
    .version(version(), "-v, --version")
    .exitOverride()
    .showHelpAfterError("(skein --help shows what there is)")
    .configureOutput({
      writeOut: (text) => writeFully(1, Buffer.from(text)),
      writeErr: (text) => writeFully(2, Buffer.from(text)),
      outputError: (text, write) => write(text.replace(/^error: /, "skein: ")),
    });

  const end = (status: number): void => void (code = status);
  declareRun(program, end);
  declareDev(program, end, argv);
  declareBuild(program, end);
  declareVet(program, end);
  declareWatching(program);
  declareRemote(program, end);
  program
    .command("bench")
    .description("run the benchmarks against the peers that are installed (skein bench --help)")
    .allowUnknownOption()
    .helpOption(false);

  if (argv.length === 0) {
    program.outputHelp({ error: true });
    return EXIT_REFUSED;
  }
  await program.parseAsync([...argv], { from: "user" });
  return code;
}

/** `skein run`; `end` is told the program's exit code. */
function declareRun(program: Command, end: (status: number) => void): void {
  const command = program.command("run").description("build a program (cached) and run it");
  runOptions(command, "the program's entry: a .ts or .c file, or a .wasm that skein build wrote").action(
    async (file: string, args: string[], options: RunOptions) => {
      const { runCommand } = await import("./run.js");
      end(await runCommand(file, args, options));
    },
  );
}

/** `skein dev`, with the command line as it is; `end` is told the exit code. */
function declareDev(program: Command, end: (status: number) => void, argv: readonly string[]): void {
  const command = program.command("dev").description("run a program, and again whenever one of its files has changed");
  runOptions(command, "the program's entry, a .ts file").action(
    async (file: string, _args: string[], options: RunOptions) => {
      const { devCommand } = await import("./dev.js");
      end(await devCommand(file, argv.slice(argv.indexOf("dev") + 1), options));
    },
  );
}

/** What `run` and `dev` take. */
function runOptions(command: Command, file: string): Command {
  return command
    .argument("<file>", file)
    .argument("[args...]", "more C sources; and the program's arguments, after --")
    .addOption(new Option("--procs <n>", "how many goroutines run at once (default: the CPUs)").argParser(procsOption))
    .addOption(new Option("--max-memory <size>", "the limit of the heap, such as 512M or 2G").argParser(memoryOption))
    .option("--no-preempt", "compile without safepoints: a goroutine runs until it blocks")
    .addOption(
      new Option("--sched <scheduler>", "gmp, or gm: one global queue and no local ones, for comparison")
        .choices(["gmp", "gm"])
        .default("gmp"),
    )
    .addOption(
      new Option("--poller <poller>", "what sockets are made of: epoll, stdlib (the runtime's own), or what there is")
        .choices(["auto", "epoll", "stdlib"])
        .default("auto"),
    )
    .addOption(transformOption())
    .addOption(includeOption())
    .addOption(defineOption())
    .addOption(optimizeOption())
    .addOption(
      new Option("--dir <dir[=guest]>", "a directory for the program to use, under a name of its own").argParser(
        gather,
      ),
    )
    .option("--allow-exec", "let the program run other programs")
    .option("--trace <file>", "write what the scheduler does to a file: for skein trace, chrome://tracing or Perfetto")
    .option(
      "--quick",
      "compile soon rather than for speed, unless that is done; that goes on meanwhile, for the next time",
    )
    .option("--stats", "print how many goroutines each M ran, after the program has ended");
}

/** `skein build`; `end` is told whether it could. */
function declareBuild(program: Command, end: (status: number) => void): void {
  program
    .command("build")
    .description("compile a program, the runtime inside")
    .argument("<file>", "the program's entry, a .ts or .c file")
    .argument("[sources...]", "more C sources")
    .requiredOption("-o, --output <file>", "where the .wasm goes")
    .option("--no-preempt", "compile without safepoints: a goroutine runs until it blocks")
    .addOption(transformOption())
    .addOption(includeOption())
    .addOption(defineOption())
    .addOption(optimizeOption())
    .option("--stats", "print sizes and how long each step took")
    .action(async (file: string, sources: string[], options: BuildOptions) => {
      const { buildCommand } = await import("./build.js");
      end(await buildCommand(file, sources, options));
    });
}

/** `skein vet`; `end` is told whether there was anything to say. */
function declareVet(program: Command, end: (status: number) => void): void {
  program
    .command("vet")
    .description("warn of what compiles in a program and means something else than in Go or TypeScript")
    .argument("[files...]", "programs, or other .ts files; those that they import are looked at too")
    .addOption(new Option("--without <rule>", "leave out a rule").argParser(gather))
    .option("--rules", "list the rules")
    .addHelpText("after", "\nA comment // vet:ok RULE, in the line or alone in the one before, silences a rule there.")
    .action(async (files: string[], options: VetOptions) => {
      const { vetCommand } = await import("./vet.js");
      end(await vetCommand(files, options));
    });
}

/** `skein trace` and `skein top`. */
function declareWatching(program: Command): void {
  program
    .command("trace")
    .description("sum up a trace that skein run --trace or rt.trace wrote")
    .argument("<file>", "the trace")
    .action(async (file: string) => {
      const { traceCommand } = await import("./trace.js");
      await traceCommand(file);
    });

  program
    .command("top")
    .description("watch a running scheduler")
    .argument("[pid]", "its process; without it the only one that can be watched, or which there are", pidOption)
    .addOption(new Option("--interval <ms>", "milliseconds between looks").argParser(countOption).default(1000))
    .addOption(new Option("--count <n>", "so many looks (default: until the program ends)").argParser(countOption))
    .action(async (pid: number | undefined, options: TopOptions) => {
      const { topCommand } = await import("./top.js");
      await topCommand(pid, options);
    });
}

/** `skein worker` and `skein deadletters`; `end` is told the worker's exit code. */
function declareRemote(program: Command, end: (status: number) => void): void {
  const natsOption = ["--nats <url>", "the NATS server, such as nats://127.0.0.1:4222"] as const;
  const nameOption = ["--name <cluster>", "the cluster's name", "skein"] as const;
  program
    .command("worker")
    .description("run calls from other machines (skein/remote) until SIGTERM, then finish what runs")
    .argument("<modules...>", "modules by name, such as work=./work.js")
    .requiredOption(...natsOption)
    .option(...nameOption)
    .addOption(new Option("--procs <n>", "how many goroutines run at once (default: the CPUs)").argParser(procsOption))
    .addOption(new Option("--concurrency <n>", "how many calls are held at a time").argParser(countOption))
    .option("--module-version <version>", "the version of the modules, which calls may ask for")
    .option("--http <address>", "answer /healthz and /metrics at [HOST:]PORT, on loopback if there is no host")
    .action(async (modules: string[], options: WorkerOptions) => {
      const { workerCommand } = await import("./worker.js");
      end(await workerCommand(modules, options));
    });

  program
    .command("deadletters")
    .description("list the calls of a cluster that have failed for good, run them again, or forget them")
    .addArgument(new Argument("[action]", "what to do").choices(["list", "retry", "drop"]).default("list"))
    .argument("[ids...]", "the numbers of the letters to retry or drop")
    .requiredOption(...natsOption)
    .option(...nameOption)
    .option("--all", "retry or drop all")
    .action(async (action: Action, ids: string[], options: DeadLettersOptions) => {
      const { deadLettersCommand } = await import("./deadletters.js");
      await deadLettersCommand(action, ids, options);
    });
}

function transformOption(): Option {
  return new Option("--transform <file>", "run a transform of AssemblyScript on the program").argParser(gather);
}

// What clang is told, for C.

const gather = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function includeOption(): Option {
  return new Option("-I, --include <folder>", "C: look for headers there too").argParser(gather);
}

function defineOption(): Option {
  return new Option("-D, --define <macro>", "C: define a macro, NAME or NAME=VALUE").argParser(gather);
}

function optimizeOption(): Option {
  return new Option("-O, --optimize <level>", "C: how much clang optimises")
    .choices(["0", "1", "2", "3", "s", "z"])
    .default("2");
}

function procsOption(text: string): number {
  return optionValue(() => checkProcs(/^\d+$/.test(text) ? Number(text) : NaN, text));
}

function pidOption(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError(`${JSON.stringify(text)} is no process's number`);
  return Number(text);
}

function countOption(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError(`${JSON.stringify(text)} is no whole number from 1`);
  return Number(text);
}

function memoryOption(text: string): number {
  return optionValue(() => checkMemory(parseMemory(text), text));
}

function optionValue<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

process.exit(delivered(await main(process.argv.slice(2)), outputError()));
