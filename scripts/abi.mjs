/**
 * Writes `host/abi/`: what the host knows of the core, taken from the core's own sources.
 *
 * AssemblyScript reads `assembly/abi` and `assembly/runtime` and is asked for
 * - the classes marked `@host`, and the fields marked `@host` (plain), `@atomic` (several threads at a time), `@slot` (64 bits that
 *   the codec of values reads and writes: its address is given) and `@slots` (several of these): views of records in memory;
 * - the namespaces of `assembly/abi`: enumerations;
 * - the functions marked `@host`: the interface `Core`, and a binder that checks a program's exports against it;
 * - the functions that the core imports from `skein`: interfaces, and binders.
 * Addresses, which WebAssembly has as signed numbers, are unsigned in all of these.
 *
 *     node scripts/abi.mjs [--check]
 *
 * With `--check` nothing is written: it fails, naming the lines, if what is there is not what would be written.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as asc from "assemblyscript";
import { format } from "prettier";

const root = fileURLToPath(new URL("..", import.meta.url));
const assembly = path.join(root, "assembly");
const output = path.join(root, "host", "abi");
const standard = path.join(root, "node_modules", "assemblyscript", "std", "assembly");

const SKEIN = "~lib/skein/";
const FOLDERS = ["abi", "runtime"];
/** Decorators of fields. */
const MARKS = ["host", "atomic", "slot", "slots"];

// ---- reading ---------------------------------------------------------------------------------------------------------

const read = (name) => readFileSync(`${name}.ts`, "utf8");
const scripts = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => name.slice(0, -3).split(path.sep).join("/"))
    .sort();

/** The core's program, with all names resolved. */
function load() {
  const options = new asc.Options();
  options.runtime = asc.Runtime.Incremental;
  options.setFeature(asc.Feature.Threads, true);
  const program = new asc.Program(options);
  const { parser } = program;
  for (const name of readdirSync(standard).filter((name) => /(?<!\.d)\.ts$/.test(name))) {
    parser.parseFile(readFileSync(path.join(standard, name), "utf8"), `~lib/${name}`, false);
  }
  for (const folder of FOLDERS) {
    for (const name of scripts(path.join(assembly, folder))) {
      parser.parseFile(read(path.join(assembly, folder, name)), `${SKEIN}${folder}/${name}.ts`, false);
    }
  }
  for (let next; (next = parser.nextFile()) !== null;) {
    const name = next.startsWith(SKEIN)
      ? path.join(assembly, next.slice(SKEIN.length))
      : path.join(standard, next.replace("~lib/", ""));
    const found = [name, path.join(name, "index")].find((name) => existsSync(`${name}.ts`));
    if (found === undefined) throw new Error(`the core imports ${next}, which is not there`);
    parser.parseFile(read(found), `${next}${found === name ? "" : "/index"}.ts`, false);
    parser.donelog.add(next);
  }
  const compiler = new asc.Compiler(program);
  program.initialize();
  const [error] = program.diagnostics.filter(({ category }) => category === asc.DiagnosticCategory.Error);
  if (error !== undefined) throw new Error(`the core: ${error.toString()}`);
  return { program, resolver: compiler.resolver };
}

const fileOf = ({ declaration }) => declaration.range.source.internalPath;
const marksOf = (declaration) => (declaration.decorators ?? []).map(({ name }) => name.text);

/** The comment of documentation before a declaration, or nothing. */
function docOf({ range, decorators }) {
  const start = Math.min(range.start, ...(decorators ?? []).map(({ range }) => range.start));
  const before = range.source.text.slice(0, start).replace(/(?:\s|\b(?:export|declare|private|const|let))+$/, "");
  if (!before.endsWith("*/")) return "";
  const begin = before.lastIndexOf("/**");
  return begin < before.lastIndexOf("/*", begin - 1) ? "" : `${before.slice(begin).replace(/\n\s+\*/g, "\n *")}\n`;
}

/** The value of a constant, or of the expression that it has. */
function evaluate(node, { program, resolver }, element) {
  const { NodeKind, Token } = asc;
  const value = (node) => evaluate(node, { program, resolver }, element);
  switch (node.kind) {
    case NodeKind.Literal:
      return node.value.low;
    case NodeKind.Parenthesized:
    case NodeKind.Assertion:
      return value(node.expression);
    case NodeKind.UnaryPrefix:
      if (node.operator === Token.Minus) return -value(node.operand);
      break;
    case NodeKind.Binary: {
      const [left, right] = [value(node.left), value(node.right)];
      if (node.operator === Token.Plus) return left + right;
      if (node.operator === Token.Asterisk) return left * right;
      if (node.operator === Token.LessThan_LessThan) return left << right;
      break;
    }
    case NodeKind.Identifier:
      return value(element.lookup(node.text).initializerNode);
    case NodeKind.Call: {
      const [type] = node.typeArguments ?? [];
      if (node.expression.text !== "offsetof" || type === undefined) break;
      const instance = resolver.resolveType(type, null, element, null).getClass();
      return instance.nextMemoryOffset;
    }
  }
  throw new Error(`${element.internalName}: this cannot be evaluated: ${node.range.toString()}`);
}

