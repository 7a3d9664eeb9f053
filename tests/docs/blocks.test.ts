/** Programs that the pages show run: the blocks of JavaScript that begin with the name of their file, but for coming-from's, which are compared. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";

const onDeno = "deno" in process.versions;
/** Below the package, so that the programs find it by its name. */
const directory = path.join(packageRoot, "dist-test", `blocks-${process.pid}`);
after(() => rmSync(directory, { recursive: true, force: true }));

/** Files that others load. */
const LOADED = /^work\./;

/** What they print; nothing where Deno just runs tests of Node's. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  "first.mjs": /^1\n4\n9\n16\n25\n\[ 832040, 1346269, 2178309 \]\n$/,
  "first.cjs": /^8\nfunction\n$/,
  "sum.test.mjs": /\badds\b|^$/,
};

const pages = ["README.md", ...readdirSync(path.join(packageRoot, "docs")).map((name) => `docs/${name}`)];

describe("programs of the pages", () => {
  for (const page of pages.filter((name) => name !== "docs/coming-from.md")) {
    const text = readFileSync(path.join(packageRoot, page), "utf8");
    const blocks = [...text.matchAll(/^```js\n\/\/ (\S+\.[cm]?js)\n(.*?)^```$/gms)].map(([, name = "", code = ""]) => ({
      name,
      code,
    }));
    for (const { name } of blocks.filter(({ name }) => !LOADED.test(name))) {
      it(`${page}: ${name}`, () => {
        const place = path.join(directory, path.basename(page));
        mkdirSync(place, { recursive: true });
        for (const { name, code } of blocks) writeFileSync(path.join(place, name), code);
        const args = [...(onDeno ? ["run", "--quiet", "-A"] : []), path.join(place, name)];
        const env = { ...process.env, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined };
        const { stdout, stderr, status } = spawnSync(process.execPath, args, {
          encoding: "utf8",
          env,
          timeout: 60_000,
        });
        assert.equal(status, 0, stdout + stderr);
        assert.ok(name in PRINTS, `what ${name} prints is to be stated here`);
        assert.match(stdout, PRINTS[name] ?? /$/);
      });
    }
  }
});
