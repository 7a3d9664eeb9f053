import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Queue, QueueEvents, type Job } from "bullmq";
import { Worker, type WorkerOptions } from "../../host/bullmq/worker.js";
import { start } from "../../host/index.js";
import { delay, rejection, until } from "../go/fixtures.js";
import { noRedis, RedisServer } from "./server.js";

/** Threads of Deno take up to a second to start, in which its main thread does nothing else. */
const LOCK_MS = "deno" in process.versions ? 3000 : 1000;
const WORK = new URL("../../../tests/bullmq/tasks/work.mjs", import.meta.url);

describe("skein/bullmq", { skip: noRedis, timeout: 60_000 }, () => {
  let redis: RedisServer;
  let queues = 0;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  /** Runs `body` with a worker of a queue of its own; `run` adds a job and resolves with its result. */
  async function withWorker(
    body: (bed: {
      worker: Worker;
      queue: Queue;
      run: (name: string, data?: object) => Promise<unknown>;
    }) => Promise<void>,
    options: Partial<WorkerOptions> = {},
  ): Promise<void> {
    const { connection } = redis;
    const name = `queue${queues++}`;
    const queue = new Queue(name, { connection });
    const events = new QueueEvents(name, { connection });
    await events.waitUntilReady();
    const worker = new Worker(name, WORK, { connection, concurrency: 4, procs: 2, ...options });
    const run = async (name: string, data: object = {}): Promise<unknown> =>
      (await queue.add(name, data, { attempts: 2 })).waitUntilFinished(events, 20_000);
    try {
      await body({ worker, queue, run });
    } finally {
      await worker.close();
      await events.close();
      await queue.close();
    }
  }

  it("runs jobs on goroutines, and those that compute keep their locks", () =>
    withWorker(
      async ({ worker, run }) => {
        const stalled: string[] = [];
        worker.on("stalled", (id) => stalled.push(id));
        const ms = LOCK_MS * 2.5;
        const spins = Promise.all([run("spin", { ms }), run("spin", { ms })]);
        assert.equal(await run("pid"), process.pid);
        assert.deepEqual(await spins, [ms, ms]);
        assert.deepEqual(stalled, []);
      },
      { lockDuration: LOCK_MS, stalledInterval: LOCK_MS / 4 },
    ));

  it("does what they ask of the queue, whether they wait for it or not", () =>
    withWorker(async ({ worker, queue, run }) => {
      const progress: unknown[] = [];
      const completed: (string | undefined)[] = [];
      worker.on("progress", (_job, value) => progress.push(value));
      worker.on("completed", (job) => completed.push(job.name));
      const seen = { list: [1, 2], seen: true };
      assert.deepEqual(await run("progress", { list: [1, 2] }), [seen, { done: true }, queue.name, 0]);
      assert.deepEqual(progress, [10, { done: true }]);
      assert.deepEqual((await queue.getJobLogs("1")).logs, ["a line"]);
      assert.equal(await run("hasty"), 1);
      const { logs } = await queue.getJobLogs("2");
      assert.deepEqual(
        logs,
        logs.map((_, i) => `line ${i}`),
      );
      assert.equal(logs.length, 100);
      assert.equal(await run("later"), "back");
      await until(() => completed.length === 3);
      assert.deepEqual(completed, ["progress", "hasty", "later"]);
      for (const length of [0, 200_000]) await assert.rejects(run("refused", { length }), /Lock mismatch|Missing lock/);
    }));

  it("fails jobs with what they throw, and those whose thread dies", () =>
    withWorker(async ({ worker, run }) => {
      const failed: [string, number, Error & { code?: string }][] = [];
      worker.on("failed", (job, error) => failed.push([job!.name, job!.attemptsMade, error]));
      await assert.rejects(run("fail"), /what went wrong/);
      await assert.rejects(run("text"), /only a text/);
      await assert.rejects(run("final"), /never again/);
      await assert.rejects(run("die"), /process\.exit\(3\)/);
      await until(() => failed.length === 7);
      assert.deepEqual(
        failed.map(([name, attempts]) => `${name} ${attempts}`),
        ["fail 1", "fail 2", "text 1", "text 2", "final 1", "die 1", "die 2"],
      );
      const [, , error] = failed[0]!;
      assert(error instanceof RangeError && error.code === "E_JOB");
      assert.equal(await run("pid"), process.pid);
    }));

  it("tells jobs that they are cancelled, which end when they like", () =>
    withWorker(async ({ worker, queue, run }) => {
      const [job, deaf] = [run("cancelled"), run("deaf")];
      const error = rejection(job);
      await until(() => worker.cancelJob("1", "no longer wanted") && worker.cancelJob("2"));
      // It fails, and is tried again.
      const ended = error.then(() => true);
      while (!(await Promise.race([ended, delay(20)]))) worker.cancelJob("1", "no longer wanted");
      assert.match(((await error) as Error).message, /heard: no longer wanted/);
      assert.equal(await deaf, "went on");
      assert.equal(await queue.getJobCountByTypes("active"), 0);
    }));

  it("is closed before it has begun, with what runs finished, or at once", async () => {
    await withWorker(() => Promise.resolve());
    await withWorker(async ({ worker, run, queue }) => {
      const spin = run("spin", { ms: 500 });
      while ((await queue.getActiveCount()) === 0) await delay(10);
      await worker.close();
      assert.equal(await spin, 500);
    });
    const rt = await start({ procs: 1 });
    await withWorker(
      async ({ worker, queue }) => {
        await queue.add("deaf", {});
        while ((await queue.getActiveCount()) === 0) await delay(10);
        await worker.close(true);
      },
      { runtime: rt },
    );
    assert.equal(await rt.go(() => 1), 1);
    // The goroutine of the job is gone too, for which the runtime would wait.
    const began = performance.now();
    await rt.close();
    assert(performance.now() - began < 4000);
  });

  it("is BullMQ's own worker where it is given a function; files that are not there it refuses", async () => {
    const { connection } = redis;
    const worker = new Worker<{ n: number }, number>(
      "own",
      (job: Job<{ n: number }>) => Promise.resolve(job.data.n + 1),
      {
        connection,
      },
    );
    const queue = new Queue("own", { connection });
    const results: number[] = [];
    worker.on("completed", (_job, result) => results.push(result));
    await queue.add("n", { n: 1 });
    await until(() => results.length === 1);
    assert.deepEqual(results, [2]);
    await worker.close();
    await queue.close();
    assert.throws(() => new Worker("none", new URL("none.mjs", WORK), { connection }), /none\.mjs does not exist/);
    assert.throws(() => new Worker("none", "./none", { connection }), /File \.\/none\.js does not exist/);
    assert.throws(() => new Worker("none", fileURLToPath(WORK)), /Worker requires a connection/);
  });
});
