/**
 * Compile errors as a person reads them: file, line and column of the user's own file, the line itself with a mark under
 * the place, the message. One screen at most.
 */
import path from "node:path";
import api, { type Diagnostic, type Range } from "./asc.js";
import { hintOf } from "./hints.js";

const { DiagnosticCategory, DiagnosticCode } = api;

/** More errors than this are counted, not shown. */
const SHOWN = 5;
/** Longer lines are cut around the place of the error. */
const LINE_WIDTH = 110;
const TAB = "  ";

/** Says how files are called in messages. */
export interface FileNames {
  /** The name for a file, by the path that AssemblyScript calls it by. */
  display(normalizedPath: string): string;
}

/** Names files as the user would: the entry as given, other files by a path from the same starting point. */
export function displayNames(entryAsGiven: string, locate: (normalizedPath: string) => string | null): FileNames {
  const entry = path.resolve(entryAsGiven);
  return {
    display(normalizedPath) {
      const location = locate(normalizedPath);
      if (location === null) return normalizedPath;
      if (location === entry) return entryAsGiven;
      if (path.isAbsolute(entryAsGiven)) return location;
      return path.relative(process.cwd(), location);
    },
  };
}

/** The errors among the diagnostics, as one text; null if there are none. */
export function formatErrors(diagnostics: readonly Diagnostic[], names: FileNames): string | null {
  const errors = diagnostics.filter((d) => d.category === DiagnosticCategory.Error);
  if (errors.length === 0) return null;
  // Errors inside the library follow from the program's own, and only confuse where there are any of those.
  const own = errors.filter((d) => d.range === null || !isLibrary(d.range, names));
  // What the parser says behind a form that it does not know follows from that.
  const unknown = own.filter((d) => d.range !== null && hint(d) !== null);
  const shown = unknown.length > 0 ? unknown.filter(isFirst) : own.length > 0 ? own : errors;
  const texts = shown.slice(0, SHOWN).map((d) => formatDiagnostic(d, names));
  if (shown.length > SHOWN) {
    const more = shown.length - SHOWN;
    texts.push(`… and ${more} more error${more === 1 ? "" : "s"}`);
  }
  return texts.join("\n\n");
}

/** Of errors that say the same of one line, the first. */
function isFirst(one: Diagnostic, i: number, all: readonly Diagnostic[]): boolean {
  const lineOf = ({ range }: Diagnostic): number => range!.source.lineAt(range!.start);
  return !all.slice(0, i).some((d) => hint(d) === hint(one) && lineOf(d) === lineOf(one));
}

/** The warnings about the program's own files. */
export function formatWarnings(diagnostics: readonly Diagnostic[], names: FileNames): string[] {
  return diagnostics
    .filter((d) => d.category === DiagnosticCategory.Warning && d.range !== null && !isLibrary(d.range, names))
    .map((d) => formatDiagnostic(d, names));
}

function isLibrary(range: Range, names: FileNames): boolean {
  return names.display(range.source.normalizedPath).startsWith("~lib/");
}

/** A warning of our own at a place. */
export function formatWarning(range: Range, message: string, names: FileNames): string {
  return [`${place(range, names)}: warning: ${message}`, ...excerpt(range)].join("\n");
}

function formatDiagnostic(diagnostic: Diagnostic, names: FileNames): string {
  const label = diagnostic.category === DiagnosticCategory.Warning ? "warning" : "error";
  const { range } = diagnostic;
  if (!range) return `${label}: ${message(diagnostic)}`;
  const lines = [`${place(range, names)}: ${label}: ${message(diagnostic)}`, ...excerpt(range)];
  if (diagnostic.relatedRange && diagnostic.relatedRange.source.text !== "[native code]") {
    lines.push(`${place(diagnostic.relatedRange, names)}: see here`, ...excerpt(diagnostic.relatedRange));
  }
  return lines.join("\n");
}

/** `file:line:column`; only the file, for what concerns it as a whole. */
export function place(range: Range, names: FileNames): string {
  const { source } = range;
  const file = names.display(source.normalizedPath);
  if (range.start === 0 && range.end === 0) return file;
  const line = source.lineAt(range.start);
  return `${file}:${line}:${source.columnAt()}`;
}

function hint({ code, message, range }: Diagnostic): string | null {
  if (code === DiagnosticCode.User_defined_0 || range === null) return null;
  return hintOf(message, range.source.text, range.start);
}

/** The message in the words of the program: names without the paths and scopes that the compiler puts before them. */
function message(diagnostic: Diagnostic): string {
  const { code, message } = diagnostic;
  const known = hint(diagnostic);
  if (known !== null) return known;
  if (code === DiagnosticCode.User_defined_0) return message.replace(/^User-defined: "?/, "").replace(/"$/, "");
  if (message === "Not implemented: Closures") {
    return "this variable of the function around cannot be used here";
  }
  return message
    .replace(/(?:[\w.@~-]+\/)+(\w)/g, "$1")
    .replace(/[\w.#]+~(\w)/g, "$1")
    .replace(/(\w)#(\w)/g, "$1.$2")
    .replace(/\.$/, "");
}

function excerpt(range: Range): string[] {
  const { text } = range.source;
  if (range.start === 0 && range.end === 0) return [];
  const number = String(range.source.lineAt(range.start));
  const lineStart = text.lastIndexOf("\n", range.start - 1) + 1;
  const lineEnd = text.indexOf("\n", range.start);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, "");
  let column = range.start - lineStart;
  const length = Math.max(1, Math.min(range.end - range.start, line.length - column));
  let visible = line;
  if (line.length > LINE_WIDTH) {
    const from = Math.max(0, Math.min(column - 20, line.length - LINE_WIDTH));
    visible = line.slice(from, from + LINE_WIDTH);
    column -= from;
  }
  const before = visible.slice(0, column).replace(/\t/g, TAB).replace(/./g, " ");
  const marks = "~".repeat(Math.min(length, Math.max(1, visible.length - column)));
  const gutter = " ".repeat(number.length);
  return [`${number} | ${visible.replace(/\t/g, TAB)}`, `${gutter} | ${before}${marks}`];
}
