/** The command line: what compiles and runs, and what it says to everything that cannot. */
import assert from "node:assert/strict";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { compile, CompileError } from "../../../host/compiler/index.js";
import { buildOf } from "./builds.js";
import { described, root, runSkein, runtime, type Result } from "./process.js";

const cli = path.join("tests", "programs", "cli");
const hello = path.join(cli, "hello.ts");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-cli-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** An error that fits a screen, names its cause on standard error alone, and is no stack of ours. */
function assertRefused(result: Result, ...causes: (RegExp | string)[]): void {
  const text = described(result);
  assert.equal(result.code, 1, text);
  assert.equal(result.stdout, "", text);
  assertSays(result.stderr, causes, text);
}

/** An error for the user fits a screen, names its causes, and is no stack of ours. */
function assertSays(error: string, causes: readonly (RegExp | string)[], text: string): void {
  for (const cause of causes) {
    if (typeof cause === "string") assert.ok(error.includes(cause), `no ${cause} in: ${text}`);
    else assert.match(error, cause, text);
  }
  assert.ok(error.split("\n").length <= 24, `more than a screen: ${text}`);
  assert.doesNotMatch(error, /\bat .*(\.js:\d|node:internal|ext:)/, `a stack of ours: ${text}`);
}

describe(`the command line [${runtime}]`, { concurrency: 2 }, () => {
  it("runs a source file with its arguments, and ends with its exit code", async () => {
    const result = await runSkein(["run", hello, "--", "a", "b c"]);
    assert.equal(result.stdout, "hello a b c\n", described(result));
    assert.equal(result.code, 2, described(result));
    assert.equal(result.stderr, "");
  });

  it("runs a program that is somewhere else, from somewhere else", async () => {
    const place = path.join(directory, "a directory", "Grüße");
    mkdirSync(place, { recursive: true });
    cpSync(path.join(root, hello), path.join(place, "my program.ts"));
    const here = await runSkein(["run", "my program.ts"], { cwd: place });
    assert.equal(here.stdout, "hello \n", described(here));
    const there = await runSkein(["run", path.join(place, "my program.ts"), "--", "x"], { cwd: os.tmpdir() });
    assert.equal(there.stdout, "hello x\n", described(there));
    assert.equal(there.code, 1);
  });

  it("runs the new text of a program that has changed, and of a module that it imports", async () => {
    const entry = path.join(directory, "changing.ts");
    const module = path.join(directory, "imported.ts");
    writeFileSync(
      entry,
      `import { println } from "skein"; import { word } from "./imported"; export function main(): void { println(word); }`,
    );
    for (const word of ["first", "second", "first"]) {
      writeFileSync(module, `export const word = "${word}";`);
      const result = await runSkein(["run", entry]);
      assert.equal(result.stdout, `${word}\n`, described(result));
    }
    writeFileSync(entry, `import { println } from "skein"; export function main(): void { println("alone"); }`);
    const result = await runSkein(["run", entry]);
    assert.equal(result.stdout, "alone\n", described(result));
  });

  it("builds a file that runs by itself", async () => {
    const output = path.join(directory, "hello.wasm");
    const build = await runSkein(["build", hello, "-o", output]);
    assert.equal(build.code, 0, described(build));
    assert.equal(build.stdout + build.stderr, "");
    assert.equal(readFileSync(output).subarray(0, 4).toString("latin1"), "\0asm", "it is a WebAssembly module");
    const result = await runSkein(["run", output, "--procs", "2", "--", "wasm"], { cwd: directory });
    assert.equal(result.stdout, "hello wasm\n", described(result));
    assert.equal(result.code, 1);
  });

  it("takes options before and after the file", async () => {
    const wasm = await buildOf(hello);
    const result = await runSkein(["run", "--procs", "3", wasm, "--max-memory", "256M", "--", "--procs"]);
    assert.equal(result.stdout, "hello --procs\n", described(result));
  });

  it("takes the number of Ps from the environment, unless it is told", async () => {
    const wasm = await buildOf(path.join(cli, "procs.ts"));
    for (const name of ["SKEIN_MAXPROCS", "GOMAXPROCS"]) {
      const result = await runSkein(["run", wasm], { env: { [name]: "3" } });
      assert.equal(result.stdout, "3\n", described(result));
      const told = await runSkein(["run", wasm, "--procs", "2"], { env: { [name]: "3" } });
      assert.equal(told.stdout, "2\n", described(told));
    }
  });

  it("refuses a file that is not there", async () => {
    assertRefused(
      await runSkein(["run", "nowhere.ts"]),
      "nowhere.ts",
      /no such file|not found|does not exist|there is no/i,
    );
    assertRefused(await runSkein(["run", "nowhere.wasm"]), "nowhere.wasm");
    const output = path.join(directory, "none.wasm");
    assertRefused(await runSkein(["build", "nowhere.ts", "-o", output]), "nowhere.ts");
    assert.ok(!existsSync(output), "nothing is written");
  });

  it("refuses a directory, and a file of another kind", async () => {
    assertRefused(await runSkein(["run", directory]), directory);
    const text = path.join(directory, "program.txt");
    writeFileSync(text, "hello");
    assertRefused(await runSkein(["run", text]), "program.txt");
    const empty = path.join(directory, "empty.ts");
    writeFileSync(empty, "");
    assertRefused(await runSkein(["run", empty]), "main");
  });

  it("refuses an output that cannot be written", async () => {
    assertRefused(await runSkein(["build", hello, "-o", path.join(directory, "no", "such", "x.wasm")]), "x.wasm");
  });

  it("refuses what has no end", async () => {
    assertRefused(await runSkein(["run", "/dev/zero"]), "/dev/zero", /not a WebAssembly module/);
  });

  it("fails a command whose output cannot be written", { skip: !existsSync("/dev/full") }, async () => {
    for (const args of [["run", await buildOf(hello)], ["--help"]]) {
      const full = openSync("/dev/full", "w");
      const result = await runSkein(args, { stdout: full });
      closeSync(full);
      assert.equal(result.code, 1, described(result));
      assert.match(result.stderr, /^skein: not all output could be written: ENOSPC\n$/, described(result));
    }
  });

  it("does not write over a source", async () => {
    const text = readFileSync(hello, "utf8");
    const source = path.join(directory, "source.ts");
    writeFileSync(source, text);
    assertRefused(await runSkein(["build", source, "-o", source]), "source.ts");
    assert.equal(readFileSync(source, "utf8"), text);
  });

  it("refuses a .wasm that is not one, is not ours, is cut off, or is of another ABI version", async () => {
    const refuse = async (name: string, bytes: Uint8Array, ...causes: (RegExp | string)[]): Promise<void> => {
      const file = path.join(directory, name);
      writeFileSync(file, bytes);
      assertRefused(await runSkein(["run", file]), name, ...causes);
    };
    const ours = readFileSync(await buildOf(hello));
    await refuse("text.wasm", Buffer.from("this is text"));
    await refuse("nothing.wasm", Buffer.alloc(0));
    await refuse("foreign.wasm", Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), /skein build/);
    await refuse("cut.wasm", ours.subarray(0, ours.length / 2));
    const version = /"abi":(\d+)/.exec(ours.toString("latin1"));
    assert.ok(version, "the section has a version");
    const other = Buffer.from(ours);
    const digits = version[1] ?? "";
    other.write(
      digits === "9".repeat(digits.length) ? "8".repeat(digits.length) : "9".repeat(digits.length),
      version.index + 6,
      "latin1",
    );
    await refuse("other-version.wasm", other, /version/i);
  });

  for (const value of ["0", "abc", "-1", "1.5", "", "1000000"]) {
    it(`refuses --procs ${JSON.stringify(value)}`, async () => {
      assertRefused(await runSkein(["run", hello, `--procs=${value}`]), "procs");
    });
  }

  for (const value of ["0", "abc", "-5M", "12Q", "64K"]) {
    it(`refuses --max-memory ${JSON.stringify(value)}`, async () => {
      assertRefused(await runSkein(["run", hello, `--max-memory=${value}`]), /memory/);
    });
  }

  it("runs with the least memory and with the most Ps that it takes", async () => {
    const least = await runSkein(["run", "--max-memory=4M", hello]);
    assert.equal(least.code, 0, least.stderr);
    const most = await runSkein(["run", "--procs=256", hello]);
    assert.equal(most.code, 0, most.stderr);
  });

  it("refuses options and commands that there are not, and too few arguments", async () => {
    assertRefused(await runSkein(["run", hello, "--nonsense"]), "--nonsense");
    assertRefused(await runSkein(["nonsense"]), "nonsense");
    assertRefused(await runSkein(["run"]), /file/i);
    assertRefused(await runSkein(["build", hello]), /-o|--output/);
  });

  it("shows its help and its version", async () => {
    const help = await runSkein(["--help"]);
    assert.equal(help.code, 0, described(help));
    for (const command of ["run", "build", "bench"]) assert.match(help.stdout, new RegExp(`^ *${command}\\b`, "m"));
    const version = await runSkein(["--version"]);
    const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
    assert.ok(version.stdout.includes(manifest.version), described(version));
  });
});

