/**
 * Builds `dist/` from `host/`.
 *
 * `dist/` mirrors `host/` file by file, so a path relative to `import.meta.url` means the same in both: `../../assembly/`
 * seen from `host/compiler/` is the package's `assembly/` from `dist/compiler/` too. Only `assembly/layout.ts`, which is
 * constants, is copied into its importers. The files that threads begin with are bundled, so that a thread reads one file. So is what
 * programs import (`dist/library/`) and the command (`dist/command/`): two hundred files take three times as long to load as these few.
 *
 *     node scripts/build.mjs [--no-types]
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { parse } from "acorn";
import { build, transform } from "esbuild";
import { writeTypes } from "./types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const host = path.join(root, "host");
const dist = path.join(root, "dist");
const enums = path.join(host, "abi", "enums.js");

/** Entry files of threads, and what these load later. */
const threadEntries = [
  "host/c/clangprocess.ts",
  "host/program/files.ts",
  "host/piscina/worker.ts",
  "host/serve/loopthread.ts",
  "host/serve/socketthread.ts",
  "host/sockets/iothread.ts",
  "host/sockets/bundle.ts",
];

/** Those of the runtime's own threads are CommonJS modules, which Node is quicker to load, and Deno no slower. */
const commonJsThreadEntries = ["host/runtime/mthread.ts", "host/runtime/sysmon.ts"];

/** What programs import, and the command, by their files in `dist/`; and the compiler, which both load when they need it. */
const bundles = {
  "library/index": "host/index.ts",
  "library/compiler": "host/compiler/index.ts",
  "library/bullmq": "host/bullmq/worker.ts",
  "library/remote": "host/remote/index.ts",
  "command/main": "host/cli/main.ts",
};

/**
 * The same for who can only `require`: jest and other tools that run modules themselves, Node before 20.19. `exports` of package.json
 * leads everybody else to one copy of the library, so that its classes are one.
 */
const commonJsBundles = {
  "library/index": "host/index.ts",
  "library/bullmq": "host/bullmq/worker.ts",
  "library/remote": "host/remote/index.ts",
  "piscina/main": "host/piscina/main.ts",
  "piscina/engine": "host/piscina/engine.ts",
};

/**
 * Packages that programs need none of their own of, by what is taken from them: one file each in `dist/vendor/`, which is a fraction of
 * what npm would install, and its licence.
 */
const vendored = {
  acorn: ["parseExpressionAt"],
  commander: ["Argument", "Command", "CommanderError", "InvalidArgumentError", "Option"],
};

/** The core, and what programs import of it. */
const CORE = ["assembly/abi", "assembly/layout.ts", "assembly/runtime", "assembly/std"];

/** Options shared by every build; the oldest runtime supported decides the target. */
export const common = { format: "esm", platform: "node", target: "node20", packages: "external", logLevel: "warning" };

/** For what is shipped: over a quarter less to install and to read. Names stay, and lines, for stacks and those who look. */
const compact = { minifyWhitespace: true, minifySyntax: true, lineLimit: 160 };

/** What a thread's code takes from the global object as it loads: a task may delete or replace any of it later. */
const GLOBALS = `AbortController AbortSignal AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean Buffer DOMException DataView Date Error EvalError Float32Array
  Float64Array FinalizationRegistry Function Int16Array Int32Array Int8Array Intl JSON Map Math Number Object Promise Proxy RangeError
  ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol SyntaxError TypeError URIError URL Uint16Array Uint32Array Uint8Array
  Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly clearImmediate clearInterval clearTimeout queueMicrotask setImmediate setInterval
  parseInt performance setTimeout structuredClone`;
const OWN_GLOBALS = `const { ${GLOBALS.trim().split(/\s+/).join(", ")} } = globalThis;`;

/** Has what is built find the packages in `dist/vendor/`, which is beside the folder of each file. */
const fromVendor = {
  name: "from-vendor",
  setup(b) {
    const filter = new RegExp(`^(?:${Object.keys(vendored).join("|")})$`);
    b.onResolve({ filter }, ({ path }) => ({ path: `../vendor/${path}.cjs`, external: true }));
  },
};

/** Leaves imports between files of `host/` as imports of their counterparts in `dist/`. */
export const mirror = {
  name: "mirror",
  setup(b) {
    b.onResolve({ filter: /^\.\.?\// }, (args) => {
      if (args.kind === "entry-point") return undefined;
      const target = path.resolve(args.resolveDir, args.path);
      // Enumerations are constants too, and are copied into their importers.
      if (!target.startsWith(host + path.sep) || target === enums) return undefined;
      const built = path.join(dist, path.relative(host, target)).replace(/\.ts$/, ".js");
      const fromHost = args.resolveDir.startsWith(host);
      return { path: fromHost ? args.path.replace(/\.ts$/, ".js") : pathToFileURL(built).href, external: true };
    });
  },
};

