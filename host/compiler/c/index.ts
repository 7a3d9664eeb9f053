/** C in a program: what the compiler needs of it, from the linked module to the places that stacks show. */
import { CompileError } from "../../base/errors.js";
import api, { type Compiler, type MemorySegment } from "../asc.js";
import type { Hooks } from "../hooks.js";
import type { Session } from "../session.js";
import { functionLines, type Line } from "./lines.js";
import { CMerge, type CFunctions, exportedFunctions } from "./merge.js";
import { readObject } from "./object.js";

/** Whether a file is a source of C's, by its name. */
export function isCSource(file: string): boolean {
  return file.endsWith(".c");
}

/** C's part of a program that is being compiled. */
export class CPart {
  private readonly lines: readonly (Line | undefined)[];
  private merge: CMerge | undefined;
  functions: CFunctions | undefined;
  /** The initial contents of C's static memory. */
  segments: MemorySegment[] = [];
  /** Where AssemblyScript's static memory begins. */
  readonly end: number;

  constructor(private readonly linked: Uint8Array) {
    this.lines = functionLines(linked);
    this.end = readObject(linked, 0).end;
  }

  /** AssemblyScript that declares C's exported functions and gives them on, for `rt.call`; and main, if C has one. */
  exports(hasMain: boolean): string {
    const lines = ['import { cMain } from "skein/c/main";'].filter(() => hasMain);
    for (const { name, params, result } of exportedFunctions(readObject(this.linked, 0))) {
      if (name.startsWith("skein_c_")) continue;
      if (!/^[A-Za-z_]\w*$/.test(name)) throw new CompileError(`error: a C function is exported as '${name}', which is no name`);
      const list = params.map((type, i) => `a${i}: ${type}`).join(", ");
      const given = params.map((_, i) => `a${i}`).join(", ");
      lines.push(`@external("c", "${name}") declare function c_${name}(${list}): ${result};`);
      lines.push(`export function ${name}(${list}): ${result} { ${result === "void" ? "" : "return "}c_${name}(${given}); }`);
    }
    if (hasMain) lines.push("export function main(): void { cMain(); }");
    return `${lines.join("\n")}\n`;
  }

  install(hooks: Hooks, session: Session): void {
    const merge = new CMerge(session, readObject(this.linked, 0), this.lines);
    this.merge = merge;
    hooks.replace(api.Compiler.prototype, "compileModuleExports", function (original, file) {
      original(file);
      merge.compileLibrary(this);
    });
  }

  apply(compiler: Compiler): void {
    const object = readObject(this.linked, compiler.functionTable.length);
    this.functions = this.merge!.apply(compiler, object);
    this.segments = object.segments.map(({ address, bytes }) => ({ buffer: bytes, offset: { low: address } }));
  }

  /** Whether a file, as positions name it, is one of C's. */
  isFile(name: string): boolean {
    return this.lines.some((line) => line?.file === name);
  }
}
