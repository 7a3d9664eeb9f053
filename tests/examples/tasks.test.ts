import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";

const examples = path.join(packageRoot, "examples", "tasks");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-examples-"));
after(() => rmSync(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example on the runtime that runs the test. */
function run(name: string, ...args: string[]): Promise<Outcome> {
  const runtime = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  const options = { cwd: directory, timeout: 60_000, env: { ...process.env, TMPDIR: directory, NO_COLOR: "1" } };
  return new Promise((resolve) => {
    execFile(process.execPath, [...runtime, path.join(examples, name), ...args], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

/** Its output, if all went well. */
async function outputOf(name: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(name, ...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

describe("the examples of tasks", () => {
  const names = readdirSync(examples).filter((name) => name.endsWith(".js"));

  for (const name of names) {
    it(`${name} fits a screen or two, and says how it is used`, async () => {
      const lines = readFileSync(path.join(examples, name), "utf8").trimEnd().split("\n").length;
      assert(lines < 80, `${lines} lines`);
      assert.match(await outputOf(name, "--help"), new RegExp(`^Usage: ${name} .*--procs`));
      assert.notEqual((await run(name, "--nonsense")).code, 0);
    });
  }

  it("thumbnails.js makes pictures if it has none, and a small one of each", async () => {
    const output = await outputOf("thumbnails.js", "--width", "50", "--procs", "2");
    const out = /^16 thumbnails in (.*)$/m.exec(output)?.[1] ?? assert.fail(output);
    const made = readdirSync(out);
    assert.equal(made.length, 16);
    for (const name of made.filter((file) => file.endsWith(".png"))) {
      const header = readFileSync(path.join(out, name)).subarray(16, 24);
      assert.deepEqual([header.readUInt32BE(0), header.readUInt32BE(4)], [50, 37]);
    }
  });

  it("thumbnails.js names a picture that it cannot read, and makes the others", async () => {
    const folder = path.join(directory, "folder");
    mkdirSync(folder);
    const sample = await outputOf("thumbnails.js", "--width", "20");
    const from = path.dirname(/ in (.*)$/m.exec(sample)?.[1] ?? assert.fail(sample));
    for (const name of ["sample-0.png", "sample-1.jpg"])
      writeFileSync(path.join(folder, name), readFileSync(path.join(from, name)));
    writeFileSync(path.join(folder, "broken.png"), "no picture");
    const { code, stdout, stderr } = await run("thumbnails.js", folder);
    assert.equal(code, 1);
    assert.match(stderr, /^broken\.png: /m);
    assert.match(stdout, /^2 thumbnails in /m);
  });

  it("hashes.js prints what sha256sum would", async () => {
    const tree = path.join(directory, "tree");
    const files: [string, Buffer][] = [
      ["a.txt", Buffer.from("abc")],
      ["empty", Buffer.alloc(0)],
      [path.join("sub", "big.bin"), Buffer.alloc(3_000_000, 7)],
      [path.join("sub", "Grüße"), Buffer.from("ä")],
    ];
    for (const [name, bytes] of files) {
      mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
      writeFileSync(path.join(tree, name), bytes);
    }
    for (let i = 0; i < 100; i++) files.push([`x${String(i).padStart(3, "0")}`, Buffer.from(`${i}`)]);
    for (const [name, bytes] of files.slice(4)) writeFileSync(path.join(tree, name), bytes);
    const wanted = files.map(
      ([name, bytes]) => `${createHash("sha256").update(bytes).digest("hex")}  ${path.join("tree", name)}`,
    );
    // Upper case sorts before lower case, as in the C locale.
    const lines = (await outputOf("hashes.js", "tree")).trimEnd().split("\n");
    assert.deepEqual([...lines].sort(), [...wanted].sort());
    assert.equal(lines[0], wanted[0]);
    assert.equal(lines.at(-1), wanted.at(-1));
  });

  it("hashes.js fails for a directory that is not there", async () => {
    const { code, stderr } = await run("hashes.js", "nowhere");
    assert.notEqual(code, 0);
    assert.match(stderr, /nowhere/);
  });

  it("pipeline.js gets every line through, the reader never far ahead", async () => {
    const output = await outputOf(
      "pipeline.js",
      "--lines",
      "1000",
      "--capacity",
      "8",
      "--parsers",
      "3",
      "--procs",
      "4",
    );
    const [, records, most] = /^(\d+) records; never more than (\d+) values/m.exec(output) ?? assert.fail(output);
    assert.equal(Number(records), 1000);
    assert(Number(most) <= 16, output);
    const requests = [...output.matchAll(/ (\d+) requests, /g)].map(([, n]) => Number(n));
    assert.deepEqual(requests, [250, 250, 250, 250]);
  });

  it("crawler.js visits every page once, no faster than it may", async () => {
    const output = await outputOf("crawler.js", "--pages", "30", "--rate", "50", "--crawlers", "3");
    const [, pages, dead, most] =
      /^(\d+) pages and (\d+) dead links; at most (\d+) requests/m.exec(output) ?? assert.fail(output);
    assert.deepEqual([pages, dead], ["30", "31"]);
    assert(Number(most) <= 52, output);
  });
});
