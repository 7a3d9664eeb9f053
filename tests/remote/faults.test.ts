import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { start } from "../../host/index.js";
import { connect, type Cluster, type ConnectOptions } from "../../host/remote/index.js";
import { delay, until } from "../go/fixtures.js";
import { freshFile, linesOf, WORK, type Work } from "./fixtures.js";
import { freePort, NatsServer, noServer } from "./server.js";

const WORKER = fileURLToPath(new URL("../../../tests/remote/worker.mjs", import.meta.url));
const LIBRARY = new URL("../../../dist/index.js", import.meta.url).href;

/** A worker process; resolves once it serves. */
async function workerProcess(options: ConnectOptions): Promise<ChildProcess> {
  const child = fork(WORKER, [JSON.stringify(options), WORK.href, LIBRARY], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: "deno" in process.versions ? ["run", "-A"] : [],
  });
  await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", reject);
  });
  return child;
}

describe("a cluster in trouble", { skip: noServer, timeout: 120_000 }, () => {
  it("says at connect what is wrong: no server, credentials, no JetStream, other settings, options", async () => {
    const port = await freePort();
    await assert.rejects(connect({ name: "t", servers: `nats://127.0.0.1:${port}` }), {
      name: "SkeinError",
      message: new RegExp(`no NATS server answers at nats://127.0.0.1:${port}`),
    });
    await using server = await NatsServer.start("--user", "u", "--pass", "p");
    await assert.rejects(
      connect({ name: "t", servers: server.url, user: "u", pass: "wrong" }),
      /refuses these credentials/,
    );
    const url = server.url.replace("//", "//u:p@");
    await using cluster = await connect({ name: "t", servers: url });
    await assert.rejects(
      connect({ name: "t", servers: url, maxCalls: 5 }),
      /SKEIN_t_CALLS exists with other settings: its max_msgs is -1, and 5/,
    );
    await assert.rejects(
      connect({ name: "t", server: url } as never),
      /connect has no option server: do you mean servers\?/,
    );
    await assert.rejects(connect({ name: "a.b", servers: url }), /name must be letters, digits/);
    assert.throws(() => cluster.go(() => 1), /takes a task of cluster\.tasks/);
    assert.throws(
      () => cluster.go.with({ retry: 1 } as never, cluster.tasks<Work>("work").add, 1, 1),
      /has no option retry: it has key, order, timeout, retries/,
    );
    assert.throws(() => cluster.go(cluster.tasks<Work>("work").identity, () => 1), { name: "DataCloneError" });
  });

  it("says at the call what is wrong: a full stream, a task or version that no worker has, a module that does not load", async () => {
    await using server = await NatsServer.start();
    await using rt = await start({ procs: 1 });
    await using cluster = await connect({ name: "t", servers: server.url, maxCalls: 2 });
    const work = cluster.tasks<Work>("work");
    const waiting = [cluster.go(work.add, 1, 1), cluster.go(work.add, 1, 2)];
    await delay(200);
    await assert.rejects(cluster.go(work.add, 1, 3), /the stream is full: maximum messages exceeded/);
    await assert.rejects(
      cluster.serve(rt, { work: new URL("none.mjs", WORK) }),
      /cannot serve work: the module file:.*none\.mjs does not load/,
    );
    await using worker = await connect({ name: "t", servers: server.url, maxCalls: 2 });
    await worker.serve(rt, { work: WORK }, { version: "1.0" });
    assert.deepEqual(await Promise.all(waiting), [2, 3]);
    await delay(200); // they are acknowledged by then, so there is room again
    const [missing, other] = await Promise.allSettled([
      cluster.go(work.notThere),
      cluster.go.with({ version: "2.0" }, work.add, 1, 1),
    ]);
    assert.match(
      String((missing as PromiseRejectedResult).reason),
      /module work of the worker .* exports no function notThere; it exports .*add/,
    );
    assert.match(
      String((other as PromiseRejectedResult).reason),
      /the call wants version 2\.0 of work, and the worker has version 1\.0/,
    );
    assert.equal(await cluster.go.with({ version: "1.0" }, work.add, 1, 1), 2);
    assert.equal((await cluster.deadLetters().list()).length, 2);
  });

  it("loses no call of a worker that is killed, and runs keyed calls to one result", async () => {
    await using server = await NatsServer.start();
    const options = { name: "t", servers: server.url, ackWait: 1000 };
    await using cluster = await connect(options);
    const { note } = cluster.tasks<Work>("work");
    const file = freshFile();
    const workers = await Promise.all([workerProcess(options), workerProcess(options)]);
    try {
      const calls = Array.from({ length: 120 }, (_, i) => cluster.go.with({ key: `k${i}` }, note, file, String(i), 40));
      for (let round = 0; round < 2; round++) {
        await delay(150);
        workers[round]!.kill("SIGKILL");
        workers[round] = await workerProcess(options);
      }
      assert.deepEqual(
        await Promise.all(calls),
        Array.from({ length: 120 }, (_, i) => String(i)),
      );
      const begun = linesOf(file).length;
      assert(begun >= 120 && begun <= 160, `${begun} runs were begun`);
    } finally {
      for (const worker of workers) worker.kill("SIGKILL");
    }
  });

  it("keeps the order of calls while workers are killed and the server is restarted", async () => {
    await using server = await NatsServer.start();
    const options = { name: "t", servers: server.url, ackWait: 1000 };
    await using cluster = await connect(options);
    const { step } = cluster.tasks<Work>("work");
    const workers = await Promise.all([workerProcess(options), workerProcess(options)]);
    const files = Array.from({ length: 6 }, freshFile);
    const steps = Array.from({ length: 25 }, (_, i) => i);
    try {
      const calls = files.flatMap((file) =>
        steps.map((i) =>
          cluster.go.with({ order: file, retries: 1, backoff: 20 }, step, file, String(i), 20, Number(i === 7)),
        ),
      );
      for (let round = 0; round < 2; round++) {
        await delay(250);
        workers[round]!.kill("SIGKILL");
        workers[round] = await workerProcess(options);
      }
      await server.stop();
      await server.run();
      await Promise.all(calls);
    } finally {
      for (const worker of workers) worker.kill("SIGKILL");
    }
    for (const file of files) {
      const lines = linesOf(file);
      const begun = lines.filter((line) => line.startsWith("+")).map(Number);
      assert.deepEqual([...new Set(begun)], steps, "each is begun after those before");
      assert.deepEqual(
        begun,
        begun.toSorted((a, b) => a - b),
        "none is begun once more after one that follows it",
      );
      for (const i of steps.slice(1))
        assert(lines.indexOf(`-${i - 1}`) < lines.indexOf(`+${i}`), `${i} began before ${i - 1} had ended`);
    }
  });

  it("waits for a server that is restarted under load, and loses nothing", async () => {
    await using server = await NatsServer.start();
    await using rt = await start({ procs: 2 });
    const options = { name: "t", servers: server.url, ackWait: 2000 };
    const [cluster, worker]: [Cluster, Cluster] = [await connect(options), await connect(options)];
    await worker.serve(rt, { work: WORK });
    const { add } = cluster.tasks<Work>("work");
    let next = 0;
    let isOver = false;
    const callers = Array.from({ length: 32 }, async () => {
      while (!isOver) {
        const i = next++;
        assert.equal(await cluster.go(add, i, 1), i + 1);
      }
    });
    for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
      await delay(400);
      await server.stop(signal);
      await delay(200);
      await server.run();
      const back = performance.now();
      await until(() => cluster.stats().connected && worker.stats().connected);
      const ms = performance.now() - back;
      assert(ms < 1500, `they were back after ${ms} ms`);
    }
    const before = next;
    await until(() => next > before + 100);
    isOver = true;
    await Promise.all(callers);
    await Promise.all([cluster.drain(), worker.drain()]);
  });
});
