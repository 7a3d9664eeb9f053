import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as hostImmediate, setTimeout as delay } from "node:timers/promises";
import { EventLoop, getRunningLoop, LoopError } from "../../host/index.js";
import { turns, withLoop } from "./support.js";

describe("an event loop", () => {
  it("calls what is ready first in, first out, with its arguments", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      loop.callSoon((...args: unknown[]) => seen.push(args), 1, "two", null);
      for (let i = 0; i < 1000; i++) loop.callSoon((n: number) => seen.push(n), i);
      loop.callSoon(() => loop.stop());
      await loop.runForever();
      assert.deepEqual(seen, [[1, "two", null], ...Array.from({ length: 1000 }, (_, i) => i)]);
    }));

  it("calls in the next turn what is scheduled during a turn", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      loop.callSoon(() => {
        seen.push("a");
        loop.callSoon(() => seen.push("c"));
      });
      loop.callSoon(() => seen.push("b"));
      await turns(loop);
      assert.deepEqual(seen, ["a", "b"]);
      await turns(loop);
      assert.deepEqual(seen, ["a", "b", "c"]);
    }));

  it("runs one turn if it was stopped before it ran", () =>
    withLoop(async (loop) => {
      let calls = 0;
      const again = (): void => {
        calls++;
        loop.callSoon(again);
      };
      loop.callSoon(again);
      loop.stop();
      await loop.runForever();
      assert.equal(calls, 1);
      loop.stop();
      await loop.runForever();
      assert.equal(calls, 2, "and goes on where it was");
    }));

  it("finishes the turn in which it is stopped, and keeps what that has scheduled", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      loop.callSoon(() => {
        loop.stop();
        loop.callSoon(() => seen.push("next"));
      });
      for (let i = 0; i < 300; i++) loop.callSoon(() => seen.push("same"));
      await loop.runForever();
      assert.equal(seen.length, 300);
      assert.ok(!seen.includes("next"));
      await turns(loop);
      assert.equal(seen.at(-1), "next");
    }));

  it("stops a turn without callbacks too", () =>
    withLoop(async (loop) => {
      await turns(loop, 3);
      setTimeout(() => loop.stop(), 5);
      await loop.runForever();
      assert.equal(loop.isRunning, false);
    }));

  it("does not call what was cancelled, and lets go of its arguments", () =>
    withLoop(async (loop) => {
      const handle = loop.callSoon(() => assert.fail("called"));
      assert.equal(handle.cancelled, false);
      handle.cancel();
      handle.cancel();
      assert.equal(handle.cancelled, true);
      const cancelling = loop.callSoon(() => inTurn.cancel());
      const inTurn = loop.callSoon(() => assert.fail("called"));
      await turns(loop, 2);
      assert.equal(cancelling.cancelled, false);
    }));

  it("is woken from its sleep by a callback of the host", () =>
    withLoop(async (loop) => {
      const ran = loop.runForever();
      await delay(5);
      assert.equal(loop.isRunning, true);
      const called = new Promise<number>((resolve) => loop.callSoon(() => resolve(1)));
      assert.equal(await called, 1);
      loop.stop();
      await ran;
    }));

  it("knows the loop that runs", () =>
    withLoop(async (loop) => {
      assert.throws(() => getRunningLoop(), /no running event loop/);
      await loop.runUntilComplete(async () => {
        assert.equal(getRunningLoop(), loop);
        await delay(1);
        assert.equal(getRunningLoop(), loop);
      });
      assert.throws(() => getRunningLoop(), /no running event loop/);
    }));

  it("knows after an await which of two loops it is that runs its task", () =>
    withLoop((one) =>
      withLoop(async (two) => {
        const own = (loop: EventLoop) => async (): Promise<void> => {
          for (let i = 0; i < 3; i++) {
            await (i === 1 ? loop.sleep(2) : delay(2));
            assert.equal(getRunningLoop(), loop);
          }
        };
        await Promise.all([one.runUntilComplete(own(one)), two.runUntilComplete(own(two))]);
      }),
    ));

  it("runs beside another in one thread", () =>
    withLoop((one) =>
      withLoop(async (two) => {
        const seen: string[] = [];
        one.callLater(2, () => seen.push("one"));
        two.callLater(1, () => seen.push("two"));
        await Promise.all([one.runUntilComplete(one.sleep(4)), two.runUntilComplete(two.sleep(4))]);
        assert.deepEqual(seen.sort(), ["one", "two"]);
      }),
    ));

  it("leaves the host its turns, however long a chain of callbacks is", () =>
    withLoop(async (loop) => {
      let hostTurns = 0;
      let calls = 0;
      const chain = (): void => {
        calls++;
        loop.callSoon(chain);
      };
      loop.callSoon(chain);
      const ran = loop.runForever();
      const late = performance.now() + 20_000;
      while (hostTurns < 20 && performance.now() < late) {
        await hostImmediate();
        hostTurns++;
      }
      await delay(1);
      loop.stop();
      await ran;
      assert.equal(hostTurns, 20, "turns of the host");
      assert.ok(calls > hostTurns * 10, `${calls} callbacks in ${hostTurns} turns of the host`);
    }));

  it("leaves the host its turns in the middle of a turn of slow callbacks", () =>
    withLoop(async (loop) => {
      const spin = (): void => {
        const until = performance.now() + 2;
        while (performance.now() < until);
      };
      for (let i = 0; i < 200; i++) loop.callSoon(spin);
      loop.callSoon(() => loop.stop());
      let hostTurns = 0;
      let running = true;
      const ran = loop.runForever().then(() => (running = false));
      while (running) {
        await hostImmediate();
        hostTurns++;
      }
      await ran;
      assert.ok(hostTurns >= 40, `${hostTurns} turns of the host in 400 ms of callbacks`);
    }));

  it("lets async functions that a turn has woken go on before the next turn", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      const future = loop.createFuture<string>();
      const waiting = (async () => seen.push(await future))();
      loop.callSoon(() => future.setResult("woken"));
      loop.callSoon(() => loop.callSoon(() => loop.callSoon(() => loop.callSoon(() => loop.stop()))));
      await loop.runForever();
      await waiting;
      assert.deepEqual(seen, ["woken"]);
    }));
});

