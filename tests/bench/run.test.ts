import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { benchCommand } from "../../host/bench/index.js";

describe("skein bench on Skein itself", () => {
  it("measures programs and writes what it measured", async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), "skein-bench-"));
    try {
      const [out, page] = [path.join(directory, "out.json"), path.join(directory, "out.html")];
      const errors: string[] = [];
      const code = await benchCommand(
        ["pingpong", "parallel", "--impl", "skein", "--quick", "--runs", "1", "--json", out, "--html", page],
        { out: () => {}, err: (text) => errors.push(text) },
      );
      assert.deepEqual([code, errors], [0, []]);
      const [pingpong, parallel, ...others] = JSON.parse(await readFile(out, "utf8")) as Record<string, unknown>[];
      assert.equal(others.length, 0);
      assert.deepEqual(
        [pingpong?.bench, pingpong?.impl, pingpong?.unit, pingpong?.procs],
        ["pingpong", "skein", "ns/op", 1],
      );
      assert.match(String(pingpong?.runtime), /^(node|deno) \d+\.\d+\.\d+$/);
      assert.equal((pingpong?.values as number[]).length, 5);
      assert.deepEqual([parallel?.bench, parallel?.unit, (parallel?.values as number[]).length], ["parallel", "x", 1]);
      assert((parallel?.median as number) > 0);
      assert.match(await readFile(page, "utf8"), /<svg/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
