/** `skein dev` and `skein run --quick`: what is compiled soon, and what beside it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { described, runSkein, skeinCommand } from "../programs/driver/process.js";
import { place } from "./fixtures.js";

const folder = place({
  "main.ts": `import { println } from "skein";
import { word } from "./lib";
export function main(): void { println(word()); }`,
  "lib.ts": 'export function word(): string { return "one"; }',
});
const main = path.join(folder, "main.ts");
const lib = path.join(folder, "lib.ts");
const write = (text: string): void => writeFileSync(lib, text);

describe("skein dev", () => {
  it("runs a program again when a file of it has changed, says what does not compile, and ends by a signal", async () => {
    const env = { ...process.env, SKEIN_CACHE: path.join(folder, "dev") };
    const [command, ...before] = skeinCommand();
    const child = spawn(command, [...before, "dev", main, "--procs", "1"], { env, timeout: 120_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += String(data)));
    const shows = async (text: RegExp): Promise<void> => {
      while (!text.test(output)) {
        assert.equal(child.exitCode, null, output);
        await sleep(20);
      }
      output = "";
    };
    await shows(/^one$[^]*it has ended with exit code 0/m);
    write('export function word(): string { return "two"; }');
    await shows(/^two$[^]*waiting/m);
    write("export function word(): string { return 2; }");
    await shows(/lib\.ts:1:41: error: Type 'i32' is not assignable to type 'String'[^]*waiting for a change/);
    // One that does not end is ended.
    write(
      'import { sleep, Second, println } from "skein"; export function word(): string { println("three"); sleep(100 * Second); return ""; }',
    );
    await shows(/^three$/m);
    write('export function word(): string { return "four"; }');
    await shows(/^four$/m);
    // A change while the one before it is compiled.
    const repeated = (word: string): string =>
      `import { sleep, Millisecond, println } from "skein"; export function word(): string { for (;;) { println("${word}"); sleep(10 * Millisecond); } }`;
    write(repeated("five"));
    await sleep(200);
    write(repeated("six"));
    await shows(/^six$/m);
    await sleep(1000);
    assert.doesNotMatch(output, /five/, "the one that is out of date does not run beside it");
    // A signal while something is compiled.
    write(repeated("seven"));
    await sleep(200);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 143);
    output = "";
    await sleep(1000);
    assert.equal(output, "");
  });

  it("takes programs only", async () => {
    const result = await runSkein(["dev", path.join(folder, "main.wasm")]);
    assert.equal(result.code, 1, described(result));
    assert.match(result.stderr, /main\.wasm: dev takes the \.ts file of a program/);
  });
});

describe("skein run --quick", () => {
  it("compiles quickly, and has the optimised build made beside it, which the next one takes", async () => {
    write('export function word(): string { return "five"; }');
    const cache = path.join(folder, "quick");
    const env = { SKEIN_CACHE: cache, SKEIN_QUICK: "0" };
    const builds = (): string[] => readdirSync(cache).filter((name) => name.endsWith(".wasm"));
    const first = await runSkein(["run", "--quick", main], { env });
    assert.equal(first.stdout, "five\n", described(first));
    const [quick] = builds();
    for (let i = 0; i < 600 && builds().length < 2; i++) await sleep(100);
    assert.equal(builds().length, 2, "the optimised one");
    // With that alone, it is what both take.
    rmSync(path.join(cache, quick!));
    const next = await runSkein(["run", "--quick", main], { env });
    assert.equal(next.stdout, "five\n", described(next));
    await sleep(500);
    assert.equal(builds().length, 1, "nothing was compiled");
    const plain = await runSkein(["run", main], { env });
    assert.equal(plain.stdout, "five\n");
    assert.equal(builds().length, 1, "nothing was compiled");
  });
});
