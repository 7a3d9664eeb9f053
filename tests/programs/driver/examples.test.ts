/** The examples do what they say. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { buildOf } from "./builds.js";
import { described, root, runSkein, runtime } from "./process.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-examples-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Standard output of an example that ends well. */
async function run(name: string, procs: number, ...args: string[]): Promise<string> {
  const wasm = await buildOf(path.join("examples", `${name}.ts`));
  const result = await runSkein(["run", wasm, "--procs", String(procs), "--", ...args], { timeoutMs: 60_000 });
  assert.equal(result.code, 0, described(result));
  return result.stdout;
}

describe("examples", { concurrency: 1 }, () => {
  for (const procs of [1, 2, 4]) {
    const on = `[${runtime} procs=${procs}]`;

    it(`hello greets three times, the quick one before the slow one ${on}`, async () => {
      const lines = (await run("hello", procs)).trimEnd().split("\n");
      assert.equal(lines.length, 3);
      assert.ok(lines.includes("Hello from a function body!"));
      assert.ok(lines.indexOf("Hello from a quick one!") < lines.indexOf("Hello from a slow goroutine!"));
    });

    it(`skynet adds up a million goroutines' numbers ${on}`, async () => {
      const output = await run("skynet", procs);
      assert.match(output, new RegExp(`^499999500000\\n1111111 goroutines on ${procs} Ps in \\d+ ms\\n$`));
    });

    it(`primes finds the first primes ${on}`, async () => {
      const primes = (await run("primes", procs, "100")).trimEnd().split("\n").map(Number);
      const expected: number[] = [];
      for (let n = 2; expected.length < 100; n++) if (expected.every((prime) => n % prime !== 0)) expected.push(n);
      assert.deepEqual(primes, expected);
    });

    it(`mandelbrot draws a picture ${on}`, async () => {
      const size = 64;
      const lines = (await run("mandelbrot", procs, String(size))).trimEnd().split("\n");
      assert.deepEqual(lines.slice(0, 2), ["P2", `${size} ${size} 255`]);
      const rows = lines.slice(2).map((line) => line.split(" ").map(Number));
      assert.equal(rows.length, size);
      for (const row of rows) {
        assert.equal(row.length, size);
        assert.ok(row.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel <= 255));
      }
      const middle = rows[size / 2];
      assert.equal(middle?.[Math.round((1.9 / 2.5) * size)], 0, "the origin is inside");
      assert.ok((rows[0]?.[0] ?? 0) > 250, "the corner is far outside");
    });

    it(`pipeline counts the words of a file ${on}`, async () => {
      const words: string[] = [];
      for (let i = 0; i < 30000; i++)
        words.push(["the", "quick", "Größe", "fox's"][(i * 7 + (i >> 3)) % 4] ?? "", i % 3 === 0 ? "The" : "lazy");
      const text = path.join(directory, "words.txt");
      writeFileSync(text, words.map((word, i) => word + (i % 10 === 9 ? ".\n" : ", ")).join(""));
      const counts = new Map<string, number>();
      for (const word of words) counts.set(word.toLowerCase(), (counts.get(word.toLowerCase()) ?? 0) + 1);
      const lines = (await run("pipeline", procs, text)).trimEnd().split("\n");
      assert.equal(lines[0], `${words.length} words, ${counts.size} different`);
      const found = lines.slice(1).map((line) => line.trim().split(" "));
      assert.deepEqual(new Map(found.map(([times, word]) => [word ?? "", Number(times)])), counts);
      const times = found.map(([n]) => Number(n));
      assert.deepEqual(
        times,
        [...times].sort((a, b) => b - a),
        "the most frequent first",
      );
    });

    it(`dining feeds every philosopher ${on}`, async () => {
      const lines = (await run("dining", procs, "4")).trimEnd().split("\n");
      for (const name of ["Aristotle", "Hypatia", "Kant", "Spinoza", "Weil"]) {
        assert.equal(lines.filter((line) => line === `${name} eats`).length, 4, name);
        assert.equal(lines.filter((line) => line === `${name} has eaten 4 times and leaves`).length, 1, name);
      }
      assert.equal(lines.at(-1), "the table is empty");
    });
  }

  it("the program of the README prints what the README says", async () => {
    const readme = readFileSync(path.join(root, "README.md"), "utf8");
    const source = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
    const session = /```console\n\$ npx skein run (\S+) -- (.*?)\n(.*?)```/s.exec(readme);
    assert.ok(session, "the README shows a run");
    const [, name = "", args = "", output = ""] = session;
    assert.equal(source.trimEnd().split("\n").length, 20, "it has twenty lines");
    const file = path.join(directory, name);
    writeFileSync(file, source);
    const result = await runSkein(["run", file, "--", ...args.split(" ")]);
    assert.equal(result.stdout, output, described(result));
  });

  it("pipeline says what it needs, and what it cannot read", async () => {
    const wasm = await buildOf(path.join("examples", "pipeline.ts"));
    const usage = await runSkein(["run", wasm]);
    assert.equal(usage.code, 1, described(usage));
    assert.match(usage.stderr, /^usage: /);
    const missing = await runSkein(["run", wasm, "--", path.join(directory, "nowhere.txt")]);
    assert.equal(missing.code, 1, described(missing));
    assert.match(missing.stderr, /^cannot read /);
  });

  it("pipeline reads this repository's README", async () => {
    const lines = (await run("pipeline", 2, path.join(root, "README.md"), "3")).trimEnd().split("\n");
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? "", /^\d+ words, \d+ different$/);
  });
});