/** Programs that do not compile: where the error must point, and what it must say. */
const BAD: Record<string, { at?: string; says: RegExp }> = {
  "no-main": { says: /main/ },
  "main-not-exported": { says: /main/ },
  "main-with-parameters": { says: /main/ },
  "main-no-function": { says: /main/ },
  "syntax-error": { at: "4:13", says: /expression expected/i },
  unclosed: { at: "6:6", says: /unexpected end/i },
  "type-error": { at: "9:70", says: /not assignable/ },
  "argument-type": { at: "9:15", says: /not assignable/ },
  "argument-count": { at: "9:8", says: /arguments/ },
  "body-type-error": { at: "8:13", says: /not assignable/ },
  "unknown-name": { at: "4:6", says: /nowhere/ },
  "unknown-import": { at: "1:14", says: /nothing/ },
  "missing-module": { at: "1:24", says: /not-there/ },
  "go-of-a-value": { at: "5:6", says: /call/ },
  "channel-type": { at: "5:11", says: /not assignable/ },
};

/** Those that the command itself is asked to run: one without a place, one with, one whose module is missing. */
const COMMANDED = ["no-main", "type-error", "missing-module"];

describe(`programs that do not compile [${runtime}]`, { concurrency: 2 }, () => {
  for (const [name, { at, says }] of Object.entries(BAD)) {
    const file = path.join(cli, "bad", `${name}.ts`);
    const where = at === undefined ? file : `${file}:${at}`;
    // A process of its own takes five times as long for each; the commands show that they print what the compiler says.
    it(name, { skip: runtime === "node" ? false : "the compiler is tested in this process, on Node" }, async () => {
      process.chdir(root);
      const error: unknown = await compile(file).catch((error: unknown) => error);
      assert.ok(error instanceof CompileError, String(error));
      assertSays(error.message, [where, says], error.message);
    });
    if (!COMMANDED.includes(name)) continue;
    it(`${name}, and skein run says so`, async () => assertRefused(await runSkein(["run", file]), where, says));
  }

  it("an error in a module that is imported points into that module", async () => {
    const result = await runSkein(["run", path.join(cli, "broken-import.ts")]);
    assertRefused(result, `${path.join(cli, "bad", "helper.ts")}:2:14`, /two/);
  });

  it("build refuses the same, and writes nothing", async () => {
    const output = path.join(directory, "bad.wasm");
    const file = path.join(cli, "bad", "type-error.ts");
    assertRefused(await runSkein(["build", file, "-o", output]), `${file}:9:70`);
    assert.ok(!existsSync(output));
  });
});
