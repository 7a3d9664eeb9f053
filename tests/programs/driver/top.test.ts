/** `skein top`: what it shows of programs that run, which it finds, how it ends. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { described, runSkein, runtime, type Result } from "./process.js";

const program = path.join("tests", "programs", "cli", "traced.ts");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-top-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** A directory of sockets for one test. */
function place(name: string): { env: { XDG_RUNTIME_DIR: string }; sockets: () => string[] } {
  const home = path.join(directory, name);
  mkdirSync(home);
  return { env: { XDG_RUNTIME_DIR: home }, sockets: () => readdirSync(path.join(home, "skein")) };
}

/** Starts a program that runs until it is ended; resolves when it runs. */
async function running(
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; ended: Promise<Result> }> {
  let child: ChildProcess | undefined;
  let ended: Promise<Result> | undefined;
  await new Promise<void>((resolve) => {
    ended = runSkein(["run", "--procs", "2", program, "--", "forever"], {
      env,
      started: (started) => (child = started),
      onStdout: () => resolve(),
    });
  });
  return { child: child!, ended: ended! };
}

/** Looks until there is something to see. */
async function top(args: readonly string[], env: Readonly<Record<string, string>>, isIt = seen): Promise<Result> {
  for (let i = 0; ; i++) {
    const result = await runSkein(["top", ...args], { env });
    if (isIt(result) || i === 100) return result;
  }
}

function seen(result: Result): boolean {
  return result.code === 0;
}

const skip = process.platform === "win32" ? "there are no Unix sockets on Windows" : false;

describe(`skein top [${runtime}]`, { skip, concurrency: 2 }, () => {
  it("shows a program that runs, and ends with it", async () => {
    const { env, sockets } = place("one");
    const { child, ended } = await running(env);
    const pid = String(child.pid);
    for (const args of [[pid], []]) {
      const result = await top([...args, "--count", "2", "--interval", "20"], env);
      assert.equal(result.code, 0, described(result));
      assert.equal(result.stderr, "");
      const frames = result.stdout.split(/^(?=.*: process )/m);
      assert.equal(frames.length, 2, described(result));
      for (const frame of frames) {
        assert.match(frame, new RegExp(`^${program}: process ${pid}, (node|deno) [\\d.]+, up \\d+ s\\n2 Ps, `));
        assert.match(frame, /^1 goroutines; ready: \d+ in the global queue, \d+ \d+ on the Ps$/m);
        assert.match(frame, /^all( +\d+){4}$/m);
      }
    }
    const watching = runSkein(["top", pid, "--interval", "20"], { env, onStdout: () => child.kill("SIGINT") });
    const watched = await watching;
    assert.equal(watched.code, 0, described(watched));
    const run = await ended;
    assert.equal(run.code, 130, described(run));
    assert.deepEqual(sockets(), []);
    const none = await runSkein(["top", pid], { env });
    assert.equal(none.code, 1, described(none));
    assert.match(none.stderr, new RegExp(`^skein: there is no scheduler of process ${pid} to watch: `));
  });

  it("lists the programs where there are several, without those that were killed", async () => {
    const { env, sockets } = place("several");
    const programs = await Promise.all([running(env), running(env)]);
    const both = await top([], env, ({ stdout }) => programs.every(({ child }) => stdout.includes(String(child.pid))));
    assert.equal(both.code, 0, described(both));
    assert.match(both.stdout, /^ *PID +up +goroutines +on +program\n/);
    const [first, second] = programs;
    first.child.kill("SIGKILL");
    await first.ended;
    assert.equal(sockets().length, 2, "nobody has removed the socket of the one that was killed");
    const rest = await top(["--count", "1"], env);
    assert.match(rest.stdout, new RegExp(`: process ${second.child.pid}, `), described(rest));
    assert.equal(sockets().length, 1);
    second.child.kill("SIGINT");
    await second.ended;
  });

  it("refuses a directory that others could use, and numbers that are none", async () => {
    const { env } = place("open");
    const open = path.join(env.XDG_RUNTIME_DIR, "skein");
    mkdirSync(open);
    chmodSync(open, 0o755);
    const refused = await runSkein(["top"], { env });
    assert.equal(refused.code, 1, described(refused));
    assert.match(refused.stderr, /^skein: .*skein must be a directory that only this user can use \(mode 700\)\n$/);
    for (const args of [["0"], ["x"], ["1", "--count", "0"], ["1", "--interval", "fast"]]) {
      const result = await runSkein(["top", ...args], { env });
      assert.equal(result.code, 1, described(result));
      assert.match(result.stderr, /is invalid/);
    }
  });
});