function sources(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)));
}

/**
 * Puts a file in its place in one step, and only if it is another: a program that is running, or starting, sees either
 * the old file or the new one.
 */
function replace(file, contents) {
  if (existsSync(file) && readFileSync(file).equals(contents)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, file);
}

/**
 * Builds everything; `types` says whether the declaration files are written too, which takes most of the time, `core` whether
 * `dist/core.wasm`, which programs do without, and what editors know the core by are brought up to date.
 */
export async function buildAll({ types = true, core = true } = {}) {
  await buildAbi();
  await unlessDone("vendor", ["package-lock.json", "scripts/build.mjs"], buildVendored);
  const others = [...threadEntries, "host/piscina/main.ts"];
  const entryPoints = sources(host).filter((file) => !others.includes(file));
  const options = { ...common, absWorkingDir: root, outdir: dist, outbase: "host", bundle: true, write: false };
  const mirrored = await build({ ...options, entryPoints, plugins: [fromVendor, mirror] });
  const own = { js: OWN_GLOBALS };
  const bundled = await build({ ...options, ...compact, plugins: [apart], entryPoints: threadEntries, banner: own });
  const banner = { js: commonJs.banner.js + own.js };
  const threads = await build({ ...options, ...compact, ...commonJs, entryPoints: commonJsThreadEntries, banner });
  // An import of one of these globals, where nothing names the global itself, is a second declaration that esbuild cannot see.
  for (const { text } of bundled.outputFiles) parse(text, { ecmaVersion: "latest", sourceType: "module" });
  for (const { text } of threads.outputFiles) parse(text, { ecmaVersion: "latest", sourceType: "script" });
  const files = [...mirrored.outputFiles, ...bundled.outputFiles, ...threads.outputFiles];
  files.push(...(await buildBundles(options)));
  files.push(...(await buildCommonJs(options)));
  for (const file of files) replace(file.path, unpolluted(file.contents));
  replace(path.join(dist, "compiler.key"), keyOfCompiler(mirrored.outputFiles));
  await unlessDone("c.objects", ["assembly/c", "include", "host/c", "package-lock.json"], buildC);
  await unlessDone("core.sources", [...CORE, "scripts/build.mjs"], packSources);
  if (core) {
    await buildCore();
    await unlessDone("assembly", ["assembly", "scripts/editor.mjs"], async () => {
      (await import("./editor.mjs")).writeEditorTypes(); // which loads TypeScript
    });
  }
  if (types && !writeTypes()) {
    console.warn("build: the declaration files were written in spite of the type errors above");
  }
}

/** Bundles the library and the command, which share what they load later, and share it with who can only `require`. */
async function buildBundles(options) {
  const { outputFiles } = await build({
    ...options,
    ...compact,
    entryPoints: bundles,
    chunkNames: "library/[name]-[hash]",
    splitting: true,
    plugins: [fromVendor, afterTheLibrary, whereItWas, globalProcess],
  });
  const names = new Set(outputFiles.map((file) => file.path));
  const files = [];
  for (const { path: file, contents, text } of outputFiles) {
    files.push({ path: file, contents: hidden(text) ?? (isCompiler(file) ? await renamed(text) : contents) });
  }
  for (const folder of ["library", "command"].map((name) => path.join(dist, name)).filter(existsSync)) {
    const left = readdirSync(folder).filter((name) => name.endsWith(".js") && !names.has(path.join(folder, name)));
    for (const name of left) rmSync(path.join(folder, name));
  }
  return files;
}

/** The file that is loaded with AssemblyScript, the largest there is. */
function isCompiler(file) {
  return path.basename(file).startsWith("loaded-");
}

/** Gives all that is no property a short name: whom the stacks of this file serve has a checkout. */
async function renamed(text) {
  const { code } = await transform(text, { ...compact, minifyIdentifiers: true, format: "esm", target: common.target });
  return Buffer.from(code);
}

/** Hides the compiler from bundlers that take the library in: it comes from packages that most projects do not have. */
function hidden(text) {
  const imports = /\bimport\((".\/loaded-\w+\.js")\)/g;
  if (!imports.test(text)) return undefined;
  return Buffer.from(text.replaceAll(imports, "import(/* webpackIgnore: true */ /* @vite-ignore */ String($1))"));
}

