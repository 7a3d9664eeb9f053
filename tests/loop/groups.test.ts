/** Tasks that belong together: some of several, for a limited time, or all that a group has begun. And goroutines, and signals. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { CancelledError, LoopError, start, type Task, TimeoutError } from "../../host/index.js";
import { inLoop } from "./support.js";

describe("wait", () => {
  it(
    "tells what is done, by what it is to wait for, and cancels nothing",
    inLoop(async (loop) => {
      const [soon, late] = [loop.sleep(1, "soon"), loop.sleep(10_000, "late")];
      const first = await loop.wait([soon, late], { returnWhen: "FIRST_COMPLETED" });
      assert.deepEqual([[...first.done], [...first.pending]], [[soon], [late]]);
      const bad = loop.createTask(async () => Promise.reject(new Error("bad")));
      const failed = await loop.wait([bad, late], { returnWhen: "FIRST_EXCEPTION" });
      assert.deepEqual([...failed.done], [bad]);
      assert.match(String(bad.exception()), /bad/);
      const limited = await loop.wait([late], { timeout: 1 });
      assert.deepEqual([limited.done.size, limited.pending.size], [0, 1]);
      assert.equal(late.done(), false);
      late.cancel();
      assert.equal((await loop.wait([soon, late])).done.size, 2);
      assert.throws(() => loop.wait([]), TypeError);
      assert.throws(() => loop.wait([soon], { returnWhen: "SOMETIME" as never }), TypeError);
    }),
  );
});

describe("asCompleted", () => {
  it(
    "gives results in the order in which they come",
    inLoop(async (loop) => {
      const given = [30, 1, 15].map((ms) => loop.sleep(ms, ms));
      const order: number[] = [];
      for (const next of loop.asCompleted(given)) order.push(await next);
      assert.deepEqual(order, [1, 15, 30]);
    }),
  );

  it(
    "fails with what is missing after a time, and leaves it alone",
    inLoop(async (loop) => {
      const late = loop.sleep(10_000, "late");
      const [soon, missing] = loop.asCompleted([late, Promise.resolve("now")], { timeout: 5 });
      assert.equal(await soon, "now");
      await assert.rejects(async () => missing, TimeoutError);
      assert.equal(late.done(), false);
      late.cancel();
    }),
  );
});

describe("timeout", () => {
  it(
    "cancels its body when the time is over, which may be moved",
    inLoop(async (loop) => {
      assert.equal(await loop.timeout(1000, () => "in time"), "in time");
      let seen: unknown;
      const late = loop.timeout(1, function* () {
        try {
          yield loop.sleep(10_000);
        } catch (error) {
          seen = error;
          throw error;
        }
      });
      await assert.rejects(async () => late, TimeoutError);
      assert.ok(seen instanceof CancelledError);
      const moved = loop.timeout(null, async (limit) => {
        assert.equal(limit.when, null);
        limit.reschedule(loop.time() + 1);
        await loop.sleep(10_000);
      });
      await assert.rejects(async () => moved, TimeoutError);
      const cancelled = loop.timeout(10_000, async () => loop.sleep(10_000));
      await loop.sleep(0);
      cancelled.cancel();
      await assert.rejects(async () => cancelled, CancelledError);
    }),
  );
});

describe("a task group", () => {
  it(
    "is done when all that it has begun is",
    inLoop(async (loop) => {
      const ended: string[] = [];
      const result = await loop.taskGroup((group) => {
        for (const name of ["a", "b"]) {
          group.createTask(async () => {
            await loop.sleep(2);
            ended.push(name);
          });
        }
        return "body";
      });
      assert.equal(result, "body");
      assert.deepEqual(ended, ["a", "b"]);
    }),
  );

  it(
    "cancels the others, and its body, when one fails, and tells all failures",
    inLoop(async (loop) => {
      let other: Task<unknown> | undefined;
      const group = loop.taskGroup(async (group) => {
        other = group.createTask(async () => loop.sleep(10_000));
        group.createTask(async () => Promise.reject(new Error("one")));
        group.createTask(async () => Promise.reject(new Error("two")));
        await loop.sleep(10_000);
      });
      const error: unknown = await group.then(undefined, (error: unknown) => error);
      assert.ok(error instanceof AggregateError);
      assert.equal(error.message, "unhandled errors in a TaskGroup (2 sub-exceptions)");
      assert.deepEqual(
        error.errors.map((each: Error) => each.message),
        ["one", "two"],
      );
      assert.equal(other?.cancelled(), true);
    }),
  );

  it(
    "is cancelled with all that it has begun, and begins nothing afterwards",
    inLoop(async (loop) => {
      let inside: Task<unknown> | undefined;
      let late: (() => unknown) | undefined;
      const group = loop.taskGroup(async (group) => {
        inside = group.createTask(async () => loop.sleep(10_000));
        late = () => group.createTask(async () => {});
        await loop.sleep(10_000);
      });
      await loop.sleep(1);
      group.cancel();
      await assert.rejects(async () => group, CancelledError);
      assert.equal(inside?.cancelled(), true);
      assert.throws(() => late?.(), LoopError);
    }),
  );
});

describe("goroutines as futures", () => {
  it(
    "run in an executor, and are cancelled with their future",
    inLoop(async (loop) => {
      await using rt = await start({ procs: 2 });
      assert.throws(() => loop.toThread(() => 1), /no default executor/);
      loop.setDefaultExecutor(rt);
      const sum: number = await loop.toThread((a: number, b: number) => a + b, 1, 2);
      assert.equal(sum, 3);
      await assert.rejects(async () => loop.runInExecutor(rt, () => Promise.reject(new RangeError("bad"))), RangeError);
      const endless = loop.runInExecutor(rt, async () => new Promise(() => setInterval(() => {}, 1000)));
      await loop.sleep(20);
      assert.equal(endless.cancel(), true);
      await assert.rejects(async () => endless, CancelledError);
    }),
  );
});

describe("signals", { skip: process.platform === "win32" && "there are no signals" }, () => {
  it(
    "are handled in a turn of the loop, until the handler is taken back or the loop is closed",
    inLoop(async (loop) => {
      const before = process.listenerCount("SIGUSR2");
      const [seen, came] = [[] as string[], loop.event()];
      loop.addSignalHandler("SIGUSR2", (word: string) => assert.fail(word), "replaced");
      loop.addSignalHandler(
        "SIGUSR2",
        (word: string) => {
          seen.push(word);
          came.set();
        },
        "again",
      );
      process.kill(process.pid, "SIGUSR2");
      await loop.waitFor(came.wait(), 10_000);
      assert.deepEqual(seen, ["again"]);
      assert.equal(loop.removeSignalHandler("SIGUSR2"), true);
      assert.equal(loop.removeSignalHandler("SIGUSR2"), false);
      assert.equal(process.listenerCount("SIGUSR2"), before);
      assert.throws(() => loop.addSignalHandler("SIGKILL", () => {}), LoopError);
      assert.throws(() => loop.addSignalHandler("SIGNONE" as never, () => {}), TypeError);
    }),
  );
});
