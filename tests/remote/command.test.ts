import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packageRoot } from "../../host/bench/paths.js";
import { start } from "../../host/index.js";
import { connect } from "../../host/remote/index.js";
import { Capacity } from "../../host/remote/worker/capacity.js";
import { until } from "../go/fixtures.js";
import { freshFile, linesOf, WORK, type Work } from "./fixtures.js";
import { freePort, NatsServer, noServer } from "./server.js";

const command = [
  ...("deno" in process.versions ? ["run", "--quiet", "-A"] : []),
  path.join(packageRoot, "bin", "skein.js"),
];

describe("skein worker and deadletters", { skip: noServer, timeout: 90_000 }, () => {
  it("serves modules, tells how it is, and finishes what it runs when it is told to end", async () => {
    await using server = await NatsServer.start();
    const port = await freePort();
    const args = [
      "worker",
      `work=${fileURLToPath(WORK)}`,
      "--nats",
      server.url,
      "--name",
      "t",
      "--procs",
      "1",
      "--http",
      String(port),
    ];
    const worker = spawn(process.execPath, [...command, ...args], { stdio: ["ignore", "inherit", "pipe"] });
    let told = "";
    worker.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
    const ended = new Promise((resolve) => worker.once("exit", (code, signal) => resolve(code ?? signal)));
    try {
      await using cluster = await connect({ name: "t", servers: server.url });
      const work = cluster.tasks<Work>("work");
      assert.equal(await cluster.go(work.add, 1, 2), 3);
      await until(() => told.includes("serves work of the cluster t"));
      const get = async (where: string): Promise<[number, string]> => {
        const response = await fetch(`http://127.0.0.1:${port}/${where}`);
        return [response.status, await response.text()];
      };
      assert.deepEqual(await get("healthz"), [200, "ok\n"]);
      const [status, metrics] = await get("metrics");
      assert.equal(status, 200);
      assert.match(metrics, /^skein_worker_done_total\{cluster="t"\} 1$/m);
      const file = freshFile();
      const last = cluster.go(work.note, file, "last", 2000);
      await until(() => linesOf(file).length === 1);
      worker.kill("SIGTERM");
      let health: [number, string];
      do health = await get("healthz");
      while (health[0] === 200);
      assert.deepEqual(health, [503, "takes no calls\n"]);
      assert.equal(await last, "last");
      await ended;
    } finally {
      worker.kill("SIGKILL");
    }
  });

  it("has dead letters listed, retried and dropped", async () => {
    await using server = await NatsServer.start();
    await using rt = await start({ procs: 1 });
    await using cluster = await connect({ name: "t", servers: server.url });
    await cluster.serve(rt, { work: WORK });
    const work = cluster.tasks<Work>("work");
    const file = freshFile();
    await assert.rejects(cluster.go(work.flaky, file, 1));
    await assert.rejects(cluster.go(work.flaky, "/none/at/all", 1));
    const letters = async (...args: string[]): Promise<string> => {
      const all = [...command, "deadletters", ...args, "--nats", server.url, "--name", "t"];
      return (await promisify(execFile)(process.execPath, all)).stdout;
    };
    const [first = "", second = "", ...rest] = (await letters()).split("\n");
    assert.match(first, /^1 {2}\S+Z {2}work\.flaky\('.*', 1\) {2}failed 1x, at last on \S+: RangeError: failure 1$/);
    assert.match(second, /^2 {2}.*no such file/);
    assert.deepEqual(rest, [""]);
    assert.equal(await letters("retry", "1"), "1 to be run again\n");
    await until(() => linesOf(file).length === 2);
    await assert.rejects(letters("drop", "1"), /there is no dead letter 1/);
    await assert.rejects(letters("drop"), /takes the numbers of letters, or --all/);
    assert.equal(await letters("drop", "--all"), "1 forgotten\n");
    assert.equal(await letters(), "");
  });

  it("refuses what it cannot serve, and says why", () => {
    const refused = (...args: string[]): string => {
      const { stderr, status } = spawnSync(process.execPath, [...command, "worker", ...args], { encoding: "utf8" });
      assert.equal(status, 1);
      return stderr;
    };
    assert.match(
      refused("work", "--nats", "nats://127.0.0.1:1"),
      /"work" is no NAME=MODULE, such as work=\.\/work\.js/,
    );
    assert.match(
      refused("a=./none.js", "--nats", "nats://127.0.0.1:1"),
      /no NATS server answers at nats:\/\/127\.0\.0\.1:1/,
    );
  });
});

describe("the calls that a worker takes at a time", () => {
  it("follow the number of Ps and how long calls take, unless they are told", () => {
    let procs = 1;
    const capacity = new Capacity(() => procs, undefined);
    const one = capacity.calls;
    procs = 4;
    assert.equal(capacity.calls, 4 * one);
    for (let i = 0; i < 100; i++) capacity.took(0.1);
    assert.ok(capacity.calls > 16 * one, `${capacity.calls} short ones`);
    for (let i = 0; i < 100; i++) capacity.took(60_000);
    assert.equal(capacity.calls, 4 * one);
    assert.equal(new Capacity(() => procs, 7).calls, 7);
  });
});
