/**
 * Compiles goroutine programs: AssemblyScript with Skein's library, from a file anywhere on disk to one `.wasm`.
 *
 *     const { wasm, stats } = await compile("examples/skynet.ts");
 *
 * Guarantees: the same sources give the same bytes; an error is a CompileError whose message is ready to print.
 */
import { readFileSync, statSync, type Stats } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { STATIC_BASE } from "../../assembly/layout.js";
import { CompileError, SkeinError } from "../base/errors.js";
import { buildC, type COptions } from "../c/build.js";
import { isCSource } from "../c/names.js";
import { hasToolchain, TOOLCHAIN } from "../c/toolchain.js";
import { cached, inCache, objectFolder, type Built, type CacheOptions } from "./cache.js";

import {
  DEFAULT_SAFEPOINTS,
  hasBarrier,
  isCheckedRun,
  isQuickRun,
  type SafepointOptions,
  type Settings,
} from "./options.js";
import { unreadable } from "./sources.js";
import { findTransforms, textsOf } from "./transformfiles.js";
import type * as Loaded from "./loaded.js";

export { CompileError } from "../base/errors.js";
export type { COptions } from "../c/build.js";
export type { CompileStats } from "./compile.js";
export { displayName, symbolizer, type Symbol, type Symbolizer } from "../program/symbols.js";

export interface CompileOptions extends CacheOptions {
  /** True to leave out the safepoints of loops and recursion: a goroutine then runs until it parks or ends. */
  readonly noPreempt?: boolean;
  /** True for a core that asserts its invariants, and whose small limits make rare paths common; else SKEIN_CHECKED=1 says so. */
  readonly checked?: boolean;
  /** True for a program that is compiled soon rather than fast; else SKEIN_QUICK=1 says so. */
  readonly quick?: boolean;
  /** True for a quick build, unless the cache has one that was optimised. */
  readonly soon?: boolean;
  /** Called when it has to be compiled, since the cache has no build of it. */
  readonly onCompile?: (() => void) | undefined;
  /** Transforms of AssemblyScript's that are run on it, in this order: paths, or names of packages. */
  readonly transforms?: readonly string[] | undefined;
  /** C that goes into the program; the entry is among its sources if that is C. */
  readonly c?: COptions | undefined;
  /** For tests of the safepoints: settings other than the usual ones. */
  readonly safepoints?: Partial<SafepointOptions>;
}

export interface CompileResult extends Built {
  /** Whether it was compiled soon rather than to be fast. */
  readonly isQuick: boolean;
}

/** Compiles the program whose entry file is `entryPath`, or takes it from the cache. */
export async function compile(entryPath: string, options: CompileOptions = {}): Promise<CompileResult> {
  const { c } = options;
  checkProgram(entryPath, c !== undefined);
  const transforms = findTransforms(options.transforms ?? [], entryPath);
  const keyOf = (settings: Settings): string =>
    JSON.stringify([
      settings,
      ...(c === undefined ? [] : [c, process.env.SKEIN_WASI_SDK]),
      ...(transforms.length === 0 ? [] : [{ transforms: transforms.map(({ file }) => file) }]),
    ]);
  const settings = settingsOf(options.soon ? { ...options, quick: true } : options);
  if (options.soon) {
    const optimised = inCache(path.resolve(entryPath), options, keyOf({ ...settings, quick: false }));
    if (optimised) return { ...optimised, isQuick: false };
  }
  const built = await cached(path.resolve(entryPath), options, keyOf(settings), async () => {
    options.onCompile?.();
    const ofTransforms = textsOf(transforms);
    if (c === undefined) {
      const { compileProgram, loadTransforms } = await loadCompiler();
      const whole = compileProgram(entryPath, settings, null, await loadTransforms(transforms));
      return { ...whole, sources: new Map([...whole.sources, ...ofTransforms]) };
    }
    const began = performance.now();
    const linking = buildC(c, STATIC_BASE, options.cache === false ? null : objectFolder());
    linking.catch(() => {});
    const { Begun, compileProgram, CPart, loadTransforms } = await loadCompiler();
    const loaded = await loadTransforms(transforms);
    const begun = new Begun(entryPath, settings, true);
    const linked = await linking.catch((error: unknown) => {
      begun.dispose();
      throw error;
    });
    const part = new CPart(linked.wasm, linked.kept);
    const whole = compileProgram(entryPath, settings, part, loaded, begun);
    return {
      wasm: whole.wasm,
      sources: new Map([...whole.sources, ...linked.sources, ...ofTransforms]),
      stats: {
        ...whole.stats,
        total: performance.now() - began,
        warnings: [...linked.warnings, ...whole.stats.warnings],
      },
    };
  });
  return { ...built, isQuick: settings.quick };
}

