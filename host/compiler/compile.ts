/**
 * One program, from its entry file to its finished binary, without the cache.
 *
 * Synchronous from beginning to end: the compiler's methods are replaced meanwhile (see hooks.ts).
 */
import path from "node:path";
import { STATIC_BASE } from "../../assembly/layout.js";
import api, { type Options, type Program, type DeclaredElement } from "./asc.js";
import { CompileError, SkeinError } from "../base/errors.js";
import { displayNames, formatErrors, formatWarnings, place, type FileNames } from "./diagnostics.js";
import { installAllocations } from "./allocations.js";
import { installAddressOf } from "./addressof.js";
import { installBlame } from "./blame.js";
import type { CPart } from "./c/index.js";
import { Bodies } from "./bodies.js";
import { Captures } from "./captures.js";
import { Cells } from "./cells.js";
import { Closures } from "./closures.js";
import { Defers } from "./defers.js";
import { emit } from "./emit.js";
import { Entry, START_EXPORT } from "./entry.js";
import { installForOf } from "./forof.js";
import { Formats } from "./formats.js";
import { Frames } from "./frames.js";
import { Globals } from "./globals.js";
import { Hooks } from "./hooks.js";
import { Indexing } from "./indexing.js";
import { Inference } from "./infer.js";
import { installJumps } from "./jumps.js";
import { checkDeclarations, checkImports } from "./imports.js";
import { installLiterals } from "./literals.js";
import { reduceLoads } from "./loads.js";
import { installMarks } from "./marks.js";
import { installLocations } from "./locations.js";
import { installNarrowLocals } from "./narrow.js";
import { NullChecks } from "./nullchecks.js";
import { runPasses } from "./passes.js";
import { Places } from "./places.js";
import type { SafepointOptions, Settings } from "./options.js";
import { Safepoints } from "./safepoints.js";
import { installSelects } from "./selects.js";
import { CORE, Session } from "./session.js";
import type { Source } from "./nodes.js";
import { Sources } from "./sources.js";
import { installSwitches } from "./switches.js";
import { installTemplates } from "./templates.js";
import { installThrows } from "./throws.js";
import { Tasks } from "./tasks.js";
import { Transforms, type LoadedTransform } from "./transforms.js";
import { Tries } from "./tries.js";
import { installNullish } from "./operators.js";
import { parse, parseLibrary } from "./parse.js";
import { installAssignments } from "./patterns.js";
import { ValueCalls } from "./valuecalls.js";
import type { SymbolNames } from "../program/symbols.js";

/** Pages of the largest memory there can be; how much is reserved is for the host to decide. */
const MAXIMUM_PAGES = 65536;
const HEAP_ALIGNMENT = 16;

/** How long the steps of a compile took, in milliseconds, and how large the result is. */
export interface CompileStats {
  readonly parse: number;
  readonly compile: number;
  readonly optimize: number;
  readonly emit: number;
  readonly total: number;
  readonly bytes: number;
  /** Whether the result came from the cache. */
  readonly cached: boolean;
  readonly warnings: readonly string[];
}

export { CPart } from "./c/index.js";

export interface Compiled {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly stats: CompileStats;
  /** Every file read, by absolute path, with its text. */
  readonly sources: ReadonlyMap<string, string>;
}

/** A program of which what is the same for all is parsed: the library and the core. */
export class Begun {
  readonly took: number;
  readonly entry: string;
  readonly sources: Sources;
  readonly program: Program;

  /** `hasC` says whether there will be C. */
  constructor(entryAsGiven: string, settings: Settings, hasC: boolean) {
    const began = performance.now();
    this.entry = path.resolve(entryAsGiven);
    this.sources = new Sources(this.entry, settings);
    this.program = new api.Program(options());
    parseLibrary(this.program.parser, this.sources, hasC);
    this.took = performance.now() - began;
  }

  /** To be called if it is not compiled after all. */
  dispose(): void {
    this.program.module.dispose();
  }
}

