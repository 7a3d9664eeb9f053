import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machine } from "./driver/machine.js";

const EACH = 40_000;
const TURNS = 8_000;
/** Four threads with 200 goroutines each, 64 dead ones on each P and as many on their way to the others. */
const MOST = 4 * (200 + 2 * 64);

/** Ps of the four threads; -1 is none. */
const PS = [0, 1, -1, -1];

describe("goroutines that four threads make", { concurrency: 1 }, () => {
  it("are all in the list of all, which can be walked meanwhile, and have a number each", async () => {
    const m = await machine("gs");
    m.call("prepare");
    const [shrunk] = await m.run([["walk", 4 * EACH], ...PS.map((p, i) => ["make", i + 1, p, EACH] as const)]);
    assert.equal(shrunk, 0, "none ever leaves the list");
    assert.equal(m.call("all"), 4 * EACH);
    assert.equal(m.call("numbers", 1), 4 * EACH, "numbers given once");
    assert.equal(m.call("shared"), 0, "no two threads got the same");
  });

  it("are made of dead ones, each of which goes to one thread, with a new number", async () => {
    const m = await machine("gs");
    m.call("prepare");
    await m.run(PS.map((p, i) => ["reuse", i + 1, p, TURNS] as const));
    assert.equal(m.call("shared"), 0, "no two threads had the same");
    assert.equal(m.call("numbers", 2), 0, "no number is given twice");
    assert.equal(m.call("buried"), m.call("all"), "none is lost");
    assert.ok(m.call("all") <= MOST, `${m.call("all")} were made, at most ${MOST} are needed`);
  });
});
