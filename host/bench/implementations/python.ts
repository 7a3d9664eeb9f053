/**
 * Python's event loops, with the programs in `bench/peers/python`: asyncio, and uvloop where it is installed. `SKEIN_BENCH_PYTHON`
 * names another Python than the `python3` on PATH, one of a virtual environment that has uvloop, say.
 */
import path from "node:path";
import process from "node:process";
import { ChildError, output } from "../child.js";
import { packageRoot } from "../paths.js";
import type { Implementation } from "./implementation.js";

const python = process.env["SKEIN_BENCH_PYTHON"] ?? "python3";

function loop(name: string, description: string, versionOf: string, missing: string): Implementation {
  return {
    name,
    description,
    async prepare(stop) {
      return {
        runtime: await version(versionOf, missing, stop),
        command: (program, _procs, args) => ({
          file: python,
          args: [path.join(packageRoot, "bench", "peers", "python", program.replace(/\.mjs$/, ".py")), name, ...args],
          env: { PYTHONDONTWRITEBYTECODE: "1" },
        }),
      };
    },
  };
}

async function version(expression: string, missing: string, stop: AbortSignal): Promise<string> {
  const args = ["-c", `import platform\n${expression}`];
  try {
    return (await output({ file: python, args }, stop)).trim();
  } catch (error) {
    if (!(error instanceof ChildError)) throw error;
    throw new ChildError(error.notFound ? error.message : missing);
  }
}

export const pythonLoops: readonly Implementation[] = [
  loop(
    "asyncio",
    "Python's own event loop",
    `import asyncio; print("python " + platform.python_version())`,
    `${python} has no asyncio`,
  ),
  loop(
    "uvloop",
    "the event loop for Python on libuv",
    `import uvloop; print("uvloop " + uvloop.__version__ + " on python " + platform.python_version())`,
    `uvloop is not installed for ${python} (pip install uvloop)`,
  ),
];
