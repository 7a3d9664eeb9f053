/** Goroutines of all kinds at once, in random order: nothing is lost, nothing comes out wrong, nothing hangs. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { WorkerError, type Runtime } from "../../host/index.js";
import { delay, rejection, until, withRuntime, WORK, type Work } from "../go/fixtures.js";

/** How long each test goes on, in seconds. */
const SECONDS = Number(process.env["SKEIN_STRESS_SECONDS"] ?? 10);
/** Who start goroutines, one after the other each. */
const LANES = 32;

const random = (n: number): number => Math.floor(Math.random() * n);

/** Whether it says that a thread has died: here, or to a goroutine that passed it on as an error of its own. */
function hasDied(error: unknown): boolean {
  return error instanceof Error && error.name === "WorkerError";
}

/** What one lane may do; each checks what comes of it. */
function actions(rt: Runtime): (() => Promise<void>)[] {
  const work = rt.tasks<Work>(WORK);
  const add = async (): Promise<void> => {
    const n = random(1e6);
    assert.equal(await rt.go(work.add, n, 1), n + 1);
  };
  return [
    ...Array.from({ length: 10 }, () => add),
    async () => {
      const n = random(1e6);
      assert.equal(await rt.go(work.later, random(4), n), n);
    },
    async () => assert.equal(await rt.go(work.spin, 3), 3),
    async () => assert.equal(await rt.go(work.sum, 0, 40), 780),
    async () => {
      const seen: number[] = [];
      for await (const value of rt.go(work.count, 30)) seen.push(value);
      assert.equal(seen.length, 30);
    },
    async () => {
      const g = rt.go(work.later, 50, 1);
      g.catch(() => undefined); // it may die before it is waited for
      if (random(2) === 0) await delay(random(5));
      if (g.cancel("cancelled")) assert.equal(await rejection(g), "cancelled");
      else assert.equal(await g, 1);
    },
    async () => {
      const error = (await rejection(rt.go(work.fail, "x"))) as Error;
      if (hasDied(error)) throw error;
      assert.equal(error.message, "x");
    },
    async () => {
      const bytes = new Uint8Array(random(200_000)).fill(random(256));
      assert.deepEqual(await rt.go(work.identity, bytes), bytes);
    },
    () => {
      rt.procs = 1 + random(4);
      return Promise.resolve();
    },
  ];
}

/** Runs random actions; an action that a thread's death may hit is allowed to fail of that. */
async function stress(rt: Runtime, all: readonly (() => Promise<void>)[], mayDie: boolean): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      try {
        await all[random(all.length)]!();
      } catch (error) {
        if (!mayDie || !hasDied(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await until(() => rt.stats().goroutines === 0);
}

describe("goroutines in JavaScript under stress", { timeout: (2 * SECONDS + 60) * 1000 }, () => {
  it("come out right", () => withRuntime((rt) => stress(rt, actions(rt), false)));

  it("come out right while threads die", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      let deaths = 0;
      const die = async (): Promise<void> => {
        deaths++;
        assert.ok((await rejection(rt.go(work.exit, 1))) instanceof WorkerError);
      };
      // What is cancelled may die first; then it rejects with the reason all the same.
      await stress(rt, [...actions(rt), ...actions(rt), ...actions(rt), ...actions(rt), die], true);
      assert.ok(deaths > 0);
    }));
});
