import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { runScript } from "../faults/scripts.js";
import { bytesOf, errorOf, place, program } from "./fixtures.js";

const SMALL = "export function main(): void {}";

/** Marks the place of the error in a text. */
const HERE = "/*!*/";

interface Case {
  readonly text: string;
  readonly says: RegExp;
}

const f = "function f(a: i32, b: string): i32 { return a; }";

/** Programs that must be refused: `HERE` stands right before the place that the error names. */
const CASES: Readonly<Record<string, Case>> = {
  "a constant in a body is still a constant": {
    text: `const x = 1; go(() => { ${HERE}x = 2; });`,
    says: /cannot assign to 'x', which is a constant/,
  },
  "a constant in a function is one, too": {
    text: `const x = f(1, ""); const g = () => () => { ${HERE}x = 2; }; g();`,
    says: /cannot assign to 'x', which is a constant/,
  },
  "a variable that is declared behind the function": {
    text: `const g = (): i32 => ${HERE}x; const x = 1; g();`,
    says: /'x' is declared further down: declare it before this function, with its type, and assign to it later/,
  },
  "a function that is declared behind the function": {
    text: `const even = (n: i32): bool => n == 0 || ${HERE}odd(n - 1); function odd(n: i32): bool { return n > 0 && even(n - 1); }`,
    says: /'odd' is declared further down/,
  },
  "a variable in its own value": {
    text: `const g: () => void = once(() => { ${HERE}g(); }); } function once(h: () => void): () => void { return h;`,
    says: /'g' is used in its own value: declare it first, with its type, and assign to it afterwards/,
  },
  "a var of a loop that functions assign to": {
    text: `for (let i = 0; i < 3; i++) { var x = i; go(() => { ${HERE}x++; }); }`,
    says: /'x' is one variable for all turns of its loop: declare it with let, or outside of the loop/,
  },
  "a parameter that a function in the value of another shares": {
    text: `g(1); } function g(p: i32, q: () => i32 = () => ${HERE}p): void { p++; q();`,
    says: /parameter 'p' is assigned to, and used by a function in the value of another/,
  },
  "a function whose result cannot be told": {
    text: `const g = ${HERE}(x: i32) => { while (true) { if (x > 1) return gone(x); } };`,
    says: /the type of this function cannot be told: .*, as in \(x: i32\): i32 => x \+ 1/,
  },
  "a for…of over a number": {
    text: `for (const x of ${HERE}5) {}`,
    says: /for…of goes over arrays, strings, sets, maps and channels, not over a i32/,
  },
  "a for…of over a map without values": {
    text: `for (const x of ${HERE}new Map<i32, i32>()) {}`,
    says: /a map is gone over in pairs: for \(const \[key, value\] of map\)/,
  },
  "a for…of with a variable from outside": {
    text: `let x = 1; for (${HERE}x of [1]) {}`,
    says: /a for…of declares its variable/,
  },
  "a channel of vectors": {
    text: `const ch = ${HERE}new Chan<v128>(); ch.recv();`,
    says: /channels do not carry v128: send an object with one, or its two halves/,
  },
  "an atomic of a type that the library refuses": {
    text: `const a = ${HERE}new Atomic<f64>();`,
    says: /Atomic<T> takes i32, u32, i64 or u64/,
  },
  "a go as in Go": { text: `${HERE}go f(1, "");`, says: /'go' takes a call in parentheses: go\(f\(x\)\)/ },
  "a function that is not called": {
    text: `go(${HERE}f);`,
    says: /'go' takes a call, as in go\(f\(x\)\), or an arrow function/,
  },
  "a value": { text: `let x = 5; go(${HERE}x);`, says: /'go' takes a call/ },
  "an expression of two calls": { text: `go(${HERE}f(1, "") + f(2, ""));`, says: /'go' takes a call/ },
  "under the name that the program gave to go": {
    text: `spawn(${HERE}f);`,
    says: /'spawn' takes a call, as in spawn\(f\(x\)\)/,
  },
  "a method that takes a task is named as it is called": {
    text: `const once = new Once(); once.do(${HERE}f);`,
    says: /'once.do' takes a call/,
  },
  "a function that is built into the compiler": {
    text: `go(${HERE}memory.fill(0, 0, 0));`,
    says: /'memory.fill\(0, 0, 0\)' is built into the compiler .*: go\(\(\) => \{ memory.fill\(0, 0, 0\); \}\)/,
  },
  "a body with parameters that is not called": { text: `go(${HERE}(x: i32) => {});`, says: /takes no parameters/ },
  "a body called with too few arguments": {
    text: `go((${HERE}(x: i32, y: i32) => {})(1));`,
    says: /takes 2 arguments, but is called with 1/,
  },
  "an argument of the wrong type": { text: `go(f(1, ${HERE}2));`, says: /'i32' is not assignable to type 'String'/ },
  "too few arguments": { text: `go(${HERE}f(1));`, says: /Expected 2 arguments, but got 1/ },
  "too many arguments": { text: `go(${HERE}f(1, "", 3));`, says: /Expected 2 arguments, but got 3/ },
  "an unknown function": { text: `go(${HERE}nowhere(1));`, says: /Cannot find name 'nowhere'/ },
  "an unknown name in a body": { text: `go(() => { ${HERE}nowhere; });`, says: /Cannot find name 'nowhere'/ },
  "a wrong type in a body": { text: `go(() => { let s: string = ${HERE}1; });`, says: /not assignable/ },
  "a captured variable before its first value": {
    text: `let s: string; go(() => { ${HERE}s; });`,
    says: /'s' is used before being assigned/,
  },
  "this in a body where there is none": { text: `go(() => { ${HERE}this; });`, says: /'this' cannot be referenced/ },
  "an object that escapes from its constructor before it is whole": {
    text: `new Half(); } class Half { ${HERE}s: string; constructor() { go(() => { this; }); this.s = ""; }`,
    says: /'Half.s' has no initializer .* before 'this' is used/,
  },
};

