/**
 * From a path to a program: reads a compiled one, compiles a source file.
 */
import { open } from "node:fs/promises";
import path from "node:path";
import { isCSource } from "../c/names.js";
import type { CompileOptions, CompileStats } from "../compiler/index.js";
import { SkeinError } from "../base/errors.js";
import { loadProgram, type Program } from "../program/program.js";

/** A program and, if it comes from a source file, how it was compiled. */
interface LoadedProgram {
  readonly program: Program;
  readonly stats: CompileStats | undefined;
  /** Whether it was compiled soon rather than to be fast. */
  readonly isQuick: boolean;
}

/**
 * The program at `file`: a source file (`.ts`, `.c`), compiled unless the cache has it, or a compiled program.
 *
 * @throws SkeinError if there is no such file, it does not compile or is no program
 */
export async function loadFile(file: string, options: CompileOptions = {}): Promise<LoadedProgram> {
  if (file.endsWith(".ts") || isCSource(file)) {
    const { compile } = await import("../compiler/index.js");
    const { wasm, stats, isQuick } = await compile(file, options);
    return { program: await loadProgram(wasm, file, path.dirname(path.resolve(file))), stats, isQuick };
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readModule(file);
  } catch (cause) {
    throw new SkeinError(readError(file, cause as NodeJS.ErrnoException), { cause });
  }
  return { program: await loadProgram(bytes, file), stats: undefined, isQuick: false };
}

/** What is in a file, which may be a pipe; of one that does not begin as a module, only the beginning: it may have no end. */
async function readModule(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(MAGIC.length);
    const { bytesRead } = await handle.read(head, 0, head.length, null);
    if (!head.equals(MAGIC)) return new Uint8Array(head.subarray(0, bytesRead));
    return new Uint8Array(Buffer.concat([head, await handle.readFile()]));
  } finally {
    await handle.close();
  }
}

/** What every WebAssembly module begins with. */
const MAGIC = Buffer.from("\0asm");

function readError(file: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return `no such file: ${file}`;
    case "EISDIR":
      return `${file} is a directory`;
    case "EACCES":
      return `permission denied: ${file}`;
    default:
      return `cannot read ${file}: ${error.message}`;
  }
}
