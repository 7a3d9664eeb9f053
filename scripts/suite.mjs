/**
 * What there is to run: the stages of the tests, and which part of them `npm test` runs.
 *
 * `quick` is `npm test`: at most six minutes on two processors from a fresh clone, every program and the library once on Node and a smoke of Deno.
 * `all` is `npm run test:all`, the whole matrix. `rest` is what `all` has and `quick` has not, for who runs both.
 *
 * Compiling was half of the time of `npm test`, so it has its programs in quick builds (QUICK), and the rest has those again. As users have
 * them programs are compiled where a test is about what users run (AS_USERS), and for the whole of `all`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);

/** The stages, in their order. */
export const STAGES = ["lint", "unit", "programs", "node", "newest", "deno", "checked", "heap", "gc"];

/** The directories whose tests do not call the library; all others run inside Deno too. */
const NODE_ONLY = ["bench", "c", "compiler", "net", "ports", "programs", "scripts", "stress", "threads", "tools"];

/** What goroutines in TypeScript rest on most: less than a minute of it, which other surroundings can be given too. */
const ESSENTIAL = ["tests/go/", "tests/sync/chan", "tests/sync/locks", "tests/values/", "tests/piscina/same"];

/**
 * Test files of which `npm test` runs nothing on Node: they compile for ten seconds and more (every form, error and option of the compiler,
 * every kind of safepoint, all that a cache may meet, the stacks of optimised programs), start a process for each of many cases (the command
 * line, the scheduler's lines, programs with piscina, piscina's own tests), wait for what ends or goes wrong, need servers, pack the package, go on for the sake of load, or
 * run whole examples, matrices and benchmarks of what other files test one by one.
 */
const SLOW = [
  "tests/bench/run",
  "tests/bench/tasks",
  "tests/bullmq/",
  "tests/c/",
  "tests/compiler/",
  "tests/docs/blocks",
  "tests/docs/coming-from",
  "tests/examples/",
  "tests/faults/goroutines",
  "tests/faults/high",
  "tests/go/cancel",
  "tests/go/crash",
  "tests/go/lifecycle",
  "tests/host/packed",
  "tests/loop/examples",
  "tests/net/",
  "tests/piscina/same",
  "tests/piscina/theirs",
  "tests/ports/",
  "tests/programs/driver/cli",
  "tests/programs/driver/examples",
  "tests/programs/driver/host",
  "tests/programs/driver/sched",
  "tests/programs/driver/top",
  "tests/programs/driver/trace",
  "tests/remote/",
  "tests/serve/examples",
  "tests/serve/matrix",
  "tests/serve/servers",
  "tests/sync/givingup",
  "tests/sync/stress",
  "tests/sync/wasm",
  "tests/tools/",
];

/** Test files that `npm test` runs inside Deno. */
const SMOKE = [
  "tests/go/carried",
  "tests/go/inside",
  "tests/host/runtime",
  "tests/sync/chan",
  "tests/loop/tasks",
  "tests/values/",
];

/** Of that, what an engine may do otherwise: each runs on the newest Node, too. */
const ON_NEWEST = ["tests/go/go", "tests/go/crash", "tests/go/lifecycle", "tests/sync/chan", "tests/values/"];

/** Runs every program on several numbers of Ps, of which SKEIN_TEST_SHARE chooses one, or the others. */
const MATRIX = "tests/programs/driver/run.test.ts";
/** Programs, and directories of them, that `npm test` runs as they are, so that a build of them can be in the cache already. */
const PROGRAMS = ["tests/programs"];
/** Those that only the tests in SLOW run. */
const SLOW_PROGRAMS = ["examples", "tests/net", "tests/sync"];
/** Those of MATRIX. */
const MATRIX_PROGRAMS = ["tests/programs"];

/** Has programs compiled soon rather than fast. */
const QUICK = { SKEIN_QUICK: "1" };
/** Test files that look at the code of optimised programs, at their speed, or at what users run. */
const AS_USERS = [
  "tests/bench/",
  "tests/compiler/forms",
  "tests/compiler/indices",
  "tests/compiler/safepoints",
  "tests/compiler/symbols",
  "tests/docs/",
  "tests/examples/",
  "tests/faults/high",
  "tests/net/",
  "tests/programs/driver/examples",
  "tests/sync/stress",
  "tests/tools/",
];

/**
 * Surroundings in which faults show themselves that pass unseen elsewhere: assertions and small rings compiled in; addresses that
 * are negative as an i32; the last page of memory; collections all the time, with assertions. MATRIX, on one number of Ps, and what is ESSENTIAL run in
 * each, and random mixes do for some seconds.
 */
