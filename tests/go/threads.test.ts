import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { start } from "../../host/index.js";
import { withRuntime, WORK, type Work } from "./fixtures.js";

/** The threads on which so many functions run that each compute for `ms`. */
async function threadsOf(count: number, ms: number, threads: number | undefined): Promise<Set<number>> {
  return withRuntime(
    async (rt) => {
      const work = rt.tasks<Work & { spinThread(ms: number): number }>(WORK);
      return new Set(await Promise.all(Array.from({ length: count }, () => rt.go(work.spinThread, ms))));
    },
    { procs: 2, threads },
  );
}

describe("start({ threads })", () => {
  it("has functions that compute wait for so many threads", async () => {
    assert((await threadsOf(12, 40, 2)).size <= 2);
    assert((await threadsOf(12, 40, 3)).size <= 3);
  });

  it("lets a goroutine that awaits share its thread with functions that do not", async () => {
    await withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const awaiting = rt.go(work.later, 100, "awaited");
        assert.equal(await rt.go(work.add, 1, 2), 3);
        assert.equal(await awaiting, "awaited");
      },
      { procs: 1, threads: 1 },
    );
  });

  it("must not be less than procs, nor anything but a number of threads", async () => {
    for (const threads of [1, 0, -1, 2.5, NaN, "3" as never]) {
      await assert.rejects(start({ procs: 2, threads }), { name: "SkeinError", message: /^threads must be/ });
    }
  });
});
