/** Forms of Go and TypeScript: each works, or is one clear error with what to write instead. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile } from "../../host/compiler/index.js";
import { errorOf, place, program } from "./fixtures.js";

interface Form {
  /** Declarations at the top of the file. */
  readonly top?: string;
  /** Statements of main. */
  readonly body?: string;
  readonly says: RegExp;
}

const NODE = "class N { next: N | null = null; y: i32 = 1; f(): void {} }";
const LOOKS = "interface Speaker { speak(): void; } class Cat { speak(): void {} }";

const FORMS: Readonly<Record<string, Form>> = {
  "a label that is not there": {
    body: "for (;;) { for (;;) { break outer; } }",
    says: /no loop or switch around this has the label 'outer'; labels end at their function/,
  },
  "the label of another function": {
    body: "outer: for (;;) { (() => { for (;;) { break outer; } })(); }",
    says: /no loop or switch around this has the label 'outer'/,
  },
  "continue with the label of a switch": {
    body: "for (;;) { s: switch (1) { case 1: for (;;) { continue s; } } }",
    says: /'s' is a switch, which has no next turn/,
  },
  "an integer of more than 64 bits": {
    body: "const x: f64 = 123456789012345680000;",
    says: /123456789012345680000 does not fit into 64 bits: as a floating-point number write 123456789012345680000\.0/,
  },
  "a block with a label": { body: "done: { break done; }", says: /blocks have no labels/ },
  "${nullable}": { body: "let s: string | null = null; println(`${s}`);", says: /what may be null is no text/ },
  "const m = c.f": { top: NODE, body: "const c = new N(); const m = c.f; m();", says: /a method is no value/ },
  "x?.y": { top: NODE, body: "let x: N | null = null; const q = x?.y;", says: /there is no '\?\.' here: ask first/ },
  "x?.f()": { top: NODE, body: "let x: N | null = null; x?.f();", says: /there is no '\?\.' here: ask first/ },
  "1 ?? 2": { body: "const a = 1, b = a ?? 2;", says: /a value of type i32 is never null: leave out '\?\?'/ },
  "f().x ||= 1": {
    top: NODE,
    body: "function f(): N { return new N(); } f().y ||= 1;",
    says: /this is evaluated twice by '\|\|=': put its object, or index, into a variable/,
  },
  "c = [a, b] = [b, a]": { body: "let a = 1, b = 2; const c = ([a, b] = [b, a]);", says: /has no value/ },
  "[a, b] = [1]": { body: "let a = 1, b = 2; [a, b] = [1];", says: /1 values for 2 places/ },
  "const [a] without a value": { body: "const [a];", says: /'=' expected/ },
  "patterns in patterns": { body: "const [[a]] = [[1]];", says: /'a name' expected/ },
  "values in patterns": { body: 'const { length = 1 } = "x";', says: /'}' expected/ },
  "async () => …": { body: "const f = async () => {}; f();", says: /there is no 'async' here: a function may block/ },
  "async function": { top: "async function f(): void {}", body: "f();", says: /there is no 'async' here/ },
  await: { top: NODE, body: "await new N().f();", says: /there is no 'await' here: call the function/ },
  "a parameter that is taken apart": {
    body: "const h = ({ length }: string): i32 => length;",
    says: /parameters are not taken apart/,
  },
  "one with values": { top: "function f({ a = 1 }: N = new N()): void {}", says: /parameters are not taken apart/ },
  "for (let n = head; n; n = n.next)": {
    top: NODE,
    body: "const head: N | null = new N(); for (let n = head; n; n = n.next) {}",
    says: /declare it with its type, as in for \(let n: Node \| null = head/,
  },
  "new Cond(this.mu) in a constructor": {
    top: "class Q { mu: Mutex; c: Cond; constructor() { this.mu = new Mutex(); this.c = new Cond(this.mu); } }",
    body: "new Q();",
    says: /'Q\.c' has no initializer.*: give it one where it is declared, as in cond: Cond = new Cond\(this\.mu\)/,
  },
  "a recursive function type": {
    top: "type State = (n: i32) => State | null; let s: State | null = null;",
    says: /a type cannot contain itself: use a class or an interface/,
  },
  "a class that only looks like the interface": {
    top: LOOKS,
    body: "const s: Speaker = new Cat();",
    says: /'Cat' is no 'Speaker'/,
  },
  "the same as an argument": {
    top: `${LOOKS} function g(s: Speaker): void {}`,
    body: "g(new Cat());",
    says: /class Cat implements Speaker/,
  },
  "union types": { top: "function f(x: string | i32): void {}", body: "f(1);", says: /there are no union types/ },
  "[...a]": { body: "const a = [1]; const b = [...a, 2];", says: /arrays cannot be spread/ },
  "f(...a)": {
    top: "function f(a: i32, b: i32): void {}",
    body: "const a = [1, 2]; f(...a);",
    says: /arguments are not taken/,
  },
  "{ ...o }": { body: 'const o = "x"; const c = { ...o };', says: /objects cannot be spread/ },
  generators: { top: "function* g(): i32 { yield 1; }", body: "g();", says: /there are no generators/ },
  "an enum of strings": {
    top: 'enum Color { Red = "red", Blue = "blue" }',
    body: "println(Color.Red);",
    says: /an enum has numbers/,
  },
  "optional parameters by name": {
    top: "function f(o: { a: i32 }): void {}",
    body: "f({ a: 1 });",
    says: /a type of objects is a class/,
  },
  "type P = { … }": { top: "type P = { x: i32 };", body: "let p: P;", says: /a type of objects is a class/ },
  "an optional parameter": {
    top: "function f(b?: i32): void {}",
    body: "f();",
    says: /has a value for that: b: i32 = 0/,
  },
  overloads: {
    top: "function f(a: i32): void; function f(a: string): void {}",
    body: "f(1);",
    says: /functions have no overloads/,
  },
  "#x": { top: "class C { #x: i32 = 1; }", body: "new C();", says: /there are no names with '#': write private x/ },
  "a getter in an interface": {
    top: "interface I { get x(): i32; }",
    says: /an interface has no getters of this form: write x: T/,
  },
  "Symbol.iterator": {
    top: "class L { [Symbol.iterator](): i32 { return 1; } }",
    body: "new L();",
    says: /there is no Symbol\.iterator/,
  },
  "regular expressions": { body: "const r = /a+/;", says: /there are no regular expressions/ },
  "JSON.parse": { body: 'JSON.parse("{}");', says: /there is no JSON object: .* skein\/json/ },
  any: { top: "function f(x: any): void {}", body: "f(1);", says: /every value has a type here/ },
  Promise: { top: "function f(): Promise<i32> { return 1; }", body: "f();", says: /there are no promises/ },
  "for…in": { body: "const m = [1]; for (const k in m) {}", says: /there is no for…in/ },
  "an object without a class": { body: "const o = { a: 1 };", says: /an object has a class here/ },
  tuples: { top: 'const t: [i32, string] = [1, "x"];', says: /there are no tuples/ },
  delete: { top: NODE, body: "const c = new N(); delete c.y;", says: /fields cannot be deleted/ },
  undefined: {
    body: 'const m = new Map<i32, i32>(); if (m.get(1) === undefined) println("x");',
    says: /there is no undefined/,
  },
  "static blocks": { top: "class C { static { } }", body: "new C();", says: /there are no static blocks/ },
  "readonly arrays": {
    top: "function f(a: readonly i32[]): void {}",
    body: "f([1]);",
    says: /there are no readonly arrays/,
  },
  "as const": { body: "const a = [1, 2] as const;", says: /there is no 'as const'/ },
  satisfies: { body: "const x = 1 satisfies i32;", says: /there is no 'satisfies'/ },
  "catch (e: unknown)": { body: "try { gosched(); } catch (e: unknown) {}", says: /what is caught is an Error/ },
  bigints: { body: "const x = 10n;", says: /there are no bigints/ },
  setTimeout: { body: "setTimeout(() => {}, 1);", says: /there are no timers of JavaScript's/ },
};

/** What works as it does in Go or TypeScript, where a form beside it does not. */
const WORKS = `
import { Cond, gosched, Mutex, println } from "skein";
import { twice as other } from "./other";
${NODE}
class Q { mu: Mutex = new Mutex(); c: Cond = new Cond(this.mu); }
class Twice { n: i32 = 1; }
function counter(): () => i32 { let i = 0; return () => { i++; return i; }; }
function rest(...a: i32[]): i32 { return a.length; }
export function main(): void {
  for (let n: N | null = new N(); n; n = n.next) println(\`\${n.y}\`);
  new Q().c.signal();
  const count = counter(); count(); println(\`\${count()} \${rest(1, 2)} \${2 ** 3} \${new Twice().n + other()}\`);
  const m = new Map<string, i32>(); m.set("x", 1); if (m.has("x")) println(\`\${m.get("x")}\`);
  try { gosched(); } finally { println("finally"); }
  for (let i = 0, j = 5; i < j; i++, j--) gosched();
}
export class SameName { twice: Twice = new Twice(); }
`;

const whole = ({ top = "", body = "" }: Form): string =>
  `import { Cond, gosched, Mutex, println } from "skein";\n${top}\nexport function main(): void {\n  gosched(); ${body}\n}\n`;

describe("a form that there is not", () => {
  for (const [name, form] of Object.entries(FORMS)) {
    it(`is told once, with what to write instead: ${name}`, async () => {
      const message = await errorOf(program(whole(form)));
      const errors = message.match(/error: .*/g) ?? [];
      assert.equal(errors.length, 1, message);
      assert.match(errors[0], form.says);
    });
  }

  it("is told beside others, each once", async () => {
    const names = ["x?.y", "async () => …", "a block with a label", "bigints"];
    const body = names.map((name) => `{ ${FORMS[name]!.body} }`).join("\n");
    const message = await errorOf(program(whole({ top: NODE, body, says: /x/ })));
    const errors = message.match(/error: .*/g) ?? [];
    assert.equal(errors.length, names.length, message);
    for (const [i, name] of names.entries()) assert.match(errors[i]!, FORMS[name]!.says);
  });
});

describe("forms that there are", () => {
  it("compile, also two classes of the same name in two files", async () => {
    const folder = place({
      "main.ts": WORKS,
      "other.ts": "class Twice { m: i32 = 2; }\nexport function twice(): i32 { return new Twice().m; }",
    });
    await compile(`${folder}/main.ts`, { cache: false, quick: true });
  });
});