/** A rule of `vet`. */
export interface VetRule {
  readonly name: string;
  /** What it warns of, in a line. */
  readonly about: string;
}

/** The rules of `vet`. */
export async function rulesOfVet(): Promise<readonly VetRule[]> {
  checkPackages(false);
  return (await loadCompiler()).RULES;
}

/**
 * What compiles in some programs and is probably not meant, in the compiler's form, file by file, but for what rules say that are left out.
 *
 * @throws CompileError if one does not compile
 */
export async function vet(files: readonly string[], without: readonly string[] = []): Promise<string[]> {
  files.forEach((file) => checkProgram(file));
  const { RULES, vetProgram } = await loadCompiler();
  const unknown = without.find((rule) => !RULES.some(({ name }) => name === rule));
  if (unknown !== undefined) throw new SkeinError(`there is no rule '${unknown}': skein vet --rules lists them`);
  const warnings = new Map<string, string>();
  for (const file of files) {
    for (const [place, text] of vetProgram(file, settingsOf({}), new Set(without))) warnings.set(place, text);
  }
  return [...warnings.values()];
}

/** The settings that options ask for. */
function settingsOf(options: CompileOptions): Settings {
  return {
    safepoints: options.noPreempt ? null : { ...DEFAULT_SAFEPOINTS, ...options.safepoints },
    checked: options.checked ?? isCheckedRun(),
    barrier: hasBarrier(),
    quick: options.quick ?? isQuickRun(),
  };
}

/** Checks that there is a program to compile, and what compiles it. */
function checkProgram(entryPath: string, hasC = false): void {
  checkEntry(entryPath);
  checkPackages(hasC);
}

/**
 * Loads AssemblyScript, which takes longer than reading a cached build; no file that this one imports by itself may load it.
 * Binaryen, when loaded, takes over the process's handling of uncaught errors, only to throw them again; the process keeps its own.
 */
async function loadCompiler(): Promise<typeof Loaded> {
  const exceptions = process.listeners("uncaughtException");
  const rejections = process.listeners("unhandledRejection");
  const loaded = await import("./loaded.js");
  for (const listener of process.listeners("uncaughtException")) {
    if (!exceptions.includes(listener)) process.off("uncaughtException", listener);
  }
  for (const listener of process.listeners("unhandledRejection")) {
    if (!rejections.includes(listener)) process.off("unhandledRejection", listener);
  }
  return loaded;
}

/** Of the packages that only those install who need them, those that compile. */
const COMPILERS = ["assemblyscript", "binaryen"];

/** Checks that there are the packages that compile; where some are missing, and there is C, clang's is named with them. */
function checkPackages(hasC: boolean): void {
  const require = createRequire(import.meta.url);
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { peerDependencies } = JSON.parse(manifest) as { peerDependencies: Record<string, string> };
  const wanted = COMPILERS.map((name): [string, string] => [name, peerDependencies[name]!]);
  const wrong = wanted.flatMap(([name, version]) => {
    const found = versionOf(require, name);
    return found === version ? [] : [found === undefined ? name : `${name} ${version} instead of ${found}`];
  });
  if (wrong.length === 0) return;
  if (hasC && !hasToolchain(process.cwd())) {
    wrong.push(TOOLCHAIN);
    wanted.push([TOOLCHAIN, peerDependencies[TOOLCHAIN]!]);
  }
  const command = `npm install --save-dev ${wanted.map(([name, version]) => `${name}@${version}`).join(" ")}`;
  throw new CompileError(
    `compiling takes ${listed(wrong)}, which Skein does not bring along: ${command}\n` +
      "(a program that is compiled already, a .wasm file, runs without)",
  );
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " and $1");
}

function versionOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function checkEntry(entryPath: string): void {
  const stats = statOf(entryPath);
  if (!stats) throw new CompileError(`${entryPath}: there is no such file`);
  if (stats.isDirectory())
    throw new CompileError(`${entryPath} is a directory; name the program's entry file, a .ts file`);
  if (!stats.isFile()) throw new CompileError(`${entryPath} is not a file`);
  if (stats.size === 0) throw new CompileError(`${entryPath} is empty: a program exports a function main(): void`);
  if (!entryPath.endsWith(".ts") && !isCSource(entryPath)) {
    throw new CompileError(
      `${entryPath} is neither AssemblyScript nor C: its name ends in none of .ts, .c, .cc, .cpp and .cxx`,
    );
  }
}

function statOf(entryPath: string): Stats | undefined {
  try {
    return statSync(entryPath, { throwIfNoEntry: false });
  } catch (cause) {
    throw new CompileError(`cannot read ${entryPath}: ${unreadable(cause)}`, { cause });
  }
}
