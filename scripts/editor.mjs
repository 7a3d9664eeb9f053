/**
 * Writes `dist/assembly/index.d.ts`, by which editors know what goroutine programs import: the public names of `assembly/std` as TypeScript
 * declares them, one `declare module` for each module. `assembly.json`, which a program's tsconfig.json extends, leads there.
 *
 * TypeScript writes the declarations of the whole core first, in memory; of these the file has what the modules export, and what that is
 * derived from. Left out is what says something of the core alone: private members, and members whose types no module exports. Where a
 * parameter stands for a call that is made later, or for any number of values (`host/compiler/tasks.ts`, `formats.ts`), it is declared as
 * what one writes there.
 *
 * AssemblyScript's globals come from its own declarations, which are in its package. Its `std/assembly.json` is not extended: it has options
 * that TypeScript 6 and later refuse.
 *
 *     node scripts/editor.mjs
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const assembly = path.join(root, "assembly");
const std = path.join(assembly, "std");

/** Types of parameters that the compiler makes of a call or a function, whatever either returns. */
const TASKS = ["Task", "GoTask", "DeferTask"];
/** Those that it makes of a format and values, and of values alone. */
const VALUES = {
  Format: "format: string, ...values: unknown[]",
  Values: "...values: unknown[]",
  Line: "...values: unknown[]",
};

/**
 * What AssemblyScript declares in a way that TypeScript 7 passes over (an alias where a number's methods are looked for), and what it does not
 * declare: what `for…of` goes over (`host/compiler/forof.ts`), by what a turn gives. In a file of its own, which TypeScript reads before
 * AssemblyScript's: of two declarations that cannot both be, the first counts.
 */
const GLOBALS = `
interface Number extends _Float {}
declare const Number: typeof F64;
interface SymbolConstructor { readonly iterator: unique symbol; }
interface IteratorYieldResult<T> { done?: false; value: T; }
interface IteratorReturnResult<T> { done: true; value: T; }
type IteratorResult<T, R = any> = IteratorYieldResult<T> | IteratorReturnResult<R>;
interface Iterator<T, R = any, N = any> { next(...args: [] | [N]): IteratorResult<T, R>; }
interface Iterable<T, R = any, N = any> { [Symbol.iterator](): Iterator<T, R, N>; }
interface IterableIterator<T, R = any, N = any> extends Iterator<T, R, N> { [Symbol.iterator](): IterableIterator<T, R, N>; }
interface Array<T> { [Symbol.iterator](): IterableIterator<T>; entries(): IterableIterator<[i32, T]>; }
interface ReadonlyArray<T> { [Symbol.iterator](): IterableIterator<T>; }
interface StaticArray<T> { [Symbol.iterator](): IterableIterator<T>; }
interface TypedArray<T> { [Symbol.iterator](): IterableIterator<T>; }
interface String { [Symbol.iterator](): IterableIterator<string>; }
interface Set<K> { [Symbol.iterator](): IterableIterator<K>; }
interface Map<K, V> { [Symbol.iterator](): IterableIterator<[K, V]>; }
`;

/** The same of a class of ours. */
const ADDED = { Chan: "[Symbol.iterator](): IterableIterator<T>;\n" };

/** Writes the files. */
export function writeEditorTypes() {
  const to = path.join(root, "dist", "assembly");
  mkdirSync(to, { recursive: true });
  writeFileSync(path.join(to, "globals.d.ts"), GLOBALS.trimStart());
  writeFileSync(path.join(to, "index.d.ts"), new Declarations(publicModules()).text());
}

/** The files of the modules that programs import, by the modules' names. */
function publicModules() {
  const modules = new Map([["skein", path.join(std, "skein.ts")]]);
  for (const file of readdirSync(path.join(std, "skein")).sort()) {
    const name = path.basename(file, ".ts");
    // What C in a program calls is the compiler's to import.
    if (name !== file && name !== "c") modules.set(`skein/${name}`, path.join(std, "skein", file));
  }
  return modules;
}

