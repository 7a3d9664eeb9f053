/** What the command line adds to a runtime: statistics, exit codes, a Node with other flags. The program is the fake one. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { fakeProgram, type FakeOptions } from "./fake.js";

const onDeno = "deno" in process.versions;
const skein = path.resolve("bin", "skein.js");
const command = onDeno ? [process.execPath, "run", "--quiet", "-A", skein] : [process.execPath, skein];
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-host-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function programFile(name: string, options: FakeOptions = {}): string {
  const file = path.join(directory, `${name}.wasm`);
  writeFileSync(file, fakeProgram(options));
  return file;
}

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line of skein's, after `before`, which may wrap it. */
function runSkein(args: readonly string[], before: readonly string[] = []): Result {
  const [file = "", ...rest] = [...before, ...command, ...args];
  const { status, stdout, stderr } = spawnSync(file, rest, { encoding: "utf8", timeout: 120_000 });
  return { code: status, stdout, stderr };
}

describe("skein run", () => {
  it("ends with main's exit code, and prints what main prints", () => {
    assert.deepEqual(runSkein(["run", programFile("print", { main: "print" })]), {
      code: 7,
      stdout: "hello\n",
      stderr: "",
    });
  });

  it("ends with the code that the program gives to exit", () => {
    assert.deepEqual(runSkein(["run", programFile("exit", { main: "exit" })]), { code: 3, stdout: "", stderr: "" });
  });

  it("says after the end what each M did, if it is asked to", () => {
    const result = runSkein(["run", "--stats", "--procs", "2", programFile("stats")]);
    assert.equal(result.code, 7);
    assert.match(
      result.stderr,
      /^\d+\.\d{3} s on 2 Ps and 1 Ms, heap \d+\.\d MiB\n {4}M {2}goroutines {2}switches {2}steals {2}parks\n/,
    );
    assert.match(result.stderr, /\n {4}1 {11}0 {9}0 {7}0 {6}0\n {2}all /);
  });

  it("reports a panic as Go does", () => {
    const result = runSkein(["run", programFile("panic", { main: "panic" })]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /^panic: boom\n\ngoroutine 1 \[running\]:\n/);
  });

  it("reports a deadlock as Go does", () => {
    const report = "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:\n";
    assert.deepEqual(runSkein(["run", programFile("fatal", { main: "fatal" })]), {
      code: 2,
      stdout: "",
      stderr: report,
    });
  });

  it("says which thread failed, and ends", () => {
    const result = runSkein(["run", programFile("broken", { traps: "mstart" })]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /^skein: thread M1 failed: /);
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`ends at ${signal} while a goroutine computes`, async () => {
      const [file = "", ...rest] = [...command, "run", programFile("spin", { main: "spin" })];
      const child = spawn(file, rest, { stdio: ["ignore", "pipe", "inherit"] });
      // Deno takes a child for killed by whatever signal `child.kill` sent it.
      child.stdout.once("data", () => process.kill(child.pid ?? 0, signal));
      const ended = await new Promise<number | null>((resolve) => child.on("exit", resolve));
      assert.equal(ended, code);
    });
  }

  // Node reserves ten times the memory that a program can have, unless it is told not to.
  const skip = onDeno || process.platform !== "linux" ? "address space is limited on Node and Linux only" : false;
  it("finds room where address space is limited", { skip }, () => {
    const result = runSkein(
      ["run", "--procs", "1", programFile("print", { main: "print" })],
      ["bash", "-c", 'ulimit -v 7000000 && exec "$@"', "bash"],
    );
    assert.deepEqual(result, { code: 7, stdout: "hello\n", stderr: "" });
  });
});
