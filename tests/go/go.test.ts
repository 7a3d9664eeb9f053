import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { EventLoop, SkeinError, start } from "../../host/index.js";
import { moduleUrl, release, until, withRuntime, WORK, type Work } from "./fixtures.js";

describe("a goroutine", () => {
  it("is a promise of what the task returns", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const g = rt.go(work.add, 2, 3);
      assert.ok(g instanceof Promise);
      assert.equal(await g, 5);
      assert.equal(await work.add(4, 5), 9, "calling a task is the same");
    }));

  it("has a number of its own, a name, and a status that follows it", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const a = rt.go(work.later, 1000, "x");
      const b = rt.go(work.later, 1, "y");
      assert.equal(typeof a.id, "number");
      assert.notEqual(a.id, b.id);
      assert.match(a.name, /^later of file:/);
      assert.equal(rt.go.with({ name: "mine" }, work.add, 1, 2).name, "mine");
      await b;
      await until(() => a.status === "waiting");
      assert.equal(b.status, "done");
      assert.equal(await a, "x");
      const failing = rt.go(work.fail, "x");
      await assert.rejects(failing);
      assert.equal(failing.status, "failed");
    }));

  it("brings along what tools have put into a function", () =>
    withRuntime(async (rt) => {
      const functions = rewritten(
        "(n) => __awaiter(this, void 0, void 0, function* () { return n + (yield Promise.resolve(1)); })",
        "(n) => { cov_1a2b3c().f[0]++; cov_1a2b3c().s[0]++; return n > 1 ? (cov_1a2b3c().b[0][0]++, n + 1) : 0; }",
        "(n) => { const o = { n, m: 1 }, { n: k } = o, rest = __rest(o, ['n']); return __spreadArray([k], [rest.m], false).reduce((a, b) => a + b); }",
        "(n) => { const named = __name((a) => a, 'kept'); class K { constructor() { __publicField(this, 'x', n); } } return new K().x + (named.name === 'kept' ? 1 : 0); }",
        "(n) => Promise.resolve().then(() => __importStar(require('node:os'))).then((os) => n + (os.default.EOL === os.EOL ? 1 : 0))",
      );
      for (const fn of functions) assert.equal(await rt.go(fn, 2), 3, String(fn));
    }));

  it("heeds no options that are the prototype's of all objects, nor does anything else", async () => {
    const everything = Object.prototype as Record<string, unknown>;
    const starting = { procs: 77, threads: 0, worker: { argv: 3 }, panic: "no", args: 5, type: "i32" };
    Object.assign(everything, starting);
    const rt = await start({}).finally(() => Object.keys(starting).forEach((name) => delete everything[name]));
    const chan = rt.chan<string>(1);
    const given = { signal: AbortSignal.abort(), timeout: 1, transfer: [1], name: 7, type: "i32", deadline: "no" };
    const semaphore = rt.semaphore(1);
    Object.assign(everything, given);
    let all: Promise<unknown>[];
    try {
      all = [rt.go.with({}, (a: number) => a, 5), chan.send("sent", {}), chan.recv({}), rt.mutex().lock({})];
      all.push(semaphore.acquire(1, {}), rt.chan<string>(1, {}).send("any"));
    } finally {
      for (const name of Object.keys(given)) delete everything[name];
    }
    const [result, , received] = await Promise.all(all);
    assert.deepEqual([result, received], [5, { value: "sent", ok: true }]);
    await rt.close();
  });

  it("runs a function that was written on the spot", () =>
    withRuntime(async (rt) => {
      assert.equal(await rt.go((a: number, b: number) => a * b, 6, 7), 42);
      assert.equal(await rt.go(async (s: string) => Promise.resolve(s + "!"), "hi"), "hi!");
      function fib(n: number): number {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      }
      assert.equal(await rt.go(fib, 15), 610);
    }));

  it("takes as many arguments as there are, and none", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      for (const n of [0, 1, 2, 3, 7, 8, 100]) {
        const args = Array.from({ length: n }, (_, i) => i);
        assert.deepEqual(await rt.go(work.all, ...args), args);
      }
    }));

  it("says what to send instead of what stays on its thread", () =>
    withRuntime((rt) => {
      const loop = new EventLoop();
      try {
        for (const value of [loop, { in: [loop] }]) {
          assert.throws(
            () => rt.go((x: unknown) => x, value),
            (error: unknown) =>
              error instanceof DOMException &&
              error.name === "DataCloneError" &&
              /could not be cloned.*: an event loop stays on its thread; send its \.handle/.test(error.message),
          );
        }
      } finally {
        loop.close();
      }
      return Promise.resolve();
    }));

  it("passes values of all kinds there and back", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const values = [
        0,
        -0,
        NaN,
        1e300,
        "",
        "short",
        "a longer string with ünïcode",
        true,
        false,
        null,
        undefined,
        12n,
      ];
      for (const value of values) assert.ok(Object.is(await rt.go(work.identity, value), value), String(value));
      const objects = [{ a: [1, { b: 2 }] }, new Map([[1, new Set([2])]]), new Date(7), new Uint8Array([1, 2, 3])];
      for (const value of objects) assert.deepEqual(await rt.go(work.identity, value), value);
    }));

  it("runs beside others, on more than one thread", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const threads = new Set<number>();
      for (let round = 0; round < 100 && threads.size < 2; round++) {
        const gs = Array.from({ length: 20 }, () => rt.go(work.spinThread, 2));
        for (const thread of await Promise.all(gs)) threads.add(thread);
      }
      assert.ok(threads.size >= 2);
    }));

  it("awaits beside others on one thread", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        await rt.go(work.identity, 1);
        const began = performance.now();
        const values = await Promise.all(Array.from({ length: 50 }, (_, i) => rt.go(work.later, 1000, i)));
        assert.deepEqual(
          values,
          Array.from({ length: 50 }, (_, i) => i),
        );
        assert.ok(performance.now() - began < 25_000, "one after the other they would take 50 s");
      },
      { procs: 1 },
    ));

  it("hands its P on while it computes or blocks", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        await rt.go(work.identity, 1);
        const word = new Int32Array(new SharedArrayBuffer(4));
        const long = rt.go(work.hold, word);
        assert.equal(await rt.go(work.identity, 2), 2);
        release(word);
        assert.equal(await long, true, "it was still computing");
      },
      { procs: 1 },
    ));

  for (const [when, pause] of [
    ["while it runs", 20],
    ["in the same tick", 0],
  ] as const) {
    it(`hands its P on though it has been quick so far, and all was asleep, to one started ${when}`, () =>
      withRuntime(
        async (rt) => {
          const work = rt.tasks<Work>(WORK);
          for (let round = 0; round < 5; round++) {
            for (let i = 0; i < 100; i++) await rt.go(work.spin, 0);
            await sleep(100); // now sysmon sleeps, too
            const word = new Int32Array(new SharedArrayBuffer(4));
            const long = rt.go(work.hold, word);
            if (pause > 0) await sleep(pause);
            assert.equal(await rt.go(work.identity, 2), 2);
            release(word);
            assert.equal(await long, true, `it was still computing in round ${round}`);
          }
        },
        { procs: 1 },
      ));
  }

  it("does not stop awaiting ones from going on while it computes", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        await rt.go(work.identity, 1);
        const waiting = rt.go(work.later, 10, "later");
        await rt.go(work.later, 1);
        const spinning = Array.from({ length: 150 }, () => rt.go(work.spin, 10));
        await waiting;
        assert.ok(
          spinning.some((g) => g.status === "queued"),
          "the event loop had its turn before the queue was empty",
        );
        await Promise.all(spinning);
      },
      { procs: 1 },
    ));

  it("does not block a thread whose event loop would have to wake it", () =>
    withRuntime(
      async (rt) => {
        const work = rt.tasks<Work>(WORK);
        for (let round = 0; round < 5; round++) {
          const channel = rt.chan<number>();
          const sending = rt.go(work.sendLater, channel, 3);
          await until(() => sending.status === "waiting");
          assert.deepEqual(await rt.go(work.receive, channel, 3), [0, 1, 2]);
          await sending;
        }
      },
      { procs: 1 },
    ));

  it("computes by the hundred on not many more threads than there are Ps", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      await Promise.all(Array.from({ length: 100 }, () => rt.go(work.spin, 20)));
      assert.ok(rt.stats().ms.length <= 10, `${rt.stats().ms.length} threads`);
    }));

  it(
    "computes in many async functions on few threads, as the system tells which compute",
    { skip: process.platform !== "linux" && "others do not tell" },
    () =>
      withRuntime(async (rt) => {
        const compute = async (ms: number): Promise<void> => {
          for (let i = 0; i < 2; i++) {
            const until = performance.now() + ms;
            while (performance.now() < until);
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        await Promise.all(Array.from({ length: 16 }, () => rt.go(compute, 100)));
        assert.ok(rt.stats().ms.length <= 5, `${rt.stats().ms.length} threads`);
      }),
  );

  it("blocks, in sync and async functions, on as many threads as it takes", () =>
    withRuntime(async (rt) => {
      const word = new Int32Array(new SharedArrayBuffer(4));
      const work = rt.tasks<Work>(WORK);
      const blocks = Array.from({ length: 8 }, (_, i) =>
        i % 2 ? rt.go(work.block, word) : rt.go(work.blockLater, word),
      );
      const last = rt.go((word) => Atomics.store(word, 0, 1) && Atomics.notify(word, 0), word);
      await Promise.all([...blocks, last]);
    }));

  it("loads a module once on each thread", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const again = rt.tasks<Work>(WORK.href);
      const counts = new Map<number, number>();
      for (let i = 0; i < 20; i++) {
        const [thread, count] = await rt.go(i % 2 ? again.countLoads : work.countLoads);
        assert.equal(count, (counts.get(thread) ?? 0) + 1);
        counts.set(thread, count);
      }
    }));

  it("is started by the thousand without a word lost", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const results = await Promise.all(Array.from({ length: 20_000 }, (_, i) => rt.go(work.add, i, 1)));
      assert.deepEqual(
        results,
        Array.from({ length: 20_000 }, (_, i) => i + 1),
      );
      await until(() => rt.stats().goroutines === 0);
    }));
});

