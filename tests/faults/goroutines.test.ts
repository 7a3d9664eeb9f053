/** What functions, their signals, results and transfers may do. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";
import { onDeno, rejection, withRuntime } from "../go/fixtures.js";
import { runArgs, runScript, SKEIN, withFolder } from "./scripts.js";

describe("a thenable that misbehaves", () => {
  const kinds: Readonly<Record<string, () => PromiseLike<number>>> = {
    "a promise whose own then calls back twice": () =>
      Object.assign(Promise.resolve(0), {
        then(done: (n: number) => void) {
          done(1);
          done(2);
        },
      }),
    "a promise whose own then calls and throws": () =>
      Object.assign(Promise.resolve(0), {
        then(done: (n: number) => void) {
          done(1);
          throw new Error("after");
        },
      }),
    "a thenable that calls back twice, later": () =>
      ({
        then(done: (n: number) => void, fail: (error: Error) => void) {
          setTimeout(() => {
            done(1);
            fail(new Error("after"));
            done(2);
          }, 5);
        },
      }) as PromiseLike<number>,
  };
  it("settles its goroutine once", () =>
    withRuntime(async (rt) => {
      for (const [what, make] of Object.entries(kinds)) {
        for (let i = 0; i < 50; i++) assert.equal(await rt.go(make), 1, what);
      }
      assert.equal(await rt.go((a: number) => a + 1, 1), 2);
    }));
});

describe("a function that is sent as its source", () => {
  it("may ask for the type of what only some runtimes have, and use it", () =>
    withRuntime(async (rt) => {
      const which = (): string =>
        // @ts-expect-error -- what this is about
        typeof Deno !== "undefined" ? "deno" : typeof Bun !== "undefined" ? String(Bun) : "node";
      assert.equal(await rt.go(which), onDeno ? "deno" : "node");
    }));

  it("imports as its own file does: a package of its project, a file beside it", () =>
    withFolder(async (folder) => {
      const at = `${folder}/node_modules/onlyhere`;
      mkdirSync(at, { recursive: true });
      writeFileSync(`${folder}/package.json`, '{"type":"module"}');
      writeFileSync(`${at}/package.json`, '{"name":"onlyhere","type":"module","main":"index.js"}');
      writeFileSync(`${at}/index.js`, "export default 42;");
      writeFileSync(`${folder}/beside.mjs`, "export default 7;");
      const { stdout, stderr } = await runScript(
        `import { start } from "skein";
         const rt = await start({ procs: 1 });
         const own = async () => [(await import("onlyhere")).default, (await import("./beside.mjs")).default];
         const builtin = async () => (await import("node:path")).sep + (await import("path")).sep;
         console.log(JSON.stringify([await rt.go(own), await rt.go(builtin)]));
         await rt.close();`,
        folder,
      );
      assert.equal(stdout.trim(), '[[42,7],"//"]', stderr);
    }));
});

describe("a function that deletes globals", () => {
  it("spoils them for itself and those after it, not for its thread", () =>
    withRuntime(async (rt) => {
      const names = [
        "Array",
        "Atomics",
        "Buffer",
        "Error",
        "Map",
        "Object",
        "Promise",
        "performance",
        "process",
        "setTimeout",
      ];
      for (const name of names) {
        const remove = (name: string): void => void Reflect.deleteProperty(globalThis, name);
        await rt.go(remove, name);
        assert.deepEqual(await rt.go((a: object) => a, { b: [1] }).catch(String), { b: [1] }, name);
      }
    }));
});

describe("an AbortSignal", () => {
  it("may be waited for by many without a warning", () =>
    withRuntime(async (rt) => {
      const warnings: string[] = [];
      const warned = (warning: Error): void => void warnings.push(warning.message);
      process.on("warning", warned);
      const controller = new AbortController();
      const { signal } = controller;
      const ch = rt.chan<number>();
      const wait = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all(Array.from({ length: 30 }, () => rt.go.with({ signal }, wait)));
      const waits = Array.from({ length: 30 }, () => rejection(ch.recv({ signal })));
      controller.abort(new Error("enough"));
      assert.ok((await Promise.all(waits)).every((error) => (error as Error).message === "enough"));
      await new Promise((resolve) => setTimeout(resolve, 5));
      process.off("warning", warned);
      assert.deepEqual(warnings, []);
    }));
});

describe("what there is no memory for", () => {
  const SIZES = { name: "RangeError", message: /^out of memory: 67108\d{3} bytes .* of 33554432 bytes are in use$/ };
  const SIZE = 64 * 2 ** 20;

  it("fails the call that asks for it, with sizes, and nothing else", () =>
    withRuntime(
      async (rt) => {
        assert.throws(() => rt.go((bytes) => bytes.length, new Uint8Array(SIZE)), SIZES);
        assert.throws(() => rt.go((text) => text.length, "x".repeat(SIZE)), SIZES);
        assert.throws(() => rt.bytes(SIZE), SIZES);
        assert.throws(() => rt.chan(SIZE), { name: "RangeError", message: /536870912 bytes/ });
        assert.throws(() => rt.chan(1, { type: "bytes" }).trySend(new Uint8Array(SIZE)), SIZES);
        await assert.rejects(rt.chan(1).send(new Uint8Array(SIZE)), SIZES);
        await assert.rejects(
          rt.go((n) => new Uint8Array(n), SIZE),
          SIZES,
        );
        await assert.rejects(
          rt.go(async (n) => Promise.resolve(new Uint8Array(n)), SIZE),
          SIZES,
        );
        const yields = rt.go(function* (n) {
          yield new Uint8Array(n);
        }, SIZE);
        await assert.rejects(yields[Symbol.asyncIterator]().next(), SIZES);
        assert.equal(await rt.go(() => 1), 1);
      },
      { maxMemory: 32 * 2 ** 20 },
    ));

  it("fails the same way when many small values have taken all there is", () =>
    withRuntime(
      async (rt) => {
        const full = rt.chan(2 ** 17);
        assert.throws(
          () => {
            while (full.trySend("x".repeat(200)));
          },
          { name: "RangeError", message: /^out of memory: \d+ bytes/ },
        );
        await assert.rejects(
          rt.go(() => {
            throw new TypeError("what it says");
          }),
          /what it says/,
        );
        assert.equal(await rt.go(() => 1), 1);
      },
      { maxMemory: 8 * 2 ** 20 },
    ));
});

describe("a transfer", () => {
  it("moves nothing if one of its objects cannot be moved", () =>
    withRuntime((rt) => {
      const good = new ArrayBuffer(64);
      const bad = new WebAssembly.Memory({ initial: 1 }).buffer;
      assert.throws(() => rt.go.with({ transfer: [good, bad] }, (a, b) => a.byteLength + b.byteLength, good, bad));
      assert.equal(good.byteLength, 64);
      return Promise.resolve();
    }));

  it("leaves a buffer with who sends it to a closed channel", () =>
    withRuntime(async (rt) => {
      const ch = rt.chan<ArrayBuffer>(1);
      ch.close();
      const buffer = new ArrayBuffer(64);
      const error = await rejection(ch.send(buffer, { transfer: [buffer] }));
      assert.match((error as Error).message, /closed channel/);
      assert.equal(buffer.byteLength, 64);
    }));

  it("of 16 MB arrives although the main thread blocks after it", () =>
    withRuntime(async (rt) => {
      const cell = new Int32Array(new SharedArrayBuffer(4));
      const buffer = new ArrayBuffer(16 << 20);
      const write = (b: ArrayBuffer, cell: Int32Array): number => {
        Atomics.store(cell, 0, b.byteLength);
        Atomics.notify(cell, 0);
        return b.byteLength;
      };
      await rt.go(() => 1);
      const g = rt.go.with({ transfer: [buffer] }, write, buffer, cell);
      assert.notEqual(Atomics.wait(cell, 0, 0, 20_000), "timed-out");
      assert.equal(await g, 16 << 20);
    }));
});

describe("the library", () => {
  it("loads servers and the compiler when they are used, whose errors are its own", async () => {
    const { stdout, stderr } = await runScript(
      `import process from "node:process";
       const { start, serve, SkeinError } = await import("${SKEIN}");
       const loaded = () => (process.moduleLoadList ?? []).includes("NativeModule dgram");
       const before = loaded();
       const wrong = await start({ program: "./none.ts" }).catch((error) => error instanceof SkeinError && error.name);
       const none = await serve({}).catch((error) => error instanceof SkeinError && error.message);
       console.log(before, wrong, none, process.listenerCount("uncaughtException"));`,
    );
    assert.equal(
      stdout.trim(),
      'false CompileError nothing to serve: give addresses, as serve(events, "tcp://:8080") 0',
      stderr,
    );
  });
});

describe("the stack of an error", () => {
  it("shows the script that started the goroutine, and no file of the library", async () => {
    const { stdout, stderr } = await runScript(
      `import { start } from "skein";
       const rt = await start({ procs: 1 });
       function starter() { return rt.go(() => { throw new Error("far"); }); }
       console.log((await starter().catch((error) => error)).stack);
       await rt.close();`,
    );
    assert.match(stdout, /starter .*script\.mjs:3/, stderr);
    assert.doesNotMatch(stdout, /dist\/library/);
  });
});

describe("the library in a place of its own kind", () => {
  const source = `import { start } from "skein"; const rt = await start({ procs: 1 });
    console.log(await rt.go((a) => a + 1, 1), await rt.go(async () => (await import("node:path")).sep)); await rt.close();`;

  it("sends functions where strings may not become code", { skip: onDeno }, async () => {
    const { stdout, stderr } = await runScript(source, undefined, ["--disallow-code-generation-from-strings"]);
    assert.equal(stdout.trim(), "2 /", stderr);
  });

  it("works beside a bundle, and says so where it is in one", () =>
    withFolder(async (folder) => {
      const { buildSync } = createRequire(SKEIN)("esbuild") as typeof Esbuild;
      const file = `${folder}/script.mjs`;
      for (const external of [true, false]) {
        writeFileSync(file, source.replace('from "skein"', `from ${JSON.stringify(fileURLToPath(SKEIN))}`));
        const { outputFiles } = buildSync({
          entryPoints: [file],
          bundle: true,
          platform: "node",
          format: "esm",
          write: false,
          ...(external && { external: [fileURLToPath(SKEIN)] }),
        });
        const { stdout, stderr } = await runScript(outputFiles[0]!.text, folder);
        if (external) assert.equal(stdout.trim(), "2 /", stderr);
        else assert.match(stderr, /SkeinError: skein was bundled without the files of its threads: leave it out/);
      }
    }));
});

describe("a process", () => {
  it("whose task handles rejections that nobody else does keeps its thread", () =>
    withFolder(async (folder) => {
      writeFileSync(
        `${folder}/work.mjs`,
        `let seen = 0;
         process.on("unhandledRejection", () => { seen++; });
         export async function stray() { Promise.reject(new Error("stray")); await new Promise((r) => setTimeout(r, 50)); return seen; }`,
      );
      const { stdout, stderr } = await runScript(
        `import process from "node:process"; import { start } from "skein";
         const rt = await start({ procs: 1 });
         console.log(await rt.go(rt.tasks(new URL("./work.mjs", import.meta.url)).stray));
         await rt.close();`,
        folder,
      );
      assert.equal(stdout.trim(), "1", stderr);
    }));

  const stray = {
    "in a goroutine's goroutine": `async (url) => {
      const { current } = await import(url);
      current().go(() => { throw new RangeError("of the child"); });
      await new Promise((resolve) => setTimeout(resolve, 100));
      return "went on";
    }`,
    "in a promise that its last goroutine leaves": `async () => {
      void Promise.reject(new RangeError("of the child"));
      return "went on";
    }`,
    "in a callback that its last goroutine leaves": `async () => {
      setImmediate(() => { throw new RangeError("of the child"); });
      return "went on";
    }`,
  };
  for (const [where, fn] of Object.entries(stray)) {
    it(`hears of a failure ${where} that nobody watches, and whoever is watched goes on`, async () => {
      const source = `import process from "node:process"; import { start } from "skein";
        const heard = [];
        if (process.argv[2] !== "deaf") process.on("unhandledRejection", (error) => heard.push(error.message));
        const rt = await start({ procs: 1 });
        const went = await rt.go(${fn}, "${SKEIN}");
        for (let i = 0; i < 500 && heard.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
        console.log(went, heard.join(), await rt.go(() => "and on"));
        await rt.close();`;
      const { stdout, stderr } = await runScript(source);
      assert.equal(stdout.trim(), "went on of the child and on", stderr);
      const deaf = await runScript(source.replace("process.argv[2]", '"deaf"'));
      assert.equal(deaf.code, 1);
      assert.match(deaf.stderr, /RangeError: of the child/);
    });
  }

  it("shows its goroutines on SIGQUIT and ends, unless it listens itself; and has no listener of ours left", async () => {
    const source = `import process from "node:process"; import { start } from "skein";
      const rt = await start({ procs: 1 });
      const g = rt.go(async () => new Promise((resolve) => setTimeout(resolve, 20_000)));
      while (g.status !== "waiting") await new Promise((resolve) => setTimeout(resolve, 5));
      process.kill(process.pid, "SIGQUIT");
      await g;
      await rt.close();
      console.log(process.listenerCount("SIGQUIT"));`;
    const { code, stderr } = await runScript(source);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^SIGQUIT: quit\n[^]*goroutine \d+ \[await\]/);
    const own = await runScript(
      source.replace("const g", 'process.on("SIGQUIT", () => undefined); const g').replace("20_000", "100"),
    );
    assert.equal(own.stdout.trim(), "1", own.stderr);
  });

  for (const flag of ["--expose-gc", "--max-old-space-size=300", "--title=x", "--stack-trace-limit=20"]) {
    it(`may be a text with flags: ${flag}`, { skip: onDeno }, async () => {
      const source = `import { start } from "${SKEIN}"; const rt = await start({ procs: 2 });
        console.log(await rt.go((a) => a + 1, 1)); await rt.close();`;
      const { stdout, stderr } = await runArgs([flag, "--input-type=module", "-e", source], process.cwd());
      assert.equal(stdout.trim(), "2", stderr);
    });
  }
});
