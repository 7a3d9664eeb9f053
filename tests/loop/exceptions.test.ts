import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, it, mock } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { EventLoop } from "../../host/index.js";
import { turns, withLoop } from "./support.js";

/** What `body` makes the loop write to standard error. */
async function written(method: "error" | "warn", body: (loop: EventLoop) => unknown, debug = false): Promise<string> {
  const loop = new EventLoop({ debug });
  const { mock: calls } = mock.method(console, method, () => undefined);
  try {
    await body(loop);
    return calls.calls.map((call) => call.arguments.map(String).join(" ")).join("\n");
  } finally {
    calls.restore();
    loop.close();
  }
}

describe("an exception in a callback", () => {
  it("is told to the exception handler, with its callback, and stops nothing", () =>
    withLoop(async (loop, contexts) => {
      const error = new Error("no");
      let called = false;
      const handle = loop.callSoon(function failing() {
        throw error;
      });
      loop.callSoon(() => (called = true));
      await turns(loop);
      assert.ok(called);
      assert.equal(contexts.length, 1);
      assert.equal(contexts[0]?.exception, error);
      assert.equal(contexts[0]?.handle, handle);
      assert.match(String(contexts[0]?.message), /^Exception in callback <Handle function failing/);
    }));

  it("is told too if it comes from an async function, after its callback has returned", () =>
    withLoop(async (loop, contexts) => {
      const handle = loop.callSoon(async () => {
        await loop.sleep(1);
        throw new Error("later");
      });
      for (let i = 0; i < 1000 && contexts.length === 0; i++) await loop.runUntilComplete(loop.sleep(20));
      assert.deepEqual(
        contexts.map(({ exception, handle: own }) => [(exception as Error).message, own === handle]),
        [["later", true]],
      );
    }));

  it("is told by the callback's name, even if that has cancelled its handle", () =>
    withLoop(async (loop, contexts) => {
      const handle = loop.callSoon(function failing() {
        handle.cancel();
        throw new Error("no");
      });
      await turns(loop);
      assert.match(String(contexts[0]?.message), /^Exception in callback <Handle function failing/);
    }));

  it("is written to standard error without a handler", async () => {
    const text = await written("error", async (loop) => {
      loop.callSoon(function failing() {
        throw new RangeError("too much");
      });
      await turns(loop);
    });
    assert.match(text, /Exception in callback <Handle function failing/);
    assert.match(text, /RangeError: too much/);
  });

  it("is written with the place that scheduled the callback in debug mode", async () => {
    const text = await written(
      "error",
      async (loop) => {
        loop.callSoon(() => {
          throw new Error("no");
        });
        await turns(loop);
      },
      true,
    );
    assert.match(text, /Handle created at:\n.*exceptions\.test/);
  });
});

describe("the exception handler", () => {
  it("is called with the loop and any context", () => {
    const loop = new EventLoop();
    const seen: unknown[] = [];
    const handler = (...args: unknown[]): unknown => seen.push(args);
    loop.setExceptionHandler(handler);
    assert.equal(loop.getExceptionHandler(), handler);
    const context = { message: "m", more: 5 };
    loop.callExceptionHandler(context);
    assert.deepEqual(seen, [[loop, context]]);
    loop.setExceptionHandler(null);
    assert.equal(loop.getExceptionHandler(), null);
    assert.throws(() => loop.setExceptionHandler(5 as never), TypeError);
    loop.close();
  });

  it("hides nothing when it fails itself", async () => {
    const text = await written("error", (loop) => {
      loop.setExceptionHandler(() => {
        throw new Error("in the handler");
      });
      loop.callExceptionHandler({ message: "first", exception: new Error("the first") });
    });
    assert.match(text, /Unhandled error in exception handler/);
    assert.match(text, /in the handler/);
    assert.match(text, /the first/);
  });

  it("ends nothing when a subclass's own default fails", async () => {
    class Own extends EventLoop {
      override defaultExceptionHandler(): void {
        throw new Error("in the default");
      }
    }
    const loop = new Own();
    const text = await written("error", async () => {
      loop.callSoon(() => {
        throw new Error("the first");
      });
      assert.equal(await loop.runUntilComplete(loop.sleep(0, "goes on")), "goes on");
    });
    loop.close();
    assert.match(text, /Exception in default exception handler/);
    assert.match(text, /in the default/);
    assert.match(text, /the first/);
  });

  it("may leave it to the default", async () => {
    const text = await written("error", (loop) => {
      loop.setExceptionHandler((own, context) => own.defaultExceptionHandler(context));
      loop.callExceptionHandler({ message: "said", future: loop.createFuture() });
      loop.callExceptionHandler({});
    });
    assert.match(text, /said\nfuture: <Future pending>\nUnhandled exception in event loop/);
  });
});

