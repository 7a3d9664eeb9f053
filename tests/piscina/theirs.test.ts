import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../host/bench/paths.js";

/**
 * The tests of piscina's own package, with `skein/piscina` in its place. They are copied to a folder of their own, in which what they
 * import as piscina is ours; the modules inside of piscina that they look into too are stood in for by what shows of ours.
 *
 * SKEIN_PISCINA names another checkout of piscina than the package that is installed.
 */
const theirs = process.env["SKEIN_PISCINA"] ?? path.join(packageRoot, "node_modules", "piscina");

/** How many must pass, of the 153 that run on Node 20: all but those below, of which five may pass too. */
const LEAST = 144;

/** What cannot pass, and why. */
const FAILING: Readonly<Record<string, string>> = {
  "workers has histogram": "loadBalancer is refused: idle threads take tasks, nobody assigns them",
  "workers does not have histogram if disabled": "loadBalancer is refused",
  "workerCreate/workerDestroy should be emitted while managing worker lifecycle": "loadBalancer is refused",
  "workers are marked as destroyed if destroyed": "loadBalancer is refused",
  "idle timeout will let go of threads early":
    "asks for a new worker_threads.threadId; the scheduler keeps its threads",
  "idle timeout will not let go of threads if Infinity is used as the value":
    "asks for the same worker_threads.threadId twice, in order; any thread takes a task",
  "transferable objects must be transferred":
    "looks for one task's variables in another, which another thread may have",
  "objects that implement transferable must be transferred": "the same",
  "exiting process in immediate after task errors next task and resets worker":
    "ends the thread of one task to fail the next, which another thread may have",
};

/** How long one of their files may take, and all: each of a hundred pools starts threads that load tsx, on a machine that may be busy. */
const FILE_LIMIT_MS = 600_000;
const LIMIT_MS = 1_800_000;

function whyNot(): string | false {
  if ("deno" in process.versions) return "piscina's tests are written for Node";
  if (!existsSync(path.join(theirs, "test"))) return `no tests of piscina in ${theirs}`;
  if (!existsSync(path.join(packageRoot, "node_modules", "tsx"))) return "tsx is not installed";
  return false;
}

/** Lays out a package of the name of piscina, with their tests and our code. */
function layOut(): string {
  const root = mkdtempSync(path.join(os.tmpdir(), "skein-piscina-"));
  const modules = path.join(root, "node_modules");
  for (const name of ["tsx", "@napi-rs"]) link(path.join(packageRoot, "node_modules", name), path.join(modules, name));
  write(path.join(modules, "concat-stream", "index.js"), CONCAT);
  const inside = path.join(root, "piscina");
  mkdirSync(inside);
  cpSync(path.join(theirs, "package.json"), path.join(inside, "package.json"));
  cpSync(path.join(theirs, "test"), path.join(inside, "test"), { recursive: true });
  // It counts bits by masks of which three are hexadecimal by mistake, which is right for the pairs of tasks that piscina happens to begin.
  const counting = path.join(inside, "test", "atomics-optimization.test.ts");
  if (existsSync(counting)) writeFileSync(counting, readFileSync(counting, "utf8").replaceAll("0xb0", "0b0"));
  const ours = JSON.stringify(path.join(packageRoot, "dist", "piscina", "main.cjs"));
  for (const name of ["index", "main"])
    write(path.join(inside, "dist", `${name}.js`), `module.exports = require(${ours});`);
  const url = JSON.stringify(pathToFileURL(path.join(packageRoot, "dist", "piscina", "main.cjs")).href);
  write(path.join(inside, "dist", "esm-wrapper.mjs"), `export * from ${url};\nexport { default } from ${url};\n`);
  write(path.join(inside, "dist", "symbols.js"), `exports.kQueueOptions = require(${ours}).queueOptionsSymbol;`);
  write(path.join(inside, "dist", "worker_pool.js"), "");
  write(path.join(inside, "dist", "common.js"), COMMON.replace("OURS", ours));
  return inside;
}

const COMMON = `const { move, transferableSymbol, valueSymbol } = require(OURS);
exports.isTransferable = (it) => it !== null && typeof it === "object" && transferableSymbol in it && valueSymbol in it;
exports.isMovable = (it) => exports.isTransferable(it)
  && Object.getOwnPropertySymbols(it).some(({ description }) => description === "Piscina.kMovable");
exports.markMovable = move;
exports.getAvailableParallelism = require("node:os").availableParallelism;
`;

/** As much of the package as they use. */
const CONCAT = `const { Writable } = require("node:stream");
module.exports = (tell) => {
  let text = "";
  return new Writable({ write(chunk, _, done) { text += chunk; done(); } }).on("finish", () => tell(text));
};
`;

function link(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(path.dirname(to), { recursive: true });
  symlinkSync(from, to, "junction");
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Runs their files, one after another; gives what the reporter says. */
function run(directory: string): Promise<string> {
  const tests = readdirSync(path.join(directory, "test")).filter((name) => name.endsWith(".test.ts"));
  const flags = ["--enable-source-maps", "--import=tsx", "--test", "--test-reporter=tap", "--test-concurrency=1"];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [...flags, `--test-timeout=${FILE_LIMIT_MS}`, ...tests.map((name) => path.join("test", name))],
      { cwd: directory, env, stdio: ["ignore", "pipe", "ignore"], timeout: LIMIT_MS, killSignal: "SIGKILL" },
    );
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

describe("piscina's own tests, with skein/piscina", () => {
  it(`pass, but for those that cannot: ${LEAST} at least`, { skip: whyNot() }, async (t) => {
    const directory = layOut();
    t.after(() => rmSync(path.dirname(directory), { recursive: true, force: true }));
    const said = await run(directory);
    // A file whose process has died, or a suite, stands for no test of its own.
    const results = [...said.matchAll(/^ *(ok|not ok) \d+ - (.*?)( # SKIP.*)?$/gm)]
      .map(([, result, name, skipped]) => ({ isOk: result === "ok", name: name!, isSkipped: skipped !== undefined }))
      .filter(({ isSkipped }) => !isSkipped);
    const passed = results.filter(({ isOk }) => isOk).length;
    const failed = results.filter(({ isOk, name }) => !isOk && !(name in FAILING)).map(({ name }) => name);
    t.diagnostic(`${passed} of ${results.length} pass`);
    for (const { isOk, name } of results) if (!isOk) t.diagnostic(`${name}: ${FAILING[name] ?? "FAILED"}`);
    assert.deepEqual(failed, []);
    assert(passed >= LEAST, `${passed} pass`);
  });
});