const HARSH = {
  checked: [["checked builds", { SKEIN_CHECKED: "1", ...QUICK }]],
  heap: [
    ["heap above 2 GiB", { SKEIN_DEBUG: "heap=high", ...QUICK }],
    ["heap at 4 GiB", { SKEIN_DEBUG: "heap=top", ...QUICK }],
  ],
  gc: [["a collection every few allocations", { SKEIN_CHECKED: "1", SKEIN_DEBUG: "gcstress=16", ...QUICK }]],
};
const MIXES = ["tests/stress/mix.test.ts", "tests/stress/goroutines.test.ts"];
const MIX_SECONDS = "20";

/** Processes that compile them, one part each: one that has compiled before takes half as long for the next. */
const PARTS = 2;

/** Permissions of Deno without that to call C: sockets are then the runtime's own. */
const WITHOUT_FFI = ["-A", "--deny-ffi"];

const isOf = (file, prefixes) => prefixes.some((prefix) => file.startsWith(path.normalize(prefix)));
const inDirectories = (file, names) =>
  isOf(
    file,
    names.map((name) => `tests/${name}/`),
  );

/** A file of a development tool; not every package lets itself be resolved. */
const bin = (module, file) => path.join(root, "node_modules", module, file);

/** Where the bundle of a test file is, from the top of the repository. */
const bundled = (file) => path.join("dist-test", file.replace(/\.ts$/, ".js"));

/** Test files of `tests/stress` that a part has although it leaves out that folder. */
export function mixesOf(part, wanted) {
  return part !== "quick" && Object.keys(HARSH).some((name) => wanted.includes(name)) ? MIXES : [];
}

/**
 * The jobs of `part` for the test files in `files` and `mixes`, of the stages that `wanted` names; `pattern` chooses tests by name. `notes` takes lines
 * about what is left out.
 */
export function jobsOf({ part, files, mixes, wanted, pattern, notes }) {
  const suite = new Suite(part, pattern);
  const jobs = wanted.includes("programs") ? suite.programs("programs", ...suite.builds()) : [];
  const needs = [...jobs];
  if (wanted.includes("lint")) jobs.push(...suite.lint());
  if (part !== "rest" && wanted.includes("unit")) jobs.push(...suite.unit());
  if (wanted.includes("node")) jobs.push(...suite.node(files));
  if (part !== "quick" && wanted.includes("newest")) jobs.push(...suite.newest(files, notes));
  if (wanted.includes("deno")) jobs.push(...suite.deno(files));
  for (const job of jobs) if (job.file !== undefined) job.needs = needs;
  const harsh = part === "quick" ? [] : Object.keys(HARSH).filter((name) => wanted.includes(name));
  for (const name of harsh) jobs.push(...suite.harsh(name, files, mixes));
  return jobs;
}

class Suite {
  #part;
  #pattern;

  constructor(part, pattern) {
    this.#part = part;
    this.#pattern = pattern;
  }

