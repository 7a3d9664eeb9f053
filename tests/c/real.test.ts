/**
 * Real programs in C that nobody here wrote, from packages that are fetched for the test and never committed: skipped where the tool that
 * fetches them, or what it asks, is not there. And the example of a server.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync, inflateSync } from "node:zlib";
import { described, root, runSkein, runtime, skeinCommand } from "../programs/driver/process.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-real-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const timeoutMs = 400_000;
const FETCH_MS = 60_000;
/** clang takes a minute and a half of processor time, and the passes one. */
const SQLITE_BUILD_MS = 1_200_000;

/** Kept for the runs under other runtimes, which find their builds in the cache then. */
const crates = path.join(root, "dist-test", "crates");

/** The sources of a crate; or why there are none. */
function crate(name: string, version: string): { folder: string } | { why: string } {
  const kept = path.join(crates, `${name}-${version}`);
  const folder = path.join(kept, name);
  if (existsSync(folder)) return { folder };
  const project = path.join(directory, name);
  mkdirSync(path.join(project, "src"), { recursive: true });
  writeFileSync(path.join(project, "src", "lib.rs"), "");
  const manifest = `[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n`;
  writeFileSync(
    path.join(project, "Cargo.toml"),
    `${manifest}${name} = { version = "=${version}", default-features = false }\n`,
  );
  try {
    execFileSync("cargo", ["vendor", "--quiet"], { cwd: project, stdio: "pipe", timeout: FETCH_MS });
    mkdirSync(crates, { recursive: true });
    const fetched = mkdtempSync(path.join(crates, "fetched-"));
    cpSync(path.join(project, "vendor"), fetched, { recursive: true });
    // Who runs beside this may have been faster, with the same.
    if (!existsSync(folder)) renameSync(fetched, kept);
    return { folder };
  } catch (error) {
    return { why: `${name} cannot be fetched: ${String(error).split("\n", 1)[0]}` };
  }
}

/** The sources in an npm package; or why there are none. */
function npmPackage(name: string, version: string): { folder: string } | { why: string } {
  const folder = path.join(crates, `${name}-${version}`);
  if (existsSync(folder)) return { folder };
  const project = path.join(directory, name);
  mkdirSync(project, { recursive: true });
  try {
    const options = { cwd: project, stdio: "pipe", timeout: FETCH_MS } as const;
    execFileSync("npm", ["pack", "--silent", `${name}@${version}`], options);
    execFileSync("tar", ["xzf", `${name}-${version}.tgz`], options);
    mkdirSync(crates, { recursive: true });
    const fetched = mkdtempSync(path.join(crates, "fetched-"));
    cpSync(path.join(project, "package"), fetched, { recursive: true });
    if (!existsSync(folder)) renameSync(fetched, folder);
    return { folder };
  } catch (error) {
    return { why: `${name} cannot be fetched: ${String(error).split("\n", 1)[0]}` };
  }
}

function hasToolchain(): boolean {
  try {
    createRequire(path.join(root, "package.json")).resolve("@yowasp/clang");
    return true;
  } catch {
    return false;
  }
}

const skip = hasToolchain() ? false : "the package @yowasp/clang is not installed";

