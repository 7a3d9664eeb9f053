/**
 * From C sources to one linked module, which the compiler merges with the core (`host/compiler/c`).
 *
 * Each source becomes an object file, kept by its content and that of all headers it may include, so that only what has changed is
 * compiled. Then wasm-ld links the objects with Skein's part of libc (`assembly/c`) and wasi-libc:
 *
 * - at addresses of its own, below the static data of the rest of the program, in imported memory;
 * - without a check of features: wasi-libc's objects were built without atomics, and wasm-ld would refuse to link them for shared memory.
 *   What that check is to prevent cannot happen here: the module's data is taken out and written once, and what libc keeps for one thread is
 *   replaced (see assembly/c/runtime.c);
 * - with functions whose address is taken at the beginning of the table: the rest of the program has its own behind them.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CompileError } from "../base/errors.js";
import { globalFunctions } from "../program/wasmsymbols.js";
import { Headers, insert, nameOf } from "./headers.js";
import { isCxxSource } from "./names.js";
import { shippedObject } from "./shipped.js";
import { clangHere, startClang, type Clang } from "./clang.js";
import { toolchainLibraries, toolchainVersion } from "./toolchain.js";
import type { Tree } from "./tree.js";

/** How C is to be compiled. */
export interface COptions {
  /** The sources, as the user names them. */
  readonly sources: readonly string[];
  /** Folders of headers (-I). */
  readonly include: readonly string[];
  /** Macros (-D). */
  readonly define: readonly string[];
  /** 0, 1, 2, 3, s or z (-O). */
  readonly optimize: string;
  /** Whether the program begins with C's main. */
  readonly hasMain: boolean;
}

