/**
 * Everything that can be given to `go`. The cases are functions of one program, which says what it sees; so they are
 * compiled together, and run on one P and on several.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { described, runSkein } from "../programs/driver/process.js";
import { bytesOf, place } from "./fixtures.js";

interface Case {
  /** Declarations at the top of the file; names that no other case uses. */
  readonly top?: string;
  /** Statements of the case's function. */
  readonly body: string;
  /** What the goroutines say, in any order. */
  readonly says: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  "literals take their parameter's type": {
    top: `
      function f32s(x: f32): void { say(\`f32 \${x}\`); }
      function small(x: u8, y: i16): void { say(\`small \${x} \${y}\`); }
      function long(x: i64): void { say(\`long \${x}\`); }`,
    body: `go(f32s(0.5)); go(f32s(1)); go(small(255, -2)); go(long(1 << 40));`,
    says: ["f32 0.5", "f32 1.0", "small 255 -2", "long 1099511627776"],
  },
  "values are converted to their parameter's type as in a call": {
    top: `function widened(x: i64, y: f64): void { say(\`\${x} \${y}\`); }`,
    body: `let x: i32 = -3; let y: f32 = 0.25; go(widened(x, y));`,
    says: ["-3 0.25"],
  },
  "narrow values are wrapped as in a call": {
    top: `function narrow(x: i8): void { say(\`\${x}\`); }`,
    body: `let x: i8 = 127; x++; go(narrow(x));`,
    says: ["-128"],
  },
  "null, strings and array literals": {
    top: `
      function text(s: string | null): void { say(s === null ? "null" : s); }
      function list(a: i32[]): void { say(a.join("+")); }
      function fixed(a: StaticArray<f64>): void { say(a[1].toString()); }`,
    body: `go(text(null)); go(text("text")); go(list([1, 2, 3])); go(fixed([1, 2.5]));`,
    says: ["null", "text", "1+2+3", "2.5"],
  },
  "default parameters, constant and computed": {
    top: `
      let computed = 0;
      function next(): i32 { return ++computed; }
      function constant(a: i32, b: i32 = 42): void { say(\`constant \${a} \${b}\`); }
      function fromOthers(a: i32, b: i32 = 5, c: i32 = a + b): void { say(\`others \${a} \${b} \${c}\`); }
      function called(a: i32 = next()): void { say(\`called \${a}\`); }`,
    body: `go(constant(1)); go(fromOthers(1)); go(fromOthers(1, 2)); go(fromOthers(1, 2, 9)); go(called()); go(called(7));`,
    says: ["constant 1 42", "others 1 5 6", "others 1 2 3", "others 1 2 9", "called 1", "called 7"],
  },
  "rest parameters": {
    top: `function rest(a: i32, ...more: i32[]): void { say(\`\${a}: \${more.length}\`); }`,
    body: `go(rest(1)); go(rest(2, 3, 4));`,
    says: ["1: 0", "2: 2"],
  },
  "results are dropped": {
    top: `function answer(): string { say("asked"); return "answer"; }`,
    body: `go(answer()); go(() => answer());`,
    says: ["asked", "asked"],
  },
  "function values, with and without default parameters": {
    top: `
      function twice(a: i32): void { say(\`twice \${a * 2}\`); }
      function filled(a: i32, b: i32 = a + 1): void { say(\`filled \${a} \${b}\`); }
      class Holder { f: (a: i32) => void = (a: i32) => { say(\`field \${a}\`); }; }`,
    body: `
      let f: (a: i32) => void = twice; go(f(4));
      const g = (a: i32): void => { say(\`arrow \${a}\`); }; go(g(5));
      let h: (a: i32, b?: i32) => void = filled; go(h(1)); go(h(1, 7));
      go(new Holder().f(6));`,
    says: ["twice 8", "arrow 5", "filled 1 2", "filled 1 7", "field 6"],
  },
  "statics, namespaces, and functions of namespaces among themselves": {
    top: `
      class Statics { static s(x: i32): void { say(\`static \${x}\`); } }
      namespace outerNs {
        let hidden = 3;
        function inside(): void { say(\`inside \${hidden}\`); }
        export namespace innerNs { export function f(): void { go(inside()); go(() => { inside(); say(\`\${hidden}\`); }); } }
      }`,
    body: `go(Statics.s(1)); go(outerNs.innerNs.f());`,
    says: ["static 1", "inside 3", "inside 3", "3"],
  },
  "generic functions, with type arguments and without": {
    top: `function sized<T>(x: T): void { say(\`\${sizeof<T>()} \${x}\`); }`,
    body: `go(sized<u16>(9)); let x: f64 = 1.5; go(sized(x)); go(sized("s"));`,
    says: ["2 9", "8 1.5", "4 s"],
  },
  "type parameters of the surroundings": {
    top: `
      function show<T>(x: T): void { say(\`\${sizeof<T>()} \${x}\`); }
      function around<T>(x: T): void {
        go(show<T>(x));
        go(() => { let copy: T = x; go(show<T>(copy)); go(() => { let again: T = copy; show(again); }); });
      }
      class Box<T> { constructor(public value: T) {} open(): void { go(() => { let v: T = this.value; show<T>(v); }); } }`,
    body: `around<u8>(1); around("a"); new Box<i64>(5).open(); new Box<f32>(0.5).open();`,
    says: ["1 1", "1 1", "1 1", "4 a", "4 a", "4 a", "8 5", "4 0.5"],
  },
  "methods, private ones too, called on the object of the moment": {
    top: `
      class Counter {
        constructor(public n: i32) {}
        show(x: i32): void { say(\`\${this.n} \${x}\`); }
        private hidden(): void { say(\`hidden \${this.n}\`); }
        start(): void { go(this.hidden()); go(() => { this.hidden(); }); }
      }`,
    body: `let c = new Counter(1); go(c.show(10)); c.start(); c = new Counter(2); go(c.show(20));`,
    says: ["1 10", "hidden 1", "hidden 1", "2 20"],
  },
  "overridden methods, interfaces and super": {
    top: `
      interface Speaker { speak(x: i32): void; }
      class Animal implements Speaker { speak(x: i32): void { say(\`animal \${x}\`); } }
      class Cat extends Animal {
        speak(x: i32): void { say(\`cat \${x}\`); }
        both(): void { go(super.speak(5)); go(() => { super.speak(6); this.speak(7); }); }
      }`,
    body: `
      let a: Animal = new Cat(); go(a.speak(1)); let s: Speaker = a; go(s.speak(2));
      go(new Animal().speak(3)); (a as Cat).both();`,
    says: ["cat 1", "cat 2", "animal 3", "animal 5", "animal 6", "cat 7"],
  },
  "overridden methods with default parameters": {
    top: `
      class Base0 { m(a: i32, b: i32 = a * 2): void { say(\`base \${a} \${b}\`); } }
      class Derived0 extends Base0 { m(a: i32, b: i32 = a * 3): void { say(\`derived \${a} \${b}\`); } }`,
    body: `let o: Base0 = new Derived0(); go(o.m(1, 1)); go(new Base0().m(2));`,
    says: ["derived 1 1", "base 2 4"],
  },
  "operands are evaluated now, left to right": {
    top: `
      let order = "";
      function mark(s: string): string { order += s; return s; }
      class Marked { constructor(public s: string) { order += s; } m(a: string, b: string): void { say(this.s + a + b + order); } }`,
    body: `go(new Marked("1").m(mark("2"), mark("3")));`,
    says: ["123123"],
  },
  "a function value is evaluated before its arguments": {
    top: `
      let chosen: (x: i32) => void = (x: i32) => { say(\`first \${x}\`); };
      function choose(): i32 { chosen = (x: i32) => { say(\`second \${x}\`); }; return 1; }`,
    body: `go(chosen(choose()));`,
    says: ["first 1"],
  },
  "go inside an argument of go": {
    top: `
      function started(): i32 { go(plain(1)); return 2; }
      function plain(x: i32): void { say(\`plain \${x}\`); }`,
    body: `go(plain(started()));`,
    says: ["plain 1", "plain 2"],
  },
  "go inside a body inside a body": {
    body: `let a = 1; go(() => { let b = a + 1; go(() => { let c = b + 1; go(() => { say(\`\${a} \${b} \${c}\`); }); }); });`,
    says: ["1 2 3"],
  },
  "each turn of a loop has variables of its own, and what is assigned later is shared": {
    body: `
      for (let i = 0; i < 3; i++) { const square = i * i; go(() => { say(\`\${i} \${square}\`); }); }
      let x = 1; go(() => { say(\`x \${x}\`); }); x = 2; go(() => { say(\`x \${x}\`); });`,
    says: ["0 0", "1 1", "2 4", "x 2", "x 2"],
  },
  "parameters, constants and variables of every type are captured": {
    top: `
      function takes(a: i8, b: f32, c: bool, d: i64, s: string): void {
        const n: u16 = 65535; const half = 0.5; const made = s + "!";
        go(() => { say(\`\${a} \${b} \${c} \${d} \${s} \${n} \${half} \${made}\`); });
      }`,
    body: `takes(-1, 1.5, true, 1 << 33, "s");`,
    says: ["-1 1.5 true 8589934592 s 65535 0.5 s!"],
  },
  "a nullable local that was tested is not null in the body": {
    top: `class Maybe { v: i32 = 5; }`,
    body: `let m: Maybe | null = new Maybe(); if (m !== null) { go(() => { say(m.v.toString()); }); }`,
    says: ["5"],
  },
  "names declared inside hide those outside": {
    body: `
      let x = 1; let y = 1;
      go(() => {
        let seen = x;
        { let x = 5; x++; seen += x; }
        for (let y = 0; y < 2; y++) seen += y;
        const f = (x: i32): i32 => { x += 1; return x; };
        say(\`\${seen + f(10)} \${y}\`);
      });`,
    says: ["19 1"],
  },
  "module variables and fields are shared, not captured": {
    top: `let shared = 1; class Cell { v: i32 = 1; static s: i32 = 1; }`,
    body: `
      const cell = new Cell();
      go(() => { shared += 1; cell.v += 1; Cell.s += 1; });
      settle(); say(\`\${shared} \${cell.v} \${Cell.s}\`);`,
    says: ["2 2 2"],
  },
  "bodies in methods, constructors, accessors and inlined functions": {
    top: `
      class Everywhere {
        v: i32;
        constructor() { this.v = 1; go(() => { say(\`constructor \${this.v}\`); }); }
        get g(): i32 { go(() => { say(\`getter \${this.v}\`); }); return 1; }
        set g(x: i32) { go(() => { say(\`setter \${this.v} \${x}\`); }); }
        static s(x: i32): void { go(() => { say(\`static \${x}\`); }); }
      }
      // @ts-ignore: decorator
      @inline function inlined(x: i32): void { const y = x * 2; go(() => { say(\`inlined \${x} \${y}\`); }); go(target(y)); }
      // @ts-ignore: decorator
      @inline function target(x: i32): void { say(\`target \${x}\`); }`,
    body: `const e = new Everywhere(); e.g; e.g = 4; Everywhere.s(5); inlined(1); inlined(2);`,
    says: ["constructor 1", "getter 1", "setter 1 4", "static 5", "inlined 1 2", "target 2", "inlined 2 4", "target 4"],
  },
  "types declared in the surroundings": {
    body: `type Number = i64; let n: Number = 3; go(() => { let m: Number = n; say(\`\${sizeof<Number>()} \${m}\`); });`,
    says: ["8 3"],
  },
  "other spellings of a body": {
    body: `
      go(function (): void { say("function"); });
      go(() => say("expression"));
      go((() => { say("parentheses"); }));
      go((() => { say("called"); })());
      let z = 3; go(((x: i32, y: string) => { say(\`\${x} \${y} \${z}\`); })(z - 2, "arguments"));
      go((): i32 => { say("result"); return 1; });`,
    says: ["function", "expression", "parentheses", "called", "1 arguments 3", "result"],
  },
  "a loop that the compiler compiles twice starts each goroutine once": {
    top: `class Link { next: Link | null = null; }`,
    body: `
      let link: Link | null = new Link(); link.next = new Link();
      for (let i = 0, small: u8 = 250; i < 2; i++, small += 10) { const l = link; go(() => { say(\`\${small} \${l === null}\`); }); link = link ? link.next : null; }`,
    says: ["250 false", "4 false"],
  },
  "go under another name, and functions of the program's own called go": {
    top: `class Player { go(x: i32): i32 { return x * 2; } } function goOn(x: i32): i32 { return x + 1; }`,
    body: `spawn(sayNumber(new Player().go(goOn(1)))); S.go(() => { say("namespace"); }); const p = new Player(); go(p.go(3));`,
    says: ["4", "namespace"],
  },
  "methods and functions of the library that take a call": {
    top: `function run(x: i32): void { say(\`run \${x}\`); }`,
    body: `
      const once = new Once(); once.do(run(1)); once.do(run(2)); once.do(() => { run(3); });
      const x = 4; afterFunc(0, run(x)); afterFunc(0, () => { run(x + 1); }); sleep(5 * Millisecond);`,
    says: ["run 1", "run 4", "run 5"],
  },
  "methods of the library as goroutines": {
    body: `const c = new Chan<i32>(); go(c.send(5)); say(\`\${c.recv()}\`); const a = new Array<i32>(); go(a.push(1)); settle(); say(\`\${a.length}\`);`,
    says: ["5", "1"],
  },
};

