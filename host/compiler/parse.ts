/**
 * Parsing: a program's files and all that they import, with what Skein's parser takes beyond AssemblyScript's.
 *
 * The library is parsed apart, since it does not depend on the program.
 */
import path from "node:path";
import api, { type Parser, type Program } from "./asc.js";
import { isCSource } from "../c/names.js";
import type { CPart } from "./c/index.js";
import { Hooks } from "./hooks.js";
import { installLabels } from "./labels.js";
import { installLargeLiterals } from "./literals.js";
import { installOperators } from "./operators.js";
import { installPatterns } from "./patterns.js";
import { unreadable, type SourceFile, type Sources } from "./sources.js";
import type { Transforms } from "./transforms.js";
import { installBareCatch } from "./tryparts.js";

/** Parses the library's files that every program has, and in one with C those that C calls. */
export function parseLibrary(parser: Parser, sources: Sources, hasC: boolean): void {
  parsing(() => {
    for (const file of sources.libraryEntries()) addFile(parser, file);
    for (const file of sources.core()) addFile(parser, file);
    if (hasC) for (const file of sources.forC()) addFile(parser, file);
  });
}

/** Parses the program and everything that it imports, and what C exports. */
export function parse(
  program: Program,
  sources: Sources,
  entryAsGiven: string,
  c: CPart | null,
  transforms: Transforms,
): void {
  parsing(() => {
    const isC = isCSource(entryAsGiven);
    if (c !== null) addFile(program.parser, sources.cExports(c.exports(isC)));
    addFile(program.parser, isC ? sources.cEntry(entryAsGiven) : sources.entry(path.resolve(entryAsGiven)), true);
    parseImported(program, sources, entryAsGiven);
    // What does not parse is not for them.
    if (program.diagnostics.some(({ category }) => category === api.DiagnosticCategory.Error)) return;
    transforms.run("afterParse", program.parser);
    parseImported(program, sources, entryAsGiven);
  });
}

/** With the parser's replacements in place. */
function parsing(work: () => void): void {
  const hooks = new Hooks();
  installPatterns(hooks);
  installBareCatch(hooks);
  installLabels(hooks);
  installLargeLiterals(hooks);
  installOperators(hooks);
  try {
    work();
  } finally {
    hooks.restore();
  }
}

function addFile(parser: Parser, { path: file, text }: SourceFile, isEntry = false): void {
  const before = parser.sources.length;
  parser.parseFile(text, file, isEntry);
  const source = parser.sources[before];
  // AssemblyScript makes the exports of files at the top of ~lib/ global. Skein's are imported.
  if (source && !isEntry && isSkeinEntry(file)) source.sourceKind = api.SourceKind.Library;
}

/** Parses what the files so far import, and so on. */
function parseImported({ parser }: Program, sources: Sources, entryAsGiven: string): void {
  for (let next = parser.nextFile(); next !== null; next = parser.nextFile()) {
    const dependee = parser.dependees.get(next);
    const from = dependee ? sources.location(dependee.source.normalizedPath) : null;
    let file: SourceFile | null = null;
    let reason: string | undefined;
    try {
      file = sources.load(next, from);
    } catch (error) {
      reason = `cannot read '${next}': ${unreadable(error)}`;
    }
    if (file) addFile(parser, file);
    // A package's index is known by the package's name too.
    parser.donelog.add(next);
    if (file) continue;
    reason ??= notFound(next, path.dirname(entryAsGiven));
    parser.error(api.DiagnosticCode.User_defined_0, dependee?.reportNode.range ?? null, reason);
  }
}

function isSkeinEntry(file: string): boolean {
  return file === "~lib/skein.ts" || file.startsWith("~lib/skein/c");
}

function notFound(internalPath: string, folder: string): string {
  if (!internalPath.startsWith("~lib/")) {
    const file = path.join(folder, internalPath);
    return `there is no file ${file}.ts, nor ${file}/index.ts`;
  }
  const name = internalPath.slice("~lib/".length);
  if (name.startsWith("/")) return `imports have no absolute paths: write the path from this file, beginning with './'`;
  if (name.startsWith("node:")) return `there is no '${name}': goroutine programs have Skein's library, not Node's`;
  const packageName = /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
  return `cannot find '${name}': neither the library nor a package '${packageName}' in node_modules has it (a path to a file begins with './')`;
}
