import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  DeadlockError,
  ExitError,
  GoPanic,
  SkeinError,
  start,
  type Runtime,
  type StartOptions,
} from "../../host/index.js";
import { fakeProgram, type FakeOptions } from "./fake.js";

async function withRuntime(
  fake: FakeOptions,
  body: (rt: Runtime) => Promise<void>,
  options: Partial<StartOptions> = {},
): Promise<void> {
  const rt = await start({ program: fakeProgram(fake), procs: 2, ...options });
  try {
    await body(rt);
  } finally {
    await rt.close();
  }
}

/** Deno cannot end a thread that computes; with safepoints in its loops it ends by itself, but the fake core has none. */
const onDeno = "deno" in process.versions && "Deno never stops a thread that computes";

describe("a runtime", () => {
  it("runs main and gives its exit code, modulo 256", () =>
    withRuntime({}, async (rt) => {
      assert.equal(await rt.run(), 263 % 256);
      assert.equal(await rt.run(), 7, "and again");
    }));

  it("passes calls their arguments and gives back their results", () =>
    withRuntime({}, async (rt) => {
      assert.equal(await rt.call("add", 2n ** 40n, 2), 2n ** 40n + 2n);
      assert.deepEqual(await Promise.all([1, 2, 3].map((n) => rt.call("add", n, n))), [2n, 4n, 6n]);
      assert.equal(await rt.call("divide", 7, -2), -3);
    }));

  it("names the exports that there are when one is not", () =>
    withRuntime({}, async (rt) => {
      await assert.rejects(rt.call("nothing"), /exports no function nothing .* it exports add, divide/);
      await assert.rejects(rt.call("toString"), /exports no function toString/);
      await assert.rejects(
        rt.call("wide", 256, true, 1, 1),
        /argument 1 of wide must be an integer that fits u8, not 256/,
      );
    }));

  it("rejects a call that panics, and goes on", () =>
    withRuntime({}, async (rt) => {
      await assert.rejects(rt.call("panic"), (error) => {
        assert.ok(error instanceof GoPanic);
        assert.equal(error.message, "boom");
        assert.equal(error.goroutine, 2n);
        assert.ok(error.frames.length > 0);
        return true;
      });
      await assert.rejects(rt.call("divide", 1, 0), { message: "runtime error: integer divide by zero" });
      await assert.rejects(rt.call("recurse"), { message: "runtime error: stack overflow" });
      assert.equal(await rt.call("add", 1, 1), 2n);
    }));

  for (const [main, message] of [
    ["panic", "boom"],
    ["recurse", "runtime error: stack overflow"],
    ["divide", "runtime error: integer divide by zero"],
  ] as const) {
    it(`rejects run when main panics (${main})`, () =>
      withRuntime({ main }, async (rt) => {
        await assert.rejects(rt.run(), { name: "GoPanic", message });
      }));
  }

  it("rejects everything after a deadlock", () =>
    withRuntime({ main: "fatal" }, async (rt) => {
      await assert.rejects(rt.run(), (error) => {
        assert.ok(error instanceof DeadlockError);
        assert.match(error.report, /goroutine 1 \[select\]:\n$/);
        return true;
      });
      await assert.rejects(rt.call("add", 1, 2), DeadlockError);
      await assert.rejects(rt.run(), DeadlockError);
    }));

  it("ends when the program calls exit", () =>
    withRuntime({ main: "exit" }, async (rt) => {
      assert.equal(await rt.run(), 3);
      await assert.rejects(rt.call("add", 1, 2), ExitError);
    }));

  it("rejects calls that are running when the program calls exit", () =>
    withRuntime({}, async (rt) => {
      await assert.rejects(rt.call("exit"), { name: "ExitError", code: 3 });
    }));

  it("refuses a second run while one is running", () =>
    withRuntime({ main: "never" }, async (rt) => {
      const running = rt.run();
      await assert.rejects(rt.run(), /main is already running/);
      const rejected = assert.rejects(running, /the runtime was closed/);
      await rt.close();
      await rejected;
    }));

  it("closes while a goroutine computes without end", { skip: onDeno }, async () => {
    const rt = await start({ program: fakeProgram(), procs: 1 });
    const spinning = rt.call("spin");
    await delay(200);
    const rejected = assert.rejects(spinning, /the runtime was closed/);
    await rt.close();
    await rejected;
    await assert.rejects(rt.call("add", 1, 2), /the runtime was closed/);
    await rt.close();
  });

  it("closes before anything has started", async () => {
    const rt = await start({ program: fakeProgram() });
    await rt.close();
  });

  it("closes at the end of its scope", async () => {
    let kept: Runtime;
    {
      await using rt = await start({ program: fakeProgram() });
      kept = rt;
      assert.equal(await rt.call("add", 1, 2), 3n);
    }
    await assert.rejects(kept.call("add", 1, 2), /closed/);
  });

  it("says how many Ps there are, and what each M did", () =>
    withRuntime({}, async (rt) => {
      await rt.call("add", 1, 2);
      assert.equal(rt.procs, 2);
      const stats = rt.stats();
      assert.equal(stats.procs, 2);
      assert.deepEqual(stats.ms, [{ id: 1, goroutines: 0, switches: 0, steals: 0, parks: 0 }]);
    }));

  it("does not hold up the main thread while it waits", { skip: onDeno }, () =>
    withRuntime({}, async (rt) => {
      const spinning = rt.call("spin").catch(() => undefined);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      for (const late = performance.now() + 20_000; ticks < 10 && performance.now() < late;) await delay(20);
      clearInterval(timer);
      assert.ok(ticks >= 10, `${ticks} ticks`);
      await rt.close();
      await spinning;
    }),
  );
});

