/**
 * The command line, in processes of their own. Args: what, repetitions. What: 0 the time to the first line of a small program that is in the cache;
 * 1 the memory that the process had at most by then; 2 the time that a file of C with a hundred lines takes to compile; 3 the same once it is in the cache.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { args, check, memoryOf, place, result, skein } from "./harness.mjs";

const [what, repetitions] = args;
const [HELLO, C] = [place("examples/hello.ts"), place("bench/programs/c/compress.c")];

/** Compiles a program with a cache; the milliseconds that it takes. */
async function compile(file, cache) {
  const env = { ...process.env, SKEIN_CACHE: cache };
  const begin = performance.now();
  const [code] = await once(skein(["build", file, "-o", os.devNull], { env, stdio: "inherit" }), "exit");
  check(`the exit code of building ${file}`, code, 0);
  return performance.now() - begin;
}

/** Runs the small program from a cache to its first line; the milliseconds until then, and the megabytes. */
async function firstLine(cache) {
  const begin = performance.now();
  const child = skein(["run", HELLO], {
    env: { ...process.env, SKEIN_CACHE: cache },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  const figures = [performance.now() - begin, memoryOf(child.pid, "VmHWM")];
  check("the first line", /^Hello from [a-z ]+!$/m.test(String(line)), true);
  child.stdout.resume();
  await once(child, "close");
  return figures;
}

const cache = mkdtempSync(path.join(os.tmpdir(), "skein-bench-cache-"));
try {
  if (what !== 2) await compile(what === 3 ? C : HELLO, cache);
  for (let i = 0; i < repetitions; i++) {
    if (what < 2) result(["ms", "MB"][what], (await firstLine(cache))[what]);
    else result("ms", await compile(C, what === 3 ? cache : path.join(cache, String(i))));
  }
} finally {
  rmSync(cache, { recursive: true });
}
