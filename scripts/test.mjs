/**
 * Runs the tests.
 *
 *     node scripts/test.mjs [FILTER...] [--only lint,unit,node,newest,deno] [--dir tests/stress] [--name PATTERN]
 *
 * Stages: `lint` (eslint, prettier, tsc), `unit` (as-pect on the core's data structures), `node` (node:test on every
 * `*.test.ts` under `--dir`, default `tests` but for `tests/stress`), `newest` (some of them on the newest Node, where there is
 * one: SKEIN_NEWEST_NODE, or what `npm install --no-save node` has brought; as a dependency it would be every script's Node),
 * `deno` (the library's tests inside Deno, the tests of whole programs with the programs under Deno). A filter is part of a test file's path and leaves out the first two stages;
 * `--name` chooses tests by a pattern.
 *
 * Test files are TypeScript, which Node 20 does not run, so they are bundled into `dist-test/` first; what they import
 * from `host/` is the built `dist/`.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildAll, common, mirror } from "./build.mjs";
import { digest } from "./failures.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, dir: { type: "string" }, name: { type: "string" } },
});
/** The stages that run test files. */
const TESTS = ["node", "newest", "deno"];
const stages = values.only?.split(",") ?? (filters.length > 0 ? TESTS : ["lint", "unit", ...TESTS]);
const directory = path.join(root, values.dir ?? "tests");
const stress = path.join(root, "tests", "stress");

/** Test files that run at once; each may use every core itself. */
const CONCURRENCY = 2;

/** The directories whose tests call the library, and so run inside Deno too. */
const LIBRARY = ["docs", "examples", "faults", "go", "host", "loop", "piscina", "poll", "serve", "sync", "values"];

function testFiles() {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => values.dir !== undefined || !file.startsWith(stress + path.sep))
    .map((file) => path.relative(root, file))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}

/** How many characters of what failed are shown again at the very end, of all stages together. */
const DIGEST = 6000;

/**
 * What goroutines in TypeScript rest on most, which the stage `newest` runs on the newest Node: less than a minute of it.
 */
const NEWEST = ["tests/go/", "tests/sync/chan", "tests/sync/locks", "tests/values/", "tests/piscina/same"];

/** The binary of npm's package `node`, if it is installed; else why there is none. */
function newestNode() {
  const wanted = process.env.SKEIN_NEWEST_NODE ?? bin("node", "bin/node");
  if (!existsSync(wanted))
    return { skipped: "npm's package node is not installed, and SKEIN_NEWEST_NODE names no other" };
  const { stdout, status } = spawnSync(wanted, ["--version"], { encoding: "utf8" });
  if (status !== 0) return { skipped: `${wanted} does not run` };
  const version = stdout.trim();
  if (version === process.version) return { skipped: `the tests run on ${version} anyway` };
  return { node: wanted, version };
}

/**
 * Runs a command to its end and passes on what it prints, at once or, `aside`, when it has ended; gives that if it failed,
 * else null.
 */
