/**
 * How many processors a program gets, and how options that are numbers are read.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { MAX_PROCS } from "../../assembly/layout.js";
import { SkeinError } from "../base/errors.js";

/** The processors that this process may use. */
export function numCPU(): number {
  return Math.max(1, availableParallelism());
}

/**
 * gomaxprocs where no option gives it: SKEIN_MAXPROCS, else GOMAXPROCS, else the processors there are. As in Go, a value
 * that is no positive number is ignored, and one past the limit means the limit.
 */
export function defaultProcs(env: NodeJS.ProcessEnv = process.env): number {
  for (const name of ["SKEIN_MAXPROCS", "GOMAXPROCS"]) {
    const text = env[name];
    if (text !== undefined && /^\d+$/.test(text) && Number(text) > 0) return Math.min(Number(text), MAX_PROCS);
  }
  return Math.min(numCPU(), MAX_PROCS);
}

/** Checks the option `procs`; `shown` is what the user wrote. */
export function checkProcs(procs: number, shown: string = String(procs)): number {
  if (!Number.isInteger(procs) || procs < 1 || procs > MAX_PROCS) {
    throw new SkeinError(`procs must be a whole number from 1 to ${MAX_PROCS}, not ${shown}`);
  }
  return procs;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Reads an amount of memory: a number of bytes, or one with the suffix K, M or G (or KiB, MB, …: powers of 1024). */
export function parseMemory(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?$/i.exec(text.trim());
  const bytes = match === null ? NaN : Number(match[1]) * (UNITS[(match[2] ?? "").toUpperCase()] ?? NaN);
  if (!(bytes >= 1)) throw new SkeinError(`not an amount of memory: ${text} (try 512M)`);
  return Math.floor(bytes);
}

/** The least limit of a heap, in bytes: the allocator may take a page for each of its 38 size classes, and a program needs some more. */
const LEAST_MEMORY = 4 * 2 ** 20;

/** Checks the option `maxMemory`; `shown` is what the user wrote. */
export function checkMemory(bytes: number, shown: string = String(bytes)): number {
  if (bytes >= LEAST_MEMORY) return bytes;
  throw new SkeinError(
    `the limit of memory must be at least ${LEAST_MEMORY} bytes (${LEAST_MEMORY / 2 ** 20}M), not ${shown}`,
  );
}
