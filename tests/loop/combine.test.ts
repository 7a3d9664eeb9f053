import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CancelledError, EventLoop, TimeoutError } from "../../host/index.js";
import { turns, withLoop } from "./support.js";

describe("gather", () => {
  it("gives the results in the order of what was gathered", () =>
    withLoop(async (loop) => {
      const results = await loop.runUntilComplete(
        loop.gather(
          loop.sleep(5, "a"),
          Promise.resolve(2),
          function* () {
            yield;
            return true;
          },
          async () => loop.sleep(1, null),
        ),
      );
      assert.deepEqual(results, ["a", 2, true, null]);
    }));

  it("takes a list, with options", () =>
    withLoop(async (loop) => {
      assert.deepEqual(await loop.runUntilComplete(loop.gather([loop.sleep(1, 1), loop.sleep(0, 2)])), [1, 2]);
      assert.deepEqual(await loop.runUntilComplete(loop.gather([])), []);
      assert.deepEqual(await loop.runUntilComplete(loop.gather()), []);
    }));

  it("waits once for what is given twice", () =>
    withLoop(async (loop) => {
      const one = loop.sleep(1, {});
      const [a, b] = await loop.runUntilComplete(loop.gather(one, one));
      assert.equal(a, b);
    }));

  it("fails with the first exception, and leaves the others running", () =>
    withLoop(async (loop, contexts) => {
      const end = loop.createFuture<string>();
      const slow = loop.createTask(async () => end);
      await assert.rejects(
        loop.runUntilComplete(
          loop.gather(slow, Promise.reject(new Error("first")), Promise.reject(new Error("second"))),
        ),
        /first/,
      );
      assert.equal(slow.done(), false);
      end.setResult("slow");
      assert.equal(await loop.runUntilComplete(slow), "slow");
      assert.deepEqual(contexts, []);
    }));

  it("gives exceptions as results if asked to", () =>
    withLoop(async (loop) => {
      const error = new Error("no");
      const cancelled = loop.createFuture();
      cancelled.cancel();
      const results = await loop.runUntilComplete(
        loop.gather([Promise.reject(error), loop.sleep(1, 1), cancelled], { returnExceptions: true }),
      );
      assert.equal(results[0], error);
      assert.equal(results[1], 1);
      assert.ok(results[2] instanceof CancelledError);
    }));

  it("cancels all when it is cancelled, even if exceptions are results", () =>
    withLoop(async (loop) => {
      for (const returnExceptions of [false, true]) {
        const tasks = [1, 2].map(() => loop.createTask(async () => loop.sleep(10_000)));
        const all = loop.gather(tasks, { returnExceptions });
        await turns(loop, 2);
        assert.equal(all.cancel(), true);
        await assert.rejects(loop.runUntilComplete(all), CancelledError);
        await turns(loop, 3);
        assert.ok(tasks.every((task) => task.cancelled()));
        assert.equal(all.cancel(), false);
      }
    }));

  it("is not cancelled, but fails, if one of those gathered is cancelled", () =>
    withLoop(async (loop) => {
      const one = loop.createFuture();
      const all = loop.gather(one, loop.sleep(1));
      one.cancel();
      await assert.rejects(loop.runUntilComplete(all), CancelledError);
      assert.equal(all.cancelled(), false);
      assert.ok(all.exception() instanceof CancelledError);
    }));

  it("refuses futures of another loop, and what is none", () =>
    withLoop((loop) => {
      const other = new EventLoop();
      assert.throws(() => loop.gather(other.createFuture()), /belongs to a different loop/);
      assert.throws(() => loop.gather(5 as never), TypeError);
      other.close();
    }));
});

