import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { collectorSettings, debugSettings } from "../../host/base/debug.js";
import { SkeinError } from "../../host/base/errors.js";
import { checkMemory, checkProcs, cpuQuota, defaultProcs, numCPU, parseMemory } from "../../host/runtime/procs.js";

describe("options", () => {
  for (const [text, bytes] of [
    ["65536", 65536],
    ["64K", 65536],
    ["512M", 2 ** 29],
    ["2G", 2 ** 31],
    ["1.5g", 1.5 * 2 ** 30],
    ["64KiB", 65536],
    ["128 MB", 2 ** 27],
  ] as const) {
    it(`reads the amount of memory ${text}`, () => assert.equal(parseMemory(text), bytes));
  }

  for (const text of ["", "x", "M", "0", "-5M", "12Q", "1e9", "63K", "64K", "4095K", "1M2"]) {
    it(`refuses the amount of memory ${JSON.stringify(text)}`, () => {
      assert.throws(() => checkMemory(parseMemory(text), text), SkeinError);
    });
  }

  it("says which limit of memory is the least, and takes that", () => {
    assert.throws(() => checkMemory(65536, "64K"), /at least 4194304 bytes \(4M\), not 64K/);
    assert.equal(checkMemory(parseMemory("4M")), 2 ** 22);
  });

  for (const procs of [0, -1, 1.5, NaN, 257, Infinity]) {
    it(`refuses ${procs} Ps`, () => assert.throws(() => checkProcs(procs), /procs must be a whole number/));
  }

  it("takes the number of Ps from the environment, and ignores what is none, as Go does", () => {
    assert.equal(defaultProcs({ SKEIN_MAXPROCS: "3", GOMAXPROCS: "5" }), 3);
    assert.equal(defaultProcs({ GOMAXPROCS: "5" }), 5);
    assert.equal(defaultProcs({ GOMAXPROCS: "100000" }), 256);
    for (const value of ["", "0", "-2", "abc", "2x"]) {
      assert.equal(defaultProcs({ SKEIN_MAXPROCS: value, GOMAXPROCS: "5" }), 5);
      assert.equal(defaultProcs({ GOMAXPROCS: value }), numCPU());
    }
  });

  it("takes the least quota of the process's control group and those above it", () => {
    const place = mkdtempSync(path.join(os.tmpdir(), "skein-cgroup-"));
    try {
      const [groups, inner] = [path.join(place, "cgroup"), path.join(place, "mount", "a", "b")];
      mkdirSync(inner, { recursive: true });
      const quota = (): number => cpuQuota(groups, path.join(place, "mount"));
      assert.equal(quota(), Infinity, "no control groups");
      writeFileSync(groups, "3:cpu:/elsewhere\n0::/a/b\n");
      assert.equal(quota(), Infinity, "none that limits");
      writeFileSync(path.join(inner, "cpu.max"), "max 100000\n");
      assert.equal(quota(), Infinity, "one that says so");
      writeFileSync(path.join(inner, "cpu.max"), "350000 100000\n");
      assert.equal(quota(), 3.5);
      writeFileSync(path.join(place, "mount", "a", "cpu.max"), "50000 100000\n");
      assert.equal(quota(), 0.5);
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("reads how memory is collected, as Go does, and Skein's own names first", () => {
    const plain = { percent: 100, limit: Number.MAX_SAFE_INTEGER };
    assert.deepEqual(collectorSettings({}), plain);
    assert.deepEqual(collectorSettings({ GOGC: "off" }), { ...plain, percent: -1 });
    assert.deepEqual(collectorSettings({ SKEIN_GC: "50", GOGC: "off" }), { ...plain, percent: 50 });
    assert.deepEqual(collectorSettings({ GOMEMLIMIT: "512MiB" }), { ...plain, limit: 2 ** 29 });
    assert.deepEqual(collectorSettings({ SKEIN_MEMLIMIT: "1000", GOMEMLIMIT: "512MiB" }), { ...plain, limit: 1000 });
    for (const text of ["x", "1.5", "5x"]) assert.deepEqual(collectorSettings({ GOGC: text, GOMEMLIMIT: text }), plain);
  });

  it("reads SKEIN_DEBUG, and GODEBUG, and ignores what it does not know", () => {
    const off = {
      schedtrace: 0,
      scheddetail: 0,
      stall: 0,
      leaks: 0,
      poller: 0,
      top: 0,
      gctrace: 0,
      gcstress: 0,
      heapprofile: 0,
      heap: 0,
    };
    assert.deepEqual(debugSettings({}), off);
    assert.deepEqual(debugSettings({ SKEIN_DEBUG: "schedtrace=1000,scheddetail=1" }), {
      ...off,
      schedtrace: 1000,
      scheddetail: 1,
    });
    assert.deepEqual(debugSettings({ GODEBUG: "gctrace=1,schedtrace=5", SKEIN_DEBUG: "schedtrace=7" }), {
      ...off,
      schedtrace: 7,
      gctrace: 1,
    });
    assert.deepEqual(debugSettings({ SKEIN_DEBUG: "leaks=1,heap=top" }), { ...off, leaks: 1, heap: 2 });
    for (const text of [
      "heap=2",
      "heap=higher",
      "schedtrace",
      "schedtrace=",
      "schedtrace=x",
      "xschedtrace=1",
      "schedtrace=1.5",
      "schedtrace=-1",
    ]) {
      assert.deepEqual(debugSettings({ SKEIN_DEBUG: text }), off, text);
    }
  });
});
