/**
 * Modules by what users call them. `import` takes most; what only `require` can find (no extension, a directory), or what a hook of its
 * makes of a file, as tsx's and ts-node's do on any thread of a process that runs under them, that is asked for.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const require: NodeJS.Require = createRequire(import.meta.url);

const UNKNOWN_EXTENSION = "ERR_UNKNOWN_FILE_EXTENSION";
const NOT_FOUND = "ERR_MODULE_NOT_FOUND";

/** What `import` says of a file that `require` may know how to load. */
const REQUIRES = new Set<string | undefined>([
  NOT_FOUND,
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
  UNKNOWN_EXTENSION,
]);

/** A module by its URL or path. */
export async function loadModule(name: string): Promise<Record<string, unknown>> {
  const isUrl = /^[a-z][a-z\d+.-]+:/i.test(name);
  try {
    return (await import(isUrl ? name : pathToFileURL(name).href)) as Record<string, unknown>;
  } catch (error) {
    const { code } = Object(error) as { code?: string };
    if (!REQUIRES.has(code) || (isUrl && !name.startsWith("file:"))) throw error;
    const file = isUrl ? fileURLToPath(name) : name;
    const twin = code === NOT_FOUND ? typeScriptOf(file) : undefined;
    if (twin !== undefined) return loadModule(twin);
    // Without a hook for it, as ts-node's, require takes any file for JavaScript, and says less of what is wrong.
    const hooks = require.extensions as Partial<NodeJS.Dict<unknown>> | undefined;
    if (code === UNKNOWN_EXTENSION && hooks?.[path.extname(file)] === undefined) throw error;
    let module: unknown;
    try {
      module = require(file);
    } catch (cause) {
      throw (cause as { code?: string } | null)?.code === "MODULE_NOT_FOUND" ? error : cause;
    }
    return { ...Object(module), default: isTranspiled(module) ? module.default : module } as Record<string, unknown>;
  }
}

/** The source of a JavaScript file that is not there: TypeScript's modules import each other by the names of what they would be compiled to. */
function typeScriptOf(file: string): string | undefined {
  const source = file.replace(/\.([cm]?)js$/, ".$1ts");
  return source !== file && !existsSync(file) && existsSync(source) ? source : undefined;
}

function isTranspiled(module: unknown): module is { default: unknown } {
  return Object(module) === module && (module as { __esModule?: unknown }).__esModule === true;
}
