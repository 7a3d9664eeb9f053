import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../host/bench/paths.js";

const page = readFileSync(path.join(packageRoot, "docs", "coming-from.md"), "utf8");
// Below the package, so that the programs find it, and the others', by name.
const directory = path.join(packageRoot, "dist-test", `coming-from-${process.pid}`);
after(() => rmSync(directory, { recursive: true, force: true }));

const run = promisify(execFile);
const onDeno = "deno" in process.versions;
const hasGo = spawnSync("go", ["version"]).status === 0;

/** The programs of a part of the page: the directories of its files, each with a main file. */
function programsOf(part: string, text: string): string[] {
  const mains: string[] = [];
  for (const [, language, code = ""] of text.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const name = /^\/\/ (\S+\.\w+)\n/.exec(code)?.[1];
    assert(name !== undefined, `a block of ${language} under ${part} does not name its file`);
    const file = path.join(directory, part, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, code);
    if (path.basename(name).startsWith("main.")) mains.push(file);
  }
  return mains;
}

async function outputOf(file: string): Promise<string> {
  const command = file.endsWith(".go") ? "go" : process.execPath;
  const args = file.endsWith(".go") ? ["run"] : onDeno ? ["run", "--quiet", "-A"] : [];
  const { stdout } = await run(command, [...args, file], { timeout: 60_000, env: { ...process.env, NO_COLOR: "1" } });
  return stdout;
}

describe("docs/coming-from.md", () => {
  for (const [, part = "", text = ""] of page.matchAll(/^## (.+)\n((?:(?!^## ).*\n?)*)/gm)) {
    it(`${part}: its programs do the same`, async (t) => {
      const mains = programsOf(part, text);
      assert(mains.length >= 2, "there is nothing to compare");
      const runnable = mains.filter((file) => hasGo || !file.endsWith(".go"));
      if (runnable.length < mains.length) t.diagnostic("go is not on PATH: its program was left out");
      const outputs = await Promise.all(runnable.map(outputOf));
      assert.notEqual(outputs[0], "");
      for (const output of outputs) assert.equal(output, outputs[0]);
    });
  }
});
