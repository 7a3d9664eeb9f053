import assert from "node:assert/strict";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { SHARE_ENV } from "node:worker_threads";
import RealPiscina from "piscina";
import { packageRoot } from "../../host/bench/paths.js";
import type * as main from "../../host/piscina/main.js";
import { ArrayTaskQueue, FixedQueue, queueOptionsSymbol, type Task } from "../../host/piscina/queue.js";

// As programs import it: what the package's exports name.
const library: string = "skein/piscina";
const { Piscina, isWorkerThread, move, version } = (await import(library)) as typeof main;

const workers = path.join(packageRoot, "tests", "piscina", "programs", "workers");
const onDeno = "deno" in process.versions;
const kinds = path.join(workers, "kinds.cjs");

function options(name: string, more: main.PiscinaOptions = {}): main.PiscinaOptions {
  process.env.LIBRARY ??= "skein/piscina";
  return { filename: kinds, name, minThreads: 1, maxThreads: 2, ...more };
}

describe("skein/piscina", () => {
  it("refuses what it cannot do, and says why", () => {
    for (const [refused, reason] of [
      [{ loadBalancer: () => null }, /loadBalancer cannot be had .*idle threads/],
      [{ workerHistogram: true }, /workerHistogram cannot be had/],
      [{ env: SHARE_ENV }, /env: SHARE_ENV cannot be had/],
    ] as [object, RegExp][]) {
      assert.throws(() => new Piscina(refused), { name: "TypeError", message: reason });
    }
  });

  it("takes the values that mean the default of what it cannot do", async () => {
    const asDefault = { workerHistogram: false, loadBalancer: undefined };
    await new Piscina({ minThreads: 0, ...asDefault }).destroy();
  });

  it("is one class by require and by import, with the version of piscina whose interface it has", () => {
    assert.equal(Piscina.Piscina, Piscina);
    assert.equal(version, RealPiscina.version);
    assert.equal(isWorkerThread, false);
  });

  it("moves what went through the other library's move", async () => {
    await using pool = new Piscina(options("echo"));
    const bytes = new Uint8Array([1, 2, 3]);
    assert.deepEqual(await pool.run(RealPiscina.move(bytes) as unknown), new Uint8Array([1, 2, 3]));
    assert.equal(bytes.byteLength, 0);
    assert.equal(move("text"), "text");
  });

  it("takes a task as it is when run is called, also before its threads have started", async () => {
    await using pool = new Piscina<{ n: number }, { n: number }>(options("echo", { minThreads: 0 }));
    const task = { n: 1 };
    const done = pool.run(task);
    task.n = 2;
    assert.deepEqual(await done, { n: 1 });
    const bytes = new Uint8Array(8);
    await using other = new Piscina<Uint8Array, Uint8Array>(options("echo", { minThreads: 0 }));
    const moved = other.run(bytes, { transferList: [bytes.buffer] });
    assert.equal(bytes.byteLength, 0);
    assert.equal((await moved).byteLength, 8);
  });

  it("tells of a default module that cannot be loaded when there is no task to tell of it", async () => {
    const pool = new Piscina({ filename: path.join(workers, "none.cjs"), minThreads: 1, maxThreads: 1 });
    const error = await new Promise<Error>((resolve) => pool.once("error", resolve));
    assert.match(error.message, /none\.cjs/);
    await pool.destroy();
  });

  it(
    "runs its tasks while the main thread blocks",
    { skip: onDeno && "only the main thread can start threads" },
    async () => {
      await using pool = new Piscina<Int32Array, unknown>(options("meet", { minThreads: 0, maxThreads: 3 }));
      const cells = new Int32Array(new SharedArrayBuffer(8));
      const tasks = Array.from({ length: 3 }, () => pool.run(cells));
      for (let n = 0; (n = Atomics.load(cells, 0)) < 3;)
        assert.notEqual(Atomics.wait(cells, 0, n, 30_000), "timed-out");
      Atomics.store(cells, 1, 1);
      Atomics.notify(cells, 1);
      await Promise.all(tasks);
    },
  );

  it(
    "has the main thread write what tasks print, before they end",
    { skip: onDeno && "Deno prints by itself" },
    async () => {
      await using pool = new Piscina<string, unknown>(options("print"));
      const write = process.stdout.write.bind(process.stdout);
      let written = "";
      process.stdout.write = (chunk: unknown) => {
        written += String(chunk);
        return true;
      };
      try {
        await pool.run("to be seen");
        assert.match(written, /^to be seen$/m);
      } finally {
        process.stdout.write = write;
      }
    },
  );

  it("tells of what a task throws after its end as an error of the pool", async () => {
    await using pool = new Piscina<string, unknown>(options("throwsLater", { atomics: "disabled" }));
    const told = new Promise<Error>((resolve) => pool.once("error", resolve));
    await pool.run("too late");
    // A thread without a task keeps no process alive, here as with piscina.
    pool.threads[0]?.ref();
    assert.equal((await told).message, "too late");
  });

  it("heeds no options that are the prototype's of all objects", async () => {
    const everywhere = Object.prototype as { env?: unknown; execArgv?: unknown };
    Object.assign(everywhere, { env: { NODE_OPTIONS: "--title=polluted" }, execArgv: ["--not-a-flag"] });
    try {
      await using pool = new Piscina(options("echo"));
      assert.equal(await pool.run(1), 1);
    } finally {
      delete everywhere.env;
      delete everywhere.execArgv;
    }
  });

  it("lets tasks that await share threads", async () => {
    await using pool = new Piscina(options("sleep", { maxThreads: 1, concurrentTasksPerWorker: 50 }));
    await pool.run(1);
    const begin = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => pool.run(1000)));
    assert(performance.now() - begin < 25_000, "fifty times a second would be fifty");
  });

  it("goes on after aborting many tasks that compute", async () => {
    await using pool = new Piscina<SharedArrayBuffer, number>(options("hold"));
    const cells = new SharedArrayBuffer(4);
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const tasks = Array.from({ length: 3 }, () => pool.run(cells, { signal: controller.signal }));
      setTimeout(() => controller.abort(), 20);
      for (const task of tasks) await assert.rejects(task, { name: "AbortError" });
    }
    // Deno lets them compute on.
    Atomics.store(new Int32Array(cells), 0, 1);
    // Those that compute have their threads ended, and each takes along what awaits there, such as the module that a task comes from.
    let answer: number | undefined;
    for (let i = 0; answer === undefined && i < 15; i++) {
      answer = await pool.run(cells).catch((error: Error) => {
        assert.equal(error.name, "WorkerError");
        return undefined;
      });
    }
    assert.equal(answer, 1);
  });

  it("can be ended at any moment, and begun again", async () => {
    const ends: ((pool: main.Piscina) => Promise<unknown>)[] = [
      (pool) => pool.destroy(),
      (pool) => Promise.all([pool.close(), pool.close(), pool.destroy()]),
      (pool) => Promise.all([assert.rejects(pool.run(1), /Terminating worker thread/), pool.destroy()]),
      async (pool) => {
        const answer = pool.run(1);
        await Promise.all([pool.close(), pool.close({ force: true })]);
        assert.equal(await answer, 1);
      },
      async (pool) => {
        const controller = new AbortController();
        const aborted = pool.run(1, { signal: controller.signal });
        controller.abort();
        await assert.rejects(aborted, { name: "AbortError" });
        await pool.destroy();
      },
    ];
    for (const [i, end] of ends.entries()) {
      const pool = new Piscina(options("echo", { minThreads: i % 2 }));
      const errors: unknown[] = [];
      pool.on("error", (error) => errors.push(error));
      await end(pool);
      assert.equal(await pool.run(i), i);
      await pool.destroy();
      assert.deepEqual(errors, []);
    }
  });

  it("is disposed of by using", async () => {
    let kept: main.Piscina;
    {
      await using pool = new Piscina(options("sleep"));
      kept = pool;
      assert.equal(await pool.run(1), 1);
    }
    assert.equal(kept.threads.length, 0);
  });
});