/** A checker for the declaration files of these files and all that they import. */
function declared(files) {
  const options = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noLib: true,
    strict: true,
    experimentalDecorators: true,
    types: ["assembly"],
    typeRoots: [path.join(root, "node_modules", "assemblyscript", "std", "types")],
    // `./runtime/…` of a file in assembly/std/skein is in assembly/.
    rootDirs: [path.join(std, "skein"), assembly],
    skipLibCheck: true,
  };
  const texts = new Map();
  const emitting = { ...options, declaration: true, emitDeclarationOnly: true };
  ts.createProgram(files, emitting).emit(
    undefined,
    (file, text) => texts.set(path.normalize(file), text),
    undefined,
    true,
  );
  const disk = ts.createCompilerHost(options);
  const isSource = (file) => file.startsWith(assembly + path.sep) && !file.endsWith(".d.ts");
  const host = {
    ...disk,
    fileExists: (file) => texts.has(path.normalize(file)) || (!isSource(path.normalize(file)) && disk.fileExists(file)),
    readFile: (file) => texts.get(path.normalize(file)) ?? disk.readFile(file),
    getSourceFile: (file, target) => {
      const text = texts.get(path.normalize(file));
      return text === undefined ? disk.getSourceFile(file, target) : ts.createSourceFile(file, text, target, true);
    },
  };
  const program = ts.createProgram(files.map(declarationFile), { ...options, noEmit: true }, host);
  return { program, isOurs: (file) => texts.has(path.normalize(file)) };
}

const declarationFile = (file) => file.replace(/\.ts$/, ".d.ts");

class Declarations {
  constructor(modules) {
    this.modules = modules;
    const { program, isOurs } = declared([...modules.values()]);
    this.program = program;
    this.isOurs = isOurs;
    this.checker = program.getTypeChecker();
    /** Where each public symbol is declared: its module, and its name there. */
    this.homes = new Map();
    for (const name of modules.keys()) {
      for (const { symbol, as } of this.exportsOf(name)) {
        const own = symbol.declarations[0].getSourceFile() === this.sourceOf(name);
        if (own || !this.homes.has(symbol)) this.homes.set(symbol, { module: name, name: as });
      }
    }
  }

  sourceOf(module) {
    return this.program.getSourceFile(declarationFile(this.modules.get(module)));
  }

