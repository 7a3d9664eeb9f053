import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { after, recv, start } from "../../host/index.js";
import { delay, onDeno, rejection, until, withRuntime, WORK, type Work } from "./fixtures.js";

const skein = new URL("../../../dist/index.js", import.meta.url).href;

function command(script: string): { source: string; args: string[] } {
  const source = `import { start } from ${JSON.stringify(skein)};\nconst WORK = ${JSON.stringify(WORK.href)};\n${script}`;
  return { source, args: onDeno ? ["eval", "--ext=js"] : ["--input-type=module", "-e"] };
}

/** Runs a script in a process of its own; resolves with its output when it ends by itself. */
function run(script: string, ms = 60_000): Promise<string> {
  const { source, args } = command(script);
  const child = spawn(process.execPath, [...args, source], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (data) => (out += String(data)));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`it did not end by itself; it printed ${JSON.stringify(out)}`));
    }, ms);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out);
      else reject(new Error(`it ended with ${code ?? signal}; it printed ${JSON.stringify(out)}`));
    });
  });
}

/** The output of a script that fails, its exit code, and what it writes to standard error. */
async function failing(script: string): Promise<string> {
  const { source, args } = command(script);
  const child = spawn(process.execPath, [...args, source], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.on("data", (data) => (out += String(data)));
  child.stderr.on("data", (data) => (errors += String(data)));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return `${out}${String(code)} ${errors}`;
}

describe("a process", () => {
  it("lives until the goroutines that it awaits are over, and no longer", async () => {
    const out = await run(`const rt = await start({ procs: 2 });
      const work = rt.tasks(WORK);
      console.log(await rt.go(work.later, 200, "awaited"));
      rt.go(work.later, 300, "not awaited").then((value) => console.log(value));`);
    assert.equal(out, "awaited\nnot awaited\n");
  });

  it("does not live for goroutines of a runtime that was unreferenced", async () => {
    const out = await run(`const rt = await start({ procs: 2 });
      const work = rt.tasks(WORK);
      await rt.go(work.identity, 1);
      rt.unref();
      rt.go(work.deaf);
      console.log("end");`);
    assert.equal(out, "end\n");
  });

  it("ends with an idle runtime that nobody closed, and with a closed one", async () => {
    assert.equal(await run(`await start(); console.log("idle")`), "idle\n");
    assert.equal(await run(`const rt = await start(); await rt.close(); console.log("closed")`), "closed\n");
  });

  it("prints at once what goroutines print", async () => {
    const out = await run(`const rt = await start({ procs: 1 });
      const work = rt.tasks(WORK);
      await rt.go(work.log, "one");
      console.log("two");
      await rt.go(() => process.stdout.write("three\\n"));
      console.log("four");`);
    assert.equal(out, "one\ntwo\nthree\nfour\n");
  });

  const skip = onDeno && "Deno's console does not write by process.stdout";
  it("prints by a write that somebody has replaced, all of it before the end", { skip }, async () => {
    const out = await run(`const rt = await start({ procs: 2 });
      const { write } = process.stdout;
      process.stdout.write = (chunk) => write.call(process.stdout, "[" + chunk.toString().trim() + "]");
      await rt.go(async () => { console.log(1); await null; process.stdout.write("2\\n"); });
      const blocks = rt.go((word) => { console.log(3); Atomics.store(word, 0, 1); Atomics.wait(word, 0, 1); },
        globalThis.word = new Int32Array(new SharedArrayBuffer(4)));
      while (Atomics.load(word, 0) === 0);
      process.exit(0);`);
    assert.equal(out, "[1][2][3]");
    const inside = await run(`const { Worker } = await import("node:worker_threads");
      const thread = new Worker(\`import(\${JSON.stringify(${JSON.stringify(skein)})}).then(async ({ start }) => {
        const rt = await start({ procs: 1 });
        await rt.go(() => console.log("in a worker"));
        await rt.close();
      })\`, { eval: true, stdout: true });
      thread.stdout.on("data", (data) => console.log("got " + data));`);
    assert.equal(inside, "got in a worker\n\n");
  });
});

describe("a deadlock of JavaScript alone", () => {
  const words = "fatal error: all goroutines are asleep - deadlock!";

  it("fails what is awaited, and says what everybody waits for", async () => {
    const out = await run(`(async () => {
      const rt = await start({ procs: 2 });
      const [a, b, mutex] = [rt.chan(), rt.chan(), rt.mutex()];
      await mutex.lock();
      const blocks = rt.go((a) => a.recvSync(), a).catch((error) => console.log("goroutine:", error.name));
      const locks = mutex.lock().catch((error) => console.log("lock:", error.name));
      await b.recv().catch((error) => console.log(error.name, error.report));
      await blocks.then(() => locks);
      console.log("goes on");
    })();`);
    assert.match(out, /^(goroutine: DeadlockError|lock: DeadlockError)$/m);
    assert.ok(out.includes(`DeadlockError ${words}\n\ngoroutine 2 [chan receive]:\n`), out);
    assert.match(out, /\nthe main thread \[sync\.Mutex\.Lock\]\n/);
    assert.match(out, /\nthe main thread \[chan receive\]\n/);
    assert.match(out, /goes on\n$/);
  });

  it("ends a process, whatever its goroutines await", async () => {
    // Not at the top level of a module of Deno's, which counts as work while it awaits.
    const [begin, end] = onDeno ? ["(async () => {", "})();"] : ["", ""];
    const body = (more: string): Promise<string> =>
      failing(`${begin} const rt = await start({ procs: 2${more} });
        const [a, b] = [rt.chan(), rt.chan()];
        rt.go(async (a, b) => { await new Promise((resolve) => setTimeout(resolve, 100)); await a.recv(); await b.send(1); }, a, b).catch(() => {});
        rt.go(() => new Promise(() => {})).catch(() => {});
        await b.recv(); ${end}`);
    const [isolated, exits] = await Promise.all([body(""), body(', panic: "exit"')]);
    assert.match(isolated, /^1 /);
    assert.match(
      isolated,
      /DeadlockError: fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 2 \[await\]:\n/,
    );
    assert.match(isolated, /\ngoroutine 3 \[await\]:\n\(\(\) => new Promise\(\(\) => \{\}\)\)\n/);
    // A function of some length is cut, and nothing is said twice.
    assert.match(isolated, /:\n\(async \(a, b\) => \{ await new Promise\(.*…\n/);
    assert.equal(isolated.split("goroutine 3 [").length, 2, isolated);
    assert.match(isolated, /\nJavaScript on M\d+ \[chan receive\]\n/);
    assert.ok(exits.startsWith(`2 ${words}\n\ngoroutine 2 [await]:\n`), exits);
  });

  // Each alone in a process, for longer than it takes to find a deadlock.
  const alive = {
    "a timer of a goroutine's": `rt.go(async (c) => { await new Promise((resolve) => setTimeout(resolve, 3000)); await c.send(1); }, ch);
      await ch.recv();`,
    "work in a thread pool": `rt.go(async (c) => {
        const { pbkdf2 } = await import("node:crypto");
        const until = Date.now() + 3000;
        while (Date.now() < until) await new Promise((resolve) => pbkdf2("a", "b", 1e6, 64, "sha512", resolve));
        await c.send(1);
      }, ch);
      await ch.recv();`,
    "an AbortSignal of a goroutine's": `await rt.go(async (c) => {
        await c.recv({ signal: AbortSignal.timeout(3000) }).catch(() => {});
      }, ch);`,
    "a goroutine's own time": `await rt.go.with({ timeout: 3000 }, async (c) => { await c.recv(); }, ch).catch(() => {});`,
    "a signal of the system's": `process.once("SIGUSR2", () => ch.send(1));
      const { spawn } = await import("node:child_process");
      spawn("sh", ["-c", "sleep 3; kill -USR2 " + process.pid], { stdio: "ignore" }).unref();
      await ch.recv();`,
    "a server that is asked": `const { createServer, get } = await import("node:http");
      const server = createServer((_, response) => { response.end(); ch.send(1); }).listen(0);
      server.once("listening", () => setTimeout(() => get({ port: server.address().port }), 3000).unref());
      await rt.go(async (c) => { await c.recv(); }, ch);
      server.close();
      server.closeAllConnections();`,
  };
  it("is not where anything may still happen", async () => {
    await Promise.all(
      Object.entries(alive).map(async ([name, body]) => {
        const out = await run(`const { default: process } = await import("node:process");
          const rt = await start({ procs: 2 });
          const ch = rt.chan();
          ${body}
          console.log("over");
          await rt.close();`);
        assert.equal(out, "over\n", name);
      }),
    );
  });
});

describe('start({ panic: "exit" })', () => {
  it("ends the process when a function throws, as Go would, but not when one was cancelled", async () => {
    const body = (work: string): string => `const rt = await start({ procs: 1, panic: "exit" });
      const g = rt.go(rt.tasks(WORK).untilAborted);
      setTimeout(() => g.cancel(), 100);
      await g.catch((error) => console.log(error.name));
      await rt.go(${work}).catch(() => console.log("caught"));
      await new Promise((resolve) => setTimeout(resolve, 30_000));`;
    const now = await failing(body(`function broken() { throw new RangeError("too far"); }`));
    assert.match(now, /^AbortError\n2 panic: RangeError: too far\n\ngoroutine 3 \[running\]:\nbroken\(\.\.\.\)\n/);
    const later = await failing(body(`async () => { await 1; throw new Error("later"); }`));
    assert.match(later, /^AbortError\n2 panic: later\n\ngoroutine 3 \[running\]:\n/);
  });
});

describe("closing a runtime", () => {
  it("settles what still waits: receivers find their channels closed, all else is refused", async () => {
    const rt = await start({ procs: 1 });
    const ch = rt.chan<number>();
    const full = rt.chan<number>();
    const mutex = rt.mutex();
    await mutex.lock();
    const received = ch.recv();
    const iterated = (async () => {
      for await (const _ of ch);
      return "over";
    })();
    const waits: Promise<unknown>[] = [full.send(1), mutex.lock(), rt.select([recv(ch), after(60_000)])];
    await rt.close({ deadline: 0 });
    assert.deepEqual([await received, await iterated], [{ value: undefined, ok: false }, "over"]);
    for (const wait of waits) assert.match(String(await rejection(wait)), /the runtime was closed/);
    assert.throws(() => rt.chan(), /the runtime was closed/);
    assert.throws(() => rt.mutex(), /the runtime was closed/);
    await assert.rejects(mutex.lock(), /the runtime was closed/);
  });

  it("cancels at the deadline what awaits, wherever it was started", async () => {
    const rt = await start({ procs: 2 });
    const work = rt.tasks<Work>(WORK);
    const heard = new Int32Array(new SharedArrayBuffer(4));
    const g = rt.go(work.countAborts, heard);
    void rt.go(work.deaf); // nobody waits for it, and so nobody minds
    const reason = rejection(g);
    await until(() => Atomics.load(heard, 0) === 2);
    await rt.close({ deadline: 10 });
    assert.equal(heard[0], 4);
    assert.match(String(await reason), /the runtime was closed/);
  });

  it("lets goroutines finish", async () => {
    const rt = await start({ procs: 2 });
    const work = rt.tasks<Work>(WORK);
    const gs = [rt.go(work.later, 100, 1), ...Array.from({ length: 20 }, (_, i) => rt.go(work.spin, 5).then(() => i))];
    // Its own deadline is what a busy machine may take for twenty goroutines.
    const closed = rt.close({ deadline: 60_000 });
    assert.throws(() => rt.go(work.identity, 1), /the runtime was closed/, "already while it closes");
    await assert.rejects(rt.run(), /the runtime was closed/);
    await closed;
    await Promise.all(gs);
    assert.throws(() => rt.go(work.identity, 1), /the runtime was closed/);
  });

  it("ends at the deadline those that do not", async () => {
    const rt = await start({ procs: 2 });
    const work = rt.tasks<Work>(WORK);
    const g = rt.go(work.deaf);
    const rejected = rejection(g);
    await until(() => g.status === "waiting");
    const began = performance.now();
    await rt.close({ deadline: 50 });
    assert.match(String(await rejected), /the runtime was closed/);
    assert.ok(performance.now() - began < 20_000);
    await assert.rejects(rt.close({ deadline: -1 }), /deadline must be a number/);
  });

  it(
    "ends at once with no time given, also goroutines that compute",
    { skip: onDeno && "a thread that computes cannot be ended there" },
    async () => {
      const rt = await start({ procs: 1 });
      const work = rt.tasks<Work>(WORK);
      const g = rt.go(work.forever);
      const rejected = rejection(g);
      await until(() => g.status === "running");
      await rt.close({ deadline: 0 });
      assert.match(String(await rejected), /the runtime was closed/);
    },
  );

  it("leaves nothing that computes, though a thread was blocked", async () => {
    const out = await run(`
      const rt = await start({ procs: 1 });
      const ch = rt.chan();
      const blocked = rt.go((ch) => ch.recvSync(), ch).catch((error) => console.log(error.message));
      await new Promise((resolve) => setTimeout(resolve, 50)); // so that its thread sleeps
      await rt.close({ deadline: 0 });
      await blocked;
      for (let taken = Infinity, i = 0; taken > 50_000 && i < 50; i++) {
        const before = process.cpuUsage();
        await new Promise((resolve) => setTimeout(resolve, 200));
        taken = process.cpuUsage(before).user;
        if (taken <= 50_000) console.log("nothing computes");
      }
      process.exit();
    `);
    assert.equal(out, "the runtime was closed\nnothing computes\n");
  });

  it("is what `await using` does", async () => {
    const rt = await start({ procs: 1 });
    assert.equal(await rt.go(() => 1), 1);
    await rt[Symbol.asyncDispose]();
    assert.throws(() => rt.go(() => 1), /closed/);
  });
});

describe("runtimes", () => {
  it("do not meet in one process", () =>
    withRuntime((a) =>
      withRuntime(async (b) => {
        const [x, y] = [a.tasks<Work>(WORK), b.tasks<Work>(WORK)];
        const results = await Promise.all(
          Array.from({ length: 100 }, (_, i) => (i % 2 ? a.go(x.add, i, 0) : b.go(y.add, i, 0))),
        );
        assert.deepEqual(
          results,
          Array.from({ length: 100 }, (_, i) => i),
        );
        await a.close();
        assert.equal(await b.go(y.identity, "still here"), "still here");
      }),
    ));

  it("leave no threads, handles or timers behind, however many were started and closed", async () => {
    const threads = (): number => (process.platform === "linux" ? readdirSync("/proc/self/task").length : 0);
    const cycle = async (): Promise<void> => {
      const rt = await start({ procs: 1 });
      assert.equal(await rt.go((x: number) => x + 1, 1), 2);
      await rt.close();
    };
    for (let i = 0; i < 3; i++) await cycle();
    await delay(100);
    const before = threads();
    for (let i = 0; i < 20; i++) await cycle();
    await delay(200);
    assert.ok(threads() <= before + 2, `${threads()} threads, ${before} before`);
  });

  it("run goroutines though the main thread blocks right after it has started them, also on threads that begin meanwhile", async () => {
    for (let i = 0; i < 6; i++) {
      const rt = await start({ procs: 2 });
      const word = new Int32Array(new SharedArrayBuffer(4));
      if (i % 2 === 0) await rt.go(() => 1);
      const g = rt.go(async (word: Int32Array) => {
        await Promise.resolve();
        Atomics.store(word, 0, 1);
        Atomics.notify(word, 0);
      }, word);
      assert.notEqual(Atomics.wait(word, 0, 0, 10_000), "timed-out");
      await g;
      await rt.close();
    }
  });

  it("have as many Ps as they are told, also later", () =>
    withRuntime(
      async (rt) => {
        assert.equal(rt.procs, 3);
        rt.procs = 1;
        assert.equal(rt.procs, 1);
        assert.equal(await rt.go(() => 1), 1);
        await until(() => / gomaxprocs=1 /.test(rt.schedtrace()));
        rt.procs = 2;
        await until(() => / gomaxprocs=2 /.test(rt.schedtrace()));
        assert.equal(await rt.go(() => 2), 2);
        for (const wrong of [0, -1, 1.5, NaN, "2", 1000]) {
          assert.throws(() => (rt.procs = wrong as number), /procs must be a whole number/);
        }
      },
      { procs: 3 },
    ));

  it("describe their scheduler in Go's words", () =>
    withRuntime(async (rt) => {
      await rt.go(() => 1);
      assert.match(
        rt.schedtrace(),
        /^SCHED \d+ms: gomaxprocs=2 idleprocs=\d+ threads=\d+ spinningthreads=\d+ idlethreads=\d+ runqueue=\d+ \[\d+ \d+\]$/,
      );
      assert.equal(rt.stats().procs, 2);
    }));
});
