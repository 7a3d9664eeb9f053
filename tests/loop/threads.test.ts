import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { EventLoop, type LoopHandle } from "../../host/index.js";
import { Mailbox } from "../../host/loop/mailbox.js";
import { turns, withLoop } from "./support.js";

interface Sending {
  readonly handle: LoopHandle;
  readonly target: string | number;
  readonly from: number;
  readonly count: number;
  readonly extra?: readonly unknown[];
}

/** Starts a thread that calls `target` so many times, with its number, the number of the call, and `extra`. */
function send(sending: Sending): Promise<void> {
  const skein = new URL("../../../dist/index.js", import.meta.url).href;
  const options: WorkerOptions = { workerData: { skein, ...sending } };
  const worker = new Worker(new URL("../../../tests/loop/sender.mjs", import.meta.url), options);
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}

describe("callSoonThreadsafe", () => {
  it("is callSoon in the loop's own thread, by function, name or number", () =>
    withLoop(async (loop) => {
      const seen: unknown[] = [];
      const id = loop.register("add", (n: number) => seen.push(n));
      loop.callSoonThreadsafe((n: number) => seen.push(n), 1);
      loop.callSoonThreadsafe("add", 2);
      const handle = loop.callSoonThreadsafe(id, 3);
      loop.callSoonThreadsafe(id, 4).cancel();
      await turns(loop);
      assert.deepEqual(seen, [1, 2, 3]);
      assert.equal(handle.cancelled, false);
      assert.throws(() => loop.callSoonThreadsafe("nothing"), /no callback is registered as "nothing"/);
    }));

  for (const [how, target] of [
    ["a number", 1],
    ["a name", "receive"],
  ] as const) {
    it(`wakes the loop of another thread, whose calls by ${how} come in their order`, () =>
      withLoop(async (loop) => {
        const threads = 3;
        const count = 2000;
        const next = new Array<number>(threads).fill(0);
        let left = threads * count;
        const id = loop.register("receive", (from: number, i: number) => {
          assert.equal(i, next[from]);
          next[from] = i + 1;
          if (--left === 0) loop.stop();
        });
        assert.equal(id, 1);
        const senders = next.map((_, from) => send({ handle: loop.handle, target, from, count }));
        await loop.runForever();
        await Promise.all(senders);
        assert.equal(left, 0);
      }));
  }

  it("wakes a loop that sleeps, again and again", () =>
    withLoop(async (loop) => {
      let calls = 0;
      loop.register("call", () => ++calls === 3 && loop.stop());
      const remote = EventLoop.attach(loop.handle);
      const ran = loop.runForever();
      for (let i = 0; i < 3; i++) {
        await delay(10);
        remote.callSoonThreadsafe("call");
      }
      await ran;
      assert.equal(calls, 3);
    }));

  it("keeps what comes while the loop does not run", () =>
    withLoop(async (loop) => {
      const seen: number[] = [];
      const id = loop.register((n: number) => seen.push(n));
      const remote = EventLoop.attach(loop.handle);
      remote.callSoonThreadsafe(id, 1);
      remote.callSoonThreadsafe(id, 2);
      await turns(loop);
      remote.callSoonThreadsafe(id, 3);
      await turns(loop);
      assert.deepEqual(seen, [1, 2, 3]);
    }));

  it("copies whatever can be cloned, of any size", () =>
    withLoop(async (loop) => {
      const seen: unknown[][] = [];
      const id = loop.register((...args: unknown[]) => seen.push(args));
      const remote = EventLoop.attach(loop.handle);
      const values = [
        undefined,
        null,
        "text ü",
        12n,
        new Map([[1, new Set(["x"])]]),
        { nested: [new Date(5)], bytes: new Uint8Array([1, 2, 3]) },
        NaN,
        -0,
      ];
      const large = new Uint8Array(3_000_000).map((_, i) => i);
      remote.callSoonThreadsafe(id, ...values);
      remote.callSoonThreadsafe(id, large);
      remote.callSoonThreadsafe(id, NaN, -0, 2 ** 60);
      remote.callSoonThreadsafe(id);
      const plain = [undefined, null, false, true, "", "ü\u{1f600}\0", "x".repeat(250), -0, 5e-324, Infinity];
      remote.callSoonThreadsafe(id, ...plain);
      const many = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? i : String(i)));
      remote.callSoonThreadsafe(id, ...many);
      remote.callSoonThreadsafe(id, "y".repeat(251), "\ud800");
      await turns(loop);
      assert.deepEqual(seen, [values, [large], [NaN, -0, 2 ** 60], [], plain, many, ["y".repeat(251), "\ud800"]]);
    }));

  it("refuses what cannot be cloned, at the call", () =>
    withLoop((loop) => {
      const id = loop.register(() => undefined);
      const remote = EventLoop.attach(loop.handle);
      assert.throws(() => remote.callSoonThreadsafe(id, () => 1), { name: "DataCloneError" });
    }));

  it("tells the exception handler if nothing is registered by that name", () =>
    withLoop(async (loop, contexts) => {
      EventLoop.attach(loop.handle).callSoonThreadsafe("nobody", 1);
      EventLoop.attach(loop.handle).callSoonThreadsafe(99, 1);
      await turns(loop);
      assert.deepEqual(
        contexts.map(({ message }) => message),
        [
          'callSoonThreadsafe: no callback is registered as "nobody"',
          "callSoonThreadsafe: no callback is registered as 99",
        ],
      );
    }));

  it("names what was registered where that fails", () =>
    withLoop(async (loop, contexts) => {
      loop.register("fail", function failing() {
        throw new Error("no");
      });
      EventLoop.attach(loop.handle).callSoonThreadsafe("fail");
      await turns(loop);
      assert.match(String(contexts[0]?.message), /function failing/);
    }));

  it("is refused once the loop is closed", async () => {
    const loop = new EventLoop();
    const id = loop.register(() => assert.fail("called"));
    const remote = EventLoop.attach(loop.handle);
    remote.callSoonThreadsafe(id);
    assert.equal(remote.isClosed, false);
    loop.close();
    assert.equal(remote.isClosed, true);
    assert.throws(() => remote.callSoonThreadsafe(id), { name: "LoopError", message: "Event loop is closed" });
    await delay(1);
  });

  it("calls in the context in which the callback was registered", () =>
    withLoop(async (loop) => {
      const { AsyncLocalStorage } = await import("node:async_hooks");
      const storage = new AsyncLocalStorage<string>();
      let seen: string | undefined;
      storage.run("registered", () => loop.register("look", () => (seen = storage.getStore())));
      storage.run("called", () => EventLoop.attach(loop.handle).callSoonThreadsafe("look"));
      await storage.run("running", () => turns(loop));
      assert.equal(seen, "registered");
    }));
});

