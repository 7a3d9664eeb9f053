import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machine, type Machine } from "./driver/machine.js";

const ITEMS = 1 << 20;

/** An owner and three thieves consume all items. */
async function consumeAll(m: Machine, items: number, start: number, next = ""): Promise<void> {
  m.call("prepare", items, start);
  await m.run([[`produce${next}`], ...[1, 2, 3].map((id) => [`thieve${next}`, id] as const)]);
  assert.equal(m.call("foreign"), 0, "only what was put comes out, as it was put");
  assert.equal(m.call("consumed", 0), 0, "no item is lost");
  assert.equal(m.call("consumed", 1), items, "no item comes out twice");
}

describe("a run queue with an owner and three thieves", { concurrency: 1 }, () => {
  it("gives each of a million items to exactly one of them, while its indices pass 2^32", async () => {
    const m = await machine("runq");
    await consumeAll(m, ITEMS, 2 ** 32 - ITEMS / 4);
    assert.ok(m.call("stolen") > 0, "some were stolen");
    assert.ok(m.call("overflowed") > 0, "some went through the global queue");
  });

  for (const before of [1, 100, 10_000]) {
    it(`loses none when its indices begin ${before} before 2^32`, async () => {
      await consumeAll(await machine("runq"), 1 << 16, 2 ** 32 - before);
    });
  }

  it("gives what is next to run either to its owner or to a thief", async () => {
    const m = await machine("runq");
    await consumeAll(m, ITEMS, 2 ** 32 - ITEMS / 4, "Next");
    assert.ok(m.call("stolen") > 0, "some were stolen");
  });

  it("never seems empty while one moves between runnext and the ring", async () => {
    const m = await machine("runq");
    m.call("prepare", 2, 2 ** 32 - 1000);
    const [, ...seenEmpty] = await m.run([["neverEmpty", 4_000_000], ["watch"], ["watch"], ["watch"]]);
    assert.deepEqual(seenEmpty, [0, 0, 0]);
  });
});