describe("rt.go refuses, at the call,", () => {
  it("what is no function", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      for (const wrong of [undefined, null, 3, "x", {}]) {
        assert.throws(() => rt.go(wrong as never), { name: "SkeinError", message: /takes a function or a task/ });
      }
      await rt.go(work.identity, 1);
    }));

  it("functions that use something from outside, by its name", () =>
    withRuntime((rt) => {
      const outside = Math.random();
      const other = (): number => outside;
      assert.throws(() => rt.go(() => outside + 1), /uses outside from outside/);
      assert.throws(() => rt.go(() => other() + outside), /uses other and outside from outside/);
      assert.throws(() => rt.go(() => ({ outside })), /uses outside/);
      assert.throws(() => rt.go((x = outside) => x), /uses outside/);
      assert.throws(() => rt.go(() => import.meta.url), /uses import\.meta/);
      return Promise.resolve();
    }));

  it("methods, classes, bound and native functions", () =>
    withRuntime((rt) => {
      const object = {
        method() {
          return 1;
        },
        get value() {
          return 1;
        },
      };
      // eslint-disable-next-line @typescript-eslint/unbound-method -- what is tested
      const { method } = object;
      assert.throws(() => rt.go(method), /is a method/);
      assert.throws(() => rt.go(class A {} as never), /is a class/);
      assert.throws(() => rt.go(((x: number) => x).bind(null), 1), /native or bound/);
      assert.throws(() => rt.go(Math.max, 1, 2), /native or bound/);
      return Promise.resolve();
    }));

  it("arguments that cannot be cloned, and goes on", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      for (const wrong of [() => 1, Symbol("s"), { f: () => 1 }, new WeakMap()]) {
        assert.throws(
          () => rt.go(work.identity, wrong),
          (error) => error instanceof DOMException && error.name === "DataCloneError",
        );
        assert.throws(() => rt.go(work.all, { big: "x".repeat(1000) }, wrong), { name: "DataCloneError" });
      }
      assert.equal(await rt.go(work.identity, 1), 1);
    }));

  it("URLs of modules that are none", () =>
    withRuntime((rt) => {
      assert.throws(() => rt.tasks("./work.mjs"), /use new URL\("\.\/work\.mjs", import\.meta\.url\)/);
      assert.throws(() => rt.tasks(3 as never), /takes the URL of a module/);
      return Promise.resolve();
    }));

  it("everything once the runtime is closed", async () => {
    const rt = await start({ procs: 1 });
    await rt.close();
    assert.throws(() => rt.go(() => 1), /the runtime was closed/);
  });
});

