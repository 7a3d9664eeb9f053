import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { frame } from "../../host/cli/top.js";
import { start } from "../../host/index.js";
import { entries } from "../../host/top/directory.js";
import type { Snapshot } from "../../host/top/snapshot.js";
import { until } from "../go/fixtures.js";

/** Calls `body` with variables of the environment, and a directory of its own for sockets. */
async function within(variables: Record<string, string>, body: (directory: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(path.join(os.tmpdir(), "skein-top-"));
  const all = { XDG_RUNTIME_DIR: home, ...variables };
  const saved = Object.keys(all).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, all);
  try {
    await body(path.join(home, "skein"));
  } finally {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(home, { recursive: true });
  }
}

/** Sends text to a scheduler's socket; resolves with so many lines of its answer. */
function ask(file: string, text: string, lines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(file, () => socket.write(text));
    socket.on("error", reject).setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      if (answer.split("\n").length <= lines) return;
      resolve(answer.split("\n"));
      socket.destroy();
    });
  });
}

const skip = process.platform === "win32" ? "there are no Unix sockets on Windows" : false;

describe("a scheduler", { skip }, () => {
  it("lets itself be watched where SKEIN_DEBUG says so, until it is closed", () =>
    within({ SKEIN_DEBUG: "top=1" }, async (directory) => {
      const [one, two] = [await start({ procs: 2 }), await start({ procs: 1 })];
      await until(() => entries().length === 2);
      for (const { pid, file } of entries()) {
        assert.equal(pid, process.pid);
        const [first = "", second = "", rest] = await ask(file, "whatever this is\n\n", 2);
        assert.equal(rest, "");
        for (const line of [first, second]) {
          const now = JSON.parse(line) as Snapshot;
          assert.equal(now.pid, process.pid);
          assert.match(now.schedtrace, new RegExp(`gomaxprocs=${now.stats.procs} `));
          assert.match(frame(now), /^.*: process \d+, .*\n[12] Ps, /);
        }
      }
      await two.close();
      assert.equal(readdirSync(directory).length, 1);
      const watching = connect(path.join(directory, readdirSync(directory)[0]!));
      const closed = new Promise((resolve) => watching.on("close", resolve));
      await new Promise((resolve) => watching.once("connect", resolve));
      await one.close();
      assert.deepEqual(readdirSync(directory), []);
      await closed;
    }));

  it("is not watched where nothing says so", () =>
    within({ SKEIN_DEBUG: "" }, async () => {
      await using rt = await start({ procs: 1 });
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.equal(await rt.go(() => 1), 1);
      assert.deepEqual(entries(), []);
    }));

  it("runs all the same where it cannot be watched", () =>
    within({ SKEIN_DEBUG: "top=1" }, async (directory) => {
      mkdirSync(directory);
      chmodSync(directory, 0o777);
      assert.throws(entries, /must be a directory that only this user can use/);
      await using rt = await start({ procs: 1 });
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.equal(await rt.go(() => 1), 1);
    }));
});

describe("a look at a scheduler", () => {
  const schedtrace = "SCHED 9ms: gomaxprocs=2 idleprocs=1 threads=40 spinningthreads=1 idlethreads=3 runqueue=7 [5 0]";
  const ms = Array.from({ length: 30 }, (_, i) => ({
    id: i + 1,
    goroutines: 10,
    switches: i * 100,
    steals: 0,
    parks: 4,
  }));
  const before: Snapshot = {
    skein: "1",
    pid: 12,
    title: "a.ts",
    runtime: "node 1",
    uptime: 1000,
    cpu: 100,
    resident: 2 ** 24,
    schedtrace,
    stats: { procs: 2, goroutines: 9, heapBytes: 2 ** 20, ms },
  };

  it("has rates since the one before", () => {
    const now = {
      ...before,
      uptime: 3000,
      cpu: 2100,
      stats: { ...before.stats, ms: ms.map((m) => ({ ...m, switches: m.switches + (m.id === 3 ? 500 : 20) })) },
    };
    const lines = frame(now, before).split("\n");
    assert.equal(lines[0], "a.ts: process 12, node 1, up 3 s");
    assert.equal(lines[1], "2 Ps, 1 idle; 40 threads, 1 spinning, 3 idle; CPU 100 %");
    assert.equal(lines[2], "9 goroutines; ready: 7 in the global queue, 5 0 on the Ps");
    assert.equal(lines[3], "heap 1.0 MiB, resident 16.0 MiB");
    assert.ok(lines.some((line) => /^M3 +0 +250 +0 +0$/.test(line)));
    assert.ok(lines.some((line) => /^all +0 +540 +0 +0$/.test(line)));
    assert.ok(lines.includes("and 14 more threads, which did less"));
  });

  it("has rates since the beginning if it is the first", () => {
    assert.match(frame(before), /^all +300 +43500 +0 +120$/m);
    assert.match(frame({ ...before, uptime: 0 }), /^all +0 +0 +0 +0$/m);
    assert.match(frame({ ...before, uptime: 3_725_000 }), /up 1:02:05\n/);
  });
});
