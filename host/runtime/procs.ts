/**
 * How many processors a program gets, and how options that are numbers are read.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { MAX_PROCS } from "../../assembly/layout.js";
import { SkeinError } from "../base/errors.js";
import { PAGE } from "../base/memory.js";

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
  if (!(bytes >= PAGE)) throw new SkeinError(`not an amount of memory: ${text} (try 512M; the least is 64K)`);
  return Math.floor(bytes);
}