/** A linked module of C. */
export interface LinkedC {
  readonly wasm: Uint8Array;
  /** Functions that it exports only so that they are still there. */
  readonly kept: ReadonlySet<string>;
  /** Every file of the user's that went into it, by absolute path, with its text. */
  readonly sources: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

const INCLUDE = fileURLToPath(new URL("../../include/", import.meta.url));
const RUNTIME = fileURLToPath(new URL("../../assembly/c/", import.meta.url));
/** What calls main, in a program that begins with C's. */
const MAIN = "main.c";
const MAIN_TEXT =
  "#include <stdlib.h>\nextern int __main_void(void);\nvoid skein_c_main(void) { exit(__main_void()); }\n";
/** What only programs take the time to compile that include a header of it. */
const SOCKETS = "sockets.c";
const SOCKET_HEADERS = /^[ \t]*#[ \t]*include[ \t]*<(?:sys\/(?:socket|un)|netdb|netinet\/\w+|arpa\/inet)\.h>/m;
/** What has wasi-libc print and scan numbers of 128 bits, which is software of its own: in a program that names them. */
const LONG_DOUBLE = /\blong\s+double\b|%[-+ #0-9.*$]*L[aefgAEFG]/;
/** What wasi-libc has of C's standard and of POSIX by emulation, in libraries of its own: a handler is called by `raise`, a mapping is a copy. */
const EMULATED = ["signal", "process-clocks", "mman", "getpid"];
const TARGET = "--target=wasm32-wasip1";
/** Where Skein's own headers and sources are in the tree. */
const OWN = "skein";
/** Atomics as C11 means them, and thread-local variables that are. */
const FLAGS = ["-c", TARGET, "-matomics", "-mbulk-memory", "-isystem", `/${OWN}/include`];
/** Positions of functions and calls, which stacks show of the user's. */
const LINES = ["-gline-tables-only", "-gdwarf-4"];
const OWN_FLAGS = [...FLAGS, "-O2"];

/**
 * A null pointer is not caught by memory, whose address 0 can be read: clang compares where a pointer is used, and calls
 * `__ubsan_handle_type_mismatch_minimal_abort` (assembly/c/threads.c).
 */
const NULL_CHECKS = ["-fsanitize=null", "-fno-sanitize-recover=null", "-fsanitize-minimal-runtime"];
/** C++ without exceptions, which LLVM has for WebAssembly only with instructions that Asyncify does not know. */
const CXX_FLAGS = ["-fno-exceptions"];

/** Compiles and links; throws a CompileError with what clang or the linker says. */
export async function buildC(options: COptions, base: number, cache: string | null): Promise<LinkedC> {
  const folder = process.cwd();
  const version = toolchainVersion(folder);
  const clang = startClang(folder);
  try {
    return await buildWith(clang, version, options, base, cache);
  } finally {
    clang.end();
  }
}

async function buildWith(
  clang: Clang,
  version: string,
  options: COptions,
  base: number,
  cache: string | null,
): Promise<LinkedC> {
  const sources = new Map<string, string>();
  const warnings: string[] = [];
  const objects: Tree = {};
  /** What each was compiled from. */
  const names = new Map<string, string>();
  const own = ownFiles(sources);
  const flags = [
    ...FLAGS,
    ...LINES,
    ...NULL_CHECKS,
    ...EMULATED.map((name) => `-D_WASI_EMULATED_${name.replace("-", "_").toUpperCase()}`),
    `-O${options.optimize}`,
    ...options.define.map((macro) => `-D${macro}`),
    ...options.include.map((each) => `-I${nameOf(each)}`),
  ];
  const nextObject = (source: string): string => {
    const object = `${names.size}.o`;
    names.set(object, source);
    return object;
  };
  const compile = async (source: string, name: string, files: Tree, args: readonly string[]): Promise<void> => {
    const object = nextObject(source);
    const key = keyOf(version, args, name, files);
    const kept = cache === null ? undefined : readKept(cache, key);
    if (kept !== undefined) {
      objects[object] = kept.object;
      if (kept.text) warnings.push(kept.text);
      return;
    }
    const { output, said } = await compileOne(clang, source, name, files, args);
    if (said) warnings.push(said);
    objects[object] = output;
    if (cache !== null) keep(cache, key, output, said);
  };
  let hasSockets = false;
  let hasLongDouble = options.sources.some(isCxxSource);
  for (const source of options.sources) {
    const headers = new Headers(options.include);
    headers.add(path.resolve(source));
    const files: Tree = { [OWN]: { include: own.include } };
    for (const [file, text] of headers.texts) {
      sources.set(file, text);
      insert(files, nameOf(file), text);
      hasSockets ||= SOCKET_HEADERS.test(text);
      hasLongDouble ||= LONG_DOUBLE.test(text);
    }
    await compile(source, nameOf(source), files, isCxxSource(source) ? [...flags, ...CXX_FLAGS] : flags);
  }
  for (const name of ownSources(own)) {
    if ((name === MAIN && !options.hasMain) || (name === SOCKETS && !hasSockets)) continue;
    const files = { [OWN]: own };
    const shipped = shippedObject(keyOf(version, OWN_FLAGS, name, files));
    if (shipped !== undefined) objects[nextObject(name)] = shipped;
    else await compile(name, `/${OWN}/c/${name}`, files, OWN_FLAGS);
  }
  // AssemblyScript may call any of them but those with names of C++'s; what nothing calls goes later.
  const kept = options.hasMain
    ? []
    : options.sources
        .flatMap((_, i) => globalFunctions(objects[`${i}.o`] as Uint8Array))
        .filter((name) => !name.startsWith("_Z"));
  const wasm = await link(clang, objects, base, {
    names,
    kept,
    hasCxx: options.sources.some(isCxxSource),
    hasLongDouble,
  });
  return { wasm, kept: new Set(kept), sources, warnings };
}

/** Runs clang on one source; the object file, and what clang says about it. */
async function compileOne(
  clang: Clang,
  source: string,
  name: string,
  files: Tree,
  args: readonly string[],
): Promise<{ output: Uint8Array; said: string }> {
  const colour = process.stderr.isTTY ? ["-fcolor-diagnostics"] : [];
  const { ok, text, output } = await clang.run(["clang", ...args, ...colour, name, "-o", "-"], files);
  const said = text.replaceAll("/host/", "/").trimEnd();
  if (!ok) throw new CompileError(said || `${source}: clang failed`);
  if (output.length === 0) throw new CompileError(`${source}: clang gave no object file`);
  return { output, said };
}

/** What the package brings along (`shipped.ts`): each of Skein's own sources as an object file, by its key. */
export async function buildOwn(): Promise<Map<string, Uint8Array>> {
  const folder = process.cwd();
  const version = toolchainVersion(folder);
  const clang = clangHere(folder);
  const own = ownFiles(new Map());
  const built = new Map<string, Uint8Array>();
  for (const name of ownSources(own)) {
    const files = { [OWN]: own };
    const { output, said } = await compileOne(clang, name, `/${OWN}/c/${name}`, files, OWN_FLAGS);
    if (said) throw new CompileError(said);
    built.set(keyOf(version, OWN_FLAGS, name, files), output);
  }
  return built;
}

interface Linking {
  /** Where the objects come from. */
  readonly names: ReadonlyMap<string, string>;
  readonly kept: readonly string[];
  readonly hasCxx: boolean;
  readonly hasLongDouble: boolean;
}

async function link(
  clang: Clang,
  objects: Tree,
  base: number,
  { names, kept, hasCxx, hasLongDouble }: Linking,
): Promise<Uint8Array> {
  const libraries = toolchainLibraries();
  const args = [
    "wasm-ld",
    ...Object.keys(objects),
    `-L${libraries.folder}`,
    ...(hasCxx ? ["-lc++", "-lc++abi"] : []),
    ...EMULATED.map((name) => `-lwasi-emulated-${name}`),
    ...(hasLongDouble ? ["-lc-printscan-long-double"] : []),
    "-lc",
    libraries.builtins,
    "--no-entry",
    "--export=skein_c_start",
    "--export-if-defined=skein_c_main",
    ...kept.map((name) => `--export=${name}`),
    "--import-memory",
    "--export-table",
    "--table-base=1",
    `--global-base=${base}`,
    // Goroutines have stacks of their own: this one is never used.
    "-zstack-size=16",
    "--no-stack-first",
    "--no-check-features",
    // What a name is in the source `cxxnames.ts` finds; Binaryen takes an asterisk in a name for a pattern.
    "--no-demangle",
    // Where the merge finds them.
    "--export=errno",
    "--export=__tls_base",
    "--export=__heap_base",
    "-o",
    "-",
  ];
  const { ok, text, output } = await clang.run(args, objects);
  const said = text.trimEnd().replace(/(?<![\w.])\d+\.o\b/g, (object) => names.get(object) ?? object);
  if (!ok || output.length === 0) throw new CompileError(said || "wasm-ld failed");
  return output;
}

/** Skein's own headers and sources. */
interface Own extends Tree {
  readonly include: Tree;
  readonly c: Tree;
}

function ownSources({ c }: Own): string[] {
  return Object.keys(c).filter((name) => /\.[cs]$/.test(name));
}

/** Reads them, and tells `sources`. */
function ownFiles(sources: Map<string, string>): Own {
  const read = (folder: string): Tree =>
    Object.fromEntries(
      readdirSync(folder, { withFileTypes: true }).map((entry): [string, Tree | string] => {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory()) return [entry.name, read(file)];
        const text = readFileSync(file, "utf8");
        sources.set(file, text);
        return [entry.name, text];
      }),
    );
  return { include: read(INCLUDE), c: { ...read(RUNTIME), [MAIN]: MAIN_TEXT } };
}

// ---- object files that are kept --------------------------------------------------------------------------------------

/** All that an object file depends on. */
function keyOf(version: string, args: readonly string[], name: string, files: Tree): string {
  return hash([version, JSON.stringify(args), name, JSON.stringify(files)]);
}

function hash(parts: readonly string[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(`${part.length}:`).update(part);
  return sum.digest("hex").slice(0, 40);
}

/** An object file, after what clang said about it, whose length comes first. */
function readKept(cache: string, key: string): { object: Uint8Array; text: string } | undefined {
  try {
    const bytes = readFileSync(path.join(cache, `${key}.o`));
    const length = bytes.readUInt32LE(0);
    return { text: bytes.toString("utf8", 4, 4 + length), object: new Uint8Array(bytes.subarray(4 + length)) };
  } catch {
    return undefined;
  }
}

function keep(cache: string, key: string, object: Uint8Array, text: string): void {
  try {
    mkdirSync(cache, { recursive: true });
    const said = Buffer.from(text, "utf8");
    const head = Buffer.alloc(4);
    head.writeUInt32LE(said.length);
    const temporary = path.join(cache, `${key}.${randomBytes(6).toString("hex")}.tmp`);
    writeFileSync(temporary, Buffer.concat([head, said, object]));
    renameSync(temporary, path.join(cache, `${key}.o`));
  } catch {
    // A cache that cannot be written is no cache.
  }
}