describe("a runtime that cannot run", () => {
  it("refuses bad options", async () => {
    const program = fakeProgram();
    for (const options of [
      { procs: 0 },
      { procs: 1.5 },
      { procs: 257 },
      { maxThreads: 0 },
      { maxMemory: -1 },
      { maxMemory: NaN },
      { maxMemory: 65536 },
      { panic: "never" as "exit" },
    ]) {
      await assert.rejects(start({ program, ...options }), SkeinError, JSON.stringify(options));
    }
    await assert.rejects(start({ program: 5 as never }), /a program is given as the path or URL/);
  });

  it("refuses what is no program", async () => {
    await assert.rejects(start({ program: "/nowhere/at-all.wasm" }), /no such file: .*at-all\.wasm/);
    await assert.rejects(start({ program: new URL("file:///nowhere/at-all.wasm") }), /no such file/);
    await assert.rejects(start({ program: new Uint8Array(3) }), /not a WebAssembly module/);
    await assert.rejects(start({ program: fakeProgram().subarray(0, 100) }), /not a valid WebAssembly module/);
    await assert.rejects(start({ program: fakeProgram({ foreign: true }) }), /not built by skein build/);
    await assert.rejects(start({ program: fakeProgram({ info: "{" }) }), /damaged/);
    await assert.rejects(start({ program: fakeProgram({ info: { abi: 999 } }) }), /ABI version 999/);
  });

  for (const traps of ["mstart", "sysmon"]) {
    it(`rejects when a thread's ${traps} traps`, () =>
      withRuntime({ traps }, async (rt) => {
        await assert.rejects(rt.run(), (error) => {
          assert.ok(error instanceof SkeinError);
          assert.match(error.message, traps === "mstart" ? /thread M1 failed/ : /the sysmon thread failed/);
          return true;
        });
      }));
  }

  it("names what a program's core lacks, when it is loaded", () =>
    assert.rejects(start({ program: fakeProgram({ without: "opPoll" }) }), (error) => {
      assert.ok(error instanceof SkeinError);
      assert.match(error.message, /its core has no opPoll of 1 parameters/);
      return true;
    }));
});
