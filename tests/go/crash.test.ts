import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkerError } from "../../host/index.js";
import { delay, onDeno, rejection, until, withRuntime, WORK, type Work } from "./fixtures.js";

describe("a thread that dies", () => {
  for (const [how, task, message] of [
    ["because a task calls process.exit", "exit", /process\.exit\(3\)/],
    ["because a continuation calls process.exit", "exitLater", /process\.exit\(3\)/],
    ["of an error in a timer", "throwOutside", /in a timer/],
    ["of a rejection that nobody handles", "rejectOutside", /for nobody/],
  ] as const) {
    it(`${how} fails its goroutine with an error that says so, and nothing else`, () =>
      withRuntime(async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const g = (rt.go as (task: unknown, code: number) => Promise<unknown>)(work[task], 3);
        const error = await rejection(g);
        assert.ok(error instanceof WorkerError, String(error));
        assert.match(error.message, message);
        assert.match(error.message, new RegExp(`M${error.mid}\\b`));
        assert.equal(await rt.go(work.identity, "alive"), "alive");
        assert.deepEqual(await Promise.all([1, 2, 3].map((n) => rt.go(work.later, 5, n))), [1, 2, 3]);
      }));
  }

  it("of want of memory fails its goroutine only", { skip: onDeno && "the whole process would die there" }, () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const error = await rejection(rt.go(work.exhaust));
        assert.ok(error instanceof WorkerError, String(error));
        assert.match(error.message, /memory/);
        assert.equal(await rt.go(work.identity, "alive"), "alive");
      },
      { worker: { resourceLimits: { maxOldGenerationSizeMb: 64 } } },
    ),
  );

  it("takes only the goroutines with it that ran or awaited there; those that are queued go on", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        await rt.go(work.identity, 0);
        const gs = [rt.go(work.exit, 1), ...Array.from({ length: 50 }, (_, i) => rt.go(work.identity, i))];
        const results = await Promise.allSettled(gs);
        assert.equal(results[0]!.status, "rejected");
        assert.ok(results.slice(1).every(({ status }) => status === "fulfilled"));
      },
      { procs: 1 },
    ));

  it("again and again leaves a runtime that works", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      for (let i = 0; i < (onDeno ? 3 : 20); i++) {
        const dying = [rt.go(i % 2 ? work.exit : work.exitLater, i), rt.go(work.exit, i)];
        for (const end of await Promise.allSettled(dying)) {
          assert.ok(end.status === "rejected" && end.reason instanceof WorkerError);
        }
        assert.equal(await rt.go(work.add, i, 1), i + 1);
      }
      await until(() => rt.stats().goroutines === 0);
    }));

  it("gives back its tickets: those of goroutines that it has started when they are over", () =>
    withRuntime(async (rt) => {
      const pool = rt.pool(1);
      const tickets = rt.semaphore(1);
      await assert.rejects(rt.go(rt.tasks<Work>(WORK).submitAndExit, pool, tickets), { name: "WorkerError" });
      assert.equal(pool.free, 0, "its goroutine is not over");
      assert.equal(await pool.submit((n: number) => n, 5), 5);
      assert.equal(pool.free, 1);
      (await tickets.acquire()).unlock();
    }));

  it("lets go of what it held", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        // More than there would be room for.
        for (let i = 0; i < 5; i++) await assert.rejects(rt.go(work.allocateAndExit, 25 * 2 ** 20), WorkerError);
      },
      { maxMemory: 100 * 2 ** 20 },
    ));

  it("while it waits for a goroutine of its own takes no other with it", () =>
    withRuntime(async (rt) => {
      const error = await rejection(rt.go(rt.tasks<Work>(WORK).goAndExit));
      assert.ok(error instanceof WorkerError, String(error));
      await delay(150);
      assert.equal(await rt.go(() => 1), 1);
      await until(() => rt.stats().goroutines === 0);
    }));
});
