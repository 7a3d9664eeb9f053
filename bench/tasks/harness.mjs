/**
 * What the programs of bench/tasks share. A program is started as `node NAME.mjs IMPLEMENTATION THREADS ARGS…` and prints
 * `RESULT unit value` lines; `peers/IMPLEMENTATION.mjs` opens the pool. Warm-up and repetitions are those of
 * bench/programs/harness.ts.
 */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";

const WARM_UP_MS = 300;

/** The command line: what to measure, on how many threads, and the numbers of the suite. */
export const [implementation, threads, ...args] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word)));

/** The module that opens the implementation's pool. */
export function peer() {
  return import(new URL(`./peers/${implementation}.mjs`, import.meta.url).href);
}

/** Prints a value. */
export function result(unit, value) {
  console.log(`RESULT ${unit} ${value}`);
}

/**
 * Runs `work` untimed until the machine is warm, at least once, and then so many times. It returns what it measured itself,
 * in the unit.
 */
export async function measure(unit, repetitions, work) {
  const end = performance.now() + WARM_UP_MS;
  do await work();
  while (performance.now() < end);
  for (let i = 0; i < repetitions; i++) result(unit, await work());
}

/** How long `work` takes for each of so many operations, in nanoseconds. */
export async function timePer(operations, work) {
  const begin = performance.now();
  await work();
  return ((performance.now() - begin) * 1e6) / operations;
}

/** Closes what was opened, and ends the program: not every pool gets to the end of its close on every runtime. */
export async function finish(opened) {
  const limit = new Promise((resolve) => setTimeout(resolve, 2000));
  await Promise.race([opened.close(), limit]);
  process.exit();
}

/** Ends the program if an answer is wrong. */
export function check(what, got, wanted) {
  if (!Object.is(got, wanted)) throw new Error(`${what}: got ${got} where ${wanted} was expected`);
}

/** Runs a program of this directory in a process of its own; the number that it prints. */
export function inFreshProcess(url, ...words) {
  const run = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  const output = execFileSync(process.execPath, [...run, fileURLToPath(url), ...words.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  const number = Number(output);
  if (output.trim() === "" || !Number.isFinite(number)) throw new Error(`printed ${JSON.stringify(output)}, no number`);
  return number;
}

/** A file by its path from the top of the repository. */
export function place(name) {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

/** The command line in a process of its own. */
export function skein(words, options) {
  const start = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  return spawn(process.execPath, [...start, place("bin/skein.js"), ...words.map(String)], options);
}

/** What a process's memory is or was, in MB: `VmRSS`, now; `VmHWM`, at most. */
export function memoryOf(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
}
