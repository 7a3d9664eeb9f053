import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import { compile } from "../../host/compiler/index.js";
import { start } from "../../host/index.js";
import { bytesOf, errorOf, place, program } from "./fixtures.js";

interface Info {
  readonly main: { readonly thunk: number };
  readonly init: { readonly thunk: number };
  readonly heapBase: number;
  readonly exports: Readonly<Record<string, unknown>>;
}

const text = `
import { go, println } from "skein";
let i: i32 = 7; let f: f64 = 0.5; let s = "text"; let b: bool = true;
enum E { A, B = i }
class C { static n: i64 = -1; }
export function main(): i32 { go(println(s)); i++; f += 1; C.n++; b = !b; return i + E.B + i32(f) + i32(C.n) + i32(b); }
export function add(a: i32, b: f64, c: bool, d: u8): f64 { return a + b + i32(c) + d; }
export function nothing(): void {}
export function ofStrings(s: string): void {}
export function generic<T>(x: T): T { return x; }
export let variable: i32 = 1;
`;

let first: Promise<Uint8Array<ArrayBuffer>> | undefined;

/** The program `text`, compiled once for all tests that look at it. */
function built(): Promise<Uint8Array<ArrayBuffer>> {
  first ??= bytesOf(program(text));
  return first;
}

function infoOf(module: WebAssembly.Module): Info {
  const [section] = WebAssembly.Module.customSections(module, "skein");
  assert.ok(section);
  return JSON.parse(Buffer.from(section).toString()) as Info;
}

describe("a built program", () => {
  it("exports the core's functions for the host, and nothing else", async () => {
    const module = await WebAssembly.compile(await built());
    const exports = WebAssembly.Module.exports(module);
    assert.ok(exports.length > 5);
    for (const { name, kind } of exports) {
      assert.match(name, /^__skein_/);
      assert.equal(kind, "function");
    }
  });

  it("has a core that asserts what it relies on, and small limits, if it is to be checked", async () => {
    const file = program(`import { CHECKED } from "skein/runtime/base/checked";
      import { RUNQ_LENGTH } from "skein/abi";
      export function main(): void {}
      export function checked(): i32 { return i32(CHECKED); }
      export function ring(): i32 { return RUNQ_LENGTH; }`);
    for (const [checked, ring] of [
      [true, 4],
      [false, 256],
    ] as const) {
      const { wasm } = await compile(file, { cache: false, checked });
      const rt = await start({ program: wasm });
      try {
        assert.equal(await rt.call("checked"), Number(checked));
        assert.equal(await rt.call("ring"), ring);
      } finally {
        await rt.close();
      }
    }
  });

  it("imports a shared memory, and what the host provides", async () => {
    const module = await WebAssembly.compile(await built());
    const imports = WebAssembly.Module.imports(module);
    assert.ok(imports.some(({ module, name, kind }) => module === "env" && name === "memory" && kind === "memory"));
    for (const { module } of imports) assert.notEqual(module, "asyncify", "switching stacks takes no JavaScript");
  });

  it("describes its exports of numbers", async () => {
    const info = infoOf(await WebAssembly.compile(await built()));
    assert.deepEqual(Object.keys(info.exports).sort(), ["add", "nothing"]);
    const { thunk, ...add } = info.exports["add"] as { thunk: number };
    assert.ok(thunk > 0);
    assert.deepEqual(add, {
      params: ["i32", "f64", "bool", "u8"],
      offsets: [8, 16, 24, 25],
      result: "f64",
      resultOffset: 32,
      size: 40,
    });
    assert.ok(info.main.thunk > 0 && info.init.thunk > 0 && info.main.thunk !== info.init.thunk);
    assert.equal(info.heapBase % 16, 0);
  });

  it("leaves its data to the host, so that a second thread does not write it again", async () => {
    const bytes = await built();
    const module = await WebAssembly.compile(bytes);
    const [data] = WebAssembly.Module.customSections(module, "skein.data");
    assert.ok(data && Buffer.from(data).includes(Buffer.from("text", "utf16le")));
    const ids = [...sectionIds(bytes)];
    for (const id of [8, 11, 12]) assert.ok(!ids.includes(id), `no section ${id}: start, data, data count`);
    const info = infoOf(module);
    for (let at = 0, view = new DataView(data); at < data.byteLength; at += 8 + view.getUint32(at + 4, true)) {
      assert.ok(
        view.getUint32(at, true) + view.getUint32(at + 4, true) <= info.heapBase,
        "the heap begins after the data",
      );
    }
  });

  it("is the same every time", async () => {
    const file = program(text);
    assert.ok(Buffer.from(await bytesOf(file)).equals(await bytesOf(file)));
  });

  it("takes files of other folders, indices, packages, and circles of imports", async () => {
    const folder = place({
      "app/main.ts": `
        import { a } from "./a"; import { shared } from "../shared/thing"; import { sub } from "./sub";
        import { packaged, fromAssembly } from "some-package"; import { deep } from "@scope/pack/deep/file";
        export function main(): i32 { return a(1) + shared() + sub() + packaged() + fromAssembly() + deep(); }`,
      "app/a.ts": `import { b } from "./b"; export function a(n: i32): i32 { return n <= 0 ? 0 : b(n - 1); }`,
      "app/b.ts": `import { a } from "./a"; export function b(n: i32): i32 { return a(n); }`,
      "shared/thing.ts": "export function shared(): i32 { return 1; }",
      "app/sub/index.ts": `export * from "./inner";`,
      "app/sub/inner.ts": "export function sub(): i32 { return 1; }",
      "node_modules/some-package/index.ts": `export { packaged } from "./lib/x"; export { fromAssembly } from "./y";`,
      "node_modules/some-package/lib/x.ts": "export function packaged(): i32 { return 1; }",
      "node_modules/some-package/assembly/y.ts": "export function fromAssembly(): i32 { return 1; }",
      "app/node_modules/@scope/pack/deep/file.ts": "export function deep(): i32 { return 1; }",
    });
    await bytesOf(path.join(folder, "app", "main.ts"));
  });

  it("points into a package where that is wrong", async () => {
    const folder = place({
      "main.ts": `import { f } from "bad"; export function main(): void { f(); }`,
      "node_modules/bad/index.ts": "export function f(): void { gone(); }\n// a package declares no imports either",
    });
    const message = await errorOf(path.join(folder, "main.ts"));
    assert.ok(message.startsWith(path.join(folder, "node_modules", "bad", "index.ts") + ":1:29: error:"), message);
  });

  it("runs on any path, with any characters", async () => {
    const folder = place({ "a folder/ü #1.ts": "export function main(): void {}" });
    await bytesOf(path.join(folder, "a folder", "ü #1.ts"));
  });
});

function* sectionIds(wasm: Uint8Array): Generator<number> {
  for (let at = 8; at < wasm.length;) {
    yield wasm[at++]!;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++]!;
      length += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += length;
  }
}
