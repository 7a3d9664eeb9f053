/** C programs, and C in AssemblyScript ones: compiled by clang from npm; without that package nothing of this can be tested. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { described, root, runSkein, runtime } from "../programs/driver/process.js";

const programs = path.join("tests", "c", "programs");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-c-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function toolchain(): boolean {
  try {
    createRequire(path.join(root, "package.json")).resolve("@yowasp/clang");
    return true;
  } catch {
    return false;
  }
}

/** Compiling takes long where others compile too. */
const timeoutMs = 240_000;
const skip = toolchain() ? false : "the package @yowasp/clang is not installed";

describe(`C [${runtime}]`, { skip }, () => {
  it("runs threads, locks, stdio and the heap of C on one P, and on several", async () => {
    for (const procs of ["1", "2", "8"]) {
      const sources = ["threads.c", "posix.c"].map((name) => path.join(programs, name));
      const args = ["run", ...sources, "--procs", procs, "--", "an argument"];
      const result = await runSkein(args, { env: { SKEIN_C_TEST: "ü" }, timeoutMs });
      const text = `${procs} Ps: ${described(result)}`;
      assert.equal(result.stderr, "all is well\n", text);
      assert.equal(result.code, 3, text);
      const lines = result.stdout.trimEnd().split("\n");
      assert.equal(lines.length, 400, text);
      for (const line of lines) assert.match(line, /^[0-3]: a line of 8 words, more or less !$/, text);
    }
  });

  it("says what went wrong in the words of C, with its functions, and ends as it should", async () => {
    const fault = async (
      which: number,
      env: Record<string, string> = {},
    ): Promise<{ code: number | null; stdout: string; stderr: string; text: string }> => {
      const result = await runSkein(["run", path.join(programs, "faults.c"), "--", String(which)], { timeoutMs, env });
      return { ...result, text: described(result) };
    };
    const channels = await fault(0);
    assert.equal(channels.stdout, "goroutine 1 of 1\n", channels.text);
    assert.equal(channels.code, 0, channels.text);
    const lines = readFileSync(path.join(root, programs, "faults.c"), "utf8").split("\n");
    /** The head of a stack whose top is at the line with that text. */
    const at = (text: string): string => {
      const line = lines.findIndex((each) => each.includes(text)) + 1;
      return `\n\ngoroutine 1 \\[running\\]:\n\\w+\\(\\.\\.\\.\\)\n\t.*faults\\.c:${line}:`;
    };
    const faults: [number, RegExp][] = [
      [1, new RegExp(`^panic: SIGABRT: abort${at("case 1: abort")}`)],
      [2, /^panic: runtime error: stack overflow\n\ngoroutine 1 \[running\]:\ndeep\(\.\.\.\)\n\t.*faults\.c:\d+/],
      [3, new RegExp(`^panic: runtime error: integer divide by zero${at("5 / zero")}`)],
      [5, /^Assertion failed: zero == 1 \(.*faults\.c: inner: \d+\)\npanic: SIGABRT: abort\n/],
      [6, new RegExp(`^panic: free\\(\\): invalid pointer${at("free(block + 4)")}`)],
      [7, /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[pthread_mutex_lock\]:\n/],
      [8, /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan send\]:\n/],
      [9, new RegExp(`^panic: SIGSEGV: null pointer dereference${at("return *no_number")}`)],
      [10, new RegExp(`^panic: SIGSEGV: null pointer dereference${at("nothing->text[3]")}`)],
      [11, /^panic: free\(\): double free detected\n\ngoroutine 1 /],
      [
        13,
        /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[pthread_join\]:\n[^]*\[pthread_mutex_lock\]:\ncrosswise[^]*\[pthread_mutex_lock\]:\ncrosswise/,
      ],
    ];
    for (const [which, words] of faults) {
      const { code, stderr, text } = await fault(which);
      assert.match(stderr, words, text);
      assert.equal(code, 2, text);
    }
    assert.equal((await fault(4)).code, 309 % 256);
    const ended = await fault(12);
    assert.equal(ended.stderr, "the thread ends it\n", ended.text);
    assert.equal(ended.code, 5, ended.text);
    const stranger = await fault(14);
    assert.equal(stranger.stderr, "Operation not permitted\n", stranger.text);
    assert.equal(stranger.code, 0, stranger.text);
    // What C waits for the collector knows nothing of, so it takes nobody for lost.
    const waiting = await fault(15, { SKEIN_DEBUG: "leaks=1" });
    assert.equal(waiting.stderr, "", waiting.text);
    assert.equal(waiting.code, 0, waiting.text);
  });

  it("gives C the directories that --dir names, and no way out of them", async () => {
    const wasm = path.join(directory, "files.wasm");
    const built = await runSkein(["build", path.join(programs, "files.c"), "-o", wasm], { timeoutMs });
    assert.equal(built.code, 0, described(built));
    const data = path.join(directory, "files");
    mkdirSync(data);
    writeFileSync(path.join(directory, "secret"), "hush");
    const links = { up: "../secret", out: path.join(directory, "secret"), away: "..", loop: "loop", in: "d/c" };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(data, name));
    for (const procs of ["1", "8"]) {
      const result = await runSkein(["run", wasm, "--dir", `${data}=data`, "--procs", procs], { timeoutMs });
      assert.equal(result.stdout, "all is well\n", described(result));
      assert.equal(result.code, 0, described(result));
    }
    // Node's threads close at their end what they think of as their own files: if that is not so, something of another thread's.
    const handed = ["run", wasm, "--dir", `${data}=data`, "--procs", "8", "--", "handed on"];
    const after = await runSkein(handed, { timeoutMs });
    assert.equal(after.stderr, "", described(after));
    assert.equal(after.code, 0, described(after));
    const none = await runSkein(["run", wasm, "--", "secret"], { cwd: directory, timeoutMs });
    assert.equal(none.stderr, "secret: No such file or directory\n", described(none));
    assert.equal(none.code, 3, described(none));
    const wrong = await runSkein(["run", wasm, "--dir", "nowhere"], { timeoutMs });
    assert.match(wrong.stderr, /^skein: --dir nowhere: ENOENT/, described(wrong));
    assert.equal(wrong.code, 1, described(wrong));
  });

  it("gives C sockets on which goroutines wait", async () => {
    const wasm = path.join(directory, "sockets.wasm");
    const built = await runSkein(["build", path.join(programs, "sockets.c"), "-o", wasm], { timeoutMs });
    assert.equal(built.code, 0, described(built));
    const folder = mkdtempSync(path.join(os.tmpdir(), "skein-"));
    for (const args of [["1"], ["8"], ["2", "--poller", "stdlib"]]) {
      const result = await runSkein(["run", wasm, "--procs", ...args, "--", folder], { timeoutMs });
      assert.equal(result.stdout, "all is well\n", described(result));
      assert.equal(result.code, 0, described(result));
    }
    rmSync(folder, { recursive: true });
  });

  it("calls C from AssemblyScript, and from the host", async () => {
    const [entry, codec, words] = ["mixed.ts", "codec.c", "words.cpp"].map((name) => path.join(programs, name)) as [
      string,
      string,
      string,
    ];
    const result = await runSkein(["run", entry, codec, words], { timeoutMs });
    assert.equal(result.stdout, "cbf43926\n6\ntrue\n7\nfalse\n4 words, be first\ndone\n", described(result));
    const wasm = path.join(directory, "mixed.wasm");
    const built = await runSkein(["build", entry, codec, words, "-o", wasm], { timeoutMs });
    assert.equal(built.code, 0, described(built));
    const { start } = await import("../../host/index.js");
    const rt = await start({ program: wasm });
    assert.equal(await rt.call("fibonacci", 20), 6765);
    await rt.close();
  });

  it("says what clang and the linker say, and what is missing", async () => {
    const write = (name: string, text: string): string => {
      writeFileSync(path.join(directory, name), text);
      return name;
    };
    const refused = async (files: string[], words: RegExp): Promise<void> => {
      const result = await runSkein(["run", ...files], { cwd: directory, timeoutMs });
      assert.match(result.stderr, words, described(result));
      assert.equal(result.code, 1, described(result));
    };
    const sdk = path.join(directory, "sdk", "bin");
    mkdirSync(sdk, { recursive: true });
    const clang = write(
      "sdk/bin/clang",
      '#!/bin/sh\ncase $1 in --version) echo 1;; *) pwd; echo "$@" >&2; exit 1;; esac\n',
    );
    chmodSync(path.join(directory, clang), 0o755);
    const withSdk = await runSkein(["run", write("sdk.c", "int main(void) { return 0; }\n")], {
      cwd: directory,
      env: { SKEIN_WASI_SDK: path.join(directory, "sdk") },
    });
    assert.match(withSdk.stderr, /^-c --target=wasm32-wasip1 .* sdk\.c -o - /, described(withSdk));
    assert.equal(withSdk.code, 1);
    const noSdk = await runSkein(["run", "sdk.c"], { cwd: directory, env: { SKEIN_WASI_SDK: "/nowhere" } });
    assert.match(noSdk.stderr, /SKEIN_WASI_SDK is \/nowhere, where there is no wasi-sdk/, described(noSdk));
    assert.equal(noSdk.code, 1);
    await refused([write("syntax.c", "int main(void) { return 1 }\n")], /^syntax\.c:1:26: error: expected ';'/);
    await refused(
      [write("wrong.cpp", "int main() { return none; }\n")],
      /^wrong\.cpp:1:21: error: use of undeclared identifier/,
    );
    await refused(
      [write("undefined.c", "int f(void);\nint main(void) { return f(); }\n")],
      /error: undefined\.c: undefined symbol: f/,
    );
    await refused(
      [write("jumps.c", "#include <setjmp.h>\njmp_buf here;\n")],
      /error: "Skein has no setjmp[^]*\n1 error/,
    );
    const bare = await runSkein(
      ["run", "--quick", write("bare.c", "#include <stdlib.h>\nint main(void) { abort(); }\n")],
      {
        cwd: directory,
        timeoutMs,
      },
    );
    assert.match(
      bare.stderr,
      /^panic: SIGABRT: abort\n\ngoroutine 1 \[running\]:\nmain\(\.\.\.\)\n\tbare\.c:2:18/,
      described(bare),
    );
    const declaring = '@external("c", "f") declare function f(): i32;\nexport function main(): i32 { return f(); }\n';
    await refused([write("declares.ts", declaring)], /name the C source that defines it too/);
    await refused(
      ["declares.ts", write("other.c", "int g(void) { return 1; }\n")],
      /none of the C sources defines the function f/,
    );
    await refused(
      ["declares.ts", write("typed.c", "int f(int a) { return a; }\n")],
      /f is declared as \(\): i32, but C defines it as/,
    );
  });
});
