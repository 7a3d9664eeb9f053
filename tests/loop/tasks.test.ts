import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  type CallGraph,
  CancelledError,
  captureCallGraph,
  eagerTaskFactory,
  EventLoop,
  formatCallGraph,
  type Future,
  LoopError,
  Task,
} from "../../host/index.js";
import { turns, withLoop } from "./support.js";

describe("a task over a generator", () => {
  it("is sent the results of the futures that it yields", () =>
    withLoop(async (loop) => {
      const result = await loop.runUntilComplete(
        loop.createTask(
          (function* (): Generator<unknown, number, number> {
            const a = yield loop.sleep(1, 20);
            const b: number = yield loop.createTask(Promise.resolve(22));
            return a + b;
          })(),
        ),
      );
      assert.equal(result, 42);
    }));

  it("can have typed results with yield*", () =>
    withLoop(async (loop) => {
      function* twice(n: number): Generator<unknown, number> {
        const value = yield* loop.sleep(1, n);
        return value * 2;
      }
      assert.equal(await loop.runUntilComplete(twice(4)), 8);
    }));

  it("begins in the next turn, and takes a turn for each bare yield", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      loop.createTask(
        (function* () {
          seen.push("first");
          yield;
          seen.push("second");
        })(),
      );
      assert.deepEqual(seen, []);
      await turns(loop);
      assert.deepEqual(seen, ["first"]);
      await turns(loop);
      assert.deepEqual(seen, ["first", "second"]);
    }));

  it("goes on in the same turn if what it yields is done", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      const [done, failed] = [loop.createFuture(), loop.createFuture()];
      done.setResult(1);
      failed.setException(new Error("no"));
      loop.createTask(function* () {
        seen.push(yield done);
        try {
          yield failed;
        } catch (error) {
          seen.push((error as Error).message);
        }
      });
      loop.callSoon(() => seen.push("next"));
      await turns(loop);
      assert.deepEqual(seen, [1, "no", "next"]);
    }));

  it("sees the exceptions of what it waits for where it waits, and may go on", () =>
    withLoop(async (loop) => {
      const result = await loop.runUntilComplete(function* () {
        try {
          yield loop.createTask(Promise.reject(new Error("no")));
        } catch (error) {
          return `caught ${(error as Error).message}`;
        }
        return "not thrown";
      });
      assert.equal(result, "caught no");
    }));

  it("fails with what it throws", () =>
    withLoop(async (loop) => {
      const task = loop.createTask(function* () {
        yield;
        throw new RangeError("too much");
      });
      await assert.rejects(loop.runUntilComplete(task), RangeError);
      assert.ok(task.exception() instanceof RangeError);
    }));

  it("waits for promises too", () =>
    withLoop(async (loop) => {
      const result = await loop.runUntilComplete(function* (): Generator<unknown, number, number> {
        return yield delay(1, 3);
      });
      assert.equal(result, 3);
    }));

  it("is told by an exception what it must not yield", () =>
    withLoop(async (loop) => {
      const other = new EventLoop();
      const wrong: [unknown, RegExp][] = [
        [5, /Task got bad yield: 5/],
        [(function* () {})(), /yield\* runs it/],
        [other.createFuture(), /attached to a different loop/],
      ];
      for (const [value, message] of wrong) {
        await assert.rejects(
          loop.runUntilComplete(function* () {
            yield value;
          }),
          message,
        );
      }
      other.close();
      const itself: Task<void> = loop.createTask(function* () {
        yield itself;
      });
      await assert.rejects(loop.runUntilComplete(itself), /Task cannot await on itself/);
    }));

  it("is told by an exception what an async function must not await either", () =>
    withLoop(async (loop) => {
      const other = new EventLoop();
      const future = other.createFuture();
      await assert.rejects(
        loop.runUntilComplete(async () => future),
        { name: "LoopError", message: /attached to a different loop/ },
      );
      other.close();
      const itself: Task<void> = loop.createTask(async () => {
        await itself;
      });
      await assert.rejects(loop.runUntilComplete(itself), {
        name: "LoopError",
        message: /Task cannot await on itself/,
      });
    }));
});

