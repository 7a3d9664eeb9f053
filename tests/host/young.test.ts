/**
 * The threads of a program that `skein run` runs have next to no JavaScript: V8's room for new objects stays small there, or a server's memory goes
 * up and down by tens of MB. Seen from a module that is loaded before the command and looks at how each thread is made.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { buildOf } from "../programs/driver/builds.js";
import { skeinCommand } from "../programs/driver/process.js";

const LOOK = `
import { createRequire, syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";
const threads = createRequire(import.meta.url)("node:worker_threads");
if (isMainThread) {
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      super(file, options);
      console.error("THREAD " + options.name + ": " + options.resourceLimits?.maxYoungGenerationSizeMb);
    }
  };
  syncBuiltinESMExports();
}
`;

describe("the threads of a program", { skip: "deno" in process.versions }, () => {
  it("have little room for new objects of JavaScript", async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), "skein-young-"));
    try {
      const module = path.join(directory, "look.mjs");
      writeFileSync(module, LOOK);
      const wasm = await buildOf(path.join("tests", "programs", "memory", "moving.ts"));
      const [node, ...skein] = skeinCommand("node");
      const { stderr } = spawnSync(node, ["--import", module, ...skein, "run", wasm], { encoding: "utf8" });
      const made = stderr.match(/^THREAD skein .*/gm) ?? [];
      assert.ok(
        made.some((line) => line.startsWith("THREAD skein M1:")) && made.some((line) => line.includes("sysmon")),
        stderr,
      );
      for (const line of made) assert.match(line, /: 3$/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