/** Everything that the files are made of. */
function collect() {
  const loaded = load();
  const { program, resolver } = loaded;
  const elements = [...new Set(program.elementsByName.values())]
    .filter(({ internalName }) => internalName.startsWith(SKEIN))
    .sort((a, b) => (a.internalName < b.internalName ? -1 : 1));
  const ofKind = (kind) => elements.filter((element) => element.kind === asc.ElementKind[kind]);
  const declared = ofKind("FunctionPrototype");
  return {
    enums: ofKind("Namespace")
      .filter((element) => fileOf(element).startsWith(`${SKEIN}abi/`))
      .map((element) => enumOf(element, loaded)),
    views: ofKind("ClassPrototype")
      .map((prototype) => viewOf(prototype, resolver))
      .filter((view) => view !== undefined),
    core: declared
      .filter(isOfHost)
      .map((prototype) => functionOf(prototype, resolver))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    imports: declared
      .map((prototype) => ({ prototype, name: importName(prototype) }))
      .filter(({ name }) => name !== undefined)
      .map(({ prototype, name }) => ({ ...functionOf(prototype, resolver), name })),
  };
}

function isOfHost(prototype) {
  return marksOf(prototype.declaration).includes("host");
}

/** The name under which a function is imported from the host; undefined if it is not. */
function importName({ declaration }) {
  const external = (declaration.decorators ?? []).find(({ name }) => name.text === "external");
  const [module, name] = external?.args ?? [];
  return module?.value === "skein" ? name.value : undefined;
}

function enumOf(element, loaded) {
  const members = [...element.members.values()].map((global) => ({
    name: global.name,
    doc: docOf(global.declaration),
    value: evaluate(global.initializerNode, loaded, element),
  }));
  return { name: element.name, doc: docOf(element.declaration), members };
}

function functionOf(prototype, resolver) {
  const instance = resolver.resolveFunction(prototype, null);
  if (!instance) throw new Error(`${prototype.internalName} has no signature`);
  const { parameterTypes, returnType } = instance.signature;
  return {
    name: prototype.name,
    doc: docOf(prototype.declaration),
    params: parameterTypes.map((type, i) => ({ name: instance.getParameterName(i), kind: kindOf(type) })),
    result: kindOf(returnType),
  };
}

/** What a type is to JavaScript. */
function kindOf(type) {
  if (type === asc.Type.void) return "void";
  if (type.getClass() !== null || type === asc.Type.usize32) return "address";
  if (type === asc.Type.bool) return "bool";
  return type.toString();
}

function viewOf(prototype, resolver) {
  const { declaration } = prototype;
  const isWhole = marksOf(declaration).includes("host");
  const isMarked = ({ decorators }) => (decorators ?? []).some(({ name }) => MARKS.includes(name.text));
  if (!isWhole && !declaration.members.some(isMarked)) return undefined;
  const cls = resolver.resolveClass(prototype, null);
  const all = [...cls.members.values()].filter((member) => member.kind === asc.ElementKind.PropertyPrototype);
  const own = all.filter(({ parent, fieldDeclaration }) => parent === cls && fieldDeclaration !== null);
  const fields = own.flatMap((member) => {
    const { fieldDeclaration, instance, name } = member;
    const [mark] = marksOf(fieldDeclaration).filter((name) => MARKS.includes(name));
    if (mark === undefined && (!isWhole || fieldDeclaration.is(asc.CommonFlags.Private))) return [];
    const count = 1 + own.filter((other) => new RegExp(`^${name}\\d+$`).test(other.name)).length;
    return [
      {
        name,
        doc: docOf(fieldDeclaration),
        mark: mark ?? "host",
        kind: kindOf(instance.type),
        offset: instance.memoryOffset,
        count,
      },
    ];
  });
  return {
    name: prototype.name,
    doc: docOf(declaration),
    base: cls.base !== null && isOfHost(cls.base.prototype) ? cls.base.name : undefined,
    size: cls.nextMemoryOffset,
    fields,
  };
}

// ---- writing ---------------------------------------------------------------------------------------------------------