describe("waitFor", () => {
  it("gives the result of what is done in time", () =>
    withLoop(async (loop) => {
      assert.equal(await loop.runUntilComplete(loop.waitFor(loop.sleep(1, 5), 1000)), 5);
      assert.equal(await loop.runUntilComplete(loop.waitFor(loop.sleep(1, 5), null)), 5);
      const done = loop.createFuture<number>();
      done.setResult(1);
      assert.equal(await loop.runUntilComplete(loop.waitFor(done, 0)), 1);
      await assert.rejects(loop.runUntilComplete(loop.waitFor(Promise.reject(new Error("no")), 10_000)), /no/);
    }));

  it("cancels what takes longer, waits until it is over, and fails with a TimeoutError", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      const slow = loop.createTask(async () => {
        try {
          await loop.sleep(10_000);
        } finally {
          await loop.sleep(2);
          seen.push("clean");
        }
      });
      await assert.rejects(loop.runUntilComplete(loop.waitFor(slow, 5)), TimeoutError);
      assert.deepEqual(seen, ["clean"]);
      assert.equal(slow.cancelled(), true);
    }));

  it("allows no time at all", () =>
    withLoop(async (loop) => {
      await assert.rejects(loop.runUntilComplete(loop.waitFor(loop.sleep(1000), 0)), TimeoutError);
      await assert.rejects(loop.runUntilComplete(loop.waitFor(loop.sleep(1000), -1)), TimeoutError);
    }));

  it("does not even let a coroutine begin that has no time at all", () =>
    withLoop(async (loop) => {
      for (const ms of [0, -1]) {
        const coroutine = (function* (): Generator {
          assert.fail("begun");
          yield;
        })();
        await assert.rejects(loop.runUntilComplete(loop.waitFor(coroutine, ms)), TimeoutError);
      }
      const done = loop.createFuture();
      done.setResult(5);
      assert.equal(await loop.runUntilComplete(loop.waitFor(done, 0)), 5);
    }));

  it("gives the result of what is done in the very turn in which its time is over", () =>
    withLoop(async (loop) => {
      const future = loop.createFuture();
      const when = loop.time() + 5;
      loop.callAt(when, () => future.setResult("just"));
      const spin = (): void => {
        while (loop.time() < when + 5);
      };
      const waiting = loop.waitFor(future, 5);
      loop.callLater(1, spin);
      assert.equal(await loop.runUntilComplete(waiting), "just");
    }));

  it("gives the result of what finishes in spite of being cancelled", () =>
    withLoop(async (loop) => {
      const stubborn = loop.createTask(function* () {
        try {
          yield loop.sleep(10_000);
        } catch {
          return "finished";
        }
        return "not cancelled";
      });
      assert.equal(await loop.runUntilComplete(loop.waitFor(stubborn, 2)), "finished");
    }));

  it("leaves a shielded task alone", () =>
    withLoop(async (loop) => {
      const end = loop.createFuture<string>();
      const slow = loop.createTask(async () => end);
      await assert.rejects(loop.runUntilComplete(loop.waitFor(loop.shield(slow), 2)), TimeoutError);
      end.setResult("slow");
      assert.equal(await loop.runUntilComplete(slow), "slow");
    }));

  it("passes on that it was cancelled itself", () =>
    withLoop(async (loop) => {
      const inner = loop.sleep(10_000);
      const waiting = loop.waitFor(inner, 5000);
      await turns(loop, 2);
      waiting.cancel();
      await assert.rejects(loop.runUntilComplete(waiting), CancelledError);
      assert.equal(inner.cancelled(), true);
    }));

  it("works inside an async function, whose cancellation goes through it", () =>
    withLoop(async (loop) => {
      const inner = loop.createFuture();
      const task = loop.createTask(async () => {
        await loop.waitFor(inner, 10_000);
      });
      await turns(loop, 4);
      task.cancel();
      await assert.rejects(loop.runUntilComplete(task), CancelledError);
      assert.equal(inner.cancelled(), true);
    }));

  it("refuses a limit that is no number", () =>
    withLoop((loop) => {
      assert.throws(() => loop.waitFor(loop.createFuture(), NaN), TypeError);
      assert.throws(() => loop.waitFor(loop.createFuture(), undefined as never), TypeError);
    }));
});

describe("shield", () => {
  it("gives the result of what it shields", () =>
    withLoop(async (loop) => {
      assert.equal(await loop.runUntilComplete(loop.shield(loop.sleep(1, 5))), 5);
      await assert.rejects(loop.runUntilComplete(loop.shield(Promise.reject(new Error("no")))), /no/);
    }));

  it("keeps a cancellation from what it shields", () =>
    withLoop(async (loop) => {
      const end = loop.createFuture<string>();
      const inner = loop.createTask(async () => end);
      const outer = loop.createTask(async () => loop.shield(inner));
      await turns(loop, 3);
      outer.cancel();
      await assert.rejects(loop.runUntilComplete(outer), CancelledError);
      end.setResult("inner");
      assert.equal(await loop.runUntilComplete(inner), "inner");
    }));

  it("is cancelled if what it shields is cancelled", () =>
    withLoop(async (loop) => {
      const inner = loop.createFuture();
      const outer = loop.shield(inner);
      inner.cancel();
      await assert.rejects(loop.runUntilComplete(outer), CancelledError);
      assert.equal(outer.cancelled(), true);
    }));
});

describe("sleep", () => {
  it("takes the time given, and gives its result", () =>
    withLoop(async (loop) => {
      const start = loop.time();
      assert.equal(await loop.runUntilComplete(loop.sleep(10, "done")), "done");
      assert.ok(loop.time() - start >= 10);
    }));

  it("has its result in the next turn if there is no time to take", () =>
    withLoop(async (loop) => {
      const sleeping = [loop.sleep(0, "none"), loop.sleep(-1, "less")];
      assert.ok(sleeping.every((future) => !future.done()));
      await turns(loop);
      assert.deepEqual(
        sleeping.map((future) => future.result()),
        ["none", "less"],
      );
    }));

  it("takes one turn, not two, if there is no time to take", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      loop.createTask(function* () {
        seen.push("a");
        yield loop.sleep(0);
        seen.push("b");
      });
      loop.callSoon(() => loop.callSoon(() => seen.push("soon")));
      await turns(loop);
      assert.deepEqual(seen, ["a"]);
      await turns(loop);
      assert.deepEqual(seen, ["a", "b", "soon"]);
    }));

  it("takes its timer back when it is cancelled", () =>
    withLoop(async (loop) => {
      const sleeping = loop.sleep(60_000);
      sleeping.cancel();
      const start = performance.now();
      await loop.runUntilComplete(loop.sleep(1));
      assert.ok(performance.now() - start < 10_000);
    }));
});
