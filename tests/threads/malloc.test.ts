import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machine, type Call, type Machine } from "./driver/machine.js";

/** Ps of the four threads; -1 is none. */
const PS = [0, 1, -1, -1];
const EACH = 20_000;

function four(name: string, n: number): Call[] {
  return PS.map((p, i) => [name, i + 1, p, n] as const);
}

async function churned(m: Machine, n: number): Promise<number> {
  await m.run(four("churn", n));
  m.call("clearPassed");
  assert.equal(m.call("damaged"), 0, "no block overlaps another");
  return m.call("heapPages");
}

describe("the allocator, used by two threads with a P and two without", { concurrency: 1 }, () => {
  it("never gives the same memory to two, also if another thread frees it, and needs no more the longer it runs", async () => {
    const m = await machine("malloc");
    m.call("prepare");
    const pages = await churned(m, EACH);
    assert.ok(m.call("crossed") > EACH / 2, "some blocks went from thread to thread");
    const later = await churned(m, 4 * EACH);
    assert.ok(later <= 1.25 * pages, `${pages} pages after ${EACH} turns, ${later} after four times as many more`);
  });

  it("merges freed pages back into one run", async () => {
    const m = await machine("malloc");
    m.call("prepare");
    await m.run(four("churnLarge", 30_000));
    assert.equal(m.call("damaged"), 0, "no block overlaps another");
    assert.equal(m.call("heapPages"), 0, "all was given back");
    assert.ok(m.call("usedPages") < 2 * 4 * 16 * 8, `${m.call("usedPages")} pages for at most 512 in use`);
    assert.equal(m.call("fitsWhole"), 1, "all of it is free, in one piece");
  });

  for (const [from, to] of [
    [0, 1],
    [0, -1],
    [-1, 0],
  ] as const) {
    it(`moves memory back when ${from < 0 ? "a thread without a P" : "a thread"} allocates and ${to < 0 ? "one without a P" : "another"} frees`, async () => {
      const m = await machine("malloc");
      m.call("prepare");
      await m.run([
        ["produce", from, 1000, 30_000],
        ["consume", to, 30_000],
      ]);
      assert.equal(m.call("damaged"), 0);
      assert.ok(m.call("heapPages") <= 4, `${m.call("heapPages")} pages for at most 64 blocks of 1 KiB at a time`);
    });
  }
});
