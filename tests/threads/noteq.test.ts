import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machine, type Machine } from "./driver/machine.js";

const PRODUCERS = [0, 1, 2, 3];

interface Pace {
  /** Whether the consumer sleeps when there are no notes. */
  readonly sleep: boolean;
  /** How far a producer may be ahead of the consumer, and how long its pauses are. */
  readonly ahead: number;
  readonly pause: number;
}

/** Four producers push `n` notes each; `ps` are their Ps, -1 for none. */
async function pushAll(m: Machine, n: number, ps: readonly number[], { sleep, ahead, pause }: Pace): Promise<void> {
  m.call("prepare");
  const producers = PRODUCERS.map((id) => ["produce", id, ps[id] ?? -1, n, ahead, pause] as const);
  await m.run([["consume", 4 * n, Number(sleep)], ...producers]);
  assert.equal(m.call("wrong"), 0, "notes out of order or damaged");
  for (const id of PRODUCERS) assert.equal(m.call("received", id), n);
  assert.equal(m.call("empty"), 1, "nothing is left");
  assert.ok(m.call("filled") > 1, "it was empty in between");
  assert.equal(m.call("wakes"), m.call("filled"), "the wake word changes each time it fills, and only then");
}

describe("the note queue, with four producers and a consumer", { concurrency: 1 }, () => {
  it("brings every note once, in its producer's order, and wakes a consumer that sleeps whenever it is empty", async () => {
    await pushAll(await machine("noteq"), 20_000, [-1, 1, -1, 3], { sleep: true, ahead: 20, pause: 2000 });
  });

  it("does so without pauses", async () => {
    await pushAll(await machine("noteq"), 200_000, [0, 1, 2, 3], { sleep: true, ahead: 2000, pause: 1 });
  });

  it("does so when it is drained all the time", async () => {
    await pushAll(await machine("noteq"), 50_000, [-1, 1, -1, 3], { sleep: false, ahead: 50, pause: 100 });
  });
});