describe(`real programs in C [${runtime}]`, { skip }, () => {
  it("compresses a file with zlib on several Ps to the same bytes as on one, which zlib elsewhere understands", async (t) => {
    const got = crate("libz-sys", "1.1.22");
    if ("why" in got) return t.skip(got.why);
    const zlib = path.join(got.folder, "src", "zlib");
    const sources = ["adler32", "crc32", "deflate", "trees", "zutil"].map((name) => path.join(zlib, `${name}.c`));
    const wasm = path.join(directory, "deflate.wasm");
    const main = path.join("tests", "c", "programs", "deflate.c");
    const built = await runSkein(["build", main, ...sources, "-I", zlib, "-o", wasm], { timeoutMs });
    assert.equal(built.code, 0, described(built));
    const data = path.join(directory, "data");
    mkdirSync(data);
    // Programs and text, which have something to find.
    const parts = ["dist/core.wasm", "package-lock.json", "assembly/layout.ts"].map((name) =>
      readFileSync(path.join(root, name)),
    );
    const input = Buffer.concat([...parts, ...parts, createHash("sha256").update("noise").digest()]);
    writeFileSync(path.join(data, "in"), input);
    const outputs: Buffer[] = [];
    for (const procs of ["1", "2", "8"]) {
      const result = await runSkein(["run", wasm, "--dir", `${data}=data`, "--procs", procs], { timeoutMs });
      assert.match(result.stdout, /^\d+ blocks in \d+ ms, zlib [\d.]+\n$/, described(result));
      assert.equal(result.code, 0, described(result));
      outputs.push(readFileSync(path.join(data, "out")));
    }
    assert.ok(inflateSync(outputs[0]!).equals(input));
    for (const output of outputs) assert.ok(output.equals(outputs[0]!));
  });

  it("compresses a file with zstd's own threads to the same bytes however many there are, and on however many Ps", async (t) => {
    const got = crate("zstd-sys", "2.0.13+zstd.1.5.6");
    if ("why" in got) return t.skip(got.why);
    const lib = path.join(got.folder, "zstd", "lib");
    const sources = ["common", "compress", "decompress"].flatMap((part) =>
      readdirSync(path.join(lib, part))
        .filter((name) => name.endsWith(".c"))
        .map((name) => path.join(lib, part, name)),
    );
    const wasm = path.join(directory, "zstd.wasm");
    const main = path.join("tests", "c", "programs", "zstd.c");
    const options = ["-I", lib, "-D", "ZSTD_MULTITHREAD=1", "-o", wasm];
    const built = await runSkein(["build", main, ...sources, ...options], { timeoutMs });
    assert.equal(built.code, 0, described(built));
    const data = path.join(directory, "zstd-data");
    mkdirSync(data);
    // Several of zstd's jobs, of 8 MB each.
    const part = readFileSync(path.join(root, "dist/core.wasm"));
    writeFileSync(path.join(data, "in"), Buffer.concat(Array.from({ length: 300 }, (_, i) => part.subarray(i * 100))));
    const outputs: Buffer[] = [];
    for (const [workers, procs] of [
      ["1", "1"],
      ["2", "2"],
      ["4", "1"],
      ["8", "8"],
    ] as const) {
      const args = ["run", wasm, "--dir", `${data}=data`, "--procs", procs, "--", workers, "3"];
      const result = await runSkein(args, { timeoutMs });
      assert.match(result.stdout, /^\d+ bytes to \d+ in \d+ ms, zstd 1\.5\.6\n$/, described(result));
      assert.equal(result.code, 0, described(result));
      outputs.push(readFileSync(path.join(data, "out")));
    }
    for (const output of outputs) assert.ok(output.equals(outputs[0]!));
  });

  it("has 64 threads use one database of SQLite's at once, each by a connection of its own or all by one", async (t) => {
    const got = npmPackage("better-sqlite3", "12.11.1");
    if ("why" in got) return t.skip(got.why);
    const sqlite = path.join(got.folder, "deps", "sqlite3");
    const wasm = path.join(directory, "sqlite.wasm");
    const main = path.join("tests", "c", "programs", "sqlite.c");
    const defines = ["THREADSAFE=1", "OMIT_LOAD_EXTENSION=1", "TEMP_STORE=3"].flatMap((it) => ["-D", `SQLITE_${it}`]);
    const sources = [main, path.join(sqlite, "sqlite3.c")];
    const built = await runSkein(["build", ...sources, "-I", sqlite, ...defines, "-o", wasm], {
      timeoutMs: SQLITE_BUILD_MS,
    });
    assert.equal(built.code, 0, described(built));
    for (const procs of ["1", "2", "8"]) {
      for (const connections of ["own", "shared"]) {
        const data = mkdtempSync(path.join(directory, "sqlite-"));
        const args = ["run", wasm, "--dir", `${data}=data`, "--procs", procs, "--", "data/t.db", connections];
        const result = await runSkein(args, { timeoutMs });
        assert.equal(result.stdout, "768 rows\n64 threads in order\n19\nok\n", described(result));
        assert.equal(result.stderr, "", described(result));
        assert.equal(result.code, 0, described(result));
        assert.equal(readFileSync(path.join(data, "t.db"), "latin1").slice(0, 15), "SQLite format 3");
      }
    }
  });

  it("has the example's server compress what it is sent, whoever goes away meanwhile", async () => {
    const folder = path.join(root, "examples", "c", "gzip");
    const wasm = path.join(directory, "gzip.wasm");
    const sources = ["gzip.ts", "deflate.c"].map((name) => path.join(folder, name));
    const built = await runSkein(["build", ...sources, "-o", wasm], { timeoutMs });
    assert.equal(built.code, 0, described(built));
    const [command, ...before] = skeinCommand();
    const server = spawn(command, [...before.slice(0, -1), path.join(folder, "server.js"), wasm], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(server.stdout, "data")) as [Buffer];
      const url = /http:\S+/.exec(String(line))![0];
      const gone = request(url, { method: "POST", headers: { "content-length": 1e9 } });
      gone.on("error", () => undefined);
      gone.write(Buffer.alloc(1_000_000));
      const source = readFileSync(path.join(root, "package-lock.json"));
      const bodies = [Buffer.alloc(0), Buffer.from("a"), Buffer.alloc(3_000_000), randomBytes(100_000), source];
      bodies.push(Buffer.concat(Array<Buffer>(20).fill(source)));
      await Promise.all(
        bodies.map(async (body) => {
          const response = await fetch(url, { method: "POST", body });
          const compressed = Buffer.from(await response.arrayBuffer());
          assert.ok(gunzipSync(compressed).equals(body));
          if (body.length > 1 && body.length !== 100_000) assert.ok(compressed.length < body.length / 2);
          gone.destroy();
        }),
      );
      server.kill("SIGTERM");
      assert.deepEqual(await once(server, "exit"), [0, null]);
    } finally {
      server.kill("SIGKILL");
    }
  });
});
