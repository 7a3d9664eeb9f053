/**
 * Runs the tests.
 *
 *     node scripts/test.mjs [FILTER...] [--all | --rest] [--list] [--only STAGES] [--without FILTER...] [--dir tests/stress] [--name PATTERN]
 *
 * Without arguments it runs the quick suite, `npm test`; `--all` is `npm run test:all`, the whole matrix, and `--rest` what that
 * has beside the quick suite (`suite.mjs` has both); `--list` shows what would run. Stages: `lint` (eslint, prettier, tsc), `unit` (as-pect on the core's data
 * structures), `node` (node:test on every `*.test.ts` under `--dir`, default `tests` but for `tests/stress`), `newest` (some of
 * them on the newest Node, where there is one: SKEIN_NEWEST_NODE, or what `npm install --no-save node` has brought; as a
 * dependency it would be every script's Node), `deno` (the library's tests inside Deno, the tests of whole programs with the
 * programs under Deno), `checked`, `heap` and `gc` (programs and random mixes with assertions compiled in, where addresses are high, with collections all the time). A filter is part of a test file's path and leaves out the first two stages; `--without` leaves out files; `--name` chooses
 * tests by a pattern. Who chooses has all of what was chosen, and its output.
 *
 * Test files are TypeScript, which Node 20 does not run, so they are bundled into `dist-test/` first; what they import
 * from `host/` is the built `dist/`.
 */
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildAll, common, mirror } from "./build.mjs";
import { digest } from "./failures.mjs";
import { runJobs } from "./jobs.mjs";
import { jobsOf, mixesOf, root, STAGES } from "./suite.mjs";

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean" },
    rest: { type: "boolean" },
    list: { type: "boolean" },
    only: { type: "string" },
    without: { type: "string", multiple: true, default: [] },
    dir: { type: "string" },
    name: { type: "string" },
  },
});
/** Whether the caller has chosen files or tests. */
const chosen = filters.length > 0 || values.dir !== undefined || values.name !== undefined;
/** The stages that run test files. */
const TESTS = ["node", "newest", "deno"];
const stages = values.only?.split(",") ?? (chosen ? TESTS : STAGES);
const whole = values.all || chosen || values.only !== undefined;
const part = values.rest ? "rest" : whole ? "all" : "quick";
const directory = path.join(root, values.dir ?? "tests");
const stress = path.join(root, "tests", "stress");

/** Jobs that run at once; each may use every core itself. */
const SLOTS = 2;

/** How many characters of what failed are shown again at the very end, of all stages together. */
const DIGEST = 6000;

function testFiles() {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => values.dir !== undefined || !file.startsWith(stress + path.sep))
    .map((file) => path.relative(root, file))
    .filter(isChosen)
    .sort();
}

function isChosen(file) {
  const has = (filter) => file.includes(filter);
  return (filters.length === 0 || filters.some(has)) && !values.without.some(has);
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

const unknown = stages.filter((name) => !STAGES.includes(name));
if (unknown.length > 0) {
  console.error(`there is no stage ${unknown.join(", ")}: there are ${STAGES.join(", ")}`);
  process.exit(1);
}

const runsFiles = stages.some((name) => !["lint", "unit", "programs"].includes(name));
const files = runsFiles ? testFiles() : [];
if (runsFiles && files.length === 0) {
  console.error(`no test file matches ${filters.join(" ")}`);
  process.exit(1);
}
const mixes = mixesOf(part, stages).filter((file) => isChosen(file));
const notes = [];
const jobs = jobsOf({ part, files, mixes, wanted: stages, pattern: values.name, notes });
for (const note of notes) console.log(note);
if (values.list) {
  // It ends by itself: `process.exit` may drop what a pipe has not taken yet.
  for (const { stage, title } of jobs) console.log(`${stage}: ${title}`);
} else {
  await run();
}

/** Builds what the jobs need, runs them, and says which failed. */
async function run() {
  await buildAll({ types: false });
  if (runsFiles) await bundle([...new Set([...files, ...mixes])]);
  const failed = await runJobs(jobs, { slots: SLOTS, cwd: root, verbose: chosen });

  if (failed.length > 0) {
    const share = Math.floor(DIGEST / failed.length);
    for (const { job, output } of failed)
      console.error(`\n== ${job.stage}, ${job.title} failed:\n${digest(output, share)}`);
    console.error(`\nfailed: ${failed.map(({ job }) => `${job.title} (${job.stage})`).join(", ")}`);
    process.exitCode = 1;
  }
}