describe("a goroutine does not refuse", () => {
  it("names that a tool has put in, with what they are", () =>
    withRuntime((rt) => {
      const [vitest, typescript] = rewritten(
        "() => __vite_ssr_import_0__.cpus()",
        "() => __generator(this, () => node_os_1.cpus())",
      );
      assert.throws(
        () => rt.go(vitest!, 1),
        /uses __vite_ssr_import_0__ \(an import of its module\) from outside.*rt\.tasks/,
      );
      assert.throws(
        () => rt.go(typescript!, 1),
        /__generator \(which a compiler.* and node_os_1 \(an import.*rt\.tasks/,
      );
      return Promise.resolve();
    }));

  it("functions that only seem to use something from outside", () =>
    withRuntime(async (rt) => {
      assert.equal(
        await rt.go((n: number) => {
          // eslint-disable-next-line no-var -- what is tested
          var total = 0;
          for (let i = 0; i < n; i++) total += i;
          for (const { a, ...rest } of [{ a: 1, b: 2 }]) total += a + rest.b;
          try {
            JSON.parse("{");
          } catch (error) {
            total += (error as Error).name.length;
          }
          class Box {
            value = total;
            get doubled(): number {
              return this.value * 2;
            }
          }
          label: for (;;) break label;
          const typed = typeof notThere === "undefined";
          function hoisted(): number {
            return arguments.length;
          }
          return typed ? new Box().doubled + hoisted() : -1;
        }, 4),
        (6 + 3 + "SyntaxError".length) * 2,
      );
    }));
});

declare const notThere: unknown;

describe("a goroutine rejects", () => {
  it("with the error that its function threw, as it was", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      await assert.rejects(rt.go(work.fail, "oh no"), (error) => {
        assert.ok(error instanceof RangeError);
        assert.equal(error.message, "oh no");
        assert.equal((error as { code?: number }).code, 42);
        assert.ok(error.cause instanceof TypeError);
        return true;
      });
      await assert.rejects(rt.go(work.failLater, "later"), { name: "SyntaxError", message: "later" });
      await assert.rejects(
        rt.go(() => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
          throw "a string";
        }),
        (error) => error === "a string",
      );
    }));

  it("with a stack that shows both threads", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const startHere = (): Promise<never> => rt.go(work.fail, "where");
      await assert.rejects(startHere(), (error: Error) => {
        assert.match(error.stack ?? "", /at fail \(.*work\.mjs:\d+:\d+\)/);
        assert.match(error.stack ?? "", /at goroutine \d+ \(fail of .*\) on M\d+, started/);
        assert.match(error.stack ?? "", /startHere.*go\.test\.js/);
        assert.doesNotMatch(error.stack ?? "", /skein\/runtime|mthread\.js|worker\.js|starter\.js/);
        return true;
      });
    }));

  it("if what it returns or throws cannot be cloned", () =>
    withRuntime(async (rt) => {
      await assert.rejects(
        rt.go(() => () => 1),
        { name: "DataCloneError" },
      );
      await assert.rejects(
        rt.go(async () => Promise.resolve(Symbol("s"))),
        { name: "DataCloneError" },
      );
      await assert.rejects(
        rt.go(() => {
          throw Object.assign(new TypeError("with a function"), { f: () => 1 });
        }),
        { name: "TypeError", message: "with a function" },
      );
      await assert.rejects(
        rt.go(() => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
          throw Symbol("s");
        }),
        /cannot be cloned/,
      );
    }));

  it("if its module cannot be loaded, naming it", () =>
    withRuntime(async (rt) => {
      const nowhere = rt.tasks<Work>(moduleUrl("nowhere.mjs"));
      await assert.rejects(rt.go(nowhere.add, 1, 2), (error: Error) => {
        assert.ok(error instanceof Error && error.name === SkeinError.name);
        assert.match(error.message, /cannot load the module file:.*nowhere\.mjs/);
        return true;
      });
      const broken = rt.tasks<Work>(moduleUrl("broken.mjs"));
      await assert.rejects(rt.go(broken.add, 1, 2), /cannot load the module .*broken\.mjs: thrown while loading/);
      await assert.rejects(rt.go(broken.add, 1, 2), /thrown while loading/, "and again");
    }));

  it("if its module has no such function, naming those that it has", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work & { nothing(): void }>(WORK);
      await assert.rejects(rt.go(work.nothing), /exports no function nothing; it exports .*identity/);
      const wrong = rt.tasks<{ notAFunction(): void }>(WORK);
      await assert.rejects(rt.go(wrong.notAFunction), /notAFunction of .* is no function/);
    }));

  it("if its stack overflows, and its thread goes on", () =>
    withRuntime(async (rt) => {
      await assert.rejects(
        rt.go(function down(): number {
          return down() + 1;
        }),
        { name: "RangeError", message: /call stack/ },
      );
      assert.equal(await rt.go(() => 1), 1);
    }));
});

