import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { start, type Goroutine } from "../../host/index.js";
import { delay, onDeno, rejection, release, until, withRuntime, WORK, type Work } from "./fixtures.js";

describe("cancelling a goroutine", () => {
  it("that is queued rejects it at once, and it never runs", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        await rt.go(work.identity, 0);
        const marker = path.join(os.tmpdir(), `skein-test-${process.pid}-ran`);
        const busy = Array.from({ length: 4 }, () => rt.go(work.spin, 20));
        const queued: Goroutine<unknown>[] = Array.from({ length: 10 }, () => rt.go(work.identity, 1));
        queued.push(rt.go(work.leave, marker));
        const reason = new Error("changed my mind");
        const last = queued.at(-1)!;
        assert.equal(last.cancel(reason), true);
        assert.equal(last.status, "cancelled");
        assert.equal(await rejection(last), reason);
        await Promise.all([...busy, ...queued.slice(0, -1)]);
        await delay(50);
        assert.equal(existsSync(marker), false);
      },
      { procs: 1 },
    ));

  it("whose signal has aborted already rejects it, and it never begins", () =>
    withRuntime(async (rt) => {
      const ran = new Int32Array(new SharedArrayBuffer(4));
      const reason = new Error("early");
      const gs = Array.from({ length: 20 }, () =>
        rt.go.with(
          { signal: AbortSignal.abort(reason), name: "late" },
          (ran: Int32Array) => Atomics.add(ran, 0, 1),
          ran,
        ),
      );
      for (const g of gs) {
        assert.equal(g.status, "cancelled");
        assert.equal(await rejection(g), reason);
        assert.equal(g.cancel(), false);
      }
      assert.equal(await rt.go(() => 1), 1);
      await delay(20);
      assert.equal(ran[0], 0);
    }));

  it("rejects it with an AbortError where there is no reason", () =>
    withRuntime(async (rt) => {
      const g = rt.go(rt.tasks<Work>(WORK).untilAborted);
      await delay(50);
      g.cancel();
      await assert.rejects(g, { name: "AbortError", message: "the goroutine was cancelled" });
      assert.equal(g.cancel(), false, "it has ended");
    }));

  it("that awaits aborts its context's signal", () =>
    withRuntime(async (rt) => {
      const g = rt.go(rt.tasks<Work>(WORK).untilAborted);
      await delay(50);
      const reason = { why: "enough" };
      g.cancel(reason);
      assert.equal(await rejection(g), reason, "the very reason");
      assert.equal(g.status, "cancelled");
    }));

  it("that awaits and does not heed the signal gives it up after a grace time", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const g = rt.go(work.deaf);
      await delay(50);
      const thread = await rt.go(work.thread);
      g.cancel(new Error("given up"));
      await assert.rejects(g, /given up/);
      assert.equal(typeof thread, "number");
      assert.equal(await rt.go(work.identity, 1), 1);
      // It counts no more; the other one may be about to end.
      await until(() => rt.stats().goroutines === 0);
    }));

  it("that was given up, or never begins, is nothing that closing waits for", async () => {
    const rt = await start({ procs: 1, threads: 1 });
    const work = rt.tasks<Work>(WORK);
    const deaf = rt.go(work.deaf);
    await until(() => deaf.status === "waiting");
    deaf.cancel(new Error("enough"));
    await assert.rejects(deaf, /enough/);
    const word = new Int32Array(new SharedArrayBuffer(4));
    const holds = rt.go(work.hold, word);
    await until(() => holds.status === "running");
    const queued = rt.go(work.identity, 1);
    queued.cancel(new Error("enough"));
    await assert.rejects(queued, /enough/);
    assert.equal(rt.stats().goroutines, 1);
    release(word);
    await holds;
    const began = performance.now();
    await rt.close();
    assert.ok(performance.now() - began < 2000, "it waited for one that was given up");
  });

  it(
    "that computes for ever ends its thread, and spares the goroutines that are queued",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    () =>
      withRuntime(async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const stuck = [rt.go(work.forever), rt.go(work.forever)];
        await delay(50);
        const others = Array.from({ length: 20 }, (_, i) => rt.go(work.identity, i));
        for (const g of stuck) g.cancel(new Error("stop"));
        await Promise.all(stuck.map((g) => assert.rejects(g, /stop/)));
        assert.deepEqual(
          await Promise.all(others),
          Array.from({ length: 20 }, (_, i) => i),
        );
        assert.deepEqual(
          await Promise.all([1, 2, 3].map((n) => rt.go(work.later, 5, n))),
          [1, 2, 3],
          "the new threads work",
        );
      }),
  );

  it(
    "that computes for ever after an await ends its thread too",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    () =>
      withRuntime(async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const g = rt.go(work.deafThenForever);
        await delay(100);
        g.cancel(new Error("stop"));
        await assert.rejects(g, /stop/);
        assert.equal(await rt.go(work.identity, 1), 1);
      }),
  );

  it(
    "that has to be ended with its thread fails who awaits there, with the reason, and has begin elsewhere who has not begun",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    () =>
      withRuntime(
        async (rt) => {
          const work = rt.tasks<Work>(WORK);
          const awaits = rt.go(work.later, 60_000);
          await until(() => awaits.status === "waiting");
          const source = "await new Promise((resolve) => setTimeout(resolve, 200)); export const six = () => 6;";
          const loads = rt.go(rt.tasks<{ six(): number }>(`data:text/javascript,${source}`).six);
          const g = rt.go(work.deafThenForever);
          await until(() => g.status === "waiting");
          await delay(100); // or it hears of its cancellation before it computes, and then others are spared for longer
          g.cancel(new Error("stop"));
          await assert.rejects(g, /stop/);
          assert.equal(awaits.status, "waiting", "it gets some time yet");
          await assert.rejects(awaits, { name: "WorkerError", message: /did not heed .* this one awaited there/ });
          assert.equal(await loads, 6);
        },
        { procs: 1, threads: 1 },
      ),
  );

  it(
    "that computes beside others which await may return in time to spare them",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    () =>
      withRuntime(
        async (rt) => {
          const awaits = rt.go(rt.tasks<Work>(WORK).later, 100, "spared");
          await until(() => awaits.status === "waiting");
          const computes = rt.go(async () => {
            await Promise.resolve();
            const end = Date.now() + 1000;
            while (Date.now() < end);
          });
          await delay(150);
          computes.cancel(new Error("stop"));
          await assert.rejects(computes, /stop/);
          assert.equal(await awaits, "spared");
        },
        { procs: 1, threads: 1 },
      ),
  );

  it(
    "that hears of its cancellation and then computes for ever is ended with its thread as well",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    () =>
      withRuntime(
        async (rt) => {
          const work = rt.tasks<Work>(WORK);
          const awaits = rt.go(work.later, 60_000);
          const awaited = rejection(awaits);
          const g = rt.go(work.foreverOnceAborted, 0);
          await until(() => awaits.status === "waiting" && g.status === "waiting");
          g.cancel(new Error("stop"));
          await assert.rejects(g, /stop/);
          assert.match(String(await awaited), /WorkerError.* did not heed .* this one awaited there/);
          assert.equal(await rt.go(work.identity, 1), 1);
          const late = rt.go(work.foreverOnceAborted, 700);
          await until(() => late.status === "waiting");
          late.cancel(new Error("stop"));
          await assert.rejects(late, /stop/);
          await delay(1000);
          assert.equal(await rt.go(work.identity, 2), 2);
        },
        { procs: 1, threads: 1 },
      ),
  );

  it("that has heard, and awaits, does nobody harm who computes for long beside it", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const deaf = rt.go(work.deaf);
        const computes = rt.go(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1000));
          const end = Date.now() + 3500;
          while (Date.now() < end);
          return "computed";
        });
        await until(() => deaf.status === "waiting" && computes.status === "waiting");
        deaf.cancel(new Error("stop"));
        await assert.rejects(deaf, /stop/);
        assert.equal(await computes, "computed");
      },
      { procs: 1, threads: 1 },
    ));

  it("that ends well all the same, before the grace time is over, has been cancelled", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const g = rt.go(work.onceAborted, "a value");
      await until(() => g.status === "waiting");
      g.cancel("too late for that");
      assert.equal(await rejection(g), "too late for that");
    }));

  it("twice is the same as once", () =>
    withRuntime(async (rt) => {
      const g = rt.go(rt.tasks<Work>(WORK).untilAborted);
      await delay(20);
      g.cancel(1);
      g.cancel(2);
      assert.equal(await rejection(g), 1);
    }));

  it(
    "many times over leaves a runtime that works",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    () =>
      withRuntime(async (rt) => {
        const work = rt.tasks<Work>(WORK);
        for (let i = 0; i < 5; i++) {
          const g = rt.go(work.forever);
          await delay(20);
          g.cancel(i);
          assert.equal(await rejection(g), i);
          assert.equal(await rt.go(work.add, i, 1), i + 1);
        }
      }),
  );
});

