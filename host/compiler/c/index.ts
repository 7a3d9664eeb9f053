/** C in a program: what the compiler needs of it, from the linked module to the places that stacks show. */
import { CompileError } from "../../base/errors.js";
import api, { type Compiler, type MemorySegment } from "../asc.js";
import type { Hooks } from "../hooks.js";
import type { Session } from "../session.js";
import { functionLines, type FunctionLines } from "./lines.js";
import { CMerge, exportedFunctions, tableLength, type CFunctions } from "./merge.js";
import { readObject, type CObject } from "./object.js";

/** C's part of a program that is being compiled. */
export class CPart {
  private readonly lines: readonly (FunctionLines | undefined)[];
  /** The user's files, as positions name them. */
  private readonly files: ReadonlySet<string>;
  private merge: CMerge | undefined;
  functions: CFunctions | undefined;
  /** The initial contents of C's static memory. */
  segments: MemorySegment[] = [];
  private readonly object: CObject;
  /** Where its static memory ends, and where in the table AssemblyScript's functions begin. */
  readonly memoryEnd: number;
  readonly tableBase: number;

  constructor(
    linked: Uint8Array,
    /** Functions that are exported for AssemblyScript to call, and not for the host. */
    private readonly kept: ReadonlySet<string>,
  ) {
    this.lines = functionLines(linked);
    const places = this.lines.flatMap((each) => [each?.start, ...(each?.instructions ?? []).map(({ line }) => line)]);
    this.files = new Set(places.flatMap((line) => (line === undefined ? [] : [line.file])));
    this.object = readObject(linked);
    this.memoryEnd = this.object.end;
    this.tableBase = 1 + tableLength(this.object);
  }

  /** AssemblyScript that declares C's exported functions and gives them on, for `rt.call`; and main, if C has one. */
  exports(hasMain: boolean): string {
    const lines = ['import { cMain } from "skein/c/main";'].filter(() => hasMain);
    for (const { name, params, result } of exportedFunctions(this.object)) {
      if (name.startsWith("skein_c_") || this.kept.has(name)) continue;
      if (!/^[A-Za-z_]\w*$/.test(name))
        throw new CompileError(`error: a C function is exported as '${name}', which is no name`);
      const list = params.map((type, i) => `a${i}: ${type}`).join(", ");
      const given = params.map((_, i) => `a${i}`).join(", ");
      lines.push(`@external("c", "${name}") declare function c_${name}(${list}): ${result};`);
      lines.push(
        `export function ${name}(${list}): ${result} { ${result === "void" ? "" : "return "}c_${name}(${given}); }`,
      );
    }
    if (hasMain) lines.push("export function main(): void { cMain(); }");
    return `${lines.join("\n")}\n`;
  }

  install(hooks: Hooks, session: Session): void {
    const merge = new CMerge(session, this.object, this.lines);
    this.merge = merge;
    hooks.replace(api.Compiler.prototype, "compileModuleExports", function (original, file) {
      original(file);
      merge.compileLibrary(this);
    });
  }

  apply(compiler: Compiler): void {
    this.functions = this.merge!.apply(compiler);
    this.segments = this.object.segments.map(({ address, bytes }) => ({ buffer: bytes, offset: { low: address } }));
  }

  /** Whether a file, as positions name it, is one of C's. */
  isFile(name: string): boolean {
    return this.files.has(name);
  }
}