describe("cancelling a task over a generator", () => {
  it("throws a CancelledError into it where it waits, and cancels what it waits for", () =>
    withLoop(async (loop) => {
      const future = loop.createFuture();
      let seen: unknown;
      const task = loop.createTask(function* () {
        try {
          yield future;
        } catch (error) {
          seen = error;
          throw error;
        }
      });
      await turns(loop);
      assert.equal(task.cancel("enough"), true);
      assert.equal(task.cancelled(), false, "not yet");
      assert.equal(future.cancelled(), true);
      await assert.rejects(loop.runUntilComplete(task), { name: "CancelledError", message: "enough" });
      assert.ok(seen instanceof CancelledError);
      assert.equal(task.cancelled(), true);
      assert.equal(task.cancel(), false);
    }));

  it("keeps it from beginning if it has not begun", () =>
    withLoop(async (loop) => {
      const task = loop.createTask(function* () {
        assert.fail("begun");
        yield;
      });
      task.cancel();
      await turns(loop);
      assert.equal(task.cancelled(), true);
    }));

  it("lets it clean up, waiting meanwhile", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      const task = loop.createTask(function* () {
        try {
          yield loop.sleep(10_000);
        } finally {
          yield loop.sleep(1);
          seen.push("clean");
        }
      });
      await turns(loop);
      task.cancel();
      await assert.rejects(loop.runUntilComplete(task), CancelledError);
      assert.deepEqual(seen, ["clean"]);
    }));

  it("may be refused, with uncancel", () =>
    withLoop(async (loop) => {
      const task: Task<string> = loop.createTask(function* () {
        try {
          yield loop.sleep(10_000);
        } catch {
          assert.equal(task.cancelling(), 2);
          assert.equal(task.uncancel(), 1);
          assert.equal(task.uncancel(), 0);
          assert.equal(task.uncancel(), 0);
        }
        yield loop.sleep(1);
        return "went on";
      });
      await turns(loop);
      task.cancel();
      task.cancel();
      assert.equal(await loop.runUntilComplete(task), "went on");
      assert.equal(task.cancelled(), false);
    }));

  it("reaches it at its next wait if it cancels itself", () =>
    withLoop(async (loop) => {
      const task: Task<void> = loop.createTask(function* () {
        task.cancel();
        yield loop.sleep(10_000);
        assert.fail("went on");
      });
      await assert.rejects(loop.runUntilComplete(task), CancelledError);
    }));

  it("is its end if it cancels itself in its last step", () =>
    withLoop(async (loop) => {
      const task: Task<number> = loop.createTask(function* () {
        yield;
        task.cancel();
        return 1;
      });
      await assert.rejects(loop.runUntilComplete(task), CancelledError);
    }));

  it("goes through the tasks that it waits for", () =>
    withLoop(async (loop) => {
      const inner = loop.createTask(function* () {
        yield loop.sleep(10_000);
      });
      const outer = loop.createTask(function* () {
        yield inner;
      });
      await turns(loop, 2);
      outer.cancel();
      await assert.rejects(loop.runUntilComplete(outer), CancelledError);
      assert.equal(inner.cancelled(), true);
    }));
});

