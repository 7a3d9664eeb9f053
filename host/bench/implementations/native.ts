/**
 * What C on goroutines is held against: the same sources built by the compiler on PATH, with threads of the system; and by the clang that
 * Skein uses, into a module without Skein, which `node:wasi` runs. Built once for each version of source and compiler, into the user's cache.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { CompileError } from "../../base/errors.js";
import { runTool, toolchainLibraries, toolchainVersion } from "../../c/toolchain.js";
import { ChildError, output } from "../child.js";
import { cacheDirectory, packageRoot } from "../paths.js";
import type { Implementation } from "./implementation.js";
import { javaScript, runtime } from "./javascript.js";

const sources = path.join(packageRoot, "bench", "programs", "c");

/** The programs that know nothing of Skein. */
const PORTABLE = ["spawn", "condition", "parked", "sha256", "compress"];

/** Throws a ChildError that says so if there is no clang for Skein. */
export function checkToolchain(): string {
  try {
    return toolchainVersion(process.cwd());
  } catch (error) {
    if (error instanceof CompileError) throw new ChildError(error.message.split("\n", 1)[0]!);
    throw error;
  }
}

/** Where the results of `build`, for each program, are; it is called for those that are not there. */
async function built(
  name: string,
  compiler: string,
  programs: readonly string[],
  build: (program: string, to: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256").update(compiler);
  for (const file of [...programs.map((program) => `${program}.c`), "harness.h"])
    hash.update(await readFile(path.join(sources, file)));
  const folder = path.join(cacheDirectory(), `${name}-${hash.digest("hex").slice(0, 16)}`);
  await mkdir(folder, { recursive: true });
  for (const program of programs) {
    const to = path.join(folder, program);
    if (existsSync(to)) continue;
    const work = `${to}.${process.pid}`;
    await build(program, work);
    await rename(work, to);
  }
  return folder;
}

export const native: Implementation = {
  name: "native",
  description: "the C programs built by the cc on PATH, with -O2, on threads of the system",
  async prepare(stop) {
    const version = (await output({ file: "cc", args: ["--version"] }, stop)).split("\n", 1)[0]!;
    const folder = await built("native", version, PORTABLE, async (program, to) => {
      await output({ file: "cc", args: ["-O2", "-pthread", path.join(sources, `${program}.c`), "-o", to] }, stop);
    });
    return { runtime: version, command: (program, _procs, args) => ({ file: path.join(folder, program), args }) };
  },
};

/** Those of one thread. */
const SINGLE = ["sha256"];

export const wasi: Implementation = {
  name: "wasi",
  description: "the C programs of one thread built by the same clang without Skein, run by node:wasi",
  async prepare() {
    if (process.versions.deno !== undefined) throw new ChildError("Deno has no node:wasi");
    const version = checkToolchain();
    const folder = await built("wasi", version, SINGLE, async (program, to) => {
      const files = Object.fromEntries(
        await Promise.all(
          [`${program}.c`, "harness.h"].map(async (name) => [name, await readFile(path.join(sources, name))] as const),
        ),
      );
      const target = "--target=wasm32-wasip1";
      const object = await tool(["clang", "-c", target, "-O2", "-mbulk-memory", `${program}.c`, "-o", "-"], files);
      const { folder: libraries, builtins } = toolchainLibraries();
      const link = [
        "wasm-ld",
        `${libraries}/crt1-command.o`,
        "program.o",
        `-L${libraries}`,
        "-lc",
        builtins,
        "-o",
        "-",
      ];
      await writeFile(to, await tool(link, { "program.o": object }));
    });
    return {
      runtime,
      command: (program, _procs, args) =>
        javaScript(path.join(packageRoot, "bench", "tasks", "peers", "wasi.mjs"), path.join(folder, program), ...args),
    };
  },
};

async function tool(args: readonly string[], files: Record<string, Uint8Array>): Promise<Uint8Array> {
  const { ok, text, output: made } = await runTool(process.cwd(), args, files);
  if (!ok) throw new ChildError(`${args[0]} failed: ${text}`);
  return made;
}