/** Compiles the program at `entryAsGiven` or throws a CompileError, whatever happens in the compiler. */
export function compileProgram(
  entryAsGiven: string,
  settings: Settings,
  c: CPart | null = null,
  transforms: readonly LoadedTransform[] = [],
  begun: Begun = new Begun(entryAsGiven, settings, c !== null),
): Compiled {
  try {
    return compileSources(entryAsGiven, settings, c, transforms, begun);
  } catch (error) {
    throw error instanceof SkeinError ? error : internalError(error, entryAsGiven);
  }
}

function compileSources(
  entryAsGiven: string,
  settings: Settings,
  c: CPart | null,
  loaded: readonly LoadedTransform[],
  { entry, sources, program, took }: Begun,
): Compiled {
  const began = performance.now() - took;
  const names = displayNames(entryAsGiven, (file) => sources.location(file));
  // Positions in generated code refer to a table in the module, but this source outlives it.
  api.Source.native.debugInfoIndex = -1;
  if (c !== null) {
    program.options.memoryBase = align(c.memoryEnd);
    program.options.tableBase = c.tableBase;
  }
  const { module } = program;
  try {
    const transforms = new Transforms(loaded, program, entry);
    parse(program, sources, entryAsGiven, c, transforms);
    throwErrors(program, names);
    const parsed = performance.now();

    const { info, segments, frames, values, table, safepoints, places, nullChecks, indexing } = generate(
      program,
      sources,
      names,
      settings.safepoints,
      c,
      transforms,
    );
    throwErrors(program, names);
    const compiled = performance.now();

    const isProgramFile = (source: Source): boolean => sources.location(source.normalizedPath) !== null;
    const files = program.parser.sources.filter(isProgramFile).map(({ debugInfoIndex }) => debugInfoIndex);
    const inC = c?.functions?.names ?? new Set();
    const isOwn = (name: string): boolean => isProgram(sources, name) && !inC.has(name);
    runPasses(module, { frames, values, table, quick: settings.quick, isProgram: isOwn }, () => {
      places.apply(module, new Set(files));
      reduceLoads(module, !settings.quick, inC);
      nullChecks.seal(module, indexing.functions);
      return safepoints?.insert(module, table, inC, values) ?? (() => true);
    });
    const optimized = performance.now();

    const symbolNames: SymbolNames = {
      fileName(source) {
        const location = sources.location(source);
        if (location !== null) return path.relative(path.dirname(entry), location);
        return c?.isFile(source) ? path.relative(path.dirname(entry), path.resolve(source)) : source;
      },
      // Stubs in front of the program's functions (`f@varargs`) are the compiler's.
      isProgram: (name) => isProgram(sources, name) && !name.includes("@"),
      declaration: (name) => declarationOf(program, name),
    };
    const classes = [...program.managedClasses.values()].map(({ internalName }) => internalName);
    const wasm = emit(module, info, [...segments, ...(c?.segments ?? [])], symbolNames, classes);
    checkImports(wasm, entryAsGiven);
    const end = performance.now();
    return {
      wasm,
      sources: sources.read,
      stats: {
        parse: parsed - began,
        compile: compiled - parsed,
        optimize: optimized - compiled,
        emit: end - optimized,
        total: end - began,
        bytes: wasm.length,
        cached: false,
        warnings: formatWarnings(program.diagnostics, names),
      },
    };
  } finally {
    module.dispose();
  }
}

/**
 * Compiles a program as far as AssemblyScript does, for who wants to know something of it: `parsed` is given its own files once all are
 * parsed, `install` may listen to the compiler. A file without a main is compiled too. Gives what files are called.
 */
