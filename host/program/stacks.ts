/**
 * Stack traces: from V8's lines to the functions of the program.
 *
 * Every thread that has a stack to show reads the program's symbols itself, when it first needs them; they are in the
 * module's bytes, which all threads share.
 */
import { symbolizer, type Symbolizer } from "./symbols.js";
import type { StackFrame } from "../base/errors.js";
import { FunctionTable, readTable } from "./table.js";

/** A program's bytes as threads are given them. */
export interface SymbolSource {
  readonly bytes: SharedArrayBuffer;
  /** The folder of the entry's source file, where that is known. */
  readonly folder: string | undefined;
}

/** V8's line for a wasm function: its index, which on Deno is always 0, and the offset in the module's bytes. */
const WASM_FRAME = /wasm-function\[\d+\]:0x([0-9a-f]+)/;

/** The core's function below which there are no more frames of the goroutine whose stack it traces (`dump.ts`). */
const TRACER = "stackOf";

/** Of a stack as V8 wrote it, no more than what `Stacks` reads. */
export function framesIn(stack: string): string {
  return (stack.match(/wasm-function\[\d+\]:0x[0-9a-f]+/g) ?? []).join("\n");
}

/** Puts names to the frames of one program's stacks. */
export class Stacks {
  private tables: { symbolOf: Symbolizer; functions: FunctionTable; table: Map<number, number> } | undefined;

  constructor(private readonly source: SymbolSource) {}

  /** The program's functions on a stack trace as V8 wrote it, innermost first; functions of libraries are left out. */
  frames(stack: string): StackFrame[] {
    const { symbolOf, functions } = (this.tables ??= this.read());
    const frames: StackFrame[] = [];
    for (const line of stack.split("\n")) {
      const match = WASM_FRAME.exec(line);
      if (match === null) continue;
      const offset = parseInt(match[1] ?? "", 16);
      const symbol = symbolOf(functions.indexAt(offset), offset);
      if (symbol === null) {
        frames.push({ name: match[0] });
      } else if (!symbol.isLibrary) {
        const location = symbol.line > 0 ? `${symbol.file}:${symbol.line}:${symbol.column}` : symbol.file;
        frames.push({ name: symbol.name, location });
      } else if (symbol.name === TRACER) {
        break;
      }
    }
    return frames;
  }

  /** The name of the function at a place in the module's table; undefined if there is none. */
  nameInTable(place: number): string | undefined {
    const { symbolOf, functions, table } = (this.tables ??= this.read());
    const index = table.get(place);
    return index === undefined ? undefined : symbolOf(index, functions.startOf(index))?.name;
  }

  private read(): NonNullable<Stacks["tables"]> {
    // Not every runtime decodes text that is in shared memory.
    const wasm = new Uint8Array(this.source.bytes).slice();
    return {
      symbolOf: symbolizer(wasm, this.source.folder),
      functions: new FunctionTable(wasm),
      table: readTable(wasm),
    };
  }
}

const PRINTED_FRAME = /^(\S.*)\(\.\.\.\)\n\t(.*)$/gm;

/** The frames of a stack as the core prints it, each as `name (file:line:column)`. */
export function framesOf(printed: string): string[] {
  return [...printed.matchAll(PRINTED_FRAME)].map(([, name, location]) => `${name} (${location})`);
}

/** The function of such a frame. */
export function functionOf(frame: string | undefined): string | undefined {
  return frame?.replace(/ \(.*$/, "");
}
