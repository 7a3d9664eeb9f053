/** Durations that a timer of the engine's cannot hold, and clocks that are set. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { after, recv } from "../../host/index.js";
import { delay, withRuntime } from "../go/fixtures.js";

const LONG = [30 * 24 * 3600 * 1000, 2 ** 31, Infinity];

describe("a duration past 2^31 ms", () => {
  it("lets a goroutine finish", () =>
    withRuntime(async (rt) => {
      const later = async (): Promise<string> => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return "done";
      };
      const results = await Promise.all(LONG.map((timeout) => rt.go.with({ timeout }, later)));
      assert.deepEqual(results, ["done", "done", "done"]);
    }));

  it("leaves a context alone, and a select waiting", () =>
    withRuntime(async (rt) => {
      const contexts = LONG.flatMap((ms) => [rt.context().withTimeout(ms), rt.context().withDeadline(Date.now() + ms)]);
      const signals = contexts.map((context) => context.signal);
      const ch = rt.chan<number>();
      const selects = LONG.map((ms) => rt.select([recv(ch), after(ms)]));
      await delay(30);
      assert.ok(contexts.every((context) => !context.cancelled) && signals.every((signal) => !signal.aborted));
      for (let i = 0; i < LONG.length; i++) await ch.send(i);
      assert.deepEqual(
        (await Promise.all(selects)).map(({ index }) => index),
        [0, 0, 0],
      );
      assert.equal(rt.context().withTimeout(Infinity).deadline, undefined);
    }));
});

describe("a context", () => {
  it("ends in time although the wall clock is set back meanwhile", () =>
    withRuntime(async (rt) => {
      const { now } = Date;
      const context = rt.context().withTimeout(4000);
      const { signal } = context;
      Date.now = () => now() - 3_600_000;
      try {
        await delay(20);
        assert.equal(context.cancelled, false);
        // It does not keep the process alive.
        while (!signal.aborted) await delay(20);
        assert.equal((signal.reason as Error).name, "TimeoutError");
      } finally {
        Date.now = now;
      }
    }));

  it("has the deadline that it was given, here and on another thread, the earlier one of its ancestors'", () =>
    withRuntime(async (rt) => {
      const at = Date.now() + 5000;
      const context = rt.context().withDeadline(new Date(at));
      const near = (time: Date | undefined, to: number): void =>
        assert.ok(Math.abs(time!.getTime() - to) <= 5, `${time!.getTime() - to} ms off`);
      near(context.deadline, at);
      near(context.withTimeout(9000).deadline, at);
      near(context.withDeadline(at - 3000).deadline, at - 3000);
      near(context.withCancel().deadline, at);
      near(await rt.go((there) => there.deadline, context), at);
      assert.equal(await rt.go((there) => there.withTimeout(0).cancelled, context), true);
    }));
});
