/**
 * What a program may import. The host provides what Skein's core and AssemblyScript's library need; a function that the
 * program itself declares, or something of the library's that only a browser has, would fail when the program is started.
 * It is refused here instead.
 */
import api, { type Compiler } from "./asc.js";
import { CompileError } from "../base/errors.js";
import { Reader, readImports, SECTION_IMPORT, sections } from "../program/wasm.js";

/** The module whose functions the program's C provides. */
export const C_MODULE = "c";

/** Modules whose functions only the core declares, and the host or Asyncify provides. */
const CORE_MODULES = ["skein", "asyncify"];

/** What the host provides to AssemblyScript's library (host/program/instance.ts). */
const LIBRARY_IMPORTS = ["memory", "seed", "Date.now", "Date#getTimezoneOffset", "performance.now"];

/** Reports the imports that the program's own files declare. */
export function checkDeclarations(
  compiler: Compiler,
  isProgramFile: (normalizedPath: string) => boolean,
  hasC: boolean,
): void {
  for (const [moduleName, elements] of compiler.program.moduleImports) {
    if (hasC && moduleName === C_MODULE) continue;
    for (const [name, element] of elements) {
      const { range } = element.declaration;
      if (!isProgramFile(range.source.normalizedPath)) continue;
      compiler.error(
        api.DiagnosticCode.User_defined_0,
        range,
        moduleName === C_MODULE
          ? `nothing provides the import '${moduleName}.${name}': name the C source that defines it too, as in skein run main.ts ${name}.c`
          : `nothing provides the import '${moduleName}.${name}': a Skein program runs with Skein's library only, and declares no functions of its host`,
      );
    }
  }
}

/** Throws if the finished program imports what no host of Skein's provides. */
export function checkImports(wasm: Uint8Array, entryAsGiven: string): void {
  const missing: string[] = [];
  for (const { id, start } of sections(wasm)) {
    if (id !== SECTION_IMPORT) continue;
    for (const { module, name } of readImports(new Reader(wasm, start))) {
      const isProvided = CORE_MODULES.includes(module) || (module === "env" && LIBRARY_IMPORTS.includes(name));
      if (!isProvided) missing.push(module === "env" ? name : `${module}.${name}`);
    }
  }
  if (missing.length === 0) return;
  throw new CompileError(`${entryAsGiven}: error: the program uses what Skein does not provide: ${missing.join(", ")}`);
}
