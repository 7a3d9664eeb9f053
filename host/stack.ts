/**
 * Stack traces: from V8's lines to the functions of the program.
 *
 * The symbols of a program are read when its first panic needs them.
 */
import type { StackFrame } from "./errors.js";
import type { Program } from "./program.js";

/** V8's line for a wasm function: its index, and the offset in the module's bytes. */
const WASM_FRAME = /wasm-function\[(\d+)\]:0x([0-9a-f]+)/;

/**
 * The program's functions on a stack trace as V8 wrote it, innermost first. Functions of libraries are left out, unless
 * there are no others. `folder` is where the source files are, if that is known.
 */
export async function stackFrames(program: Program, stack: string): Promise<StackFrame[]> {
  const { symbolizer } = await import("./compiler/symbols.js");
  const symbolOf = symbolizer(program.bytes, program.folder);
  const all: StackFrame[] = [];
  const own: StackFrame[] = [];
  for (const line of stack.split("\n")) {
    const match = WASM_FRAME.exec(line);
    if (match === null) continue;
    const symbol = symbolOf(Number(match[1]), parseInt(match[2] ?? "", 16));
    if (symbol === null) {
      all.push({ name: match[0] });
      continue;
    }
    const location = symbol.line > 0 ? `${symbol.file}:${symbol.line}:${symbol.column}` : symbol.file;
    const frame = { name: symbol.name, location };
    all.push(frame);
    if (!symbol.isLibrary) own.push(frame);
  }
  return own.length > 0 ? own : all;
}