  /** Whether a job belongs to this part, given whether it is one of `npm test`. */
  #has(quick) {
    return this.#part === "all" || quick === (this.#part === "quick");
  }

  lint() {
    const tsc = require.resolve("typescript/bin/tsc");
    const job = (title, ...args) => ({ stage: "lint", title, command: process.execPath, args });
    // What the package ships must compile in a user's program, too.
    const declarations = job("declaration files", path.join(root, "scripts", "types.mjs"));
    const types = [job("typecheck", tsc, "--noEmit")];
    // What `npm run lint` says of the text takes more than a minute.
    const text = [
      declarations,
      { ...job("types", tsc, "-p", "tests/types"), needs: [declarations] },
      job("eslint", bin("eslint", "bin/eslint.js"), "."),
      job("prettier", bin("prettier", "bin/prettier.cjs"), "--check", "--log-level", "warn", "."),
    ];
    return [...(this.#has(true) ? types : []), ...(this.#has(false) ? text : [])];
  }

  unit() {
    const args = [bin("@as-pect/cli", "bin/asp.js"), "--no-logo"];
    return [{ stage: "unit", title: "as-pect", command: process.execPath, args }];
  }

  /** How programs are compiled beforehand for the node stage, and the folders in which these are. */
  builds() {
    if (this.#part === "quick") return [QUICK, PROGRAMS];
    return [{}, [...(this.#part === "rest" ? [] : PROGRAMS), ...SLOW_PROGRAMS]];
  }

  /** Compiles the programs in the folders. */
  programs(stage, env, folders) {
    const found = folders
      .flatMap((from) =>
        from.endsWith(".ts")
          ? [path.normalize(from)]
          : readdirSync(path.join(root, from), { recursive: true }).map((file) => path.join(from, file)),
      )
      .filter((file) => file.endsWith(".ts") && !file.split(path.sep).includes("bad"))
      .filter((file) => /^export function main\(/m.test(readFileSync(path.join(root, file), "utf8")));
    const all = [...new Set(found)];
    const script = path.join(root, "scripts", "precompile.mjs");
    return Array.from({ length: PARTS }, (_, i) => {
      const args = [script, ...all.filter((_, j) => j % PARTS === i)];
      return { stage, title: `programs, part ${i + 1}`, command: process.execPath, args, env };
    });
  }

  node(files) {
    const own = files.filter((file) => file === MATRIX || this.#has(!isOf(file, SLOW)));
    // The longest first, so that the end does not wait for it alone.
    own.sort((a, b) => Number(b === MATRIX) - Number(a === MATRIX));
    return own.map((file) => {
      const share = file === MATRIX && this.#part !== "all" ? { SKEIN_TEST_SHARE: this.#part } : {};
      return this.#nodeJob("node", file, { env: { ...this.#build(file), ...share } });
    });
  }

  newest(files, notes) {
    const { node, version, skipped } = newestNode();
    if (node === undefined) notes.push(`the newest Node: skipped, ${skipped}`);
    return node === undefined
      ? []
      : files.filter((file) => isOf(file, ON_NEWEST)).map((file) => this.#nodeJob(`Node ${version}`, file, { node }));
  }

  deno(files) {
    const library = files.filter((file) => !inDirectories(file, NODE_ONLY));
    const jobs = library
      .filter((file) => this.#has(isOf(file, SMOKE)))
      .map((file) => this.#denoJob("deno, the library", file));
    if (this.#part === "quick") return jobs;
    for (const file of library.filter((file) => inDirectories(file, ["serve", "sockets"])))
      jobs.push(this.#denoJob("deno, sockets without FFI", file, WITHOUT_FFI));
    // The tests of whole programs start them as processes, under the runtime that SKEIN_TEST_RUNTIME names.
    for (const file of files.filter((file) => inDirectories(file, ["c", "programs", "net"])))
      jobs.push(this.#nodeJob("deno, programs", file, { env: { ...this.#build(file), SKEIN_TEST_RUNTIME: "deno" } }));
    return jobs;
  }

  /** How the programs of a test file are compiled: as the other files of this part have them in the cache. */
  #build(file) {
    return this.#part === "all" || isOf(file, AS_USERS) ? {} : QUICK;
  }

  /** The jobs of one of HARSH, for those of its files that are among the files, and `mixes`. */
  harsh(name, files, mixes) {
    return HARSH[name].flatMap(([stage, env]) => {
      // A build for each is what they cannot have from the cache of the others.
      const needs = "SKEIN_CHECKED" in env && mixes.length > 0 ? this.programs(stage, env, MATRIX_PROGRAMS) : [];
      const mixEnv = { ...env, SKEIN_STRESS_SECONDS: MIX_SECONDS };
      const run = (file, env) => ({ ...this.#nodeJob(stage, file, { env }), needs });
      return [
        ...needs,
        ...files.filter((file) => file === MATRIX).map((file) => run(file, { ...env, SKEIN_TEST_SHARE: "quick" })),
        ...files.filter((file) => isOf(file, ESSENTIAL)).map((file) => run(file, env)),
        ...mixes.map((file) => run(file, mixEnv)),
      ];
    });
  }

  #nodeJob(stage, file, { node = process.execPath, env = {} }) {
    const names = this.#pattern === undefined ? [] : [`--test-name-pattern=${this.#pattern}`];
    const args = ["--test-reporter=spec", ...names, bundled(file)];
    return { stage, title: file, file, command: node, args, env };
  }

  #denoJob(stage, file, permissions = ["-A"]) {
    const names = this.#pattern === undefined ? [] : ["--filter", `/${this.#pattern}/`];
    const options = [...permissions, "--no-check", "--reporter=dot", "--quiet", ...names];
    const args = [bin("deno", "bin.cjs"), "test", ...options, bundled(file)];
    return { stage, title: file, file, command: process.execPath, args, env: { NO_COLOR: "1" } };
  }
}

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