describe("a loop of another thread", () => {
  it("says that all other methods are for its own thread", () =>
    withLoop((loop) => {
      const remote = EventLoop.attach(loop.handle) as unknown as EventLoop;
      for (const name of ["callSoon", "callLater", "callAt", "createTask", "stop", "close", "runForever"] as const) {
        assert.throws(
          () => (remote[name] as () => void)(),
          new RegExp(`${name} is for the loop's own thread: use callSoonThreadsafe`),
        );
      }
    }));

  it("is reached by names and numbers, not functions", () =>
    withLoop((loop) => {
      const remote = EventLoop.attach(loop.handle);
      for (const wrong of [() => 1, undefined, 0, -1, 1.5, {}]) {
        assert.throws(() => remote.callSoonThreadsafe(wrong as never), /name or number that loop.register has given/);
      }
    }));

  it("is attached to by a handle, and by nothing else", () => {
    for (const wrong of [undefined, {}, new SharedArrayBuffer(8), { skeinEventLoop: new SharedArrayBuffer(1024) }]) {
      assert.throws(() => EventLoop.attach(wrong as never), TypeError);
    }
  });
});

describe("the loop's mailbox", () => {
  it("uses its memory again", () => {
    const mailbox = new Mailbox();
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < 100; i++) mailbox.push(1, [new Uint8Array(5000), i]);
      assert.equal(mailbox.take().length, 100);
    }
    assert.ok(mailbox.buffer.byteLength <= 2 * 1024 * 1024, `${mailbox.buffer.byteLength} bytes`);
  });

  it("wakes only for what it gets while it is empty", () => {
    const mailbox = new Mailbox();
    const wakes = mailbox.signal.count;
    mailbox.push(1, []);
    mailbox.push(1, []);
    assert.equal(mailbox.signal.count, wakes + 1);
    mailbox.take();
    mailbox.push(1, []);
    assert.equal(mailbox.signal.count, wakes + 2);
  });

  it("says when it is full, and goes on once it has been emptied", { timeout: 60_000 }, () => {
    const mailbox = new Mailbox();
    const large = new Uint8Array(30 * 1024 * 1024);
    let sent = 0;
    assert.throws(() => {
      while (sent < 100) {
        mailbox.push(1, [large]);
        sent++;
      }
    }, /the event loop's queue is full/);
    assert.ok(sent >= 4);
    assert.throws(() => mailbox.push(1, [new Uint8Array(512 * 1024 * 1024)]), /do not fit|is full|queue/);
    assert.equal(mailbox.take().length, sent);
    mailbox.push(1, [large]);
    assert.equal(mailbox.take().length, 1);
  });

  it("gives each of many threads' notes once, whole", () =>
    withLoop(async (loop) => {
      const threads = 4;
      const count = 500;
      const seen = new Set<string>();
      loop.register("receive", (from: number, i: number, text: string, bytes: Uint8Array) => {
        assert.equal(text, "x".repeat(200));
        assert.equal(bytes.length, 700);
        seen.add(`${from} ${i}`);
        if (seen.size === threads * count) loop.stop();
      });
      const extra = ["x".repeat(200), new Uint8Array(700)];
      const senders = Array.from({ length: threads }, (_, from) =>
        send({ handle: loop.handle, target: "receive", from, count, extra }),
      );
      await loop.runForever();
      await Promise.all(senders);
      assert.equal(seen.size, threads * count);
    }));
});

