/** The examples of the event loop do what they say. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The lines that a JavaScript file prints under this runtime. */
async function lines(...run: string[]): Promise<string[]> {
  const deno = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];
  const { stdout } = await promisify(execFile)(process.execPath, [...deno, ...run], { cwd: root, timeout: 60_000 });
  return stdout.trimEnd().split("\n");
}

describe("the examples", () => {
  it("deadlines reports who answered in time, and hangs up on all", async () => {
    const printed = await lines("examples/loop/deadlines.mjs", "2000");
    assert.deepEqual(printed.slice(-4), [
      "harbour: 2 °C",
      "airport: 6 °C",
      "lighthouse: no answer within 2000 ms",
      "summit: 4 °C",
    ]);
    assert.equal(printed.filter((line) => line.startsWith("hung up on ")).length, 4);
  });

  it("progress prints each thread's calls in their order", async () => {
    const printed = await lines("examples/loop/progress.mjs", "3");
    assert.equal(printed.length, 18);
    for (const thread of [1, 2, 3]) {
      const own = printed.filter((line) => line.startsWith(`thread ${thread}`));
      assert.deepEqual(
        own.slice(0, 5),
        [1, 2, 3, 4, 5].map((step) => `thread ${thread}: ${step} of 5`),
      );
      assert.match(own[5] ?? "", /has added up to \d+/);
    }
  });

  it("heartbeat beats, and takes what other goroutines hand in", async () => {
    const printed = await lines("bin/skein.js", "run", "examples/loop/heartbeat.ts", "--", "12");
    assert.deepEqual(
      printed.filter((line) => line.startsWith("beat")),
      Array.from({ length: 12 }, (_, i) => `beat ${i + 1}`),
    );
    assert.equal(printed.at(-1), "2 handed in");
  });
});
