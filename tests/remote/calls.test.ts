import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { after, before, describe, it } from "node:test";
import { carry } from "../../host/index.js";
import { delay, moduleUrl, rejection, until } from "../go/fixtures.js";
import { Bed, freshFile, linesOf, type Work } from "./fixtures.js";
import { noServer } from "./server.js";

describe("calls of a cluster", { skip: noServer, timeout: 60_000 }, () => {
  let bed: Bed;
  before(async () => {
    bed = await Bed.start();
  });
  after(() => bed.end());

  it("run on a worker, with what structured clone carries, large or small", () =>
    bed.cluster(async (part) => {
      const [cluster] = [await part.join(), await part.serve()];
      const work = cluster.tasks<Work>("work");
      assert.equal(await cluster.go(work.add, 1, 2), 3);
      assert.equal(await work.add(2, 3), 5);
      const value = { list: [1n, new Date(5), new Map([["a", new Uint8Array([1, 2])]])] };
      assert.deepEqual(await cluster.go(work.identity, value), value);
      const large = new Uint8Array(3_000_000).map((_, i) => i);
      assert.deepEqual(await cluster.go(work.identity, large), large);
      const results = await Promise.all(Array.from({ length: 500 }, (_, i) => cluster.go(work.add, i, 1)));
      assert.deepEqual(
        results,
        Array.from({ length: 500 }, (_, i) => i + 1),
      );
    }));

  it("wait for a worker as long as it takes", () =>
    bed.cluster(async (part) => {
      const cluster = await part.join();
      const early = cluster.go(cluster.tasks<Work>("work").add, 1, 1);
      await part.serve();
      assert.equal(await early, 2);
    }));

  it("with a key are run once, and all get the one result", () =>
    bed.cluster(async (part) => {
      const [one, two] = [await part.join(), await part.join(), await part.serve()];
      const file = freshFile();
      const call = (from: typeof one, text: string, key: string): Promise<string> =>
        from.go.with({ key }, from.tasks<Work>("work").note, file, text, 50);
      assert.deepEqual(
        await Promise.all([call(one, "first", "k"), call(two, "second", "k"), call(one, "third", "k")]).then(
          (all) => new Set(all).size,
        ),
        1,
      );
      await call(two, "later", "k");
      assert.equal(linesOf(file).length, 1);
      assert.equal(await call(two, "other", "k2"), "other");
    }));

  it("are tried again with growing waits, and then are dead letters, which can be retried and dropped", () =>
    bed.cluster(async (part) => {
      const [cluster, worker] = [await part.join(), await part.serve()];
      const work = cluster.tasks<Work>("work");
      const file = freshFile();
      assert.equal(await cluster.go.with({ retries: 3, backoff: 60 }, work.flaky, file, 2), 3);
      const [first, second, third] = linesOf(file).map(Number) as [number, number, number];
      assert(second - first >= 30 && third - second >= 60, `${second - first}, ${third - second}`);

      const other = freshFile();
      const error = (await rejection(
        cluster.go.with({ retries: 1, backoff: 10 }, work.flaky, other, 3),
      )) as RangeError & { code: string };
      assert(error instanceof RangeError);
      assert.deepEqual([error.name, error.message, error.code], ["RangeError", "failure 2", "E_FLAKY"]);
      assert(error.cause instanceof TypeError);
      const letters = cluster.deadLetters();
      const [letter] = await letters.list();
      assert(letter);
      assert.deepEqual([letter.module, letter.task, letter.args, letter.failures], ["work", "flaky", [other, 3], 2]);
      assert.equal((letter.error as Error).message, "failure 2");
      await letters.retry(letter);
      await until(() => linesOf(other).length === 4);
      assert.deepEqual(await letters.list(), []);

      // A key whose call has failed has the error as its result, until the call is retried.
      const third_ = freshFile();
      const keyed = (): Promise<number> => cluster.go.with({ key: "k" }, work.flaky, third_, 1);
      await assert.rejects(keyed(), /failure 1/);
      await assert.rejects(keyed(), /failure 1/);
      assert.equal(linesOf(third_).length, 1);
      const [dead] = await letters.list();
      await letters.retry(dead!);
      assert.equal(await keyed(), 2);

      await assert.rejects(cluster.go(work.flaky, freshFile(), 1));
      const [last] = await letters.list();
      await letters.drop(last!.id);
      assert.deepEqual(await letters.list(), []);
      await assert.rejects(letters.drop(last!.id), /there is no dead letter/);
      assert.equal(worker.stats().workers[0]!.dead, 3);
    }));

  it("are cancelled where they run, by a signal, a time-out and by hand", () =>
    bed.cluster(async (part) => {
      const [cluster, worker] = [await part.join(), await part.serve()];
      const work = cluster.tasks<Work>("work");
      const file = freshFile();
      const controller = new AbortController();
      const calls = [
        cluster.go.with({ signal: controller.signal }, work.note, file, "signal", 60_000),
        cluster.go.with({ timeout: 300 }, work.note, file, "timeout", 60_000),
        cluster.go.with({ key: "cancelled" }, work.note, file, "hand", 60_000),
      ];
      const errors = Promise.all(calls.map(rejection));
      await until(() => linesOf(file).length === 3);
      controller.abort();
      assert.equal(calls[2]!.cancel(), true);
      assert.deepEqual(
        (await errors).map((error) => (error as Error).name),
        ["AbortError", "TimeoutError", "AbortError"],
      );
      assert.equal(calls[2]!.cancel(), false);
      await until(() => linesOf(file).length === 6);
      await until(() => worker.stats().workers[0]!.running === 0);
      assert.deepEqual(await cluster.deadLetters().list(), []);
      // The key of a cancelled call is free.
      assert.equal(await cluster.go.with({ key: "cancelled" }, work.note, file, "again", 1), "again");
    }));

  it("that are cancelled before a worker has them are not run", () =>
    bed.cluster(async (part) => {
      const cluster = await part.join();
      const work = cluster.tasks<Work>("work");
      const file = freshFile();
      const error = (await rejection(cluster.go.with({ timeout: 100 }, work.note, file, "late", 1))) as Error;
      assert.deepEqual(
        [error.name, error.message],
        ["TimeoutError", 'the call of note took more than 100 ms: no worker serves "work"'],
      );
      const delayed = cluster.go.with({ delay: 300, key: "d" }, work.note, file, "delayed", 1);
      const retried = cluster.go.with({ delay: 300 }, work.note, file, "delayed", 1);
      await part.serve();
      const errors = [delayed, retried].map(rejection);
      await cluster.go(work.add, 1, 1);
      delayed.cancel();
      retried.cancel();
      await Promise.all(errors);
      await cluster.go.with({ delay: 500 }, work.add, 1, 1);
      assert.deepEqual(linesOf(file), []);
    }));

  it("with an order are run one after the other, whatever becomes of those before", () =>
    bed.cluster(async (part) => {
      const [cluster, other] = [await part.join(), await part.join()];
      const [one, two] = [await part.serve({ concurrency: 8 }), await part.serve({ concurrency: 8 })];
      const { step } = cluster.tasks<Work>("work");
      const file = freshFile();
      const call = (n: number, options: object, ms = 20, failures = 0): Promise<unknown> =>
        cluster.go
          .with({ order: "a", ...options }, step, file, String(n), ms, failures)
          .catch((error: unknown) => error);
      const controller = new AbortController();
      const calls = [
        call(1, { delay: 200 }),
        call(2, { retries: 1, backoff: 200 }, 20, 1),
        call(3, {}, 20, 1),
        call(4, { timeout: 1200 }, 60_000),
        call(5, { key: "five" }),
        call(6, { signal: controller.signal }),
        call(7, { key: "five" }),
        call(8, { priority: 1 }),
      ];
      controller.abort();
      // Those of another order wait for none of them.
      const began = performance.now();
      await other.go.with({ order: "b" }, other.tasks<Work>("work").step, freshFile(), "b", 1);
      assert(performance.now() - began < 1200 && linesOf(file).length < 8);
      const outcomes = (await Promise.all(calls)).map((each) => (each instanceof Error ? each.name : each));
      assert.deepEqual(outcomes, ["1", "2", "Error", "TimeoutError", "5", "AbortError", "5", "8"]);
      assert.equal(linesOf(file).join(" "), "+1 -1 +2 +2 -2 +3 +4 +5 -5 +8 -8");
      // A dead letter that is retried is the last of its order.
      const [letter] = await cluster.deadLetters().list();
      const last = call(9, {}, 200);
      await until(() => linesOf(file).includes("+9"));
      await cluster.deadLetters().retry(letter!);
      await last;
      await until(() => linesOf(file).at(-1) === "-3");
      assert.equal(linesOf(file).slice(-4).join(" "), "+9 -9 +3 -3");
      await until(() => one.stats().workers[0]!.running + two.stats().workers[0]!.running === 0);
    }));

  it("are run by their priority, and not before their delay is over", () =>
    bed.cluster(async (part) => {
      const cluster = await part.join();
      const work = cluster.tasks<Work>("work");
      const file = freshFile();
      const call = (priority: number, text: string): Promise<string> =>
        cluster.go.with({ priority }, work.note, file, text, 50);
      const all = [call(-1, "low"), call(0, "normal"), call(0, "normal"), call(5, "high"), call(1, "high")];
      await delay(300); // they are stored by then
      await part.serve({ concurrency: 1 });
      await Promise.all(all);
      assert.equal(linesOf(file).at(-1), "low");
      assert(linesOf(file).lastIndexOf("high") <= 2, linesOf(file).join());
      const began = performance.now();
      await cluster.go.with({ delay: 700 }, work.add, 1, 1);
      assert(performance.now() - began >= 700);
    }));

  it("take what AsyncLocalStorage has along, through a main thread that does not know it", () =>
    bed.cluster(async (part) => {
      const storage = new AsyncLocalStorage<unknown>();
      carry("remote-test", storage);
      const [cluster] = [await part.join(), await part.serve()];
      const { store } = cluster.tasks<Work>("work");
      assert.deepEqual(await storage.run({ user: 7 }, () => cluster.go(store)), { user: 7 });
      assert.equal(await cluster.go(store), undefined);
    }));

  it("take W3C's trace context along, into what they await and start", () =>
    bed.cluster(async (part) => {
      const url = moduleUrl("traced.mjs");
      const here = (await import(url.href)) as { inSpan<T>(traceparent: string, fn: () => T): T };
      try {
        const [cluster] = [await part.join(), await part.serve(undefined, url)];
        const { traceparents } = cluster.tasks<{ traceparents(): Promise<(string | undefined)[]> }>("work");
        const a = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert.deepEqual(await here.inSpan(a, () => cluster.go(traceparents)), [a, a, a]);
        assert.deepEqual(await cluster.go(traceparents), [undefined, undefined, undefined]);
      } finally {
        Reflect.deleteProperty(globalThis, Symbol.for("opentelemetry.js.api.1"));
      }
    }));

  it("that compute for longer than a dead worker is waited for are not run twice", () =>
    bed.cluster(
      async (part) => {
        const [cluster, one, two] = [await part.join(), await part.serve(), await part.serve()];
        const { spin } = cluster.tasks<Work>("work");
        assert.deepEqual(await Promise.all([cluster.go(spin, 2500), cluster.go(spin, 2500)]), [2500, 2500]);
        const done = (): number => one.stats().workers[0]!.done + two.stats().workers[0]!.done;
        await until(() => done() === 2);
        await delay(300);
        assert.equal(done(), 2);
      },
      { ackWait: 700 },
    ));

  it("that kill their thread fail once, and those that awaited there do not", () =>
    bed.cluster(async (part) => {
      const [cluster, worker] = [await part.join(), await part.serve()];
      const work = cluster.tasks<Work>("work");
      const neighbours = Array.from({ length: 8 }, (_, i) => cluster.go(work.later, 400, i));
      const error = (await rejection(cluster.go(work.die))) as Error;
      assert.equal(error.name, "WorkerError");
      assert.match(error.message, /process\.exit\(3\)/);
      assert.deepEqual(await Promise.all(neighbours), [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.equal(worker.stats().workers[0]!.failed, 1);
    }));

  it("that a draining worker has not begun are run by another; what it runs it finishes", () =>
    bed.cluster(async (part) => {
      const [cluster, first] = [await part.join(), await part.serve({ concurrency: 8 })];
      const { later } = cluster.tasks<Work>("work");
      const calls = Array.from({ length: 30 }, (_, i) => cluster.go(later, 300, i));
      await until(() => first.stats().workers[0]!.running === 8);
      const drained = first.drain();
      await part.serve({ concurrency: 30 });
      await drained;
      assert.deepEqual(
        await Promise.all(calls),
        Array.from({ length: 30 }, (_, i) => i),
      );
      await assert.rejects(async () => first.go(later, 1, 1), /the cluster is closed/);
    }));
});
