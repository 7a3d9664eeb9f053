import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setTimeout as delay } from "node:timers/promises";
import type { Future } from "../../host/index.js";
import { CancelledError, EventLoop, InvalidStateError } from "../../host/index.js";
import { turns, withLoop } from "./support.js";

const onDeno = "deno" in process.versions && "Deno has no way to ask for a collection";

describe("a future", () => {
  it("is pending until it has a result", () =>
    withLoop((loop) => {
      const future = loop.createFuture<number>();
      assert.equal(future.getLoop(), loop);
      assert.equal(future.done(), false);
      assert.throws(() => future.result(), InvalidStateError);
      assert.throws(() => future.exception(), InvalidStateError);
      future.setResult(5);
      assert.equal(future.done(), true);
      assert.equal(future.cancelled(), false);
      assert.equal(future.result(), 5);
      assert.equal(future.exception(), null);
    }));

  it("throws the exception that it was given", () =>
    withLoop((loop) => {
      const error = new Error("no");
      const future = loop.createFuture();
      future.setException(error);
      assert.equal(future.exception(), error);
      assert.throws(
        () => future.result(),
        (thrown) => thrown === error,
      );
    }));

  it("is settled once only", () =>
    withLoop((loop) => {
      const future = loop.createFuture<number>();
      future.setResult(1);
      assert.throws(() => future.setResult(2), InvalidStateError);
      assert.throws(() => future.setException(new Error()), InvalidStateError);
      assert.equal(future.cancel(), false);
      assert.equal(future.result(), 1);
    }));

  it("can be cancelled, with a message", () =>
    withLoop((loop) => {
      const future = loop.createFuture();
      assert.equal(future.cancel("enough"), true);
      assert.equal(future.cancelled(), true);
      assert.equal(future.cancel(), false);
      assert.throws(() => future.result(), { name: "CancelledError", message: "enough" });
      assert.throws(() => future.exception(), CancelledError);
    }));

  it("calls those who wait in the next turn, in their order, and with itself", () =>
    withLoop(async (loop) => {
      const seen: [string, unknown][] = [];
      const future = loop.createFuture<number>();
      future.addDoneCallback((done) => seen.push(["a", done]));
      future.addDoneCallback((done) => seen.push(["b", done]));
      future.setResult(1);
      assert.equal(seen.length, 0);
      await turns(loop);
      assert.deepEqual(seen, [
        ["a", future],
        ["b", future],
      ]);
      future.addDoneCallback(() => seen.push(["late", future]));
      assert.equal(seen.length, 2);
      await turns(loop);
      assert.equal(seen.at(-1)?.[0], "late");
    }));

  it("forgets callbacks that are taken back, and says how many they were", () =>
    withLoop(async (loop) => {
      const future = loop.createFuture<number>();
      const callback = (): void => assert.fail("called");
      assert.equal(future.removeDoneCallback(callback), 0);
      future.addDoneCallback(callback);
      future.addDoneCallback(callback);
      assert.equal(future.removeDoneCallback(callback), 2);
      future.setResult(1);
      await turns(loop);
    }));

  it("can be awaited, before and after it is done", () =>
    withLoop(async (loop) => {
      const future = loop.createFuture<number>();
      loop.callSoon(() => future.setResult(7));
      assert.equal(await loop.runUntilComplete((async () => (await future) + 1)()), 8);
      assert.equal(await future, 7, "without a running loop");
      const failing = loop.createFuture();
      failing.setException(new Error("no"));
      await assert.rejects(async () => void (await failing), /no/);
      const cancelled = loop.createFuture();
      cancelled.cancel("stop");
      await assert.rejects(async () => void (await cancelled), { name: "CancelledError", message: "stop" });
    }));

  it("behaves as a promise towards then, catch and finally", () =>
    withLoop(async (loop) => {
      const future = loop.createFuture<number>();
      future.setException(new Error("no"));
      assert.equal(await future.catch((error: unknown) => (error as Error).message), "no");
      let finished = false;
      await assert.rejects(
        future.finally(() => (finished = true)),
        /no/,
      );
      assert.ok(finished);
      assert.ok((await Promise.allSettled([future]))[0].status === "rejected");
    }));

  it("says in a text what state it is in", () =>
    withLoop((loop) => {
      const future = loop.createFuture<number>();
      assert.equal(String(future), "<Future pending>");
      future.setResult(1);
      assert.equal(String(future), "<Future finished result=1>");
    }));

  it("is reported if it was collected with an exception that nobody asked for", { skip: onDeno }, async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const loop = new EventLoop();
    const messages: unknown[] = [];
    loop.setExceptionHandler((_, { message, exception }) => messages.push([message, (exception as Error).message]));
    const fail = (name: string): Future => {
      const future = loop.createFuture();
      future.setException(new Error(name));
      return future;
    };
    fail("forgotten");
    assert.throws(() => fail("asked for").result(), /asked for/);
    for (let i = 0; i < 1000 && messages.length === 0; i++) {
      gc();
      await delay(10);
    }
    assert.deepEqual(messages, [["Future exception was never retrieved", "forgotten"]]);
    loop.close();
  });
});