export function inspectProgram(
  entryAsGiven: string,
  settings: Settings,
  parsed: (files: Source[]) => void,
  install: (hooks: Hooks) => void,
): FileNames {
  const { sources, program } = new Begun(entryAsGiven, settings, false);
  const names = displayNames(entryAsGiven, (file) => sources.location(file));
  api.Source.native.debugInfoIndex = -1;
  try {
    const transforms = new Transforms([], program, entryAsGiven);
    parse(program, sources, entryAsGiven, null, transforms);
    throwErrors(program, names);
    parsed(program.parser.sources.filter(({ normalizedPath }) => isOwnFile(sources, normalizedPath)));
    generate(program, sources, names, settings.safepoints, null, transforms, install);
    return names;
  } catch (error) {
    throw error instanceof SkeinError ? error : internalError(error, entryAsGiven);
  } finally {
    program.module.dispose();
  }
}

/** Tells whether a file is the program's, and of no package. */
function isOwnFile(sources: Sources, normalizedPath: string): boolean {
  return sources.location(normalizedPath) !== null && !normalizedPath.startsWith("~lib/");
}

function align(address: number): number {
  return (address + HEAP_ALIGNMENT - 1) & -HEAP_ALIGNMENT;
}

/** AssemblyScript's options for a program without C. */
function options(): Options {
  const options = new api.Options();
  options.runtime = api.Runtime.Incremental;
  options.stackSize = 0;
  options.sharedMemory = true;
  options.importMemory = true;
  options.exportMemory = false;
  options.maximumMemory = MAXIMUM_PAGES;
  options.memoryBase = STATIC_BASE;
  options.tableBase = 1;
  options.sourceMap = true;
  options.exportStart = START_EXPORT;
  // The library then leaves to __new what __new does (zeroing), and has loops written for an optimiser.
  options.optimizeLevelHint = 3;
  options.globalAliases = new Map([["abort", `${CORE}/base/panic/abort`]]);
  options.setFeature(api.Feature.Threads);
  options.setFeature(api.Feature.Simd);
  return options;
}

