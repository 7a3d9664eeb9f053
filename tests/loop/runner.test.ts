import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { CancelledError, EventLoop, getRunningLoop, run, Runner } from "../../host/index.js";

describe("run", () => {
  it("gives what its main returns, whatever kind of coroutine that is", async () => {
    assert.equal(await run(async (loop) => loop.sleep(1, "async")), "async");
    assert.equal(
      await run(function* (loop) {
        return yield* loop.sleep(1, "generator");
      }),
      "generator",
    );
    assert.equal(await run(Promise.resolve("promise")), "promise");
    assert.equal(await run(() => "sync"), "sync");
  });

  it("fails with what its main throws", async () => {
    await assert.rejects(
      run(async (loop) => {
        await loop.sleep(1);
        throw new RangeError("no");
      }),
      RangeError,
    );
  });

  it("cancels the tasks that are left, waits for them, and closes the loop", async () => {
    const seen: string[] = [];
    let used: EventLoop | undefined;
    await run(async (loop) => {
      used = loop;
      assert.equal(getRunningLoop(), loop);
      loop.createTask(async () => {
        try {
          await loop.sleep(10_000);
        } finally {
          await loop.sleep(2);
          seen.push("clean");
        }
      });
      await loop.sleep(1);
    });
    assert.deepEqual(seen, ["clean"]);
    assert.equal(used?.isClosed, true);
  });

  it("reports a task that fails while it is cancelled", async () => {
    const messages: unknown[] = [];
    await run(async (loop) => {
      loop.setExceptionHandler((_, { message, exception }) => messages.push([message, String(exception)]));
      loop.createTask(async () => {
        try {
          await loop.sleep(10_000);
        } finally {
          // eslint-disable-next-line no-unsafe-finally -- that is the mistake
          throw new Error("while cleaning up");
        }
      });
      await loop.sleep(1);
    });
    assert.deepEqual(messages, [["unhandled exception during run() shutdown", "Error: while cleaning up"]]);
  });

  it("runs in debug mode if asked to", async () => {
    assert.equal(await run((loop) => loop.debug, { debug: true }), true);
    assert.equal(await run((loop) => loop.debug), false);
  });

  it("takes coroutines only", async () => {
    await assert.rejects(run(5 as never), /a coroutine was expected, got 5/);
  });
});

describe("a runner", () => {
  it("runs one main after the other in its loop", async () => {
    await using runner = new Runner();
    const loop = runner.getLoop();
    assert.equal(await runner.run((own) => own), loop);
    assert.equal(await runner.run(async (own) => own.sleep(1, 2)), 2);
    assert.equal(loop.isClosed, false);
    await runner.close();
    await runner.close();
    assert.equal(loop.isClosed, true);
    await assert.rejects(
      runner.run(() => 1),
      /Runner is closed/,
    );
    assert.throws(() => runner.getLoop(), /Runner is closed/);
  });

  it("has one context, which begins as where its loop is made and goes from run to run", async () => {
    const storage = new AsyncLocalStorage<string>();
    await using runner = new Runner();
    storage.run("made", () => runner.getLoop());
    const entering = (next: string) => (): string | undefined => {
      const before = storage.getStore();
      storage.enterWith(next);
      return before;
    };
    assert.equal(await storage.run("elsewhere", () => runner.run(entering("first"))), "made");
    assert.equal(
      await runner.run(async (loop) => {
        const before = entering("second")();
        await loop.sleep(0);
        return before;
      }),
      "first",
    );
    assert.equal(
      await runner.run(function* (loop): Generator<unknown, unknown> {
        yield loop.sleep(0);
        return entering("third")();
      }),
      "second",
    );
    const tasks = async (loop: EventLoop): Promise<unknown> => loop.createTask(() => storage.getStore());
    assert.equal(await runner.run(tasks), "third");
    assert.equal(storage.getStore(), undefined, "what runs leave does not leave the runner");
  });

  it("does not run two mains at once", async () => {
    await using runner = new Runner();
    const first = runner.run(async (loop) => loop.sleep(2, 1));
    await assert.rejects(
      runner.run(() => 2),
      /already running/,
    );
    assert.equal(await first, 1);
  });

  it("takes its loop from a factory", async () => {
    const loop = new EventLoop();
    await using runner = new Runner({ loopFactory: () => loop, debug: true });
    assert.equal(runner.getLoop(), loop);
    assert.equal(loop.debug, true);
  });

  it("fails with a CancelledError if its main is cancelled", async () => {
    await assert.rejects(
      run((loop) => {
        loop.currentTask()?.cancel("enough");
        return loop.sleep(1000);
      }),
      CancelledError,
    );
  });
});

/** Runs a program that uses skein in a process of its own. */
function program(
  source: string,
  seen: (line: string, kill: () => void) => void,
): Promise<[number | null, string | null, string]> {
  const skein = new URL("../../../dist/index.js", import.meta.url).href;
  const args = "deno" in process.versions ? ["eval"] : ["--input-type=module", "-e"];
  const child = spawn(process.execPath, [...args, `import * as skein from ${JSON.stringify(skein)};\n${source}`]);
  let output = "";
  const read = (chunk: Buffer): void => {
    output += String(chunk);
    seen(output, () => child.kill("SIGINT"));
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  return new Promise((resolve) => child.on("close", (code, signal) => resolve([code, signal, output])));
}

describe("a process with a loop", () => {
  it("cancels main at the first SIGINT, and lets it clean up", async () => {
    let killed = false;
    const [, , output] = await program(
      `try {
        await skein.run(async (loop) => {
          console.log("ready");
          try { await loop.sleep(60000); } finally { await loop.sleep(1); console.log("clean"); }
        });
      } catch (error) { console.log(error.name); }`,
      (line, kill) => {
        if (!killed && line.includes("ready")) {
          killed = true;
          kill();
        }
      },
    );
    assert.match(output, /ready\nclean\nKeyboardInterrupt/);
  });

  it("reports at its end what exceptions nobody has asked for", async () => {
    const [code, , output] = await program(
      `const loop = new skein.EventLoop();
      const fails = function* () { throw new Error("forgotten"); };
      const task = loop.createTask(fails());
      const caught = loop.createTask(fails());
      await loop.runUntilComplete(caught).catch(() => console.log("caught"));
      loop.close();`,
      () => undefined,
    );
    assert.equal(code, 0);
    assert.match(output, /^caught\nTask exception was never retrieved\nError: forgotten\n/);
    assert.equal(output.match(/never retrieved/g)?.length, 1);
  });

  it("lives as long as the loop runs, and ends when it stops", async () => {
    const [code, , output] = await program(
      `const loop = new skein.EventLoop();
      loop.callLater(50, () => { console.log("stopping"); loop.stop(); });
      await loop.runForever();
      console.log("stopped");`,
      () => undefined,
    );
    assert.equal(code, 0);
    assert.equal(output, "stopping\nstopped\n");
  });

  it("ends in spite of a running loop that was told not to keep it", async () => {
    const [code, , output] = await program(
      `const loop = new skein.EventLoop();
      loop.unref();
      void loop.runForever();
      setTimeout(() => console.log("last"), 20);`,
      () => undefined,
    );
    assert.equal(code, 0);
    assert.equal(output, "last\n");
  });
});