describe("runCoroutineThreadsafe", () => {
  it("gives another thread what a task of the loop returns or throws, and lets it cancel it", () =>
    withLoop(async (loop, contexts) => {
      class Refused extends TypeError {
        readonly code = "E_REFUSED";
      }
      const seen: unknown[] = [];
      /** Who cancels a task does not wait until it has ended. */
      const reasons: string[] = [];
      loop.register("add", async (a: number, b: number) => {
        assert.equal(loop.currentTask()?.toString().includes("<Task Task-"), true);
        return loop.sleep(1, a + b);
      });
      const twice = loop.register(function* twice(n: number): Generator<unknown, number> {
        return (yield* loop.sleep(1, n)) * 2;
      });
      loop.register("fail", () => {
        throw new Refused("no", { cause: new RangeError("too far") });
      });
      loop.register("function", () => () => 1);
      loop.register("cancelled", async () => {
        loop.currentTask()?.cancel("by itself");
        await loop.sleep(1000);
      });
      loop.register("long", async () => {
        try {
          await loop.sleep(100_000);
        } catch (error) {
          reasons.push((error as Error).message);
          throw error;
        }
      });
      loop.register("tell", (what: unknown) => seen.push(what));
      loop.register("end", () => loop.stop());
      const caller = new Worker(new URL("../../../tests/loop/caller.mjs", import.meta.url), {
        workerData: { skein: new URL("../../../dist/index.js", import.meta.url).href, handle: loop.handle, twice },
      });
      const exited = new Promise((resolve, reject) => caller.once("error", reject).once("exit", resolve));
      await loop.runForever();
      await exited;
      assert.deepEqual(seen, [
        42,
        14,
        ["TypeError", "no", "E_REFUSED", "RangeError: too far", true],
        "DataCloneError",
        ["CancelledError", "by itself"],
        ["LoopError", 'no callback is registered as "nothing"'],
        "TypeError",
        "TimeoutError",
        "CancelledError",
        true,
        false,
        43,
      ]);
      assert.deepEqual(reasons, ["enough"]);
      assert.deepEqual(contexts, []);
      assert.equal(loop.allTasks().size, 0);
    }));

  it("tells its callers when it is closed, whether their calls have begun or not", () =>
    withLoop(async (loop) => {
      loop.register("long", () => loop.sleep(100_000));
      const remote = EventLoop.attach(loop.handle);
      const begun = remote.runCoroutineThreadsafe("long");
      await turns(loop, 2);
      const waiting = remote.runCoroutineThreadsafe("long");
      const givenUp = remote.runCoroutineThreadsafe("long");
      assert.equal(givenUp.cancel(), true);
      loop.close();
      for (const future of [begun, waiting]) await assert.rejects(future, { message: "Event loop is closed" });
      await assert.rejects(givenUp, { name: "CancelledError" });
      assert.throws(() => remote.runCoroutineThreadsafe("long"), /Event loop is closed/);
    }));

  it("uses its tickets again, whoever gives them up", () =>
    withLoop(async (loop) => {
      let running = 0;
      loop.register("count", async (ms: number) => {
        running++;
        try {
          return await loop.sleep(ms, ms);
        } finally {
          running--;
        }
      });
      const remote = EventLoop.attach(loop.handle);
      const { byteLength } = loop.handle.skeinEventLoop;
      await loop.runUntilComplete(async () => {
        for (let round = 0; round < 200; round++) {
          const calls = Array.from({ length: 20 }, (_, i) => remote.runCoroutineThreadsafe<number>("count", i % 3));
          calls.forEach((call, i) => i % 4 === 0 && call.cancel());
          if (round % 2 === 0) await loop.sleep(0);
          calls.forEach((call, i) => i % 4 === 1 && call.cancel());
          const ends = await Promise.allSettled(calls);
          ends.forEach((end, i) => end.status === "fulfilled" && assert.equal(end.value, i % 3));
          assert.ok(ends.filter(({ status }) => status === "fulfilled").length >= 10);
        }
      });
      assert.equal(running, 0);
      assert.equal(loop.handle.skeinEventLoop.byteLength, byteLength);
    }));

  it("is a task in the loop's own thread", () =>
    withLoop(async (loop) => {
      loop.register("own", async (n: number) => {
        await loop.sleep(0);
        return loop.currentTask() === undefined ? 0 : n;
      });
      const own = loop.runCoroutineThreadsafe<number, [number]>("own", 5);
      const add = loop.runCoroutineThreadsafe((a: number, b: number) => Promise.resolve(a + b), 1, 2);
      const promise = loop.runCoroutineThreadsafe(Promise.resolve("x"));
      assert.deepEqual(await loop.runUntilComplete(loop.gather(own, add, promise)), [5, 3, "x"]);
      assert.throws(() => loop.runCoroutineThreadsafe("nothing"), /no callback is registered/);
    }));
});
