/** Whatever a goroutine throws reaches whoever waits for it, and ends nothing else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serve } from "../../host/index.js";
import { ODD } from "./odd.js";
import { runScript } from "./scripts.js";
import { onDeno, rejection, withRuntime } from "../go/fixtures.js";

describe("what a goroutine throws", () => {
  it("arrives as an error, whatever it is", () =>
    withRuntime(async (rt) => {
      for (const [what, fn] of Object.entries(ODD)) {
        const error = await rejection(rt.go(fn));
        assert.ok(error instanceof Error, what);
        assert.equal(typeof error.message, "string", what);
        if (what.startsWith("an error")) assert.ok(error instanceof RangeError, `${what}: ${error.constructor.name}`);
        if (what.startsWith("an error") && !what.includes("message")) assert.equal(error.message, "m", what);
        assert.equal(await rt.go((a: number) => a + 1, 1), 2, "the runtime lives on");
      }
    }));

  it("is a panic where panics end the program", async () => {
    for (const which of [
      "a symbol",
      "a proxy whose traps throw",
      "an error whose name is a symbol",
      "an error whose stack's getter throws",
    ]) {
      const source = `import { start } from "skein";
        const rt = await start({ procs: 1, panic: "exit" });
        rt.go(${ODD[which]!.toString()}).catch(() => undefined);
        setTimeout(() => {}, 60_000);`;
      const { code, stderr } = await runScript(source);
      assert.equal(code, 2, `${which}: ${stderr}`);
      assert.match(stderr, /^panic: .+\n\ngoroutine \d+ \[running\]:/, which);
    }
  });

  it("keeps class, code and cause although one property cannot be had", () =>
    withRuntime(async (rt) => {
      const error = await rejection(
        rt.go(() => {
          const error = Object.assign(new RangeError("m", { cause: new Error("why") }), { code: "E1" });
          Object.defineProperty(error, "response", {
            enumerable: true,
            get() {
              throw new Error("not available");
            },
          });
          throw error;
        }),
      );
      assert.ok(error instanceof RangeError);
      assert.deepEqual(
        [error.message, (error as { code?: string }).code, (error.cause as Error).message],
        ["m", "E1", "why"],
      );
      assert.ok(!("response" in error));
    }));

  it("keeps its class when it comes from another realm", () =>
    withRuntime(async (rt) => {
      const error = await rejection(
        rt.go(async () => {
          const vm = await import("node:vm");
          vm.runInNewContext("throw Object.assign(new TypeError('far'), { code: 'E2' })");
        }),
      );
      assert.ok(error instanceof TypeError);
      assert.deepEqual([error.message, (error as { code?: string }).code], ["far", "E2"]);
    }));

  it("arrives although this thread's prepareStackTrace throws, or gives no text", () =>
    withRuntime(async (rt) => {
      for (const prepare of [
        (_: Error, sites: NodeJS.CallSite[]) => sites,
        () => {
          throw new Error("no trace");
        },
      ]) {
        Error.prepareStackTrace = prepare;
        try {
          const error = await rejection(
            rt.go(() => {
              throw new TypeError("boom");
            }),
          );
          Reflect.deleteProperty(Error, "prepareStackTrace");
          assert.ok(error instanceof TypeError);
          assert.equal(error.message, "boom");
        } finally {
          Reflect.deleteProperty(Error, "prepareStackTrace");
        }
      }
    }));

  it("may be what nobody can read as the reason of a cancellation", () =>
    withRuntime(async (rt) => {
      const waits = async (): Promise<void> => new Promise(() => setInterval(() => undefined, 1000));
      const g = rt.go(waits);
      const reason = Object.create(null) as object;
      Object.assign(reason, { f: () => 1 });
      assert.equal(g.cancel(reason), true);
      assert.equal(await rejection(g), reason);
      const context = rt.context().withCancel();
      context.cancel({
        get bad(): number {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what this is about
          throw null;
        },
      });
      assert.equal(context.cancelled, true);
      assert.equal((context.reason as Error).name, "AbortError");
    }));
});

describe("what a server's handler throws", { skip: onDeno }, () => {
  for (const [what, fn] of Object.entries(ODD)) {
    if (what.includes("prepareStackTrace")) continue;
    it(`reaches its error handler: ${what}`, async () => {
      const told: unknown[] = [];
      const server = await serve({ tick: fn, error: (error) => void told.push(error) }, "tcp://127.0.0.1:0");
      await new Promise((resolve) => setTimeout(resolve, 20));
      await server.close();
      assert.equal(told.length, 1);
    });
  }
});
