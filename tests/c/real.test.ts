/**
 * Real programs in C: those of docs/c.md, and some that nobody here wrote, from packages that are fetched for the test and never
 * committed: skipped where the tool that fetches them, or what it asks, is not there.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { inflateSync } from "node:zlib";
import { described, root, runSkein, runtime } from "../programs/driver/process.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-real-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const timeoutMs = 400_000;
const FETCH_MS = 60_000;

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
  it("runs the programs of its page", async () => {
    const page = readFileSync(path.join(root, "docs", "c.md"), "utf8");
    const program = (name: string, words: string): string => {
      const [, code] = new RegExp(`\`${name}\`:\n\n\`\`\`c\n([^]*?)\`\`\`\n`).exec(page)!;
      assert.ok(code!.includes(words), `${name} of docs/c.md`);
      writeFileSync(path.join(directory, name), code!);
      return path.join(directory, name);
    };
    const hello = await runSkein(["run", program("hello.c", "skein_go")], { timeoutMs });
    assert.equal(hello.stdout, "the sum of ten squares is 385\n", described(hello));
    let answer = "";
    const echo = await runSkein(["run", program("echo.c", "accept("), "--", "0"], {
      timeoutMs,
      onStdout(text, child) {
        const port = Number(/^listening on port (\d+)\n$/.exec(text)?.[1]);
        const socket = connect(port, "127.0.0.1", () => socket.end("hello"));
        socket.on("data", (data) => (answer += String(data)));
        socket.on("close", () => child.kill());
      },
    });
    assert.equal(answer, "hello", described(echo));
  });

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
});