const head = (text) => `/**\n * ${text}\n *\n * Generated by scripts/abi.mjs from assembly/: do not edit.\n */\n`;
const jsType = (kind) =>
  kind === "void" ? "void" : kind === "bool" ? "boolean" : /64$/.test(kind) && kind !== "f64" ? "bigint" : "number";

function enumsFile(enums) {
  const one = ({ name, doc, members }) =>
    `${doc}export const enum ${name} {\n${members.map(({ name, doc, value }) => `${doc}${name} = ${value},\n`).join("")}}\n`;
  return head("The enumerations of the core.") + enums.map(one).join("\n");
}

const VIEW = `
/** The program's memory, in the types that its records have. */
export interface Memory {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly floats: Float64Array;
  readonly bytes: Uint8Array;
  readonly data: DataView;
}

/** A record in the program's memory; \`move\` makes it that at another address. */
abstract class View {
  protected readonly memory: Memory;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Its address in words: an index. */
  protected at: number;

  constructor(memory: Memory, address = 0) {
    this.memory = memory;
    this.words = memory.words;
    this.at = address >>> 2;
  }

  get address(): number {
    return this.at * 4;
  }

  move(address: number): this {
    this.at = address >>> 2;
    return this;
  }
}
`;

function viewsFile(views) {
  const written = new Set();
  let text = `${head("Views of the core's records. A 64-bit integer is given as a number, exact up to 2 ** 53.")}${VIEW}`;
  const write = (view) => {
    if (written.has(view)) return;
    written.add(view);
    const base = views.find(({ name }) => name === view.base);
    if (base !== undefined) write(base);
    text += `\n${view.doc}export class ${view.name} extends ${base?.name ?? "View"} {\nstatic ${base === undefined ? "" : "override "}readonly SIZE${base === undefined ? ": number" : ""} = ${view.size};\n${view.fields.map((field) => accessors(view.name, field)).join("")}}\n`;
  };
  views.forEach(write);
  return text;
}

/** The accessors of a field. */
function accessors(owner, { name, doc, mark, kind, offset, count }) {
  const index = offset >= 4 ? `this.at + ${Math.floor(offset / 4)}` : "this.at";
  const address = offset > 0 ? `this.address + ${offset}` : "this.address";
  const both = (get, set) =>
    `${doc}get ${name}(): number {\nreturn ${get};\n}\n` + (set ? `set ${name}(value: number) {\n${set};\n}\n` : "");
  if (mark === "slot") return `${doc}get ${name}(): number {\nreturn ${address};\n}\n`;
  if (mark === "slots") {
    const limit = `/** How many \`${name}\` there are. */\nstatic readonly ${name.toUpperCase()} = ${count};\n`;
    return `${limit}${doc}${name}(i: number): number {\nreturn ${address} + 8 * i;\n}\n`;
  }
  const unsigned = kind === "address" || kind === "u32" ? " >>> 0" : "";
  if (mark === "atomic") {
    if (!["i32", "u32", "address"].includes(kind)) throw new Error(`${owner}.${name}: ${kind} cannot be atomic here`);
    const access = both(`Atomics.load(this.words, ${index})${unsigned}`, `Atomics.store(this.words, ${index}, value)`);
    return `${access}/** Where \`${name}\` is in \`words\`. */\nget ${name}Index(): number {\nreturn ${index};\n}\n`;
  }
  switch (kind) {
    case "i32":
    case "u32":
    case "address":
      return both(`this.words[${index}]!${unsigned}`, `this.words[${index}] = value`);
    case "f64":
      return both(`this.memory.floats[(${index}) >>> 1]!`, `this.memory.floats[(${index}) >>> 1] = value`);
    case "f32":
      return both(
        `this.memory.data.getFloat32(${address}, true)`,
        `this.memory.data.setFloat32(${address}, value, true)`,
      );
    case "u8":
    case "bool":
      return both(`this.memory.bytes[${address}]!`);
    case "i16":
      return both(`this.memory.data.getInt16(${address}, true)`);
    case "i64":
    case "u64": {
      const high = `this.words[this.at + ${offset / 4 + 1}]!`;
      return both(`(this.words[${index}]! >>> 0) + ${kind === "u64" ? `(${high} >>> 0)` : high} * 2 ** 32`);
    }
  }
  throw new Error(`${owner}.${name}: nobody knows how JavaScript is to read ${kind}`);
}

const signature = ({ params, result }) =>
  `(${params.map(({ name, kind }) => `${name}: ${jsType(kind)}`).join(", ")}): ${jsType(result)}`;
const names = (params) => params.map(({ name }) => name).join(", ");