describe("a task over a function", () => {
  it("calls it in the next turn, with the task", () =>
    withLoop(async (loop) => {
      let given: unknown;
      const task = loop.createTask((own) => {
        given = own;
        return 5;
      });
      assert.equal(given, undefined);
      assert.equal(await loop.runUntilComplete(task), 5);
      assert.equal(given, task);
    }));

  it("throws a CancelledError into an async function where it awaits a future of the loop", () =>
    withLoop(async (loop) => {
      const seen: string[] = [];
      const task: Task<void> = loop.createTask(async () => {
        await delay(1);
        loop.callSoon(() => task.cancel("enough"));
        try {
          await loop.sleep(10_000);
        } catch (error) {
          seen.push((error as Error).name);
          await loop.sleep(1);
          seen.push("clean");
          throw error;
        }
      });
      await assert.rejects(loop.runUntilComplete(task), { name: "CancelledError", message: "enough" });
      assert.deepEqual(seen, ["CancelledError", "clean"]);
    }));

  it("cancels the future that a function returns", () =>
    withLoop(async (loop) => {
      const future = loop.createFuture();
      const task = loop.createTask(() => future);
      await turns(loop, 2);
      task.cancel("enough");
      await assert.rejects(loop.runUntilComplete(task), { name: "CancelledError", message: "enough" });
      assert.equal(future.cancelled(), true);
    }));

  it("is cancelled if it cancels itself after its last await", () =>
    withLoop(async (loop) => {
      const task: Task<number> = loop.createTask(async () => {
        await loop.sleep(0);
        task.cancel("late");
        return 1;
      });
      await assert.rejects(loop.runUntilComplete(task), { name: "CancelledError", message: "late" });
    }));

  it("cancels it without the function if that awaits something else, and aborts the signal", () =>
    withLoop(async (loop, contexts) => {
      const seen: string[] = [];
      let goOn = (): void => undefined;
      const elsewhere = new Promise<void>((resolve) => (goOn = resolve));
      const task = loop.createTask(async ({ signal }) => {
        signal.addEventListener("abort", () => seen.push("aborted"));
        await elsewhere;
        seen.push("went on");
        await loop.sleep(0);
        seen.push("not stopped");
      });
      await turns(loop, 2);
      task.cancel();
      await assert.rejects(loop.runUntilComplete(task), CancelledError);
      assert.deepEqual(seen, ["aborted"]);
      goOn();
      await loop.runUntilComplete(loop.sleep(20));
      assert.deepEqual(seen, ["aborted", "went on"]);
      assert.deepEqual(contexts, []);
    }));

  it("ends as cancelled when what it awaits is aborted with its signal", () =>
    withLoop(async (loop, contexts) => {
      const task = loop.createTask(({ signal }) => delay(10_000, undefined, { signal }));
      loop.callLater(5, () => task.cancel());
      await assert.rejects(loop.runUntilComplete(task), CancelledError);
      await delay(1);
      assert.ok(contexts.length <= 1);
    }));

  it("reports a function that fails after its task was cancelled without it", () =>
    withLoop(async (loop, contexts) => {
      let goOn = (): void => undefined;
      const elsewhere = new Promise<void>((resolve) => (goOn = resolve));
      const task = loop.createTask(async () => {
        await elsewhere;
        throw new Error("late");
      });
      await turns(loop);
      task.cancel();
      await turns(loop, 2);
      assert.equal(task.cancelled(), true);
      goOn();
      for (let i = 0; i < 1000 && contexts.length === 0; i++) await delay(1);
      assert.equal((contexts[0]?.exception as Error).message, "late");
    }));

  it("fails with what the function throws, before its first await or after", () =>
    withLoop(async (loop) => {
      await assert.rejects(
        loop.runUntilComplete(() => {
          throw new Error("at once");
        }),
        /at once/,
      );
      await assert.rejects(
        loop.runUntilComplete(async () => {
          await loop.sleep(1);
          throw new Error("later");
        }),
        /later/,
      );
    }));

  it("knows itself as the current task, across awaits", () =>
    withLoop(async (loop) => {
      assert.equal(loop.currentTask(), undefined);
      const task: Task<void> = loop.createTask(async () => {
        assert.equal(loop.currentTask(), task);
        await loop.sleep(1);
        assert.equal(loop.currentTask(), task);
        await loop.createTask(function* () {
          yield;
          assert.notEqual(loop.currentTask(), task);
        });
        assert.equal(loop.currentTask(), task);
      });
      await loop.runUntilComplete(task);
      assert.equal(loop.currentTask(), undefined);
    }));
});

