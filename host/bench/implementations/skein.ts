/** Skein itself, through its own command line, on the runtime that runs the bench; and what it is held against with other options. */
import os from "node:os";
import path from "node:path";
import { isShared } from "../benchmark.js";
import { packageRoot } from "../paths.js";
import type { Implementation } from "./implementation.js";
import { checkToolchain } from "./native.js";
import { javaScript, runtime, sharedProgram } from "./javascript.js";

/** The programs that `skein run` runs, by their names. */
type Programs = (program: string) => string;

type Environment = Readonly<Record<string, string>>;

/** Skein with options of `skein run`. */
function skeinWith(name: string, description: string, ...options: string[]): Implementation {
  return skeinRun(name, description, (program) => program, options);
}

/** Skein without collections. */
function skeinUncollected(name: string, description: string, env: Environment = {}): Implementation {
  return skeinRun(name, description, (program) => program, [], { SKEIN_GC: "off", ...env });
}

/** The programs of a folder of `bench/programs`, with their ending. */
interface Folder {
  readonly name: string;
  readonly ending: string;
  /** Throws a ChildError that says why they cannot be built. */
  check?(): void;
}

const PROGRAMS: Folder = { name: ".", ending: ".ts" };

function skeinRun(
  name: string,
  description: string,
  programs: Programs,
  options: readonly string[] = [],
  env: Environment = {},
  folder = PROGRAMS,
): Implementation {
  const cli = path.join(packageRoot, "bin", "skein.js");
  const fileOf = (program: string) =>
    path.join(packageRoot, "bench", "programs", folder.name, `${program}${folder.ending}`);
  return {
    name,
    description,
    // eslint-disable-next-line @typescript-eslint/require-await -- what check throws is the promise's
    prepare: async () => {
      folder.check?.();
      return {
        runtime,
        command: (benchmark, procs, args) => {
          const program = programs(benchmark);
          if (isShared(program)) return sharedProgram(program, "skein", procs, args);
          const run = [cli, "run", fileOf(program), "--procs", String(procs), ...options, "--", ...args];
          return { ...javaScript(...run), env };
        },
        build: (benchmark) => ({ ...javaScript(cli, "build", fileOf(programs(benchmark)), "-o", os.devNull), env }),
      };
    },
  };
}

export const skein = skeinWith(
  "skein",
  "the programs in bench/programs, by skein run, and those in bench/tasks, on this runtime",
);

export const skeinGM = skeinWith(
  "skein --sched gm",
  "the same under the scheduler that Go abandoned: one queue for all Ms, no Ps",
  "--sched",
  "gm",
);

export const skeinNoPreempt = skeinWith(
  "skein --no-preempt",
  "the same programs built without safepoints",
  "--no-preempt",
);

export const skeinGCOff = skeinUncollected("skein gc=off", "the same without collections");

export const skeinNoBarrier = skeinUncollected(
  "skein --no-barrier",
  "the same without collections, built without the write barrier",
  { SKEIN_BARRIER: "off" },
);

export const skeinServe: readonly Implementation[] = [
  skeinRun("skein/serve", "loops in AssemblyScript: bench/programs/NAME-serve.ts", (program) => `${program}-serve`),
  skeinRun("serve", "loops in TypeScript: bench/tasks/NAME-serve.mjs", (program) => `${program}-serve.mjs`),
];

/** C on goroutines; it is given /proc, where a program finds the memory that it has. */
export const skeinC = skeinRun(
  "skein/c",
  "C on goroutines: bench/programs/c, by skein run",
  (program) => program,
  ["--dir", "/proc"],
  {},
  { name: "c", ending: ".c", check: checkToolchain },
);
