/**
 * clang and wasm-ld, from the npm package `@yowasp/clang`: LLVM itself compiled to WebAssembly, with wasi-libc. It works on a tree of files
 * that it is given, and gives one back; it sees nothing else of the disk.
 *
 * The package is large, so whoever wants C installs it. It is loaded when something is to be compiled, in a process of its own (`clang.ts`).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { CompileError } from "../base/errors.js";
import type { Tree } from "./tree.js";
import { runSdk, sdkLibraries, sdkVersion } from "./sdk.js";

/** Where clang comes from. */
export const TOOLCHAIN = "@yowasp/clang";

interface RunOptions {
  readonly stdout: ((bytes: Uint8Array | null) => void) | null;
  readonly stderr: ((bytes: Uint8Array | null) => void) | null;
  readonly decodeASCII: boolean;
  readonly fetchProgress: () => void;
}

type Command = (args: readonly string[] | null, files: Tree, options: RunOptions) => Promise<Tree> | Tree;

interface Package {
  readonly runClang: Command;
  readonly runLLVM: Command;
  readonly Exit: new () => Error;
}

/** What a tool had to say, whether it did what it was to, and what it wrote to standard output. */
export interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  readonly output: Uint8Array;
}

/** An installed wasi-sdk that is to be used; null for the package. */
function sdkFolder(): string | null {
  return process.env.SKEIN_WASI_SDK || null;
}

export function hasSdk(): boolean {
  return sdkFolder() !== null;
}

let loading: Promise<Package> | undefined;

/** The version of the package that this project has installed; throws a CompileError that says how to install it. */
export function toolchainVersion(folder: string): string {
  const sdk = sdkFolder();
  if (sdk !== null) return sdkVersion(sdk);
  return (manifestOf(folder).version ??= "unknown");
}

/** Whether there is something to compile C with. */
export function hasToolchain(folder: string): boolean {
  if (sdkFolder() !== null) return true;
  try {
    manifestOf(folder);
    return true;
  } catch {
    return false;
  }
}

function manifestOf(folder: string): { file: string; version?: string } {
  for (const from of [`${folder}/`, import.meta.url]) {
    try {
      const require = createRequire(from);
      // The package exports its code alone; the manifest lies beside that.
      const file = require.resolve(TOOLCHAIN);
      const manifest = file.slice(0, file.lastIndexOf(TOOLCHAIN) + TOOLCHAIN.length) + "/package.json";
      return { file, version: (require(manifest) as { version: string }).version };
    } catch {
      // Perhaps the other place has it.
    }
  }
  throw new CompileError(
    `compiling C takes clang, from the package ${TOOLCHAIN}, which Skein does not bring along: npm install --save-dev ${TOOLCHAIN}@${wantedVersion()}\n` +
      "(a program that is compiled already, a .wasm file, runs without)",
  );
}

/** Where the libraries for the link are: libc and libc++, and what clang itself calls. */
export function toolchainLibraries(): { folder: string; builtins: string } {
  const sdk = sdkFolder();
  if (sdk !== null) return sdkLibraries(sdk);
  return { folder: "/usr/lib/wasm32-wasip1", builtins: "/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a" };
}

/** The version that Skein is tested with. */
function wantedVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { peerDependencies: Record<string, string> }).peerDependencies[TOOLCHAIN]!;
}

/** Loads the package as seen from a folder, once; without arguments it only reads its own files, and says nothing about that. */
export function loadToolchain(folder: string): Promise<Package> {
  return (loading ??= (async () => {
    const loaded = (await import(pathToFileURL(manifestOf(folder).file).href)) as Package;
    await loaded.runLLVM(null, {}, { stdout: null, stderr: null, decodeASCII: false, fetchProgress: () => undefined });
    return loaded;
  })());
}

/**
 * Runs clang, or, by its name, another tool of LLVM: `wasm-ld`. What it makes goes to standard output (`-o -`): a file in the tree is copied
 * at each write, and for an object file that is once for each address in it.
 */
export async function runTool(folder: string, args: readonly string[], files: Tree): Promise<Outcome> {
  const sdk = sdkFolder();
  if (sdk !== null) return runSdk(sdk, args, files);
  const { runClang, runLLVM, Exit } = await loadToolchain(folder);
  const said: Uint8Array[] = [];
  const made: Uint8Array[] = [];
  const into = (list: Uint8Array[]) => (bytes: Uint8Array | null) => {
    if (bytes !== null) list.push(bytes.slice());
  };
  const options = { stdout: into(made), stderr: into(said), decodeASCII: false, fetchProgress: () => undefined };
  let ok = true;
  try {
    await (args[0] === "clang" ? runClang : runLLVM)(args, files, options);
  } catch (error) {
    // A trap is LLVM's own: what it said before says why.
    if (!(error instanceof Exit) && !(error instanceof WebAssembly.RuntimeError)) throw error;
    ok = false;
  }
  return { ok, text: Buffer.concat(said).toString("utf8"), output: Buffer.concat(made) };
}