describe("an event loop used wrongly", () => {
  it("refuses to run twice at once", () =>
    withLoop(async (loop) => {
      const ran = loop.runForever();
      await assert.rejects(loop.runForever(), /This event loop is already running/);
      await assert.rejects(loop.runUntilComplete(loop.createFuture()), /This event loop is already running/);
      loop.stop();
      await ran;
    }));

  it("refuses to be closed while it runs", () =>
    withLoop(async (loop) => {
      loop.callSoon(() => {
        assert.throws(() => loop.close(), /Cannot close a running event loop/);
        loop.stop();
      });
      await loop.runForever();
      assert.equal(loop.isClosed, false);
    }));

  it("does nothing any more once it is closed, and says so", async () => {
    const loop = new EventLoop();
    const timer = loop.callLater(1, () => assert.fail("called"));
    const future = loop.createFuture<number>();
    future.addDoneCallback(() => undefined);
    loop.close();
    loop.close();
    assert.equal(loop.isClosed, true);
    timer.cancel();
    const closed = { name: "LoopError", message: "Event loop is closed" };
    assert.throws(() => loop.callSoon(() => undefined), closed);
    assert.throws(() => loop.callLater(1, () => undefined), closed);
    assert.throws(() => loop.callAt(1, () => undefined), closed);
    assert.throws(() => loop.callSoonThreadsafe(() => undefined), closed);
    assert.throws(() => loop.createTask(Promise.resolve()), closed);
    assert.throws(() => loop.handle, closed);
    assert.throws(() => future.setResult(1), closed);
    await assert.rejects(loop.runForever(), closed);
    await assert.rejects(loop.runUntilComplete(future), closed);
  });

  it("lets promises settle that its tasks waited for when it was closed", async () => {
    const loop = new EventLoop();
    loop.setExceptionHandler(() => undefined);
    const settle: ((result: number) => void)[] = [];
    const promise = (): Promise<number> => new Promise((resolve) => settle.push(resolve));
    loop.createTask(function* () {
      yield promise();
    });
    const gathered = loop.gather(promise(), loop.sleep(1000));
    await turns(loop, 2);
    loop.close();
    assert.equal(settle.length, 2);
    for (const resolve of settle) resolve(1);
    await delay(1);
    assert.equal(gathered.done(), false);
  });

  it("takes functions only", () =>
    withLoop((loop) => {
      for (const wrong of [undefined, null, "stop", 5, {}]) {
        assert.throws(() => loop.callSoon(wrong as never), TypeError);
        assert.throws(() => loop.callLater(1, wrong as never), TypeError);
      }
    }));

  it("takes times that are numbers only", () =>
    withLoop((loop) => {
      for (const wrong of [NaN, undefined, "1", null]) {
        assert.throws(() => loop.callLater(wrong as never, () => undefined), /must be a number of milliseconds/);
        assert.throws(() => loop.callAt(wrong as never, () => undefined), /must be a number of milliseconds/);
        assert.throws(() => loop.sleep(wrong as never), /must be a number of milliseconds/);
      }
    }));

  it("says so if it is stopped before what it runs for is done", () =>
    withLoop(async (loop) => {
      loop.callSoon(() => loop.stop());
      await assert.rejects(
        loop.runUntilComplete(loop.createFuture()),
        (error) => error instanceof LoopError && error.message === "Event loop stopped before Future completed.",
      );
      assert.equal(loop.isRunning, false);
    }));

  it("reports the tasks that are left when it is closed", async () => {
    const loop = new EventLoop();
    const messages: unknown[] = [];
    loop.setExceptionHandler((_, { message, task }) => messages.push([message, task]));
    const task = loop.createTask(function* () {
      yield loop.createFuture();
    });
    await turns(loop, 2);
    loop.close();
    assert.deepEqual(messages, [["Task was destroyed but it is pending!", task]]);
  });
});
