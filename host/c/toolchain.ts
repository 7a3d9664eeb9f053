/**
 * clang and wasm-ld, from the npm package `@yowasp/clang`: LLVM itself compiled to WebAssembly, with wasi-libc. It works on a tree of files
 * that it is given, and gives one back; it sees nothing else of the disk.
 *
 * The package is large, so whoever wants C installs it. It is loaded when something is to be compiled, which takes some seconds once.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { CompileError } from "../base/errors.js";

/** Files by name, and folders. */
export interface Tree {
  [name: string]: Tree | string | Uint8Array;
}

const PACKAGE = "@yowasp/clang";

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

/** What a tool had to say, whether it did what it was to, and the files there are afterwards. */
export interface Outcome {
  readonly ok: boolean;
  readonly text: string;
  readonly files: Tree;
}

let loading: Promise<Package> | undefined;

/** The version of the package that this project has installed; throws a CompileError that says how to install it. */
export function toolchainVersion(folder: string): string {
  return (manifestOf(folder).version ??= "unknown");
}

function manifestOf(folder: string): { file: string; version?: string } {
  for (const from of [`${folder}/`, import.meta.url]) {
    try {
      const require = createRequire(from);
      // The package exports its code alone; the manifest lies beside that.
      const file = require.resolve(PACKAGE);
      const manifest = file.slice(0, file.lastIndexOf(PACKAGE) + PACKAGE.length) + "/package.json";
      return { file, version: (require(manifest) as { version: string }).version };
    } catch {
      // Perhaps the other place has it.
    }
  }
  throw new CompileError(
    `compiling C takes clang, from the package ${PACKAGE}, which Skein does not bring along: npm install --save-dev ${PACKAGE}@${wantedVersion()}\n` +
      "(a program that is compiled already, a .wasm file, runs without)",
  );
}

/** The version that Skein is tested with. */
function wantedVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { peerDependencies: Record<string, string> }).peerDependencies[PACKAGE]!;
}

/** Loads the package as seen from a folder, once; without arguments it only reads its own files, and says nothing about that. */
function load(folder: string): Promise<Package> {
  return (loading ??= (async () => {
    const loaded = (await import(pathToFileURL(manifestOf(folder).file).href)) as Package;
    await loaded.runLLVM(null, {}, { stdout: null, stderr: null, decodeASCII: false, fetchProgress: () => undefined });
    return loaded;
  })());
}

/** Runs clang, or, by its name, another tool of LLVM: `wasm-ld`. */
export async function runTool(folder: string, args: readonly string[], files: Tree): Promise<Outcome> {
  const { runClang, runLLVM, Exit } = await load(folder);
  const said: Uint8Array[] = [];
  const hear = (bytes: Uint8Array | null): void => {
    if (bytes !== null) said.push(bytes.slice());
  };
  const options = { stdout: hear, stderr: hear, decodeASCII: false, fetchProgress: () => undefined };
  let ok = true;
  let result: Tree = {};
  try {
    result = await (args[0] === "clang" ? runClang : runLLVM)(args, files, options);
  } catch (error) {
    // A trap is LLVM's own: what it said before says why.
    if (!(error instanceof Exit) && !(error instanceof WebAssembly.RuntimeError)) throw error;
    ok = false;
  }
  return { ok, text: Buffer.concat(said).toString("utf8"), files: result };
}
