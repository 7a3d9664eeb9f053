/** `rt.trace`: what JavaScript goroutines do, in a file. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { after, describe, it } from "node:test";
import { SkeinError, start, type TraceOptions } from "../../host/index.js";
import { release, withRuntime, WORK, type Work } from "./fixtures.js";
import { onMs, readTrace } from "./traces.js";

const directory = mkdtempSync(path.join(os.tmpdir(), "skein-trace-"));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
const newFile = (): string => path.join(directory, `${++files}.json`);

describe("a trace", () => {
  it("has a slice for each goroutine, under the name of its function, and what it awaits", () =>
    withRuntime(async (rt) => {
      const file = newFile();
      const trace = rt.trace({ file: pathToFileURL(file) });
      const work = rt.tasks<Work>(WORK);
      const later = rt.go(work.later, 20, "x");
      const spun = rt.go(work.spin, 2);
      const named = rt.go(async function ownName(n: number) {
        return Promise.resolve(n);
      }, 1);
      const unnamed = rt.go((n: number) => n, 1);
      await Promise.all([later, spun, named, unnamed]);
      const { events, lost, file: written } = trace.stop();
      assert.equal(written, file);
      assert.equal(lost, 0);
      const entries = readTrace(file);
      assert.equal(entries.at(-1)?.args?.["events"], events);
      const names = new Map(onMs(entries).map(({ name, args }) => [args?.["g"], name]));
      assert.equal(names.get(later.id), "later");
      assert.equal(names.get(spun.id), "spin");
      assert.equal(names.get(named.id), "ownName");
      assert.equal(names.get(unnamed.id), "anonymous function");
      const awaits = entries.filter(({ id, cat }) => id === later.id && cat === "await");
      assert.equal(awaits.filter(({ ph }) => ph === "b").length, awaits.filter(({ ph }) => ph === "e").length);
      const [begin, end] = awaits.slice(-2);
      assert.ok(end!.ts - begin!.ts >= 15_000, "it awaited for 20 ms");
    }));

  it("loses nothing that there is room for, from several threads", () =>
    withRuntime(
      async (rt) => {
        const file = newFile();
        const trace = rt.trace({ file, bufferSize: 2 ** 24 });
        await Promise.all(Array.from({ length: 20_000 }, (_, i) => rt.go((n: number) => n, i)));
        assert.equal(trace.stop().lost, 0);
        const slices = onMs(readTrace(file));
        assert.equal(new Set(slices.map(({ args }) => args?.["g"])).size, 20_000);
        assert.equal(slices.filter(({ args }) => args?.["end"] === "end").length, 20_000);
      },
      { procs: 4 },
    ));

  it("counts what there is no room for, and says where it is missing", () =>
    withRuntime(async (rt) => {
      const file = newFile();
      const trace = rt.trace({ file, bufferSize: 4096 });
      await Promise.all(Array.from({ length: 5000 }, (_, i) => rt.go((n: number) => n, i)));
      const { events, lost } = trace.stop();
      assert.ok(lost > 0);
      assert.ok(events > 0);
      const missing = readTrace(file).flatMap(({ ph, name }) => (ph === "i" ? [parseInt(name)] : []));
      assert.equal(
        missing.reduce((sum, n) => sum + n),
        lost,
      );
    }));

  it("begins and ends while goroutines run, as often as one likes", () =>
    withRuntime(
      async (rt) => {
        const word = new Int32Array(new SharedArrayBuffer(4));
        const busy = Array.from({ length: 4 }, () =>
          rt.go(async (word: Int32Array) => {
            while (Atomics.load(word, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
          }, word),
        );
        for (let i = 0; i < 50; i++) {
          const file = newFile();
          const trace = rt.trace({ file, bufferSize: 4096 << (i % 8) });
          await Promise.all(Array.from({ length: 20 }, (_, i) => rt.go((n: number) => n, i)));
          trace.stop();
          readTrace(file);
          rmSync(file);
        }
        release(word);
        await Promise.all(busy);
      },
      { procs: 4 },
    ));

  it("ends with its scope, with the runtime, and but once", async () => {
    const rt = await start({ procs: 1 });
    const [first, second] = [newFile(), newFile()];
    const trace = rt.trace({ file: first });
    assert.throws(() => rt.trace({ file: second }), /a trace is being written already/);
    trace[Symbol.dispose]();
    readTrace(first);
    assert.deepEqual(trace.stop(), trace.stop());
    rt.trace({ file: second });
    await rt.go(() => 1);
    await rt.close();
    assert.equal(onMs(readTrace(second)).length, 1);
    assert.throws(() => rt.trace({ file: first }), /the runtime was closed/);
  });

  it("refuses options that are wrong", () =>
    withRuntime(async (rt) => {
      for (const [options, why] of [
        [undefined, /rt\.trace needs the file/],
        [{}, /rt\.trace needs the file/],
        [{ file: "" }, /rt\.trace needs the file/],
        [{ file: 1 }, /rt\.trace needs the file/],
        [{ file: new URL("http://127.0.0.1/x") }, /writes to files, not to http/],
        [{ file: path.join(directory, "none", "x") }, /none.x cannot be written: ENOENT/],
        [{ file: newFile(), bufferSize: 100 }, /bufferSize must be a number of bytes from 4096 to/],
        [{ file: newFile(), bufferSize: NaN }, /bufferSize must be a number of bytes from 4096 to/],
      ] as const) {
        assert.throws(
          () => rt.trace(options as unknown as TraceOptions),
          (error: unknown) => error instanceof SkeinError && why.test(error.message),
        );
      }
      assert.equal(await rt.go(() => 1), 1);
    }));
});
