import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import { compile } from "../../host/compiler/index.js";
import { place } from "./fixtures.js";

const saved = process.env["SKEIN_CACHE"];
let cache: string;
let folder: string;
let entry: string;

function writeProgram(n: number): void {
  writeFileSync(path.join(folder, "imported.ts"), `export function n(): i32 { return ${n}; }`);
}

/** A folder with the build of the program as it is at the beginning of each test, once one has been made. */
let made: string | undefined;

/** Has the cache hold that build: the same text at the same path gives the same, so it is made once. */
async function fill(): Promise<void> {
  if (made !== undefined) cpSync(made, cache, { recursive: true });
  else {
    await compile(entry);
    made = path.join(folder, "made");
    cpSync(cache, made, { recursive: true });
  }
}

const builds = (): string[] => readdirSync(cache).filter((name) => name.endsWith(".wasm"));

describe("the cache", () => {
  before(() => {
    folder = place({});
    entry = path.join(folder, "main.ts");
    cache = path.join(folder, "cache", "below");
  });
  beforeEach(() => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(entry, `import { n } from "./imported";\nexport function main(): i32 { return n(); }`);
    writeProgram(1);
    process.env["SKEIN_CACHE"] = cache;
  });
  afterEach(() => {
    rmSync(path.dirname(cache), { recursive: true, force: true });
    if (saved === undefined) delete process.env["SKEIN_CACHE"];
    else process.env["SKEIN_CACHE"] = saved;
  });

  it("gives the same bytes again, without compiling", async () => {
    const first = await compile(entry);
    const second = await compile(entry);
    assert.equal(first.stats.cached, false);
    assert.equal(second.stats.cached, true);
    assert.ok(Buffer.from(first.wasm).equals(second.wasm));
    assert.deepEqual(
      readdirSync(cache).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("notices that an imported file has changed, and finds the older build when it changes back", async () => {
    await fill();
    writeProgram(2);
    assert.equal((await compile(entry)).stats.cached, false);
    assert.equal(builds().length, 2);
    writeProgram(1);
    assert.equal((await compile(entry)).stats.cached, true);
  });

  it("notices that an imported file is gone", async () => {
    await fill();
    writeFileSync(entry, `import { n } from "./moved";\nexport function main(): i32 { return n(); }`);
    await assert.rejects(compile(entry), /there is no file/);
  });

  it("keeps nothing of a program that does not compile", async () => {
    writeFileSync(entry, "export function main(): void { gone(); }");
    await assert.rejects(compile(entry), /gone/);
    assert.ok(!existsSync(cache) || builds().length === 0);
  });

  it("keeps checked builds apart", async () => {
    await fill();
    await compile(entry, { checked: false });
    assert.equal((await compile(entry, { checked: true })).stats.cached, false);
    assert.equal(builds().length, 2);
    const asked = process.env["SKEIN_CHECKED"];
    process.env["SKEIN_CHECKED"] = "1";
    try {
      assert.equal((await compile(entry)).stats.cached, true);
    } finally {
      if (asked === undefined) delete process.env["SKEIN_CHECKED"];
      else process.env["SKEIN_CHECKED"] = asked;
    }
  });

  it("is not used when it is not wanted", async () => {
    await compile(entry, { cache: false });
    assert.ok(!existsSync(cache));
  });

  it("compiles again what has been damaged", async () => {
    await fill();
    const first = await compile(entry);
    const [build] = builds();
    writeFileSync(path.join(cache, build!), "");
    const second = await compile(entry);
    assert.equal(second.stats.cached, false);
    assert.ok(Buffer.from(first.wasm).equals(second.wasm));
    truncateSync(path.join(cache, build!), first.wasm.length >> 1);
    assert.equal((await compile(entry)).stats.cached, false);
    for (const name of readdirSync(cache)) if (name.endsWith(".json")) writeFileSync(path.join(cache, name), "{");
    assert.equal((await compile(entry)).stats.cached, false);
    assert.equal((await compile(entry)).stats.cached, true);
  });

  it("does without a folder that it cannot make or write", async () => {
    process.env["SKEIN_CACHE"] = path.join(entry, "inside-a-file");
    assert.equal((await compile(entry)).stats.cached, false);
    if (process.platform === "linux") {
      process.env["SKEIN_CACHE"] = "/proc/nowhere/skein";
      assert.equal((await compile(entry)).stats.cached, false);
    }
    if (process.getuid?.() === 0) return; // who may write everywhere
    mkdirSync(cache, { recursive: true });
    chmodSync(cache, 0o500);
    process.env["SKEIN_CACHE"] = cache;
    assert.equal((await compile(entry)).stats.cached, false);
  });

  it("is used by several builds at once", async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => compile(entry)));
    for (const { wasm } of results) assert.ok(Buffer.from(wasm).equals(results[0]!.wasm));
    assert.equal(builds().length, 1);
  });

  it("drops the builds used least recently when there are too many", async () => {
    mkdirSync(cache, { recursive: true });
    for (let i = 0; i < 250; i++) {
      const old = path.join(cache, `${i}.wasm`);
      writeFileSync(old, "old");
      utimesSync(old, i, i);
    }
    await compile(entry);
    const left = builds();
    assert.ok(left.length <= 200, `${left.length} builds are left`);
    assert.ok(!left.includes("0.wasm") && left.includes("249.wasm"));
    assert.equal((await compile(entry)).stats.cached, true);
    assert.ok(left.every((name) => readFileSync(path.join(cache, name)).length > 0));
  });
});
