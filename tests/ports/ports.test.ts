/**
 * Programs of Go's books and blog, in `programs`: each file beside its Go twin, whose output is what the port's must be. Both are
 * compiled once.
 */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { buildOf } from "../programs/driver/builds.js";
import { described, root, runSkein } from "../programs/driver/process.js";

const FOLDER = "tests/ports/programs";
const reason = spawnSync("go", ["version"]).status === 0 ? false : "go is not on PATH";
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-ports-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** What each port prints, by its name. */
function sections(printed: string): Map<string, string> {
  const parts = printed.split(/^== /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]));
}

/** What the Go programs print. */
async function ofGo(): Promise<Map<string, string>> {
  const files = readdirSync(path.join(root, FOLDER)).filter((name) => name.endsWith(".go"));
  const binary = path.join(directory, "ports");
  const run = promisify(execFile);
  await run("go", ["build", "-o", binary, ...files], { cwd: path.join(root, FOLDER) });
  return sections((await run(binary, [directory])).stdout);
}

async function ofSkein(): Promise<Map<string, string>> {
  const result = await runSkein([
    "run",
    await buildOf(`${FOLDER}/main.ts`),
    "--procs",
    "4",
    "--dir",
    directory,
    "--",
    directory,
  ]);
  assert.equal(result.code, 0, described(result));
  return sections(result.stdout);
}

describe("ports print what their Go twins print", { skip: reason }, () => {
  let expected: Map<string, string>;
  let printed: Map<string, string>;
  before(async () => {
    [expected, printed] = await Promise.all([ofGo(), ofSkein()]);
  });

  it("for every port, one by one", async (t) => {
    assert.deepEqual([...printed.keys()], [...expected.keys()]);
    for (const [name, text] of expected) {
      await t.test(name, () => assert.equal(printed.get(name), text));
    }
  });
});