describe("an AbortSignal given to a goroutine", () => {
  it("cancels it when it aborts", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const controller = new AbortController();
      const g = rt.go.with({ signal: controller.signal }, work.untilAborted);
      await delay(50);
      const reason = new Error("by signal");
      controller.abort(reason);
      assert.equal(await rejection(g), reason);
    }));

  it("cancels it at once if it has aborted before", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const g = rt.go.with({ signal: AbortSignal.abort("before") }, work.forever);
      assert.equal(await rejection(g), "before");
    }));

  it("does nothing to one that has ended", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const controller = new AbortController();
      const g = rt.go.with({ signal: controller.signal }, work.identity, 1);
      assert.equal(await g, 1);
      controller.abort();
      assert.equal(g.status, "done");
    }));

  it("may be a time limit, as the option timeout is", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      await assert.rejects(rt.go.with({ timeout: 20 }, work.untilAborted), { name: "TimeoutError" });
      await assert.rejects(rt.go.with({ signal: AbortSignal.timeout(20) }, work.untilAborted), {
        name: "TimeoutError",
      });
    }));

  it("must be one", () =>
    withRuntime((rt) => {
      assert.throws(() => rt.go.with({ signal: {} as never }, () => 1), /signal must be an AbortSignal/);
      assert.throws(() => rt.go.with({ timeout: NaN }, () => 1), /timeout must be a number/);
      assert.throws(() => rt.go.with({ transfer: {} as never }, () => 1), /transfer must be an array/);
      assert.throws(() => rt.go.with({ name: 1 as never }, () => 1), /name must be a string/);
      return Promise.resolve();
    }));
});