describe("debug mode", () => {
  const spin = (ms: number): void => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };

  it("names slow callbacks, and how long they took", async () => {
    const text = await written(
      "warn",
      async (loop) => {
        loop.slowCallbackDuration = 20;
        loop.callSoon(function quick() {});
        loop.callSoon(function slow() {
          spin(30);
        });
        await turns(loop);
      },
      true,
    );
    assert.match(text, /^Executing <Handle function slow scheduled at .*exceptions\.test.*> took 0\.0[3-9]\d seconds/m);
    assert.doesNotMatch(text, /quick/);
  });

  it("names the task that was slow, before or after it awaited", async () => {
    const text = await written(
      "warn",
      async (loop) => {
        loop.slowCallbackDuration = 20;
        function* generator(): Generator {
          yield loop.sleep(0);
          spin(30);
        }
        async function func(): Promise<void> {
          await loop.sleep(0);
          spin(30);
        }
        const tasks = [loop.createTask(generator(), { name: "the generator" }), loop.createTask(func)];
        await loop.runUntilComplete(loop.gather(tasks));
      },
      true,
    );
    assert.match(text, /^Executing <Task the generator finished .*exceptions\.test.*> took 0\.0[3-9]\d seconds/m);
    assert.match(text, /^Executing <Task Task-\d+ func\(\) finished .*> took 0\.0[3-9]\d seconds/m);
  });

  it("is off unless asked for, and takes 100 ms to be slow", async () => {
    const text = await written("warn", async (loop) => {
      assert.equal(loop.debug, false);
      assert.equal(loop.slowCallbackDuration, 100);
      loop.slowCallbackDuration = 1;
      loop.callSoon(() => spin(5));
      await turns(loop);
    });
    assert.equal(text, "");
  });
});

describe("the context of a callback", () => {
  const storage = new AsyncLocalStorage<string>();
  const look = (seen: unknown[]): unknown => seen.push(storage.getStore());

  it("is that of the call that scheduled it", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      storage.run("soon", () => loop.callSoon(look, seen));
      storage.run("later", () => loop.callLater(0, look, seen));
      storage.run("at", () => loop.callAt(0, look, seen));
      storage.run("threadsafe", () => loop.callSoonThreadsafe(look, seen));
      loop.callSoon(look, seen);
      await storage.run("running", () => turns(loop, 2));
      assert.deepEqual(new Set(seen), new Set(["soon", "later", "at", "threadsafe", undefined]));
      assert.equal(seen.length, 5);
    }));

  it("goes on through what the callback schedules", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      storage.run("outer", () => loop.callSoon(() => loop.callSoon(() => loop.callLater(1, look, seen))));
      for (let i = 0; i < 1000 && seen.length === 0; i++) await loop.runUntilComplete(loop.sleep(10));
      assert.deepEqual(seen, ["outer"]);
    }));

  it("is that of addDoneCallback for a future's callbacks, whoever settles it", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      const future = loop.createFuture<number>();
      storage.run("waiter", () => future.addDoneCallback(() => look(seen)));
      storage.run("settler", () => future.setResult(1));
      await turns(loop);
      assert.deepEqual(seen, ["waiter"]);
    }));

  it("is a task's own, over all its steps", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      const tasks = ["a", "b"].map((name) =>
        storage.run(name, () =>
          loop.createTask(function* () {
            look(seen);
            yield loop.sleep(1);
            look(seen);
            yield;
            look(seen);
          }),
        ),
      );
      const fn = storage.run("c", () =>
        loop.createTask(async () => {
          look(seen);
          await loop.sleep(1);
          look(seen);
        }),
      );
      await loop.runUntilComplete(loop.gather(...tasks, fn));
      assert.deepEqual(seen.sort(), ["a", "a", "a", "b", "b", "b", "c", "c"]);
    }));

  it("is what an exception handler sees", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      loop.setExceptionHandler(() => look(seen));
      storage.run("failing", () =>
        loop.callSoon(() => {
          throw new Error("no");
        }),
      );
      await turns(loop);
      await delay(1);
      assert.deepEqual(seen, ["failing"]);
    }));
});
