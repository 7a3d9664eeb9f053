import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { existsSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { carry, context, current } from "../../host/index.js";
import { delay, moduleUrl, withRuntime, WORK, type Work } from "./fixtures.js";

describe("inside a goroutine", () => {
  it("current() starts others, which report to it", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      assert.equal(await rt.go(work.sum, 0, 200), (199 * 200) / 2);
    }));

  it("current() does so with one P", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        assert.equal(await rt.go(work.sum, 0, 100), (99 * 100) / 2);
      },
      { procs: 1 },
    ));

  it("functions that its module exports are tasks, whatever they use of the module", () =>
    withRuntime(async (rt) => {
      assert.deepEqual(await rt.go(rt.tasks<Work>(WORK).goByFunction, 3), ["module", "module", "module"]);
    }));

  it("an error of one it started is its own", () =>
    withRuntime(async (rt) => {
      await assert.rejects(rt.go(rt.tasks<Work>(WORK).goAndFail), /from the inner one/);
    }));

  it("one that it started and did not await runs all the same", () =>
    withRuntime(async (rt) => {
      const file = path.join(os.tmpdir(), `skein-test-${process.pid}-left`);
      await rt.go(rt.tasks<Work>(WORK).goAndLeave, file);
      for (let i = 0; i < 100 && !existsSync(file); i++) await delay(20);
      await delay(20);
      assert.equal(readFileSync(file, "utf8"), "left");
      rmSync(file);
    }));

  it("context() is its own, also after it has awaited beside others", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        const gs = Array.from({ length: 10 }, () => rt.go(work.ownId));
        for (const g of gs) assert.deepEqual(await g, [g.id, g.id, g.id]);
        const now = rt.go(work.ownIdNow);
        assert.equal(await now, now.id);
        assert.equal(await rt.go(work.ownSignal), false);
      },
      { procs: 1 },
    ));

  it("the store of a carried AsyncLocalStorage is what it was at the call, and nothing where there was none", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const storage = new AsyncLocalStorage<{ user: string }>();
      carry("work", storage);
      const [a, b, none] = await Promise.all([
        storage.run({ user: "a" }, () => rt.go(work.store)),
        storage.run({ user: "b" }, () => rt.go(work.store)),
        rt.go(work.store),
      ]);
      assert.deepEqual([a, b, none], [{ user: "a" }, { user: "b" }, undefined]);
      assert.throws(() => storage.run({ user: (() => 1) as never }, () => rt.go(work.store)), {
        name: "DataCloneError",
      });
    }));
});

/** What `tasks/traced.mjs` exports. */
interface Traced {
  inSpan<T>(traceparent: string, fn: () => T): T;
  traceparents(): Promise<(string | undefined)[]>;
  traceparentNow(): string | undefined;
}

describe("W3C's trace context", () => {
  it("follows a goroutine to its thread, into what it awaits, and on to those that it starts", () =>
    withRuntime(async (rt) => {
      const url = moduleUrl("traced.mjs");
      const traced = rt.tasks<Traced>(url);
      const here = (await import(url.href)) as Traced;
      try {
        const a = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        const b = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        const [inA, inB, now, none] = await Promise.all([
          here.inSpan(a, () => rt.go(traced.traceparents)),
          here.inSpan(b, () => rt.go(traced.traceparents)),
          here.inSpan(a, () => rt.go(traced.traceparentNow)),
          rt.go(traced.traceparents),
        ]);
        assert.deepEqual([inA, inB, now], [[a, a, a], [b, b, b], a]);
        assert.deepEqual(none, [undefined, undefined, undefined]);
      } finally {
        Reflect.deleteProperty(globalThis, Symbol.for("opentelemetry.js.api.1"));
      }
    }));
});

describe("outside of goroutines", () => {
  it("current() and context() say where they belong", () => {
    assert.throws(current, /use the runtime that start\(\) gave/);
    assert.throws(context, /for functions that run as goroutines/);
  });
});