/** Has esbuild's way to export look at an object's own properties: programs may have given all objects more. */
function unpolluted(contents) {
  const text = Buffer.from(contents).toString("utf8");
  // for (var name in all) defineProperty(target, name, { get: all[name], … }), under whatever names.
  const exporting = /for ?\(var (\w+) in (\w+)\)(?=\s*\w+\(\w+, ?\1, ?\{\s*get:)/g;
  return Buffer.from(text.replaceAll(exporting, "for(var $1 of Object.keys($2))"));
}

/** What builds of programs depend on: all that compiles them. */
function keyOfCompiler(outputs) {
  const hash = createHash("sha256");
  for (const { path: file, contents } of outputs) {
    if (/^(?:compiler|program|c)$/.test(path.basename(path.dirname(file))))
      hash.update(file.slice(dist.length)).update(contents);
  }
  return Buffer.from(hash.digest("hex"));
}

async function buildVendored() {
  for (const [name, exported] of Object.entries(vendored)) {
    const outfile = path.join(dist, "vendor", `${name}.cjs`);
    const contents = `export { ${exported.join(", ")} } from "${name}";`;
    const options = {
      ...common,
      packages: "bundle",
      format: "cjs",
      bundle: true,
      ...compact,
      minify: true,
      write: false,
      outfile,
    };
    const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: root } });
    const licence = readFileSync(path.join(root, "node_modules", name, "LICENSE"), "utf8");
    replace(outfile, unpolluted(`/*!\n${licence.trim()}\n*/\n${outputFiles[0].text}`));
  }
}

/** A source without the lines that are comments only, each of which is an empty line: positions stay. */
function withoutComments(text) {
  let isComment = false;
  const lines = text.split("\n").map((line) => {
    const isWhole = isComment || /^\s*\/[/*]/.test(line);
    if (isComment || /^\s*\/\*/.test(line)) isComment = !line.includes("*/");
    return isWhole && !/\*\/\s*\S/.test(line) ? "" : line;
  });
  return lines.join("\n");
}

/** Packs the sources of the core, which only the compiler reads, as programs' authors have their declarations: in the package they are one file, a sixth as large (`host/compiler/sources.ts`). */
function packSources() {
  const files = CORE.flatMap((name) => filesBelow(path.join(root, name))).filter((file) => file.endsWith(".ts"));
  const texts = files.sort().map((file) => {
    const name = path.relative(path.join(root, "assembly"), file).split(path.sep).join("/");
    return [name, withoutComments(readFileSync(file, "utf8"))];
  });
  replace(path.join(dist, "core.sources"), brotliCompressSync(JSON.stringify(Object.fromEntries(texts))));
}

/** Compiles Skein's own part of libc (`host/c/shipped.ts`). */
async function buildC() {
  const load = (name) => import(pathToFileURL(path.join(dist, "c", name)).href);
  const [{ buildOwn }, { pack }] = await Promise.all(["build.js", "shipped.js"].map(load));
  replace(path.join(dist, "c.objects"), Buffer.from(pack(await buildOwn())));
}

/** Does what is to be done unless it was done with these files as they are: `dist/<name>.key` says which. */
async function unlessDone(name, inputs, work) {
  const keyFile = path.join(dist, `${name}.key`);
  if (existsSync(keyFile) && readFileSync(keyFile).equals(keyOf(inputs))) return;
  await work();
  replace(keyFile, keyOf(inputs));
}

function keyOf(inputs) {
  const hash = createHash("sha256");
  const files = inputs.flatMap((name) => filesBelow(path.join(root, name)));
  for (const file of files.sort()) hash.update(path.relative(root, file)).update(readFileSync(file));
  return Buffer.from(hash.digest("hex"));
}

/** Brings what the host knows of the core up to date. */
async function buildAbi() {
  await unlessDone("abi", ["assembly", "host/abi", "scripts/abi.mjs"], async () => {
    const { writeAbi } = await import("./abi.mjs"); // which loads AssemblyScript
    if (!(await writeAbi())) console.warn("build: host/abi was brought up to date with assembly/");
  });
}

/** Compiles the program of runtimes that have none, `dist/core.wasm`. */
async function buildCore() {
  await unlessDone("core.wasm", ["assembly", "host/compiler", "host/program", "package.json"], async () => {
    const { compile } = await import(pathToFileURL(path.join(dist, "compiler", "index.js")).href);
    const entry = path.join(root, "assembly", "empty.ts");
    replace(
      path.join(dist, "core.wasm"),
      Buffer.from((await compile(entry, { cache: false, checked: false, quick: false })).wasm),
    );
  });
}