describe("a goroutine of a generator", () => {
  it("gives what it yields, and its result", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const g = rt.go(work.count, 100);
      const seen: number[] = [];
      for await (const value of g) seen.push(value);
      assert.deepEqual(
        seen,
        Array.from({ length: 100 }, (_, i) => i),
      );
      assert.equal(await g, "end");
    }));

  it("does not run ahead of its reader by more than a few values", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const times: number[] = [];
      for await (const time of rt.go(work.produce, 1000)) {
        if (times.push(time) === 1) await new Promise((resolve) => setTimeout(resolve, 3000));
      }
      const ahead = times.filter((time) => time < times[0]! + 1500).length;
      assert.equal(times.length, 1000);
      assert.ok(ahead > 1 && ahead <= 20, `it ran ahead by ${ahead}`);
    }));

  it("returns when its reader stops", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const file = path.join(os.tmpdir(), `skein-test-${process.pid}-returned`);
      const g = rt.go(work.produce, 1000, file);
      let n = 0;
      for await (const _ of g) if (++n === 3) break;
      assert.equal(await g, undefined);
      assert.equal(readFileSync(file, "utf8"), "ended");
      rmSync(file);
    }));

  it("has its yield throw what cannot be sent, so it can clean up, and go on", () =>
    withRuntime(async (rt) => {
      const ends = rt.chan<string>(4);
      const fails = rt.go(function* (ends) {
        try {
          yield 1;
          yield () => 2;
          yield 3;
        } finally {
          ends.trySend("cleaned up");
        }
      }, ends);
      const seen: unknown[] = [];
      await assert.rejects(
        async () => {
          for await (const value of fails) seen.push(value);
        },
        { name: "DataCloneError" },
      );
      assert.deepEqual(seen, [1]);
      assert.deepEqual(await ends.recv(), { value: "cleaned up", ok: true });

      const heeds = rt.go(function* () {
        try {
          yield Promise.reject(new Error("later"));
        } catch (error) {
          yield (error as Error).message;
        }
      });
      for await (const value of heeds) assert.equal(value, "later");
    }));

  it("gives nothing any more to a reader that has left", () =>
    withRuntime(async (rt) => {
      const g = rt.go(function* () {
        for (let i = 0; ; i++) yield i;
      });
      const values = g[Symbol.asyncIterator]();
      assert.deepEqual(await values.next(), { value: 0, done: false });
      const left = values.return?.();
      assert.deepEqual(await values.next(), { value: undefined, done: true });
      await left;
      for await (const value of g) assert.fail(`it gave ${value}`);
    }));

  it("returns when the thread dies that started it", () =>
    withRuntime(async (rt) => {
      const ends = rt.chan<string>(1);
      await assert.rejects(rt.go(rt.tasks<Work>(WORK).readAndExit, ends), { name: "WorkerError" });
      assert.equal((await ends.recv()).value, "returned");
    }));

  it("throws to its reader what it throws, after what it yielded", () =>
    withRuntime(async (rt) => {
      const work = rt.tasks<Work>(WORK);
      const seen: number[] = [];
      await assert.rejects(async () => {
        for await (const value of rt.go(work.yieldThenFail)) seen.push(value);
      }, /after one/);
      assert.deepEqual(seen, [1]);
    }));
});

/** Functions as compilers and tools for tests leave them. */
function rewritten(...sources: string[]): ((n: number) => unknown)[] {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- nothing else has such names
  return sources.map((source) => new Function(`"use strict"; return ${source}`)() as (n: number) => unknown);
}
