/** What tasks of one loop coordinate themselves with, and that a cancelled one takes nothing with it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BrokenBarrierError,
  CancelledError,
  EventLoop,
  LoopError,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  Runner,
} from "../../host/index.js";
import { inLoop, turns, withLoop } from "./support.js";

describe("a lock", () => {
  it(
    "goes to those who wait in the order of coming, whoever else tries",
    inLoop(async (loop) => {
      const [lock, order] = [loop.lock(), [] as number[]];
      await lock.acquire();
      assert.equal(lock.locked, true);
      const tasks = [1, 2, 3].map((n) =>
        loop.createTask(async () => {
          await lock.acquire();
          order.push(n);
          lock.release();
        }),
      );
      await loop.sleep(0);
      lock.release();
      const late = lock.acquire();
      assert.equal(late.done(), false);
      await loop.gather(...tasks, late);
      assert.deepEqual(order, [1, 2, 3]);
      lock.release();
      assert.throws(() => lock.release(), { name: "LoopError", message: "Lock is not acquired." });
    }),
  );

  it(
    "is the next one's if who would have it is cancelled, be it in the turn in which it is released",
    inLoop(async (loop) => {
      const lock = loop.lock();
      await lock.acquire();
      for (const step of ["waits", "is released"]) {
        const first = loop.createTask(function* () {
          yield lock.acquire();
          assert.fail("it was cancelled");
        });
        const second = loop.createTask(async () => lock.acquire());
        await loop.sleep(0);
        if (step === "is released") lock.release();
        first.cancel();
        if (step === "waits") lock.release();
        await assert.rejects(async () => first, CancelledError);
        assert.equal(await loop.waitFor(second, 1000), true);
      }
    }),
  );
});

describe("an event", () => {
  it(
    "lets all go on that wait, and those that come until it is cleared",
    inLoop(async (loop) => {
      const event = loop.event();
      const waiting = [event.wait(), event.wait()];
      event.set();
      event.clear();
      assert.deepEqual(await loop.gather(waiting), [true, true]);
      assert.equal(event.isSet, false);
      await assert.rejects(loop.waitFor(event.wait(), 1).then(), { name: "TimeoutError" });
      event.set();
      assert.equal(await event.wait(), true);
    }),
  );
});

describe("a semaphore", () => {
  it(
    "has so many permits, and gives a cancelled one's to the next",
    inLoop(async (loop) => {
      const semaphore = loop.semaphore(2);
      await loop.gather(semaphore.acquire(), semaphore.acquire());
      assert.equal(semaphore.locked, true);
      const [first, second] = [semaphore.acquire(), semaphore.acquire()];
      semaphore.release();
      first.cancel();
      assert.equal(await second, true);
      semaphore.release();
      semaphore.release();
      semaphore.release();
      assert.equal(semaphore.locked, false);
      const bounded = loop.semaphore(1, { bounded: true });
      assert.throws(() => bounded.release(), /released too many times/);
      assert.throws(() => loop.semaphore(-1), RangeError);
    }),
  );
});

describe("a condition", () => {
  it(
    "has its lock again after waiting, also when it is cancelled",
    inLoop(async (loop) => {
      const condition = loop.condition();
      assert.throws(() => condition.wait(), LoopError);
      assert.throws(() => condition.notify(), LoopError);
      let items = 0;
      const consumer = loop.createTask(async () => {
        await condition.acquire();
        const found = await condition.waitFor(() => items);
        condition.release();
        return found;
      });
      const given = loop.createTask(function* () {
        yield condition.acquire();
        try {
          yield condition.wait();
        } finally {
          assert.equal(condition.locked, true);
          condition.release();
        }
      });
      await loop.sleep(1);
      assert.equal(given.cancel(), true);
      await assert.rejects(async () => given, CancelledError);
      await condition.acquire();
      items = 5;
      condition.notifyAll();
      condition.release();
      assert.equal(await consumer, 5);
      assert.equal(condition.locked, false);
    }),
  );

  it(
    "tells another if the one that was told is cancelled",
    inLoop(async (loop) => {
      const condition = loop.condition();
      const waiter = function* (): Generator<unknown, string, unknown> {
        yield condition.acquire();
        try {
          yield condition.wait();
          return "told";
        } finally {
          condition.release();
        }
      };
      const [first, second] = [loop.createTask(waiter()), loop.createTask(waiter())];
      await loop.sleep(1);
      await condition.acquire();
      condition.notify();
      first.cancel();
      condition.release();
      await assert.rejects(async () => first, CancelledError);
      assert.equal(await loop.waitFor(second, 1000), "told");
    }),
  );
});

describe("a barrier", () => {
  it(
    "opens when all have come, each with its number, again and again",
    inLoop(async (loop) => {
      const barrier = loop.barrier(3);
      for (let round = 0; round < 2; round++) {
        const given = barrier.wait();
        given.cancel();
        const waiting = [barrier.wait(), barrier.wait()];
        assert.equal(barrier.nWaiting, 2);
        assert.deepEqual(await loop.gather(...waiting, barrier.wait()), [0, 1, 2]);
      }
      const broken = barrier.wait();
      barrier.abort();
      await assert.rejects(async () => broken, BrokenBarrierError);
      await assert.rejects(async () => barrier.wait(), BrokenBarrierError);
      const reset = loop.barrier(2);
      const waits = reset.wait();
      reset.reset();
      await assert.rejects(async () => waits, BrokenBarrierError);
      assert.equal(reset.broken, false);
    }),
  );
});

describe("a queue", () => {
  it(
    "hands over in order, and has who puts wait for room",
    inLoop(async (loop) => {
      const queue = loop.queue<number>({ maxSize: 2 });
      assert.throws(() => queue.getNowait(), QueueEmpty);
      const taken: number[] = [];
      const consumer = loop.createTask(async () => {
        for await (const item of queue) {
          taken.push(item);
          queue.taskDone();
          await loop.sleep(0);
        }
      });
      for (let i = 0; i < 100; i++) await queue.put(i);
      assert.ok(queue.size <= 2);
      await queue.join();
      assert.deepEqual(
        taken,
        Array.from({ length: 100 }, (_, i) => i),
      );
      assert.throws(() => queue.taskDone(), RangeError);
      queue.shutdown();
      await consumer;
      await assert.rejects(async () => queue.put(1), QueueShutDown);
      assert.throws(() => queue.getNowait(), QueueShutDown);
    }),
  );

  it(
    "loses no item to a cancelled taker, nor room to a cancelled giver",
    inLoop(async (loop) => {
      const queue = loop.queue<string>({ maxSize: 1 });
      const taker = loop.createTask(function* () {
        yield queue.get();
        assert.fail("it was cancelled");
      });
      await loop.sleep(0);
      queue.putNowait("a");
      taker.cancel();
      await assert.rejects(async () => taker, CancelledError);
      assert.throws(() => queue.putNowait("b"), QueueFull);
      const [given, put] = [queue.put("b"), queue.put("c")];
      given.cancel();
      assert.equal(queue.getNowait(), "a");
      await put;
      assert.equal(await queue.get(), "c");
    }),
  );

  it(
    "ends those that wait when it is shut down, with what is in it or without",
    inLoop(async (loop) => {
      const queue = loop.queue<number>({ maxSize: 1 });
      queue.putNowait(1);
      const put = queue.put(2);
      queue.shutdown();
      await assert.rejects(async () => put, QueueShutDown);
      assert.equal(await queue.get(), 1);
      await assert.rejects(async () => queue.get(), QueueShutDown);
      const dropped = loop.queue<number>();
      dropped.putNowait(1);
      dropped.shutdown(true);
      await dropped.join();
      assert.throws(() => dropped.getNowait(), QueueShutDown);
    }),
  );

  it(
    "may give the last first, or the least",
    inLoop(async (loop) => {
      const lifo = loop.lifoQueue<number>();
      for (const n of [1, 2, 3]) lifo.putNowait(n);
      assert.deepEqual([lifo.getNowait(), lifo.getNowait(), lifo.getNowait()], [3, 2, 1]);
      const least = loop.priorityQueue<[number, string]>({ compare: ([a], [b]) => a - b });
      for (const item of [
        [2, "b"],
        [1, "a"],
        [2, "c"],
        [0, "z"],
      ] as const)
        least.putNowait([...item]);
      const order: string[] = [];
      while (!least.empty) order.push((await least.get())[1]);
      assert.deepEqual(order, ["z", "a", "b", "c"]);
      const words = loop.priorityQueue<string>();
      for (const word of ["b", "a"]) words.putNowait(word);
      assert.equal(words.getNowait(), "a");
    }),
  );

  it("keeps its place while the loop stands still", () =>
    withLoop(async (loop) => {
      const queue = loop.queue<number>();
      const next = queue.get();
      queue.putNowait(1);
      assert.equal(next.done(), false);
      await turns(loop);
      assert.equal(next.result(), 1);
    }));
});

describe("options", () => {
  it(
    "are those that are given, whatever the prototype of all objects has",
    inLoop(async (loop) => {
      const everything = Object.prototype as Record<string, unknown>;
      const polluted = {
        bounded: true,
        compare: () => 0,
        debug: true,
        eagerStart: true,
        loopFactory: () => undefined,
        maxSize: 1,
        returnExceptions: true,
        returnWhen: "SOMETIME",
        timeout: -1,
      };
      const late = loop.createFuture<number>();
      let queue;
      let begun = false;
      let waited;
      Object.assign(everything, polluted);
      try {
        assert.equal(new EventLoop().debug, false);
        assert.equal(new Runner().getLoop().debug, false);
        assert.equal(loop.queue().maxSize, 0);
        assert.equal(loop.queue({}).maxSize, 0);
        assert.equal(loop.semaphore(1).release(), undefined);
        queue = loop.priorityQueue<number>();
        for (const n of [2, 1]) queue.putNowait(n);
        waited = [
          loop.gather(late, late),
          loop.gather([late]),
          loop.asCompleted([late])[0]!,
          loop.wait([late]),
        ] as const;
        loop.createTask(() => void (begun = true));
        assert.equal(begun, false);
      } finally {
        for (const name of Object.keys(polluted)) Reflect.deleteProperty(everything, name);
      }
      late.setResult(5);
      const [both, one, first, some] = await Promise.all(waited);
      assert.deepEqual([both, one, first, queue.getNowait()], [[5, 5], [5], 5, 1]);
      assert.equal(some.done.size, 1);
    }),
  );
});
