import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machine } from "./driver/machine.js";

const THREADS = [1, 2, 3, 4];

describe("a lock that several threads take", { concurrency: 1 }, () => {
  it("lets one of two in at a time, who both look at it without sleeping", async () => {
    const m = await machine("lock");
    await m.run([1, 2].map((id) => ["countShort", id, 1_000_000]));
    assert.equal(m.call("counter"), 2 * 1_000_000);
  });

  it("lets one of four in at a time", async () => {
    const m = await machine("lock");
    await m.run(THREADS.map((id) => ["countShort", id, 200_000]));
    assert.equal(m.call("counter"), 4 * 200_000);
    assert.equal(m.call("lockWord"), 0, "it is free in the end");
  });

  it("wakes all who sleep", async () => {
    const m = await machine("lock");
    // On a machine with other work they may come one after the other.
    for (let round = 1; m.call("waited") === 0; round++) {
      assert.ok(round <= 50, "nobody ever had to wait");
      await m.run(THREADS.map((id) => ["countLong", id, 4000]));
      assert.equal(m.call("counter"), round * 4 * 4000);
    }
    assert.equal(m.call("lockWord"), 0, "it is free in the end");
  });

  it("wakes one after the other when all sleep at once", async () => {
    const m = await machine("lock");
    const [waited] = await m.run([["hold", 3, 100], ["follow"], ["follow"], ["follow"]]);
    assert.equal(waited, 1, "somebody slept");
    assert.equal(m.call("lockWord"), 0, "it is free in the end");
  });

  it("lets in one at a time also of those who only try", async () => {
    const m = await machine("lock");
    for (let round = 1; m.call("refused") === 0; round++) {
      assert.ok(round <= 50, "nobody was ever refused");
      await m.run(THREADS.map((id) => [id < 4 ? "countTrying" : "countShort", id, 500_000]));
      assert.equal(m.call("counter"), round * 4 * 500_000);
    }
  });
});