/** Runs the compiler with Skein's replacements in place. */
function generate(
  program: Program,
  sources: Sources,
  names: FileNames,
  safepointOptions: SafepointOptions | null,
  c: CPart | null,
  transforms: Transforms,
  listen?: (hooks: Hooks) => void,
): {
  info: ReturnType<Entry["info"]>;
  segments: Globals["segments"];
  frames: Set<string>;
  values: ValueCalls;
  table: ReadonlySet<string>;
  safepoints: Safepoints | null;
  places: Places;
  nullChecks: NullChecks;
  indexing: Indexing;
} {
  const compiler = new api.Compiler(program);
  const session = new Session(compiler);
  const globals = new Globals(session, sources.isStandardLibrary);
  const entry = new Entry(session, c !== null, listen === undefined);
  const frames = new Frames(session, (name) => isProgram(sources, name));
  const places = new Places((name) => isProgram(sources, name));
  const nullChecks = new NullChecks(session, (name) => isProgram(sources, name));
  const safepoints = safepointOptions && new Safepoints(session, safepointOptions);
  const hooks = new Hooks();
  globals.install(hooks);
  frames.install(hooks);
  entry.install(hooks);
  safepoints?.install(hooks);
  installLocations(hooks);
  places.install(hooks);
  installNarrowLocals(hooks);
  installTemplates(hooks);
  installAddressOf(hooks);
  installAllocations(hooks, session);
  installMarks(hooks, compiler);
  const captures = new Captures();
  const cells = new Cells(session, captures);
  cells.install(hooks);
  const inference = new Inference(session);
  inference.install(hooks);
  const values = new ValueCalls(session);
  values.install(hooks);
  const closures = new Closures(session, captures, cells, inference);
  // Outside of what the cells add to a function's beginning: a closure reads its register first.
  closures.install(hooks);
  const bodies = new Bodies(session, captures, cells, closures);
  const tries = new Tries(session, bodies);
  tries.install(hooks);
  const defers = new Defers(session, frames, tries, mentions(program, sources, /\brecover\b/));
  session.catches = mentions(program, sources, /\b(?:catch|finally|recover)\b/);
  new Formats(session).install(hooks);
  new Tasks(session, bodies, closures, defers).install(hooks);
  installSelects(hooks, session);
  installForOf(hooks, session);
  installJumps(hooks);
  installAssignments(hooks, session);
  installNullish(hooks, session);
  installSwitches(hooks);
  installLiterals(hooks);
  // Outside of all that is added to a function's beginning.
  defers.install(hooks);
  nullChecks.install(hooks);
  // Around the checks for null, which it leaves out.
  const indexing = new Indexing();
  indexing.install(hooks);
  c?.install(hooks, session);
  // After the tasks, which look at calls as the compiler makes them.
  installThrows(hooks, session);
  const own = new Set(program.parser.sources.filter(({ normalizedPath }) => sources.location(normalizedPath) !== null));
  installBlame(hooks, (source) => own.has(source));
  listen?.(hooks);
  try {
    program.initialize();
    throwErrors(program, names);
    transforms.run("afterInitialize", program);
    throwErrors(program, names);
    compiler.compile();
  } catch (error) {
    if (error instanceof CompileError) throw error;
    // An error reported earlier explains most failed assertions.
    throwErrors(program, names);
    const at = session.lastRange && place(session.lastRange, names);
    throw at === null || at.startsWith("~lib/") ? error : internalError(error, at);
  } finally {
    hooks.restore();
  }
  for (const name of nullChecks.reduce(compiler.module)) frames.names.add(name);
  defers.apply(compiler.module);
  frames.addDeferred(session.deferred);
  checkDeclarations(compiler, (file) => sources.location(file) !== null, c !== null);
  throwErrors(program, names);
  c?.apply(compiler);
  for (const name of c?.functions?.frames ?? []) frames.names.add(name);
  transforms.compiled(compiler.module);
  throwErrors(program, names);
  compiler.module.removeExport(START_EXPORT);
  places.declare(compiler.module);
  values.declare(compiler.module, closures.register());
  const heapBase = align(compiler.memoryOffset.low);
  const table = new Set([...compiler.functionTable.map((f) => f.internalName), ...(c?.functions?.table ?? [])]);
  return {
    info: entry.info(heapBase),
    segments: globals.segments,
    frames: frames.names,
    values,
    table,
    safepoints,
    places,
    nullChecks,
    indexing,
  };
}

/** Where a function of the program is declared. */
function declarationOf(
  program: Program,
  internalName: string,
): { source: string; line: number; column: number } | undefined {
  const element = program.instancesByName.get(
    internalName.replace(/(?:~deferring)?(?:~with[\d.]*)*(?:~resumed)?$/, ""),
  ) as DeclaredElement | undefined;
  if (element === undefined) return undefined;
  const { source, start } = element.identifierNode.range;
  return { source: source.normalizedPath, line: source.lineAt(start), column: source.columnAt() };
}

/** Tells whether a function belongs to the program, rather than to a library or to the compiler. */
function isProgram(sources: Sources, internalName: string): boolean {
  if (!internalName.startsWith("~")) return true;
  return (
    internalName.startsWith("~lib/") &&
    !internalName.startsWith("~lib/skein") &&
    !sources.isStandardLibrary(internalName)
  );
}

/** Tells whether a word is anywhere in the program's own text. */
function mentions(program: Program, sources: Sources, word: RegExp): boolean {
  return program.parser.sources.some(
    ({ normalizedPath, text }) => sources.location(normalizedPath) !== null && word.test(text),
  );
}

function throwErrors(program: Program, names: FileNames): void {
  const text = formatErrors(program.diagnostics, names);
  if (text !== null) throw new CompileError(text);
}

/** What to say when the compiler itself fails, at some place. */
function internalError(cause: unknown, at: string): CompileError {
  if (cause instanceof RangeError && cause.message.includes("call stack")) {
    return new CompileError(`${at}: error: this is nested too deeply to be compiled: divide it into functions`, {
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
  return new CompileError(`${at}: internal compiler error: ${reason}`, { cause });
}