describe("a fixed queue", () => {
  const task = (taskId: number): Task => ({
    taskId,
    filename: "",
    name: "",
    created: 0,
    isAbortable: false,
    [queueOptionsSymbol]: null,
  });

  it("gives tasks in their order, however many, without those that were removed", () => {
    const queue = new FixedQueue();
    const tasks = Array.from({ length: 5000 }, (_, i) => task(i));
    const out: number[] = [];
    for (const [i, each] of tasks.entries()) {
      queue.push(each);
      if (i % 3 === 0) queue.remove(each);
      if (i % 4 === 0) out.push(queue.shift()?.taskId ?? -1);
    }
    for (let each = queue.shift(); each !== null; each = queue.shift()) out.push(each.taskId);
    const wanted = tasks.map(({ taskId }) => taskId).filter((id) => id % 3 !== 0);
    assert.deepEqual(
      out.filter((id) => id >= 0),
      wanted,
    );
    assert(queue.isEmpty());
    assert.equal(queue.size, 0);
  });

  it("takes a task before the others", () => {
    for (const queue of [new FixedQueue(), new ArrayTaskQueue()]) {
      for (const id of [1, 2, 3]) queue.push(task(id));
      queue.unshift(task(4));
      assert.equal(queue.shift()?.taskId, 4);
      queue.shift();
      queue.unshift(task(5));
      assert.deepEqual(
        [queue.shift(), queue.shift(), queue.shift(), queue.shift()].map((each) => each?.taskId),
        [5, 2, 3, undefined],
      );
    }
  });

  it("has nothing to do for a task that it has not", () => {
    const queue = new FixedQueue();
    queue.push(task(1));
    queue.remove(task(1));
    assert.equal(queue.size, 1);
  });
});