const names = Object.keys(CASES);

const text = `
import { go, go as spawn, Chan, Once, Millisecond, afterFunc, gosched, numGoroutine, ok, println, sleep } from "skein";
import * as S from "skein";

const out = new Chan<string>(1000);
function say(s: string): void { out.send(s); }
function sayNumber(n: i32): void { say(n.toString()); }
function settle(): void { while (numGoroutine() > 1) sleep(Millisecond); }
function finish(name: i32): void {
  settle();
  while (true) {
    const s = out.tryRecv();
    if (!ok()) break;
    println(\`\${name} \${s}\`);
  }
}

${Object.values(CASES)
  .map(({ top = "", body }, i) => `${top}\nfunction case${i}(): void {${body}\n}`)
  .join("\n\n")}

go(say("top level")); // runs with the first case
for (let i = 0; i < 2; i++) go(() => { say(\`top level \${i}\`); });

export function main(): void {
  finish(-1);
${names.map((_, i) => `  case${i}(); finish(${i});`).join("\n")}
}
`;

let built: Promise<string> | undefined;

/** The program, compiled once for any number of Ps. */
function build(): Promise<string> {
  built ??= (async () => {
    const folder = place({ "forms.ts": text });
    const wasm = path.join(folder, "forms.wasm");
    writeFileSync(wasm, await bytesOf(path.join(folder, "forms.ts")));
    return wasm;
  })();
  return built;
}

for (const procs of [1, 4]) {
  describe(`what go takes, on ${procs} P${procs > 1 ? "s" : ""}`, () => {
    const said = new Map<number, string[]>();

    before(async () => {
      const result = await runSkein(["run", "--procs", String(procs), await build()]);
      assert.equal(result.code, 0, described(result));
      for (const line of result.stdout.trim().split("\n")) {
        const [, index, what] = /^(-?\d+) (.*)$/.exec(line)!;
        said.set(Number(index), [...(said.get(Number(index)) ?? []), what!]);
      }
    });

    const check = (index: number, expected: readonly string[]): void => {
      assert.deepEqual([...(said.get(index) ?? [])].sort(), [...expected].sort());
    };
    it("goroutines of the top-level code", () => check(-1, ["top level", "top level 0", "top level 1"]));
    for (const [i, name] of names.entries()) it(name, () => check(i, CASES[name]!.says));
  });
}
