/** Where transforms are, and which files they consist of: builds in the cache depend on these. Loads nothing. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { SkeinError } from "../base/errors.js";

export interface FoundTransform {
  /** As the command line names it. */
  readonly given: string;
  /** Its absolute path. */
  readonly file: string;
}

/** Finds transforms: files, by paths from the working directory, or of packages that are installed there or beside the program. */
export function findTransforms(given: readonly string[], entry: string): FoundTransform[] {
  return given.map((name) => {
    const file = path.resolve(name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return { given: name, file };
    const paths = [process.cwd(), path.dirname(path.resolve(entry))];
    try {
      return { given: name, file: createRequire(import.meta.url).resolve(name, { paths }) };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const why = code === "MODULE_NOT_FOUND" ? "neither a file nor a package has this name" : (cause as Error).message;
      throw new SkeinError(`there is no transform ${name}: ${why}`, { cause });
    }
  });
}

/** What `import` and `require` name in a text by relative paths. */
const RELATIVE = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

/**
 * The texts of what transforms consist of, by absolute paths: they themselves, with all that they import by relative paths; of a package its
 * manifest instead, which has its version.
 */
export function textsOf(found: readonly FoundTransform[]): Map<string, string> {
  const texts = new Map<string, string>();
  const files = found.map(({ file }) => manifestOf(file) ?? file);
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    if (texts.has(file)) continue;
    const text = readFileSync(file, "utf8");
    texts.set(file, text);
    if (file.endsWith(".json")) continue;
    for (const [, name = ""] of text.matchAll(RELATIVE)) {
      const imported = path.resolve(path.dirname(file), name);
      const candidates = [imported, `${imported}.js`, `${imported}.cjs`, path.join(imported, "index.js")];
      const there = candidates.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile());
      if (there !== undefined) files.push(there);
    }
  }
  return texts;
}

/** The manifest of the installed package that a file belongs to: the nearest that has a version. */
function manifestOf(file: string): string | null {
  const parts = file.split(path.sep);
  const last = parts.lastIndexOf("node_modules");
  if (last < 0) return null;
  for (let end = parts.length - 1; end > last + 1; end--) {
    const manifest = [...parts.slice(0, end), "package.json"].join(path.sep);
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { version?: string }).version) {
      return manifest;
    }
  }
  return null;
}
