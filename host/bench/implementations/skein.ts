/** Skein itself, through its own command line, on the runtime that runs the bench. */
import path from "node:path";
import process from "node:process";
import { packageRoot } from "../paths.js";
import type { Implementation } from "./implementation.js";

const { deno } = process.versions as { deno?: string };

export const skein: Implementation = {
  name: "skein",
  description: "the programs in bench/programs, by skein run on this runtime",
  prepare: () =>
    Promise.resolve({
      runtime: deno ? `deno ${deno}` : `node ${process.versions.node}`,
      command: (benchmark, procs, args) => {
        const cli = path.join(packageRoot, "bin", "skein.js");
        const program = path.join(packageRoot, "bench", "programs", `${benchmark}.ts`);
        const run = [cli, "run", program, "--procs", String(procs), "--", ...args];
        return { file: process.execPath, args: deno ? ["run", "--quiet", "-A", ...run] : run };
      },
    }),
};
