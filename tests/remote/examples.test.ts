/** The examples of docs/remote.md, each on the runtime that runs the test. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../host/bench/paths.js";
import { NatsServer, noServer } from "./server.js";

const examples = path.join(packageRoot, "examples", "remote");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-farm-"));
const runtime = "deno" in process.versions ? ["run", "--quiet", "-A"] : [];

describe("the examples of remote", { skip: noServer, timeout: 120_000 }, () => {
  let server: NatsServer;
  before(async () => {
    server = await NatsServer.start();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  async function outputOf(name: string, ...args: string[]): Promise<string> {
    const env = { ...process.env, TMPDIR: directory, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined };
    const all = [...runtime, path.join(examples, name), "--nats", server.url, ...args];
    return (await promisify(execFile)(process.execPath, all, { env, timeout: 60_000 })).stdout;
  }

  it("thumbnails/farm.js has two workers make a small picture of each", async () => {
    const module = `pictures=${path.join(examples, "thumbnails", "work.js")}`;
    const args = ["worker", module, "--nats", server.url, "--name", "thumbnails", "--procs", "1"];
    const workers = [0, 1].map(() =>
      spawn(process.execPath, [...runtime, path.join(packageRoot, "bin", "skein.js"), ...args], { stdio: "ignore" }),
    );
    const ended = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
    try {
      const output = await outputOf("thumbnails/farm.js", "--samples", "8", "--width", "50");
      const out = /^8 thumbnails in (.*)$/m.exec(output)?.[1] ?? assert.fail(output);
      const made = readdirSync(out);
      assert.equal(made.length, 8);
      for (const name of made) {
        const header = readFileSync(path.join(out, name)).subarray(16, 24);
        assert.deepEqual([header.readUInt32BE(0), header.readUInt32BE(4)], [50, 37]);
      }
    } finally {
      for (const worker of workers) worker.kill("SIGTERM");
      await Promise.all(ended);
    }
  });

  it("pipeline.js takes all lines through three processes", async () => {
    const output = await outputOf("pipeline.js", "--lines", "280", "--capacity", "16");
    const pages = ["/", "/about", "/cart", "/search"];
    assert.equal(output, pages.map((page) => `${page.padEnd(8)} 70 requests, 10 missing\n`).join(""));
  });

  it("crawler.js visits all pages by two processes, and no faster than it may", async () => {
    const output = await outputOf("crawler.js", "--pages", "30", "--rate", "25");
    const [, most] =
      /^30 pages and 31 dead links by 2 processes; at most (\d+) requests in a second\n$/.exec(output) ?? [];
    assert(Number(most) > 0 && Number(most) <= 27, output);
  });
});