/** A whole program around the statements of a case. */
function wholeProgram(text: string): string {
  return `import { Atomic, Chan, go, go as spawn, Once } from "skein";\n${f}\nexport function main(): void {\n  ${text}\n}\n`;
}

describe("a goroutine that cannot be", () => {
  for (const [name, { text, says }] of Object.entries(CASES)) {
    it(name, async () => {
      const whole = wholeProgram(text);
      const at = whole.indexOf(HERE) + HERE.length;
      const line = whole.slice(0, at).split("\n").length;
      const column = at - whole.lastIndexOf("\n", at);
      const file = program(whole);
      const message = await errorOf(file);
      assert.match(message, says);
      assert.ok(message.startsWith(`${file}:${line}:${column}: error: `), `at ${line}:${column} of: ${message}`);
    });
  }
});

describe("a program that cannot be", () => {
  const refusals: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
    "has no main": [
      "export function other(): void {}",
      /program\.ts: error: this program has no main: export a function/,
    ],
    "is a comment": ["// nothing", /program\.ts: error: this program has no main/],
    "is nothing": ["", /program\.ts is empty/],
    "does not export main": ["function main(): void {}", /program\.ts:1:10: error: main is not exported/],
    "has a main with parameters": ["export function main(n: i32): void {}", /program\.ts:1:17: .*args\(\)/],
    "has a main that returns no number": [`export function main(): string { return ""; }`, /1:17: .*returns .*String/i],
    "has a main that is generic": ["export function main<T>(): void {}", /1:17: error: main must be a function/],
    "has a main that is no function": ["export const main: i32 = 1;", /1:14: error: main must be a function/],
    "does not parse": [
      "export function main(): void {\n  let x = ;\n}",
      /program\.ts:2:11: error: Expression expected/,
    ],
    "ends too early": ["export function main(): void {\n  if (true) {", /program\.ts:2:\d+: error: .*expected/i],
    "imports a file that is not there": [
      `import { x } from "./gone";\nexport function main(): void {}`,
      /program\.ts:1:19: error: there is no file .*gone\.ts/,
    ],
    "imports a package that is not there": [
      `import { x } from "gone/y";\nexport function main(): void {}`,
      /program\.ts:1:19: error: cannot find 'gone\/y'.*node_modules/,
    ],
    "imports what the library does not have": [
      `import { gone } from "skein";\nexport function main(): void {}`,
      /program\.ts:1:10: error: Module 'skein' has no exported member 'gone'/,
    ],
    "uses what it does not import": [
      "function f(): void {}\nexport function main(): void { go(f()); }",
      /program\.ts:2:32: error: Cannot find name 'go'/,
    ],
    "has formats that its values do not fit": [
      `import { printf } from "skein/fmt";\nexport function main(): void { printf("%d", "x"); printf("%d"); printf("%y", 1); printf("%*d", "a", 1); printf("5%"); }`,
      new RegExp(
        [
          "printf: %d does not take a value of type string",
          "printf: the format reads 1 value, and there are 0",
          "printf: there is no verb %y",
          String.raw`printf: the \* of %\*d takes an integer`,
          "printf: the format ends within %",
        ].join("[^]*"),
      ),
    ],
    "declares a function of its host": [
      "declare function alert(): void;\nexport function main(): void { alert(); }",
      /program\.ts:1:1: error: nothing provides the import 'program\.alert'/,
    ],
    "uses what only a browser has": [
      `export function main(): void { trace("x"); }`,
      /program\.ts: error: the program uses what Skein does not provide: trace/,
    ],
    "uses a module variable before its value": [
      "const a: i32 = b + 1; const b: i32 = 2;\nexport function main(): void {}",
      /program\.ts:1:16: error: Variable 'b' used before its declaration/,
    ],
  };
  for (const [name, [text, says]] of Object.entries(refusals)) {
    it(name, async () => assert.match(await errorOf(program(text)), says));
  }

  it("is not there, is a directory, is no source file", async () => {
    const folder = place({ "notes.txt": "text" });
    assert.match(await errorOf(path.join(folder, "gone.ts")), /gone\.ts: there is no such file/);
    assert.match(await errorOf(folder), /is a directory/);
    assert.match(
      await errorOf(path.join(folder, "notes.txt")),
      /notes\.txt is neither AssemblyScript nor C: its name ends in none of \.ts, \.c, /,
    );
  });

  it("has its error in another file, which is named", async () => {
    const folder = place({
      "main.ts": `import { f } from "./lib/helper";\nexport function main(): void { f(); }`,
      "lib/helper.ts": "export function f(): i32 {\n\treturn gone;\n}",
    });
    const message = await errorOf(path.join(folder, "main.ts"));
    assert.ok(
      message.startsWith(`${path.join(folder, "lib", "helper.ts")}:2:9: error: Cannot find name 'gone'`),
      message,
    );
    const [, source, marks] = message.split("\n");
    assert.equal(source, "2 |   return gone;");
    assert.equal(marks, "  |          ~~~~");
  });

  it("has many errors, of which a screenful is shown", async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `  gone${i};`).join("\n");
    assert.match(await errorOf(program(`export function main(): void {\n${lines}\n}`)), /… and 15 more errors$/);
  });

  it("has very long lines, of which the place is shown", async () => {
    const message = await errorOf(program(`export function main(): void { let s = "${"x".repeat(500)}"; gone; }`));
    assert.match(message, /; gone; }\n {2}\| +~~~~$/);
    assert.ok(message.split("\n").every((line) => line.length < 200));
  });

  it("imports in a circle through top-level code, where a value is needed before it is there", async () => {
    const folder = place({
      "a.ts": `import { b } from "./b";\nexport const a: i32 = b + 1;\nexport function main(): void {}`,
      "b.ts": `import { a } from "./a";\nexport const b: i32 = a + 1;`,
    });
    assert.match(
      await errorOf(path.join(folder, "a.ts")),
      /b\.ts:2:23: error: Variable 'a' used before its declaration/,
    );
  });

  it("wants the address of something else than a field of an object", async () => {
    const text = `import { addressOf } from "skein/abi";
      @unmanaged class C { a: i32; get b(): i32 { return 1; } }
      export function main(): void {
        const x = new C(), y: C | null = null;
        addressOf(x.a); addressOf(x.b); addressOf(x.c); addressOf(x); addressOf(y.a);
      }`;
    const errors = (await errorOf(program(text))).match(/error: .*/g);
    assert.deepEqual(errors, [
      "error: 'b' is no field of program/C",
      "error: 'c' is no field of program/C",
      "error: addressOf takes a field of an object: addressOf(x.field)",
      "error: addressOf takes a field of an object that is not null",
    ]);
  });

  it("imports what cannot be read, or by a path that means nothing here", async () => {
    const folder = place({ "program.ts": "" });
    symlinkSync("loop.ts", path.join(folder, "loop.ts"));
    const imports: Readonly<Record<string, RegExp>> = {
      "./loop": /program\.ts:1:19: error: cannot read 'loop': too many symbolic links/,
      "./a\\0b": /program\.ts:1:19: error: cannot read 'a\0b'/,
      [`./${"x".repeat(300)}`]: /error: cannot read 'x+': name too long/,
      "/etc/x": /error: imports have no absolute paths: write the path from this file, beginning with '.\/'/,
      "node:fs": /error: there is no 'node:fs': goroutine programs have Skein's library, not Node's/,
      [`a\\nb\\"`]: /error: cannot find 'a\nb"': neither/,
    };
    const file = path.join(folder, "program.ts");
    for (const [from, says] of Object.entries(imports)) {
      writeFileSync(file, `import { f } from "${from}"; export function main(): void { f(); }`);
      assert.match(await errorOf(file), says);
    }
    assert.match(await errorOf(path.join(folder, "loop.ts")), /^cannot read .*loop\.ts: too many symbolic links/);
  });

  it("is nested too deeply, after which others compile as before", async () => {
    const before = await bytesOf(program(SMALL));
    const nested = {
      parentheses: `export function main(): void { let x: i32 = ${"(".repeat(5000)}1${")".repeat(5000)}; }`,
      blocks: `export function main(): void { ${"{".repeat(20_000)}${"}".repeat(20_000)} }`,
      types: `export function main(): void { let x: ${"Array<".repeat(3000)}i32${">".repeat(3000)} | null = null; }`,
      sums: `export function main(): void { let x: i32 = 1; x = ${"x + ".repeat(20_000)}x; }`,
    };
    for (const [what, text] of Object.entries(nested)) {
      const message = await errorOf(program(text));
      assert.match(message, /program\.ts[:\d]*: error: this is nested too deeply/, what);
    }
    assert.deepEqual(await bytesOf(program(SMALL)), before);
  });
});

describe("the process that compiles", () => {
  it("handles its uncaught errors as before", async () => {
    const compiler = new URL("../../../dist/compiler/index.js", import.meta.url).href;
    const { code, stdout, stderr } = await runScript(
      `import process from "node:process";
       import { compile } from ${JSON.stringify(compiler)};
       const failed = await compile(${JSON.stringify(program("export function main(): void { gone; }"))}).catch((e) => e.name);
       console.log(failed, ["uncaughtException", "unhandledRejection"].map((e) => process.listenerCount(e)).join());
       setTimeout(() => { throw new Error("mine"); }, 10);`,
    );
    assert.equal(stdout.trim(), "CompileError 0,0");
    assert.equal(code, 1);
    assert.ok(stderr.length < 2000, `${stderr.length} characters on standard error`);
  });

  it("loads AssemblyScript only to compile", async () => {
    const compiler = new URL("../../../dist/compiler/index.js", import.meta.url).href;
    const { stdout } = await runScript(
      `import process from "node:process";
       await import(${JSON.stringify(compiler)});
       console.log(process.listenerCount("uncaughtException"));`,
    );
    assert.equal(stdout.trim(), "0");
  });
});