function filesBelow(name) {
  if (!statSync(name).isDirectory()) return [name];
  return readdirSync(name, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/**
 * Has all that is loaded later come after the library and what it starts runtimes with, so that these are one file each: esbuild puts what
 * other sets of entries need into as many files of their own, and twenty files take half again as long to load as one.
 */
const afterTheLibrary = {
  name: "after-the-library",
  setup(b) {
    const library = path.join(root, bundles["library/index"]);
    const launch = path.join(host, "runtime", "launch.ts");
    b.onResolve({ filter: /\.[jt]s$/ }, ({ kind, path: file, resolveDir }) => {
      if (kind !== "dynamic-import" && kind !== "entry-point") return undefined;
      const source = path.resolve(resolveDir, file).replace(/\.js$/, ".ts");
      if (source === library || !existsSync(source)) return undefined;
      return { path: source, pluginData: source === launch ? [library] : [library, launch] };
    });
    b.onLoad({ filter: /\.ts$/ }, async ({ path: file, pluginData: before }) => {
      if (before === undefined) return undefined;
      const imports = before.map((name) => `import ${JSON.stringify(name)};`);
      const text = [...imports, readFileSync(file, "utf8")].join("\n");
      return (await placed(file, text)) ?? { contents: text, loader: "ts" };
    });
  },
};

/** Has `import.meta.url` in a bundle stand for the file's place in `dist/`, by which it finds others. */
const whereItWas = {
  name: "where-it-was",
  setup(b) {
    b.onLoad({ filter: /\.ts$/ }, ({ path: file }) => placed(file, readFileSync(file, "utf8")));
  },
};

/** The text of a file with its place in it; undefined if it does not ask for that. */
async function placed(file, text) {
  if (!text.includes("import.meta.url")) return undefined;
  const place = path.relative(host, file).split(path.sep).join("/").replace(/\.ts$/, ".js");
  const { code } = await transform(text, {
    loader: "ts",
    target: common.target,
    define: { "import.meta.url": "importMetaUrl" },
  });
  // In a CommonJS module that somebody else's bundler makes of it there is no such URL, and no such file either.
  const url = `new URL("../${place}", import.meta.url || "file:///bundled/")`;
  return { contents: `const importMetaUrl = String(${url});\n${code}`, loader: "js" };
}

/** Leaves what a bundle imports as it runs apart. */
const apart = {
  name: "apart",
  setup(b) {
    b.onResolve({ filter: /^\.\.?\// }, ({ kind, path }) => {
      if (kind !== "dynamic-import") return undefined;
      // The library is what programs import, which some have loaded already.
      return { path: path === "../index.js" ? "../library/index.js" : path, external: true };
    });
  },
};

/** Takes `process` from the global object: esbuild's import of it copies all its properties, which takes a millisecond. */
const globalProcess = {
  name: "global-process",
  setup(b) {
    b.onResolve({ filter: /^node:process$/ }, ({ path }) => ({ path, namespace: "global" }));
    b.onLoad({ filter: /.*/, namespace: "global" }, () => ({ contents: "export default globalThis.process;" }));
  },
};

/** Has a bundle `require` what Node brings, also where the sources import it as they run: who can only `require` has no `import()`. */
const required = {
  name: "required",
  setup(b) {
    b.onResolve({ filter: /^node:/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, namespace: "required" } : undefined,
    );
    b.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require("${path}");`,
    }));
  },
};

/** Has what is required import the compiler, which comes from packages that can only be imported. */
const importedCompiler = {
  name: "imported-compiler",
  setup(b) {
    b.onResolve({ filter: /\/compiler\/index\.js$/ }, () => ({ path: "../library/compiler.js", external: true }));
  },
};

/** Has what goes with the library require that: its errors are instances of the library's classes. */
const besideTheLibrary = {
  name: "beside-the-library",
  setup(b) {
    b.onResolve({ filter: /\/index\.js$/ }, ({ path: file, resolveDir, kind }) => {
      const isLibrary = kind !== "entry-point" && path.resolve(resolveDir, file) === path.join(host, "index.js");
      return isLibrary && !resolveDir.startsWith(path.join(host, "piscina"))
        ? { path: "./index.cjs", external: true }
        : undefined;
    });
  },
};

/** Options for bundles that are CommonJS modules. */
const commonJs = {
  plugins: [apart, globalProcess],
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  define: { "import.meta.url": "fileUrl" },
  banner: { js: 'const fileUrl = require("node:url").pathToFileURL(__filename).href;' },
};

/** Bundles what programs `require`. The module of piscina's interface is its class, as piscina's is. */
async function buildCommonJs(options) {
  const { outputFiles } = await build({
    ...options,
    ...commonJs,
    ...compact,
    entryPoints: commonJsBundles,
    plugins: [besideTheLibrary, whereItWas, importedCompiler, globalProcess, required],
    footer: { js: "if (module.exports.Piscina) module.exports = module.exports.Piscina;" },
  });
  return outputFiles;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await buildAll({ types: !process.argv.includes("--no-types") });
}