describe("a task over a promise", () => {
  it("is done as the promise is", () =>
    withLoop(async (loop) => {
      assert.equal(await loop.runUntilComplete(Promise.resolve(5)), 5);
      await assert.rejects(loop.runUntilComplete(Promise.reject(new Error("no"))), /no/);
    }));

  it("is cancelled without it", () =>
    withLoop(async (loop) => {
      const task = loop.createTask(delay(10_000, undefined, { ref: false }));
      task.cancel("enough");
      await assert.rejects(loop.runUntilComplete(task), { name: "CancelledError", message: "enough" });
    }));
});

describe("a task", () => {
  it("has a name", () =>
    withLoop(async (loop) => {
      const task = loop.createTask(Promise.resolve(), { name: "fetcher" });
      assert.equal(task.getName(), "fetcher");
      task.setName("other");
      assert.equal(String(task), "<Task other pending>");
      assert.match(loop.createTask(Promise.resolve()).getName(), /^Task-\d+$/);
      await turns(loop);
    }));

  it("does not take a result from outside", () =>
    withLoop(async (loop) => {
      const task = loop.createTask(Promise.resolve(1));
      assert.throws(() => task.setResult(2), LoopError);
      assert.throws(() => task.setException(new Error()), LoopError);
      await loop.runUntilComplete(task);
    }));

  it("is among all tasks until it is done", () =>
    withLoop(async (loop) => {
      const task = loop.createTask(function* () {
        yield;
      });
      assert.deepEqual(loop.allTasks(), new Set([task]));
      await loop.runUntilComplete(task);
      assert.equal(loop.allTasks().size, 0);
    }));

  it("is made of coroutines only", () =>
    withLoop((loop) => {
      for (const wrong of [undefined, 5, "x", {}, [1]]) {
        assert.throws(() => loop.createTask(wrong as never), /a coroutine was expected/);
      }
    }));
});

describe("an eager task", () => {
  const eager = { eagerStart: true };

  it("begins where it is made, and is done there if it need not wait", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      await loop.runUntilComplete(function* (outer): Generator<unknown, void> {
        // eslint-disable-next-line require-yield -- it need not wait
        const done = loop.createTask(function* (task): Generator<unknown, number> {
          assert.equal(loop.currentTask(), task);
          assert.ok(loop.allTasks().has(task));
          return 1;
        }, eager);
        assert.deepEqual([done.done(), done.result()], [true, 1]);
        assert.equal(loop.currentTask(), outer, "whoever made it goes on as itself");
        assert.deepEqual(loop.allTasks(), new Set([outer]));
        const failed = loop.createTask(() => {
          throw new RangeError("no");
        }, eager);
        assert.ok(failed.exception() instanceof RangeError);
        const waits = loop.createTask(async (task) => {
          seen.push("begun");
          await loop.sleep(0);
          assert.equal(loop.currentTask(), task);
          seen.push("went on");
          return 2;
        }, eager);
        assert.deepEqual(seen, ["begun"]);
        assert.equal(loop.currentTask(), outer);
        assert.equal(yield* waits, 2);
        const cancelled: Task<void> = loop.createTask(function* (task) {
          task.cancel();
          yield loop.sleep(10_000);
        }, eager);
        yield loop.sleep(0);
        yield loop.sleep(0);
        assert.equal(cancelled.cancelled(), true);
      });
      assert.deepEqual(seen, ["begun", "went on"]);
    }));

  it("waits for the loop to run", () =>
    withLoop(async (loop) => {
      let begun = false;
      const task = loop.createTask(() => (begun = true), eager);
      assert.equal(begun, false);
      assert.equal(await loop.runUntilComplete(task), true);
    }));

  it("leaves nothing of its context to whoever made it", () =>
    withLoop(async (loop) => {
      const storage = new AsyncLocalStorage<string>();
      await loop.runUntilComplete(() =>
        storage.run("outer", () => {
          const task = loop.createTask(() => {
            const given = storage.getStore();
            storage.enterWith("inner");
            return given;
          }, eager);
          assert.deepEqual([task.result(), storage.getStore()], ["outer", "outer"]);
        }),
      );
    }));

  it("is what every task is with the factory for it, also those of a group and of gather", () =>
    withLoop(async (loop) => {
      assert.equal(loop.getTaskFactory(), null);
      loop.setTaskFactory(eagerTaskFactory);
      assert.equal(loop.getTaskFactory(), eagerTaskFactory);
      await loop.runUntilComplete(async () => {
        assert.equal(loop.createTask(() => 1).done(), true);
        assert.equal(loop.createTask(() => 1, { eagerStart: false }).done(), false);
        const n = (i: number) => () => i;
        assert.deepEqual(await loop.gather(n(1), n(2)), [1, 2]);
        assert.equal(await loop.waitFor(n(3), 100), 3);
        assert.deepEqual(
          await loop.taskGroup((group) =>
            Promise.all([group.createTask(n(4)), group.createTask(() => loop.sleep(1, 5))]),
          ),
          [4, 5],
        );
        const failing = loop.taskGroup((group) => void group.createTask(() => Promise.reject(new Error("no"))));
        await assert.rejects(async () => failing, AggregateError);
      });
      loop.setTaskFactory(null);
      assert.equal(loop.createTask(() => 1).done(), false);
      await turns(loop, 2);
      const made: string[] = [];
      loop.setTaskFactory((owner, coroutine, options) => {
        made.push(options.name ?? "");
        return new Task(owner, coroutine, options);
      });
      assert.equal(await loop.runUntilComplete(loop.createTask(() => 5, { name: "own" })), 5);
      assert.deepEqual(made, ["own"]);
      assert.throws(() => loop.setTaskFactory(5 as never), /a callable object was expected/);
    }));
});

