/**
 * Where source files come from.
 *
 * AssemblyScript asks for files by internal path: relative to the entry file's folder for the program's own, `~lib/…` for
 * everything imported by a bare name. Behind `~lib/` stand, in this order: Skein's library and core (`assembly/`),
 * AssemblyScript's own library, and packages in a `node_modules` folder at or above the importing file.
 *
 * Every file read is recorded with its text, since that is what a build depends on.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import type { Settings } from "./options.js";
import { checkedText, patched } from "./patches.js";

const LIBRARY = "~lib/";
const SKEIN = "skein";
/** Where what only programs with C need is. */
const C_FOLDER = `${SKEIN}/c`;
/** The file of the core that has the constants of a build. */
const CHECKED_FILE = `${SKEIN}/runtime/base/checked`;

/** The package's `assembly/`; the same relative path from `host/compiler` and from `dist/compiler`. */
const assemblyFolder = fileURLToPath(new URL("../../assembly/", import.meta.url));

/** In the package the core's sources are this one file, which counts as read where any of them is. */
const packedFile = fileURLToPath(new URL("../core.sources", import.meta.url));
let packedTexts: ReadonlyMap<string, string> | undefined;

/** The texts of the core by their paths in `assembly/`; undefined in a checkout, where they are files. */
function packed(): ReadonlyMap<string, string> | undefined {
  if (packedTexts === undefined && !existsSync(path.join(assemblyFolder, "runtime"))) {
    const texts = brotliDecompressSync(readFileSync(packedFile)).toString("utf8");
    packedTexts = new Map(Object.entries(JSON.parse(texts) as Record<string, string>));
  }
  return packedTexts;
}

let standardFolder: string | undefined;

/** AssemblyScript's library. */
function standardLibraryFolder(): string {
  standardFolder ??= path.join(folderOf("assemblyscript"), "std", "assembly");
  return standardFolder;
}

