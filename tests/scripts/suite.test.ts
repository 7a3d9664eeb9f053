/** What the scripts run: npm test and what npm run test:all has beside it are the whole, and jobs run as they are told. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";

const scripts = path.join(packageRoot, "scripts");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-scripts-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** The jobs that `scripts/test.mjs` would run. */
function listed(...args: string[]): string[] {
  const command = [path.join(scripts, "test.mjs"), "--list", ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: "utf8", cwd: packageRoot });
  assert.equal(status, 0, stderr);
  return stdout.trimEnd().split("\n");
}

describe("the suite", () => {
  const [quick, rest, all] = [listed(), listed("--rest"), listed("--all")];
  /** Other builds of programs, and the file of which each has a share of its own. */
  const isShared = (job: string): boolean =>
    job.startsWith("programs: ") || job === "node: tests/programs/driver/run.test.ts";

  it("of npm test and the rest is the whole", () => {
    assert.deepEqual([...new Set([...quick, ...rest])].sort(), [...new Set(all)].sort());
  });

  it("has nothing twice", () => {
    const twice = quick.filter((job) => rest.includes(job) && !isShared(job));
    assert.deepEqual(twice, []);
    assert.equal(new Set(all).size, all.length);
  });

  it("has of the rest what is chosen, also where the whole is asked for besides", () => {
    const chosen = listed("--all", "--rest", "--only", "lint,node");
    assert.deepEqual(
      chosen,
      rest.filter((job) => /^(lint|node): /.test(job)),
    );
  });

  it("has every test file on Node", () => {
    const tests = path.join(packageRoot, "tests");
    const files = readdirSync(tests, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts") && !file.startsWith("stress"))
      .map((file) => `node: tests/${file.split(path.sep).join("/")}`);
    assert.deepEqual(
      files.filter((file) => !all.includes(file)),
      [],
    );
  });

  it("refuses a stage that there is not", () => {
    const command = [path.join(scripts, "test.mjs"), "--list", "--only", "nodes"];
    const { stderr, status } = spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /there is no stage nodes: there are lint, unit, /);
  });
});

describe("jobs", () => {
  /** Runs jobs, given as the source of an array in which `js(text)` is a job that runs JavaScript; gives what is printed. */
  function run(jobs: string, slots: number): string[] {
    const file = path.join(directory, "jobs.mjs");
    const source = `
      import { runJobs } from ${JSON.stringify(path.join(scripts, "jobs.mjs"))};
      const js = (title, text, more) =>
        ({ stage: "s", title, command: process.execPath, args: ["-e", text], ...more });
      const failed = await runJobs(${jobs}, { slots: ${slots}, cwd: "." });
      for (const { job, output } of failed) console.log("failed", job.title, output.trim());`;
    writeFileSync(file, source);
    const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return stdout.trimEnd().split("\n");
  }

  it("say how far they are, and at the end what failed, in their order", () => {
    const lines = run('[js("a", "console.error(1); process.exit(3)"), js("b", ""), js("c", "throw 2")]', 1);
    assert.match(lines[0]!, /^\d+:\d\d s 1\/3 a: FAILED, \d+\.\d s$/);
    assert.match(lines[1]!, /^\d+:\d\d s 2\/3 b: \d+\.\d s$/);
    assert.match(lines[2]!, /^\d+:\d\d s 3\/3 c: FAILED, /);
    assert.match(lines[3]!, /^== s \(3\): 2 of 3 FAILED, \d+:\d\d$/);
    assert.deepEqual(lines.slice(4, 5), ["failed a 1"]);
    assert.match(lines[5]!, /^failed c /);
  });

  it("begin when what they need has ended, and let others pass until then", () => {
    // The slow one ends when there is the file that the early one writes.
    const flag = JSON.stringify(path.join(directory, "early"));
    const slow = `js("slow", 'setInterval(() => require("fs").existsSync(${flag}) && process.exit(), 10)')`;
    const early = `js("early", 'require("fs").writeFileSync(${flag}, "")')`;
    const order = run(
      `(() => { const slow = ${slow}; return [slow, js("late", "", { needs: [slow] }), ${early}]; })()`,
      2,
    ).map((line) => /\d\/3 (\w+):/.exec(line)?.[1]);
    assert.equal(order[2], "late");
  });

  it("count the tests of a file", () => {
    const lines = run('[js("a", "console.log(`ℹ tests 12\\\\nℹ pass 11\\\\nℹ skipped 1`)")]', 1);
    assert.match(lines[0]!, /a: 12 tests, 1 skipped, /);
  });

  it("go on when one is killed", () => {
    const lines = run('[js("a", "process.kill(process.pid, `SIGKILL`)"), js("b", "")]', 1);
    assert.match(lines[0]!, /1\/2 a: FAILED, /);
    assert.match(lines[1]!, /2\/2 b: \d/);
  });

  it("fail if there is no such command", () => {
    const lines = run('[{ stage: "s", title: "a", command: "./nowhere", args: [] }]', 1);
    assert.match(lines.at(-1)!, /^failed a .*ENOENT/);
  });
});
