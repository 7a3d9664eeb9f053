/**
 * clang beside the compiler: in a process of its own, since it takes as long to load as AssemblyScript and the core, and in one whose engine
 * leaves WebAssembly in its first, quick form. V8 soon begins to compile the functions of these 75 MB once more, optimised, and a file
 * of some hundred lines is long done before that is: a second source took 1.3 s for it, and takes 0.15 (Node 20; `skein bench c/compile`). So
 * only what runs for long gets there (SQLite).
 *
 * Where no process can be started (Deno without `--allow-run`), it is in this one.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CompileError } from "../base/errors.js";
import { frame, Frames } from "./frames.js";
import { hasSdk, runTool, type Outcome } from "./toolchain.js";
import type { Tree } from "./tree.js";

/** What a function has to do before V8 optimises it, in its own measure, of which it gives 1 800 000 or 13 000 000 by itself. */
const TIERING = "--wasm-tiering-budget=100000000";

export interface Clang {
  run(args: readonly string[], files: Tree): Promise<Outcome>;
  /** To be called when all has been compiled. */
  end(): void;
}

/** Starts what compiles C, as seen from a folder: it loads while other things are done. */
export function startClang(folder: string): Clang {
  const here = clangHere(folder);
  if (hasSdk()) return here;
  try {
    return new Process(folder, here);
  } catch {
    return here;
  }
}

/** The same in this process. */
export function clangHere(folder: string): Clang {
  return { run: (args, files) => runTool(folder, args, files), end: () => {} };
}

interface Waiting {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

class Process implements Clang {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: Waiting[] = [];
  /** Resolves with whether it has come up. */
  private readonly isUp: Promise<boolean>;
  private said = "";

  constructor(
    folder: string,
    private readonly here: Clang,
  ) {
    const script = fileURLToPath(new URL("./clangprocess.js", import.meta.url));
    const flags =
      "deno" in process.versions ? ["run", "--quiet", "--no-prompt", "-A", `--v8-flags=${TIERING}`] : [TIERING];
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.child = spawn(process.execPath, [...flags, script, folder], { env, windowsHide: true });
    const frames = new Frames();
    this.isUp = new Promise((resolve) => {
      this.child.on("error", () => resolve(false));
      this.child.on("close", (code, signal) => {
        resolve(false);
        const reason = `clang has ended (${signal ?? code}): ${this.said.trim()}`;
        for (const { reject } of this.waiting.splice(0)) reject(new CompileError(reason));
      });
      this.child.stdout.on("data", (part: Buffer) => {
        for (const value of frames.add(part)) {
          if (value === "up") resolve(true);
          else this.answer(value as Outcome | { readonly error: string });
        }
      });
    });
    this.child.stderr.on("data", (part: Buffer) => (this.said += part.toString()));
    // What is written to one that has ended is answered by its end.
    this.child.stdin.on("error", () => {});
  }

  async run(args: readonly string[], files: Tree): Promise<Outcome> {
    if (!(await this.isUp)) return this.here.run(args, files);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(frame([args, files]));
    });
  }

  private answer(value: Outcome | { readonly error: string }): void {
    const { resolve, reject } = this.waiting.shift()!;
    if ("error" in value) reject(new CompileError(value.error));
    else resolve(value);
  }

  end(): void {
    this.child.kill("SIGKILL");
  }
}
