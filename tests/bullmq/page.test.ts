/** The programs of docs/bullmq.md, as they stand there, but for where the server is. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../host/bench/paths.js";
import { noRedis, RedisServer } from "./server.js";

const page = readFileSync(path.join(packageRoot, "docs", "bullmq.md"), "utf8");
const onDeno = "deno" in process.versions;

describe("docs/bullmq.md", { skip: noRedis, timeout: 60_000 }, () => {
  it("has programs that do what it says, imported as users do", async () => {
    const redis = await RedisServer.start();
    const place = path.join(packageRoot, "dist-test", `bullmq-${process.pid}`);
    mkdirSync(place, { recursive: true });
    for (const [, name = "", code = ""] of page.matchAll(/^```js\n\/\/ (\S+\.js)\n(.*?)^```$/gms)) {
      writeFileSync(path.join(place, name), code.replaceAll("6379", String(redis.connection.port)));
    }
    const args = (name: string): string[] => [...(onDeno ? ["run", "--quiet", "-A"] : []), path.join(place, name)];
    const worker = spawn(process.execPath, args("images.js"), { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => worker.once("exit", (code, signal) => resolve(code ?? signal)));
    try {
      let printed = "";
      worker.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
      const env = { ...process.env, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined };
      const { stdout } = await promisify(execFile)(process.execPath, args("add.js"), { env, timeout: 40_000 });
      assert.equal(stdout, "{ width: 640 }\n");
      worker.kill("SIGTERM");
      // Deno's child_process tells of the signal that was sent, whatever the process makes of it.
      assert.equal(await ended, onDeno ? "SIGTERM" : 0);
      assert.equal(printed, "1 { width: 640 }\n");
    } finally {
      worker.kill("SIGKILL");
      await redis.stop();
    }
  });
});
