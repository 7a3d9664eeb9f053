/**
 * Runs one program or one test again and again: at each change under `assembly/` or `host/`, and of the file itself.
 *
 *     npm run dev -- FILE [ARGUMENT...]
 *
 * FILE is a test (`*.test.ts`), a unit test of the core (`*.spec.ts`), a program (`.ts`), or JavaScript. What is built, in a process
 * of its own that stays while the compiler is the same, is only what FILE needs.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import path from "node:path";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildAll } from "./build.mjs";
import { root } from "./suite.mjs";

/** Editors write a file in several steps, and several files at a time. */
const SETTLE_MS = 50;

const [file, ...rest] = process.argv.slice(2);
const isProgram = /(?<!\.test|\.spec)\.ts$/.test(file ?? "");

if (process.send !== undefined) serve();
else if (file === undefined) {
  console.error("usage: npm run dev -- FILE [ARGUMENT...], a test or a program");
  process.exitCode = 2;
} else develop();

/** The process that builds: each message is an order to do so. */
function serve() {
  process.on("message", async () => {
    try {
      // A program has the core inside it.
      await buildAll({ types: false, core: !isProgram });
      if (isProgram) {
        const { compile } = await import(pathToFileURL(path.join(root, "dist/compiler/index.js")).href);
        await compile(file);
      }
      process.send(true);
    } catch (error) {
      console.error(error.name === "CompileError" || error.errors ? error.message : error);
      process.send(false);
    }
  });
}

function develop() {
  let builder = null;
  let child = null;
  let timer = null;
  let round = 0;

  const again = (changed) => {
    if (changed.startsWith(path.join(root, "host", "compiler"))) {
      builder?.kill();
      builder = null;
    }
    clearTimeout(timer);
    timer = setTimeout(() => void run(path.relative(root, changed)), SETTLE_MS);
  };

  async function run(why) {
    const own = ++round;
    child?.kill();
    console.log(`\ndev: ${why}: building`);
    const began = performance.now();
    builder ??= fork(fileURLToPath(import.meta.url), [file], { stdio: "inherit" });
    builder.send("build");
    const [built] = await Promise.race([once(builder, "message"), once(builder, "exit").then(() => [false])]);
    if (own !== round) return;
    if (!built) return void console.log(`dev: does not build (${seconds(began)})`);
    console.log(`dev: built in ${seconds(began)}; ${file} runs`);
    const started = performance.now();
    child = spawn(process.execPath, commandFor(), { cwd: root, stdio: "inherit" });
    const [code, signal] = await once(child, "exit");
    if (own !== round) return;
    const end = code === 0 ? "ended well" : `ended with ${signal ?? `exit code ${code}`}`;
    console.log(`dev: ${end} after ${seconds(started)}, ${seconds(began)} in all; waiting for a change`);
  }

  const folders = ["assembly", "host"].map((name) => path.join(root, name));
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_, name) => again(path.join(folder, name ?? ""))),
  );
  const own = path.resolve(file);
  watchers.push(watch(path.dirname(own), (_, name) => name === path.basename(own) && again(own)));
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      for (const process of [child, builder]) process?.kill();
      process.exit(0);
    });
  }
  void run(file);
}

/** Arguments that have Node run FILE. */
function commandFor() {
  const at = path.relative(root, path.resolve(file));
  if (at.endsWith(".test.ts")) return ["scripts/test.mjs", "--only", "node", at, ...rest];
  // as-pect can only be told what to leave out.
  const others = `^(?!.*${path.basename(at)})`;
  if (at.endsWith(".spec.ts"))
    return ["node_modules/@as-pect/cli/bin/asp.js", "--no-logo", "--disclude", others, ...rest];
  return at.endsWith(".ts") ? ["bin/skein.js", "run", at, ...rest] : [at, ...rest];
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
