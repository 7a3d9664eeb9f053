/**
 * Reserving a program's memory, also where the system limits the process's address space (`ulimit -v`).
 *
 * V8 ends the whole process if it cannot reserve what a new thread needs, so memory must leave room for threads; asking
 * for less once that has happened is too late.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { HEAP_HIGH, HEAP_TOP } from "../../assembly/layout.js";
import { SkeinError } from "./errors.js";
import { ALL_PAGES, PAGE } from "./pages.js";

/** Address space that V8 takes for a thread, generously: 0.6 GiB on Node 20, 0.85 GiB on Node 26, almost all of it untouched. */
const THREAD_SPACE = 2 ** 30;

/** What a shared memory takes with its guard regions, whatever its size: 10 GiB on Node 20, 8 GiB on Node 26. */
const GUARDED_MEMORY_SPACE = 10 * 2 ** 30;

/** The flag with which Node reserves no guard regions, and checks bounds in the code instead. */
export const NO_GUARDS = "--disable-wasm-trap-handler";

/** Bytes of address space left for memory when `threads` threads have been started; Infinity where nothing limits it. */
function memorySpace(threads: number): number {
  let limits: string;
  let statm: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
    statm = readFileSync("/proc/self/statm", "utf8");
  } catch {
    return Infinity;
  }
  const limit = /^Max address space\s+(\d+)/m.exec(limits)?.[1];
  if (limit === undefined) return Infinity;
  const PAGE_SIZE = 4096;
  return Number(limit) - Number(statm.split(" ", 1)[0]) * PAGE_SIZE - threads * THREAD_SPACE;
}

/** Whether a memory can be reserved only if Node is started with NO_GUARDS, which it was not. */
export function needsNoGuards(threads: number): boolean {
  return (
    memorySpace(threads) < GUARDED_MEMORY_SPACE &&
    process.allowedNodeEnvironmentFlags.has(NO_GUARDS) &&
    !process.execArgv.includes(NO_GUARDS) &&
    !(process.env["NODE_OPTIONS"] ?? "").includes(NO_GUARDS)
  );
}

/** With less memory than this a program is not worth starting: 16 MiB, of which the scheduler's state takes 6. */
const LEAST_PAGES = 256;

/**
 * Reserves a shared memory: the whole 32-bit address space if the system allows (but for the last page, as Node 20's typed
 * arrays end there), else as much as leaves room for `threads` threads, by halves less until it succeeds. A page costs
 * nothing until it is written.
 *
 * It never grows once a thread has it. A thread learns of growth only when it comes to a point where V8 interrupts it, while another already
 * hands it addresses beyond what it knows; V8 checks the bounds of atomic accesses itself, and would trap.
 *
 * @throws SkeinError if there is not even a little
 */
export function reserveMemory(heapStart: number, threads: number): WebAssembly.Memory {
  const least = heapStart + LEAST_PAGES;
  const space = Math.floor(memorySpace(threads) / PAGE);
  for (let pages = Math.max(least, Math.min(ALL_PAGES - 1, space)); ; pages = Math.max(least, pages >> 1)) {
    try {
      // In two steps, of which the first reserves all: newer V8 takes a memory's first size for objects of this thread that are alive,
      // and collects at once, for ten milliseconds.
      const memory = new WebAssembly.Memory({ initial: least, maximum: pages, shared: true });
      if (pages > least) memory.grow(pages - least);
      return memory;
    } catch (cause) {
      if (pages > least) continue;
      const hint = needsNoGuards(threads) ? `; start Node with ${NO_GUARDS}, or raise the limit (ulimit -v)` : "";
      throw new SkeinError(`cannot reserve ${Math.ceil(pages / 16)} MiB of address space for the program${hint}`, {
        cause,
      });
    }
  }
}

/**
 * Checks that there is memory where the heap is to begin (`HEAP_*`).
 *
 * @throws SkeinError if the address space could not be reserved that far
 */
export function checkHeap(place: number, memory: WebAssembly.Memory): void {
  const pages = memory.buffer.byteLength / PAGE;
  const least = place === HEAP_TOP ? ALL_PAGES - 1 : place === HEAP_HIGH ? ALL_PAGES / 2 + LEAST_PAGES : 0;
  if (pages >= least) return;
  const name = place === HEAP_TOP ? "top" : "high";
  throw new SkeinError(
    `SKEIN_DEBUG=heap=${name} takes ${least / 16} MiB of address space, and there are ${pages / 16}`,
  );
}
