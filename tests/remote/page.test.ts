/** The programs of docs/remote.md, as they stand there, but for where the server is. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { packageRoot } from "../../host/bench/paths.js";
import { NatsServer, noServer } from "./server.js";

const page = readFileSync(path.join(packageRoot, "docs", "remote.md"), "utf8");
const onDeno = "deno" in process.versions;

describe("docs/remote.md", { skip: noServer, timeout: 60_000 }, () => {
  it("has programs that do what it says, imported as users do", async () => {
    await using server = await NatsServer.start();
    const place = path.join(packageRoot, "dist-test", `remote-${process.pid}`);
    mkdirSync(place, { recursive: true });
    for (const [, name = "", code = ""] of page.matchAll(/^```js\n\/\/ (\S+\.js)\n(.*?)^```$/gms)) {
      writeFileSync(path.join(place, name), code.replaceAll("nats://127.0.0.1:4222", server.url));
    }
    const args = (name: string): string[] => [...(onDeno ? ["run", "--quiet", "-A"] : []), path.join(place, name)];
    const run = async (name: string): Promise<string> => {
      const env = { ...process.env, NO_COLOR: "1", NODE_TEST_CONTEXT: undefined };
      return (await promisify(execFile)(process.execPath, args(name), { env, timeout: 40_000 })).stdout;
    };
    const worker = spawn(process.execPath, args("worker.js"), { stdio: ["ignore", "inherit", "inherit"] });
    const ended = new Promise((resolve) => worker.once("exit", (code, signal) => resolve(code ?? signal)));
    assert.match(await run("caller.js"), /lake\.jpg.*640/s);
    assert.equal(await run("letters.js"), "");
    assert.equal(await run("pipeline.js"), "1\n");
    // A process that can only require has the same.
    writeFileSync(
      path.join(place, "caller.cjs"),
      `const { connect } = require("skein/remote");
      void (async () => {
        const cluster = await connect({ servers: ${JSON.stringify(server.url)}, name: "images" });
        const error = await cluster.go(() => 1).catch((e) => e);
      })().catch((error) => {
        console.log(error instanceof require("skein").SkeinError, error.message);
        process.exit();
      });`,
    );
    assert.match(await run("caller.cjs"), /^true cluster\.go takes a task/);
    worker.kill("SIGTERM");
    // Deno's child_process tells of the signal that was sent, whatever the process makes of it.
    assert.equal(await ended, onDeno ? "SIGTERM" : 0);
  });
});
