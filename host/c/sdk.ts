/**
 * clang and wasm-ld of an installed wasi-sdk, the folder that SKEIN_WASI_SDK names: as fast as the machine, where the package runs clang in
 * WebAssembly. They are given the same tree, written to a folder of its own, so that object files are kept and paths are named alike.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CompileError } from "../base/errors.js";
import type { Outcome } from "./toolchain.js";
import type { Tree } from "./tree.js";

const OUTPUT_LIMIT = 1 << 30;

/** What is told of the sdk for the object files that are kept; throws a CompileError if it is none. */
export function sdkVersion(sdk: string): string {
  const clang = path.join(sdk, "bin", "clang");
  const { error, stdout } = spawnSync(clang, ["--version"], { encoding: "utf8" });
  if (error) throw new CompileError(`SKEIN_WASI_SDK is ${sdk}, where there is no wasi-sdk: ${error.message}`);
  return stdout;
}

export function sdkLibraries(sdk: string): { folder: string; builtins: string } {
  const clang = path.join(sdk, "lib", "clang");
  const names = ["wasm32-unknown-wasip1/libclang_rt.builtins.a", "wasip1/libclang_rt.builtins-wasm32.a"];
  const builtins = (existsSync(clang) ? readdirSync(clang) : [])
    .flatMap((version) => names.map((name) => path.join(clang, version, "lib", name)))
    .find((file) => existsSync(file));
  if (builtins === undefined) throw new CompileError(`SKEIN_WASI_SDK is ${sdk}, which has no builtins for wasip1`);
  return { folder: path.join(sdk, "share", "wasi-sysroot", "lib", "wasm32-wasip1"), builtins };
}

export function runSdk(sdk: string, [tool, ...args]: readonly string[], files: Tree): Outcome {
  const root = mkdtempSync(path.join(os.tmpdir(), "skein-sdk-"));
  try {
    write(root, files);
    // The tree's absolute names begin at its root; what is not in it, the sdk's libraries, keeps its name.
    const top = new Set(Object.keys(files));
    const here = args.map((arg) =>
      arg.replace(/^(-I)?\/([^/]+)/, (name, option: string | undefined, first: string) =>
        top.has(first) ? `${option ?? ""}${root}/${first}` : name,
      ),
    );
    // Positions name files as in the tree.
    const same = tool === "clang" ? [`-ffile-prefix-map=${root}=`] : [];
    const { error, status, stdout, stderr } = spawnSync(path.join(sdk, "bin", tool!), [...here, ...same], {
      cwd: root,
      maxBuffer: OUTPUT_LIMIT,
    });
    if (error) throw new CompileError(`SKEIN_WASI_SDK: ${error.message}`);
    return { ok: status === 0, text: stderr.toString("utf8").replaceAll(root, ""), output: stdout };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function write(folder: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(folder, name);
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(file, content);
    else {
      mkdirSync(file);
      write(file, content);
    }
  }
}
