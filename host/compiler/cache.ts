/**
 * Finished builds, kept by content.
 *
 * A manifest, found by the entry's path, lists the files that its last build read. What those files
 * contain now, with the versions of everything that turns them into a program, makes the key of the build itself. So a
 * build is found again exactly if nothing that went into it has changed, and going back to an older text finds the older
 * build.
 *
 * The cache is a convenience: files appear in it complete or not at all (they are renamed into place), several processes
 * may use it at once, and where it cannot be written, or something in it is damaged, the program is compiled.
 * It is at SKEIN_CACHE, or `skein` in $XDG_CACHE_HOME, or ~/.cache/skein.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import type { Compiled, CompileStats } from "./compile.js";

/** Builds kept; a program of the examples' size takes some 50 KB. The oldest go first, going by their last use. */
const MAX_BUILDS = 200;
/** Builds removed beyond that, so that not every build has to look for the oldest. */
const EVICT_AT_ONCE = 20;

export interface CacheOptions {
  /** False to compile in any case, and keep nothing. */
  readonly cache?: boolean;
}

interface Manifest {
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** A build, and what went into it. */
export interface Built {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly stats: CompileStats;
  /** Every file that was read for it, by absolute path. */
  readonly files: readonly string[];
}

/**
 * The build of the program at `entry`, an absolute path: from the cache if its files are unchanged, or else what `build`
 * gives. `settings` stands for whatever else the result depends on.
 */
export async function cached(
  entry: string,
  options: CacheOptions,
  settings: string,
  build: () => Promise<Compiled>,
): Promise<Built> {
  const found = inCache(entry, options, settings);
  if (found) return found;
  const { wasm, stats, sources } = await build();
  const folder = folderFor(options);
  if (folder !== null) store(folder, entry, settings, wasm, stats.warnings, sources);
  return { wasm, stats, files: [...sources.keys()] };
}

/** The same if it is in the cache; else null. */
export function inCache(entry: string, options: CacheOptions, settings: string): Built | null {
  const began = performance.now();
  const folder = folderFor(options);
  const found = folder && lookUp(folder, entry, settings);
  if (!found) return null;
  const { wasm, warnings, files } = found;
  const total = performance.now() - began;
  const stats = { parse: 0, compile: 0, optimize: 0, emit: 0, total, bytes: wasm.length, cached: true, warnings };
  return { wasm, stats, files };
}

const folderFor = ({ cache = true }: CacheOptions): string | null => (cache ? cacheFolder() : null);

/** The folder of the cache; null if there is no place for one. */
function cacheFolder(): string | null {
  const { SKEIN_CACHE, XDG_CACHE_HOME } = process.env;
  if (SKEIN_CACHE) return path.resolve(SKEIN_CACHE);
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return path.join(XDG_CACHE_HOME, "skein");
  const home = os.homedir();
  return home ? path.join(home, ".cache", "skein") : null;
}

/** Where object files of C are kept; null if there is no place for them. */
export function objectFolder(): string | null {
  const folder = cacheFolder();
  return folder && path.join(folder, "c");
}

function lookUp(
  folder: string,
  entry: string,
  settings: string,
): { wasm: Uint8Array<ArrayBuffer>; warnings: readonly string[]; files: readonly string[] } | null {
  try {
    const manifest = JSON.parse(readFileSync(manifestPath(folder, entry), "utf8")) as Manifest;
    const texts = new Map(manifest.files.map((file) => [file, readFileSync(file, "utf8")]));
    const file = buildPath(folder, entry, settings, texts);
    const wasm = unsealed(readFileSync(file));
    if (wasm === null) return null;
    const now = new Date();
    utimesSync(file, now, now);
    return { wasm, ...manifest };
  } catch {
    return null;
  }
}

function store(
  folder: string,
  entry: string,
  settings: string,
  wasm: Uint8Array,
  warnings: readonly string[],
  sources: ReadonlyMap<string, string>,
): void {
  try {
    makeFolder(folder);
    const manifest: Manifest = { files: [...sources.keys()], warnings };
    writeWhole(buildPath(folder, entry, settings, sources), sealed(wasm));
    writeWhole(manifestPath(folder, entry), JSON.stringify(manifest));
    evict(folder);
  } catch {
    // A cache that cannot be written is no cache.
  }
}

function manifestPath(folder: string, entry: string): string {
  return path.join(folder, `${hash([entry])}.json`);
}

function buildPath(folder: string, entry: string, settings: string, texts: ReadonlyMap<string, string>): string {
  const parts = [toolchain(), entry, settings];
  for (const file of [...texts.keys()].sort()) parts.push(file, texts.get(file)!);
  return path.join(folder, `${hash(parts)}.wasm`);
}

/** Identifies the compiler: Skein's own code, and the versions of what it builds on. */
let toolchainHash: string | undefined;

function toolchain(): string {
  if (toolchainHash === undefined) {
    const require = createRequire(import.meta.url);
    const version = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
    const own = readFileSync(new URL("../compiler.key", import.meta.url), "utf8");
    toolchainHash = hash([version("assemblyscript"), version("binaryen"), own]);
  }
  return toolchainHash;
}

/** Hashes a list of texts, each with its length, so that no two lists run together. */
function hash(parts: readonly string[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(`${part.length}:`).update(part);
  return sum.digest("hex").slice(0, 40);
}

function writeWhole(file: string, contents: Uint8Array | string): void {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeFileSync(temporary, contents);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Guards against files that something else has cut or changed: a build is kept with its digest behind it. */
const DIGEST_BYTES = 32;

function sealed(wasm: Uint8Array): Uint8Array {
  return Buffer.concat([wasm, createHash("sha256").update(wasm).digest()]);
}

/** The build in what `sealed` gave; null if it is anything else. */
function unsealed(contents: Buffer): Uint8Array<ArrayBuffer> | null {
  const wasm = contents.subarray(0, Math.max(0, contents.length - DIGEST_BYTES));
  const isWhole = createHash("sha256").update(wasm).digest().equals(contents.subarray(wasm.length));
  return isWhole ? new Uint8Array(wasm) : null;
}

/** Makes a folder and those around it. (Node's own way to do that never returns for some, such as one inside /proc.) */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may be making it too.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function evict(folder: string): void {
  const names = readdirSync(folder);
  const builds = names.filter((name) => name.endsWith(".wasm"));
  if (builds.length <= MAX_BUILDS) return;
  // Manifests are as many as builds at most, and go by the same rule.
  for (const extension of [".wasm", ".json", ".tmp"]) {
    const dated = names
      .filter((name) => name.endsWith(extension))
      .map((name) => ({ name, used: statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
      .sort((a, b) => b.used - a.used);
    for (const { name } of dated.slice(MAX_BUILDS - EVICT_AT_ONCE)) rmSync(path.join(folder, name), { force: true });
  }
}