describe("a call graph", () => {
  it("tells who awaits whom, and where", () =>
    withLoop(
      async (loop) => {
        const future = loop.createFuture<void>();
        const inner = loop.createTask(
          function* inner(): Generator<unknown, void> {
            yield* future;
          },
          { name: "inner" },
        );
        const outer = loop.createTask(() => loop.gather(inner, loop.shield(inner)), { name: "outer" });
        const group = loop.taskGroup(async (group) => {
          await group.createTask(() => loop.wait([outer]), { name: "member" });
        });
        await turns(loop, 12);
        const graph = captureCallGraph(inner);
        const text = formatCallGraph(inner);
        future.setResult();
        await loop.runUntilComplete(group);
        const names = ({ future, awaitedBy }: CallGraph): unknown => [
          future instanceof Task ? future.getName().replace(/^Task-.*/, "Task") : future.constructor.name,
          ...awaitedBy.map(names),
        ];
        const gathering = ["GatheringFuture", ["outer", ["Task", ["member", ["Task"], ["Task", ["Task"]]]]]];
        assert.deepEqual(names(graph!), ["inner", ["Future", gathering], gathering]);
        assert.match(graph!.callStack.join("\n"), /^at inner2? \(.*tasks\.test/);
        assert.match(
          text,
          /^<Task inner .*\n {4}at inner.*\n {2}awaited by <Future pending.*\n {4}awaited by <GatheringFuture/,
        );
      },
      { debug: true },
    ));

  it("begins with the running task, and ends where two wait for each other", () =>
    withLoop(
      async (loop) => {
        assert.equal(captureCallGraph(), undefined);
        assert.equal(formatCallGraph(), "");
        const own: Task<void> = loop.createTask(() => {
          const graph = captureCallGraph()!;
          assert.equal(graph.future, own);
          assert.match(graph.callStack[0]!, /tasks\.test/);
        });
        await loop.runUntilComplete(own);
        const one: Task<void> = loop.createTask(function* (): Generator<unknown, void> {
          yield two;
        });
        const two: Task<void> = loop.createTask(function* (): Generator<unknown, void> {
          yield one;
        });
        await turns(loop, 2);
        assert.equal(captureCallGraph(one as Future)?.awaitedBy[0]?.awaitedBy.length, 0);
      },
      { debug: true },
    ));

  it("is refused without debug mode", () =>
    withLoop((loop) => {
      assert.throws(() => captureCallGraph(loop.createFuture()), /needs debug mode/);
    }));
});