function run(title, command, args, { env = {}, aside = false } = {}) {
  const started = performance.now();
  const held = [];
  console.log(`\n== ${title}${aside ? ", beside the next" : ""}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["inherit", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let output = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding("utf8").on("data", (text) => {
        if (aside) held.push(text);
        else to.write(text);
        output += text;
      });
    }
    child.on("error", (error) => {
      console.error(`${title}: ${error.message}`);
      resolve(error.message);
    });
    child.on("exit", async (code) => {
      // What is still in the pipes; but a process that outlives its test, and so holds them, is not waited for.
      await Promise.race([once(child, "close"), delay(2000, undefined, { ref: false })]);
      child.stdout.destroy();
      child.stderr.destroy();
      if (aside) console.log(`\n== ${title}\n${held.join("")}`);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`== ${title}: ${code === 0 ? "passed" : "FAILED"} in ${seconds} s`);
      resolve(code === 0 ? null : output);
    });
  });
}

/** A file of a development tool; not every package lets itself be resolved. */
function bin(module, file) {
  return path.join(root, "node_modules", module, file);
}

function bundled(file) {
  return path.join("dist-test", file.replace(/\.ts$/, ".js"));
}

async function bundle(files) {
  const outdir = path.join(root, "dist-test");
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...common,
    absWorkingDir: root,
    entryPoints: files,
    outdir,
    outbase: ".",
    bundle: true,
    plugins: [mirror],
  });
}

/** Arguments that have Node run test files. */
function nodeTest(files) {
  const names = values.name === undefined ? [] : [`--test-name-pattern=${values.name}`];
  return ["--test", "--test-reporter=spec", `--test-concurrency=${CONCURRENCY}`, ...names, ...files.map(bundled)];
}

/** The stages that failed, with their output. */
const failed = new Map();
async function stage(title, command, args, options) {
  const output = await run(title, command, args, options);
  if (output !== null) failed.set(title, output);
}

/** Programs that the tests run as they are, so that a build of them can be in the cache already. */
function programs() {
  const folders = ["examples", "bench/programs", "tests/net", "tests/programs", "tests/sync"];
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true }).map((file) => path.join(folder, file)),
    )
    .filter((file) => file.endsWith(".ts") && !file.split(path.sep).includes("bad"))
    .filter((file) => /^export function main\(/m.test(readFileSync(path.join(root, file), "utf8")));
}

/** Compiles all of them, on every processor. */
function precompile() {
  const all = programs();
  const count = availableParallelism();
  const parts = Array.from({ length: count }, (_, i) => all.filter((_, j) => j % count === i));
  const script = path.join(root, "scripts", "precompile.mjs");
  return Promise.all(
    parts.map((part, i) => stage(`programs, part ${i + 1}`, process.execPath, [script, ...part], { aside: true })),
  );
}

await buildAll({ types: false });

const runsAll =
  filters.length === 0 && directory === path.join(root, "tests") && TESTS.some((name) => stages.includes(name));
const compiling = runsAll ? precompile() : undefined;
if (stages.includes("lint")) {
  const tsc = require.resolve("typescript/bin/tsc");
  await stage("typecheck", process.execPath, [tsc, "--noEmit"]);
  // What the package ships must compile in a user's program, too.
  await stage("declaration files", process.execPath, [tsc, "-p", "tsconfig.build.json"]);
  await stage("types", process.execPath, [tsc, "-p", "tests/types"]);
  await stage("eslint", process.execPath, [bin("eslint", "bin/eslint.js"), "."]);
  await stage("prettier", process.execPath, [
    bin("prettier", "bin/prettier.cjs"),
    "--check",
    "--log-level",
    "warn",
    ".",
  ]);
}
if (stages.includes("unit")) {
  const specs = path.join(root, "tests", "core");
  if (existsSync(specs) && readdirSync(specs).some((file) => file.endsWith(".spec.ts"))) {
    await stage("as-pect", process.execPath, [bin("@as-pect/cli", "bin/asp.js"), "--no-logo"]);
  } else {
    console.log("\n== as-pect: skipped, tests/core has no specs");
  }
}
if (["node", "newest", "deno"].some((name) => stages.includes(name))) {
  const files = testFiles();
  if (files.length === 0) {
    console.error(`no test file matches ${filters.join(" ")}`);
    process.exit(1);
  }
  await bundle(files);
  await compiling;
  if (stages.includes("node")) await stage("node", process.execPath, nodeTest(files));
  const aside = stages.includes("deno") ? denoLibrary(files) : undefined;
  if (stages.includes("newest")) {
    const { node, version, skipped } = newestNode();
    const some = files.filter((file) => NEWEST.some((part) => file.startsWith(path.normalize(part))));
    if (node === undefined) console.log(`\n== the newest Node: skipped, ${skipped}`);
    else if (some.length > 0) await stage(`Node ${version}`, node, nodeTest(some));
  }
  if (stages.includes("deno")) {
    // The tests of whole programs start them as processes, under the runtime that SKEIN_TEST_RUNTIME names.
    const programs = files.filter((file) => isIn(file, ["programs", "net"]));
    const env = { SKEIN_TEST_RUNTIME: "deno" };
    if (programs.length > 0) await stage("deno, programs", process.execPath, nodeTest(programs), { env });
  }
  await aside;
}

/** The library's tests inside Deno. They wait for threads and timers most of the time, so other tests run beside them. */
async function denoLibrary(files) {
  const library = files.filter((file) => isIn(file, LIBRARY));
  const names = values.name === undefined ? [] : ["--filter", `/${values.name}/`];
  const denoTest = (title, permissions, some) =>
    stage(
      title,
      process.execPath,
      [
        bin("deno", "bin.cjs"),
        "test",
        ...permissions,
        "--no-check",
        "--reporter=dot",
        "--quiet",
        ...names,
        ...some.map(bundled),
      ],
      { aside: true },
    );
  if (library.length > 0) await denoTest("deno, the library", ["-A"], library);
  // Without the permission to call C, sockets are the runtime's own.
  const sockets = library.filter((file) => isIn(file, ["poll", "serve"]));
  if (sockets.length > 0) await denoTest("deno, sockets without FFI", ["-A", "--deny-ffi"], sockets);
}

function isIn(file, directories) {
  return directories.some((name) => file.startsWith(path.join("tests", name) + path.sep));
}

if (failed.size > 0) {
  const share = Math.floor(DIGEST / failed.size);
  for (const [title, output] of failed) console.error(`\n== ${title} failed:\n${digest(output, share)}`);
  console.error(`\nfailed: ${[...failed.keys()].join(", ")}`);
  process.exitCode = 1;
}