  exportsOf(module) {
    const symbols = this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(this.sourceOf(module)));
    return symbols.map((symbol) => ({ symbol: this.resolved(symbol), as: symbol.name }));
  }

  resolved(symbol) {
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }

  text() {
    const modules = [...this.modules.keys()].map((name) => this.module(name));
    return [
      '// What goroutine programs import, for editors: "extends": "skein/assembly.json" in the tsconfig.json beside them.\n',
      '/// <reference path="globals.d.ts" />\n',
      ...["index", "rt/index"].map((name) => `/// <reference types="assemblyscript/std/assembly/${name}.d.ts" />\n`),
      ...modules,
    ].join("");
  }

  /** One module: what it declares, what that is derived from, what it takes from other modules. */
  module(name) {
    const module = { name, names: new Map(), taken: new Set(), imports: new Map(), hidden: [], exports: [] };
    const exported = this.exportsOf(name);
    for (const { as } of exported) module.taken.add(as);
    const own = exported.filter(({ symbol, as }) => this.isHome(symbol, name, as));
    for (const { symbol, as } of own) module.names.set(symbol, as);
    const parts = own.map(({ symbol, as }) => this.declaration(symbol, as, module, true));
    // What is declared for these asks for more.
    for (let i = 0; i < module.hidden.length; i++) {
      const symbol = module.hidden[i];
      parts.push(this.declaration(symbol, module.names.get(symbol), module, false));
    }
    for (const { symbol, as } of exported.filter((each) => !own.includes(each))) {
      const home = this.homes.get(symbol);
      parts.push(`export { ${home.name === as ? as : `${home.name} as ${as}`} } from "${home.module}";\n`);
    }
    const imports = [...module.imports].map(([from, names]) => `import { ${[...names].join(", ")} } from "${from}";\n`);
    // Otherwise all that is declared in a module like this one is exported.
    return `\n${headOf(this.sourceOf(name), this.modules.get(name))}declare module "${name}" {\n${imports.join("")}${parts.join("")}export {};\n}\n`;
  }

  isHome(symbol, module, as) {
    const home = this.homes.get(symbol);
    return home.module === module && home.name === as;
  }

  /** The declarations of a symbol, under the name that it has in the module. */
  declaration(symbol, as, module, isExported) {
    return symbol.declarations
      .map((node) => {
        const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
        const text = this.rewritten(statement, module, node.name.text === as ? undefined : { node: node.name, as });
        const bare = text.replace(/^((?:\s*\/\*\*.*?\*\/)*)\s*(?:export |default |declare )*/s, "$1\n").trim();
        return `${isExported ? bare.replace(/^((?:\s*\/\*\*.*?\*\/\s*)*)/s, "$1export ") : bare}\n`;
      })
      .join("");
  }

  /** A statement's text, with names as the module has them, and without what is the core's. */
  rewritten(statement, module, renamed) {
    const file = statement.getSourceFile().text;
    const edits = [];
    // Returns nothing: what forEachChild gets from its function ends it.
    const edit = (node, text, start = node.getStart()) => void edits.push({ start, end: node.end, text });
    const visit = (node) => {
      if (node === renamed?.node) return edit(node, renamed.as);
      if (ts.isClassElement(node) && (isPrivate(node) || this.mentionsHidden(node))) {
        // Without a constructor a class could be made from nothing.
        return edit(node, ts.isConstructorDeclaration(node) ? "\nprotected constructor();" : "", node.getFullStart());
      }
      if (ts.isParameter(node) && node.type && ts.isTypeReferenceNode(node.type)) {
        const name = node.type.typeName.getText();
        if (TASKS.includes(name)) return edit(node.type, "unknown");
        if (Object.hasOwn(VALUES, name)) return edit(node, VALUES[name]);
      }
      if (ts.isIdentifier(node)) {
        const symbol = this.referred(node);
        const name = symbol && this.nameIn(symbol, module);
        if (name !== undefined && name !== node.text) edit(node, name);
      }
      ts.forEachChild(node, visit);
    };
    visit(statement);
    if (ts.isClassDeclaration(statement) && Object.hasOwn(ADDED, statement.name.text)) {
      edits.push({ start: statement.end - 1, end: statement.end - 1, text: ADDED[statement.name.text] });
    }
    let text = "";
    let at = statement.getFullStart();
    for (const { start, end, text: by } of edits.sort((a, b) => a.start - b.start)) {
      text += file.slice(at, start) + by;
      at = end;
    }
    return compact(text + file.slice(at, statement.end));
  }

  /** The symbol at the top of one of our files that a name in a type stands for. */
  referred(identifier) {
    const symbol = this.resolved(this.checker.getSymbolAtLocation(identifier));
    const declaration = symbol?.declarations?.[0];
    if (!declaration || !this.isOurs(declaration.getSourceFile().fileName)) return undefined;
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return statement.parent === declaration.getSourceFile() ? symbol : undefined;
  }

  /** Whether a member's type has names that no module exports, but for those that are declared as something else; or addresses. */
  mentionsHidden(member) {
    let found = false;
    const visit = (node) => {
      if (ts.isIdentifier(node)) {
        const symbol = this.referred(node);
        if (symbol && !this.homes.has(symbol) && !TASKS.includes(symbol.name) && !isAlias(symbol)) found = true;
        if (node.text === "usize") found = true;
      }
      ts.forEachChild(node, visit);
    };
    visit(member);
    return found;
  }

  /** What a module calls a symbol, which it declares or imports from now on. */
  nameIn(symbol, module) {
    if (module.names.has(symbol)) return module.names.get(symbol);
    const home = this.homes.get(symbol);
    let name = home?.name ?? symbol.name;
    while (module.taken.has(name)) name += "_";
    module.taken.add(name);
    module.names.set(symbol, name);
    if (!home) {
      module.hidden.push(symbol);
    } else {
      if (!module.imports.has(home.module)) module.imports.set(home.module, new Set());
      module.imports.get(home.module).add(name === home.name ? name : `${home.name} as ${name}`);
    }
    return name;
  }
}

const isPrivate = (node) => (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
const isAlias = (symbol) => (symbol.flags & ts.SymbolFlags.TypeAlias) !== 0;

/** The comment at the head of a source. */
function headOf(declarations, file) {
  const [head = ""] = /^\/\*\*.*?\*\/\n/s.exec(ts.sys.readFile(file)) ?? [];
  return head;
}

/** Without indentation and empty lines. */
function compact(text) {
  return text.replace(/^[ \t]+(?=\S)/gm, (space) => " ".repeat(space.length / 4)).replace(/\n\s*\n/g, "\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeEditorTypes();