function coreFile(functions) {
  const binding = (fn) => {
    const { name, params, result } = fn;
    const taken = `take("${name}")`;
    if (result !== "address" && result !== "bool") return `${name}: ${taken},\n`;
    const call = `${name}(${names(params)})`;
    return `${name}: (${names(params)}) => ${result === "address" ? `${call} >>> 0` : `Boolean(${call})`},\n`;
  };
  const kept = functions.filter(({ result }) => result === "address" || result === "bool");
  const keep = ({ name }) => `const ${name} = take("${name}");\n`;
  return `${head("What the core exports, as a program's instance has it; `assembly/runtime` says who may call what.")}
export interface Core {
${functions.map((fn) => `${fn.doc}${fn.name}${signature(fn)};\n`).join("")}}

/** @internal How many parameters each has. */
export const ARITIES: Readonly<Record<keyof Core, number>> = {
${functions.map(({ name, params }) => `${name}: ${params.length},\n`).join("")}};

/** What the names of the exports begin with. */
const PREFIX = "__skein_";

/** The core of an instance; refuse makes the error if it lacks a function, or has another one by that name. */
export function bindCore(exports: WebAssembly.Exports, refuse: (message: string) => Error): Core {
  const take = <N extends keyof Core>(name: N): Core[N] => {
    const found = exports[PREFIX + name];
    if (typeof found === "function" && found.length === ARITIES[name]) return found as Core[N];
    throw refuse(
      \`the program was compiled for another version of Skein: its core has no \${name} of \${ARITIES[name]} parameters\`,
    );
  };
${kept.map(keep).join("")}
  return {
${functions.map(binding).join("")}  };
}
`;
}

function importsFile(functions) {
  const net = functions.filter(({ name }) => name.startsWith("net_"));
  const base = functions.filter((fn) => !net.includes(fn));
  const group = (name, doc, functions) => {
    const binding = (fn) => {
      if (!fn.params.some(({ kind }) => kind === "address")) return `${fn.name}: host.${fn.name},\n`;
      const given = fn.params.map(({ name, kind }) => (kind === "address" ? `${name} >>> 0` : name)).join(", ");
      return `${fn.name}: (${fn.params.map(({ name, kind }) => `${name}: ${jsType(kind)}`).join(", ")}) => host.${fn.name}(${given}),\n`;
    };
    return `
/** ${doc} */
export interface ${name} {
${functions.map((fn) => `${fn.doc}readonly ${fn.name}: ${signature(fn).replace("): ", ") => ")};\n`).join("")}}

/** These, for the core to call: it has addresses as signed numbers. */
export function bind${name}(host: ${name}): { readonly [K in keyof ${name}]: ${name}[K] } {
  return {
${functions.map(binding).join("")}  };
}
`;
  };
  return `${head("What the core imports from the module `skein`: the host's part of it.")}${group("CoreImports", "What every program imports.", base)}${group("NetImports", "What programs that open sockets import.", net)}`;
}

/** The files, by name. */
async function generate() {
  const { enums, views, core, imports } = collect();
  const files = {
    "enums.ts": enumsFile(enums),
    "records.ts": viewsFile(views),
    "core.ts": coreFile(core),
    "imports.ts": importsFile(imports),
  };
  const config = { filepath: "core.ts", printWidth: 120 };
  for (const [name, text] of Object.entries(files)) files[name] = await format(text, config);
  return files;
}

/** Brings `host/abi` up to date, or says what in it is not; true if that is nothing. */
export async function writeAbi({ check = false } = {}) {
  let isCurrent = true;
  mkdirSync(output, { recursive: true });
  for (const [name, text] of Object.entries(await generate())) {
    const file = path.join(output, name);
    const before = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (before === text) continue;
    isCurrent = false;
    if (!check) writeFileSync(file, text);
    else tellDifference(name, before, text);
  }
  return isCurrent;
}

function tellDifference(name, before, wanted) {
  const [has, wants] = [before.split("\n"), wanted.split("\n")];
  const [extra, missing] = [has.filter((line) => !wants.includes(line)), wants.filter((line) => !has.includes(line))];
  console.error(`host/abi/${name} is not what assembly/ says (node scripts/abi.mjs writes it):`);
  for (const line of extra.slice(0, 10)) console.error(`  - ${line.trim()}`);
  for (const line of missing.slice(0, 10)) console.error(`  + ${line.trim()}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const check = process.argv.includes("--check");
  try {
    if (!(await writeAbi({ check })) && check) process.exitCode = 1;
  } catch (error) {
    // Thrown further it would be shown with all of binaryen's source.
    console.error(error.stack);
    process.exitCode = 1;
  }
}
