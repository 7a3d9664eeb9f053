/** Reading traces, for the tests of what writes them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** An entry of a trace, as far as the tests look at it. */
export interface Entry {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly id?: number;
  readonly cat?: string;
  readonly args?: Record<string, unknown>;
}

/** The entries of a trace, which is whole; `what` is said where it is not. */
export function readTrace(file: string, what?: string): Entry[] {
  const entries = JSON.parse(readFileSync(file, "utf8")) as Entry[];
  assert.equal(entries[0]?.name, "skein", what);
  assert.equal(entries.at(-1)?.name, "skein_end", what);
  return entries;
}

/** Slices of goroutines on Ms. */
export function onMs(entries: readonly Entry[]): Entry[] {
  return entries.filter(({ ph, pid, cat }) => ph === "X" && pid === 2 && cat === "goroutine");
}