/** The folder of a package, by a name that bundlers do not know: most projects do not have it. */
function folderOf(name: string): string {
  return path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

/** Files of AssemblyScript's library that Skein replaces by its own. */
const REPLACED = ["console", "process"];

/** A source file as the compiler wants it. */
export interface SourceFile {
  /** The path that AssemblyScript calls it by, with its extension. */
  readonly path: string;
  readonly text: string;
}

export class Sources {
  /** Absolute path of the entry's folder. */
  private readonly base: string;
  /** Texts of all files read, by absolute path. */
  readonly read = new Map<string, string>();
  /** Absolute paths, by the path that AssemblyScript calls a file by. */
  private readonly locations = new Map<string, string>();
  /** Internal paths of AssemblyScript's library. */
  private readonly standard = new Set<string>();

  private readonly settings: Settings;

  constructor(entry: string, settings: Settings) {
    this.base = path.dirname(entry);
    this.settings = settings;
  }

  /** Files that AssemblyScript's library consists of at its top level: they define its globals. */
  libraryEntries(): SourceFile[] {
    return readdirSync(standardLibraryFolder())
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
      .map((name) => this.library(name.slice(0, -3))!);
  }

  /** All files of the core, whatever a program imports of it. */
  core(): SourceFile[] {
    const names =
      packed()?.keys() ??
      readdirSync(path.join(assemblyFolder, "runtime"), { recursive: true, encoding: "utf8" }).map(
        (name) => `runtime/${name.split(path.sep).join("/")}`,
      );
    return [...names]
      .filter((name) => name.startsWith("runtime/") && name.endsWith(".ts"))
      .sort()
      .map((name) => this.library(`${SKEIN}/${name.slice(0, -3)}`)!);
  }

  /** What C in a program calls. */
  forC(): SourceFile[] {
    const names = ["wasi", "fd", "path", "poll", "wasisock", "sockopts"].map((name) => `${C_FOLDER}/${name}`);
    return [C_FOLDER, ...names].map((name) => this.library(name)!);
  }

  /** What C exports, as AssemblyScript. */
  cExports(text: string): SourceFile {
    return { path: `${LIBRARY}${C_FOLDER}/exports.ts`, text };
  }

  /** The entry of a program whose main is C's. */
  cEntry(file: string): SourceFile {
    return { path: `${path.basename(file)}.ts`, text: `export * from "${C_FOLDER}/exports";\n` };
  }

  /** The program's entry file; throws if it cannot be read. */
  entry(file: string): SourceFile {
    const name = path.basename(file);
    this.locations.set(name, file);
    return { path: name, text: this.readText(file) };
  }

  /** The file at an internal path, imported by the file at `dependee`; null if there is none. */
  load(internalPath: string, dependee: string | null): SourceFile | null {
    if (internalPath.startsWith(LIBRARY)) {
      const name = internalPath.slice(LIBRARY.length);
      return this.library(name) ?? this.library(`${name}/index`) ?? this.fromPackage(name, dependee);
    }
    return (
      this.find(internalPath, path.resolve(this.base, internalPath)) ??
      this.find(`${internalPath}/index`, path.resolve(this.base, internalPath, "index"))
    );
  }

  /** Where a file is on disk, by the path that AssemblyScript calls it by; null for the library. */
  location(normalizedPath: string): string | null {
    return this.locations.get(normalizedPath) ?? null;
  }

  /** Tells whether an element's internal name belongs to AssemblyScript's library rather than to Skein or a program. */
  isStandardLibrary = (internalName: string): boolean => {
    if (!internalName.startsWith(LIBRARY)) return false;
    for (let end = internalName.length; (end = internalName.lastIndexOf("/", end - 1)) > LIBRARY.length;) {
      if (this.standard.has(internalName.slice(0, end))) return true;
    }
    return false;
  };

  /** A file of Skein's library or core, or else of AssemblyScript's library. */
  private library(name: string): SourceFile | null {
    const internalPath = LIBRARY + name;
    const own = ownFile(name);
    if (own !== null) {
      const found = this.find(internalPath, own, false);
      return found && name === CHECKED_FILE ? { ...found, text: checkedText(found.text, this.settings) } : found;
    }
    const found = this.find(internalPath, path.join(standardLibraryFolder(), name), false);
    if (!found) return null;
    this.standard.add(internalPath);
    return { path: found.path, text: patched(name, found.text) };
  }

  /** A file of an npm package, by its path in the package or in the package's `assembly/`; its index if only the package is named. */
  private fromPackage(name: string, dependee: string | null): SourceFile | null {
    const match = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/.exec(name);
    if (!match) return null;
    const [, packageName, rest] = match as unknown as [string, string, string | undefined];
    // The compiler knows a file by the path that it asked for, or by that path's index.
    const candidates = [rest ?? [], rest === undefined ? "index" : `${rest}/index`].flat();
    let folder = dependee === null ? this.base : path.dirname(dependee);
    for (;;) {
      const root = path.join(folder, "node_modules", packageName);
      for (const candidate of existsSync(root) ? candidates : []) {
        const internalPath = `${LIBRARY}${packageName}/${candidate}`;
        const found =
          this.find(internalPath, path.join(root, candidate)) ??
          this.find(internalPath, path.join(root, "assembly", candidate));
        if (found) return found;
      }
      const parent = path.dirname(folder);
      if (parent === folder) return null;
      folder = parent;
    }
  }

  private find(internalPath: string, withoutExtension: string, isUsers = true): SourceFile | null {
    const file = `${withoutExtension}.ts`;
    try {
      const text = this.readText(file);
      const normalizedPath = `${internalPath}.ts`;
      if (isUsers) this.locations.set(normalizedPath, file);
      return { path: normalizedPath, text };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return null;
      throw error;
    }
  }

  private readText(file: string): string {
    const ofCore = file.startsWith(assemblyFolder) ? packed()?.get(nameInAssembly(file)) : undefined;
    if (ofCore !== undefined) {
      if (!this.read.has(packedFile)) this.read.set(packedFile, readFileSync(packedFile, "utf8"));
      return ofCore;
    }
    const text = readFileSync(file, "utf8");
    this.read.set(file, text);
    return text;
  }
}

function nameInAssembly(file: string): string {
  return path.relative(assemblyFolder, file).split(path.sep).join("/");
}

/** Why a file cannot be read, in the system's words. */
export function unreadable(error: unknown): string {
  const { message } = error as Error;
  return /^[A-Z0-9]+: (.+?), \w+ '/.exec(message)?.[1] ?? message;
}

/** Where a library file of Skein's is, without its extension; null if it is not one of Skein's. */
function ownFile(name: string): string | null {
  if (name === SKEIN || REPLACED.includes(name)) return path.join(assemblyFolder, "std", name);
  if (!name.startsWith(`${SKEIN}/`)) return null;
  const rest = name.slice(SKEIN.length + 1);
  if (/^(layout$|abi\/|runtime\/)/.test(rest)) return path.join(assemblyFolder, rest);
  return path.join(assemblyFolder, "std", SKEIN, rest);
}
