import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { displayName, symbolizer } from "../../host/compiler/index.js";
import { described, runSkein } from "../programs/driver/process.js";
import { bytesOf, place } from "./fixtures.js";

const AT = "/*@*/";

/** Programs that panic; each place marked with `AT` must be on the stack, innermost last in the text. */
const PANICS: Readonly<Record<string, readonly [text: string, ...functions: string[]]>> = {
  "a throw, and the calls that led to it": [
    `function inner(): void { ${AT}throw new Error("x"); }
     function middle(n: i32): i32 { if (n > 0) ${AT}inner(); return n; }
     export function main(): void { ${AT}middle(1); }`,
    "inner",
    "middle",
    "main",
  ],
  "a trap in a function small enough to be inlined": [
    `function divide(a: i32, b: i32): i32 { return ${AT}a / b; }
     export function main(): void { let zero = 0; println(${AT}divide(1, zero).toString()); }`,
    "divide",
    "main",
  ],
  "an index that the library checks": [
    `class Row { cells: i32[] = [1]; at(i: i32): i32 { return ${AT}this.cells[i]; } }
     export function main(): void { let r = new Row(); println(${AT}r.at(5).toString()); }`,
    "Row.at",
    "main",
  ],
  "the body of a goroutine, and one inside it": [
    `function fail(): void { ${AT}throw new Error("x"); }
     export function main(): void { go(() => { let n = 1; go(() => { if (n > 0) ${AT}fail(); }); }); sleep(1000000000); }`,
    "fail",
    "main.func1.1",
  ],
  "a deferred call": [
    `class Job { constructor(private n: i32) {} run(k: i32): void { ${AT}throw new Error((this.n + k).toString()); } }
     export function main(): void { go(new Job(1).run(2)); sleep(1000000000); }`,
    "Job.run",
  ],
  "a stack that was unwound and rewound before": [
    `function wait(c: Chan<i32>): i32 { const v = c.recv(); if (v == 7) ${AT}throw new Error("x"); return v; }
     function outer(c: Chan<i32>): void { println(${AT}wait(c).toString()); }
     export function main(): void { const c = new Chan<i32>(); go(c.send(7)); ${AT}outer(c); }`,
    "wait",
    "outer",
    "main",
  ],
  "a generic function": [
    `function pick<T>(a: T[], i: i32): T { return ${AT}a[i]; }
     export function main(): void { println(${AT}pick<string>(["a"], 3)); }`,
    "pick<String>",
    "main",
  ],
  "a call that goes through the compiler's own stubs": [
    `class Base { m(k: i32, n: i32 = k + 1): void { println("base"); } }
     class Derived extends Base { m(k: i32, n: i32 = k + 2): void { ${AT}throw new Error(n.toString()); } }
     export function main(): void { const b: Base = new Derived(); ${AT}b.m(1, 2); }`,
    "Derived.m",
    "main",
  ],
  "functions inside functions": [
    `export function main(): void {
       const named = (n: i32): i32 => { if (n > 0) ${AT}throw new Error("x"); return n; };
       println(${AT}named(1).toString());
     }`,
    "main.anonymous1",
    "main",
  ],
  "the top-level code": [
    `let none: i32 = 0; println((${AT}1 / none).toString()); export function main(): void {}`,
    "init",
  ],
};

describe("a panic's stack names the program's functions, and where each was", () => {
  for (const [name, [text, ...functions]] of Object.entries(PANICS)) {
    it(name, async () => {
      const whole = `import { go, Chan, println, sleep } from "skein";\n${text}\n`;
      const folder = place({ "panics.ts": whole });
      const file = path.join(folder, "panics.wasm");
      writeFileSync(file, await bytesOf(path.join(folder, "panics.ts")));
      const result = await runSkein(["run", file]);
      assert.equal(result.code, 2, described(result));
      const stack = [...result.stderr.matchAll(/^(\S.*)\(\.\.\.\)\n\t(.*)$/gm)].map(([, name, at]) => [
        name,
        path.basename(at!),
      ]);
      assert.deepEqual(
        stack,
        functions.map((name, i) => [name, places(whole)[i]]),
        described(result),
      );
    });
  }
});

/** The marked places as `file:line:column`, in the order of the text. */
function places(text: string): string[] {
  return [...text.matchAll(/\/\*@\*\//g)].map(({ index }) => {
    const before = text.slice(0, index + AT.length);
    return `panics.ts:${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}`;
  });
}

describe("symbols", () => {
  it("are read from any bytes without harm", async () => {
    const wasm = await bytesOf(path.join(place({ "p.ts": "export function main(): void {}" }), "p.ts"));
    const symbol = symbolizer(wasm);
    assert.equal(symbol(1_000_000, 5), null);
    assert.equal(symbolizer(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))(0, 0), null);
  });

  it("spell names as the source does", () => {
    assert.equal(displayName("dir/file/main.func1"), "main.func1");
    assert.equal(displayName("../lib/file/Queue<~lib/string/String>#push"), "Queue<String>.push");
    assert.equal(displayName("file/ns.inner"), "ns.inner");
    assert.equal(displayName("file/Point#get:length"), "Point.length");
    assert.equal(displayName("start:dir/file"), "init");
    assert.equal(displayName("dir/file/main~anonymous|0"), "main.anonymous1");
    assert.equal(displayName("dir/file/outer~inner"), "outer.inner");
  });
});
