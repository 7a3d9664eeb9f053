/** C on the command line: which of what stands behind the entry are sources. */
import process from "node:process";
import { isCSource } from "../c/names.js";
import type { COptions } from "../compiler/index.js";

/** What clang is told, as the command line's parser leaves it. */
export interface CFlags {
  readonly include?: readonly string[];
  readonly define?: readonly string[];
  readonly optimize: string;
}

/**
 * Divides what stands behind the entry into C sources and arguments of the program: what comes before `--` and is named as one is a source.
 * No `c` where there is no C.
 */
export function cOf(
  entry: string,
  rest: readonly string[],
  { include = [], define = [], optimize }: CFlags,
): { c: COptions | undefined; args: readonly string[] } {
  const dashes = process.argv.indexOf("--");
  const behind = dashes < 0 ? 0 : process.argv.length - dashes - 1;
  const before = rest.slice(0, rest.length - behind);
  const hasMain = isCSource(entry);
  const sources = [entry, ...before].filter(isCSource);
  const args = [...before.filter((each) => !isCSource(each)), ...rest.slice(rest.length - behind)];
  if (entry.endsWith(".wasm") || sources.length === 0) return { c: undefined, args: rest };
  return { c: { sources, include, define, optimize, hasMain }, args };
}
