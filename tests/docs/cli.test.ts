/** `docs/cli.md` and the command line name the same options, settings and variables. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { debugSettings } from "../../host/base/debug.js";
import { packageRoot } from "../../host/bench/paths.js";

const docs = path.join(packageRoot, "docs");
const page = readFileSync(path.join(docs, "cli.md"), "utf8");

/** The part of the page below a heading, up to the next of its rank. */
function section(heading: string): string {
  const from = page.indexOf(`\n## ${heading}\n`);
  assert(from >= 0, `docs/cli.md has no heading ${heading}`);
  const to = page.indexOf("\n## ", from + 1);
  return page.slice(from, to < 0 ? undefined : to);
}

/** What stands first in the rows of the tables of a part. */
function firstCells(part: string): string[] {
  return [...part.matchAll(/^\| (`.*?) \| /gm)].map(([, cell = ""]) => cell);
}

/** The options that `skein COMMAND --help` lists, each with its short name if it has one. */
function optionsOf(command: string): string[][] {
  const skein = path.join(packageRoot, "bin", "skein.js");
  const before = "deno" in process.versions ? ["run", "--quiet", "-A", skein] : [skein];
  const { stdout } = spawnSync(process.execPath, [...before, command, "--help"], { encoding: "utf8" });
  const options = [...stdout.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)];
  return options.map(([, short, long = ""]) => (short === undefined ? [long] : [long, short]));
}

describe("docs/cli.md", () => {
  for (const command of ["run", "build", "vet", "trace", "top", "worker", "deadletters", "bench"]) {
    it(`has every option of skein ${command}, and no other`, () => {
      const part = section(`\`skein ${command}\``);
      const options = optionsOf(command).filter(([long]) => long !== "--help");
      const named = (text: string): string[] => text.match(/(?<![\w-])--?[a-z][\w-]*/g) ?? [];
      const missing = options.filter((names) => !names.some((name) => named(part).includes(name)));
      assert.deepEqual(missing, [], "options that the page does not have");
      const documented = firstCells(part).flatMap(named);
      const unknown = documented.filter((name) => !options.some((names) => names.includes(name)));
      assert.deepEqual(unknown, [], "options that there are not");
    });
  }

  it("has every setting of SKEIN_DEBUG, and no other", () => {
    const cells = firstCells(section("Looking at a running program"));
    const documented = new Set(cells.flatMap((cell) => [...cell.matchAll(/(\w+)=/g)].map(([, name]) => name)));
    assert.deepEqual([...documented].sort(), Object.keys(debugSettings({})).sort());
  });

  it("or another page has every variable of the environment that the host reads", () => {
    const host = path.join(packageRoot, "host");
    const sources = readdirSync(host, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const read = sources.flatMap(
      (file) => readFileSync(path.join(host, file), "utf8").match(/\bSKEIN_[A-Z_]+\b/g) ?? [],
    );
    const pages = readdirSync(docs).map((file) => readFileSync(path.join(docs, file), "utf8"));
    const missing = new Set(read.filter((name) => !pages.some((text) => text.includes(name))));
    assert.deepEqual([...missing], []);
  });
});
