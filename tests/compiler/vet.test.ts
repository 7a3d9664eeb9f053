/** `skein vet`: for each rule what it warns of, and what is like it and right; and the command. */
import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, it } from "node:test";
import { rulesOfVet, vet } from "../../host/compiler/index.js";
import { described, runSkein } from "../programs/driver/process.js";
import { place } from "./fixtures.js";

interface Case {
  /** Declarations at the top of the file; names that no other case uses. */
  readonly top?: string;
  /** Bodies of functions, each of which is warned of, once. */
  readonly bad: readonly string[];
  /** Others, which are warned of in lines of `top` that end with `here`. */
  readonly elsewhere?: readonly string[];
  /** Bodies of functions that nothing is said of. */
  readonly good: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  "shift-width": {
    bad: [
      "const big = 1 << 40; use(big);",
      "const b = new Uint8Array(2); use((b[0] << 8) | b[1]);",
      "let x: u32 = 5; x >>= 32; use(x);",
    ],
    good: ["const big = <i64>1 << 40; const also: i64 = 1 << 33; use(<i32>(big + also)); use(1 << 31);"],
  },
  "constant-overflow": {
    bad: ["const ns = 60 * 60 * 1000 * 1000; use(ns);", "use(2147483647 + 1);"],
    good: [
      "const ns: i64 = 60 * 60 * 1000 * 1000; use(<i32>(ns % 1000)); use(1000 * 1000 * 1000); const m: u32 = 0 - 1; use(m);",
    ],
  },
  "late-widening": {
    bad: [
      "const a = given(); const p: i64 = a * a; use(<i32>(p % 7));",
      "const a = given(); use(<i32>(<i64>(a << given()) % 7));",
      "const b = new Uint8Array(2); const sum: i32 = b[0] + b[1]; use(sum);",
    ],
    good: [
      "const a = given(); const p: i64 = <i64>a * a; use(<i32>(p % 7));",
      "const list = [1, 2]; const bytes: usize = list.length * 4; use(<i32>bytes);",
      "const at: i64 = ((given() * 7919) % 5000) * 1000; use(<i32>at); use(given() * given());",
    ],
  },
  "integer-quotient": {
    bad: ["const sum = given(); const mean: f64 = sum / 3; use(<i32>mean);"],
    good: [
      "const sum = given(); const mean: f64 = <f64>sum / 3; const cut = <f64>(sum / 3); use(<i32>(mean + cut)); use(sum / 2);",
    ],
  },
  "unsigned-below-zero": {
    bad: [
      "for (let i: u32 = 5; i >= 0; i--) { use(i); if (i == 0) break; }",
      "const n: usize = <usize>given(); if (n < 0) use(1);",
    ],
    good: ["for (let i = 5; i >= 0; i--) use(i); const n: u32 = 5; if (n > 0) use(n);"],
  },
  "unchecked-parse": {
    bad: ["use(I32.parseInt(text()));", "const x = parseFloat(text()); use(<i32>x);"],
    good: [
      "const n = parse<i32>(text()); if (n.error === null) use(n.value); use(parse<i32>(text()).must());",
      'const x = parseFloat(text()); if (!isNaN(x)) use(<i32>x); use(I32.parseInt("12"));',
      "const s = text(); for (let i = 0; i < s.length; i++) if (s.charCodeAt(i) > 0x39) return; use(I32.parseInt(s));",
    ],
  },
  "missing-key": {
    bad: [
      "const m = new Map<string, i32>(); m.set(text(), m.get(text()) + 1); use(m.size);",
      "const m = new Map<i32, string | null>(); if (m.get(1) === null) use(1);",
      "const m = new Map<i32, string | null>(); const v = m.get(1); if (v !== null) use(v.length);",
    ],
    good: [
      "const m = new Map<string, i32>(); m.set(text(), (m.has(text()) ? m.get(text()) : 0) + 1); use(m.get(text()));",
      "const m = new Map<i32, string | null>(); if (m.has(1) && m.get(1) !== null) use(1);",
    ],
  },
  fallthrough: {
    bad: ["switch (given()) { case 1: use(1); case 2: use(2); break; default: use(3); }"],
    good: [
      "switch (given()) { case 0: case 1: use(1); break; case 2: { use(2); return; } case 3: if (given() > 1) return; else break; default: use(3); }",
      "switch (given()) {\n  case 1:\n    use(1);\n  // falls through\n  case 2:\n    use(2);\n  }",
    ],
  },
  "evaluated-twice": {
    bad: ["const a = [1, 2, 3]; a[given()] += 1; use(a[0]);", "const a = [1, 2, 3]; let i = 0; a[i++]++; use(a[i]);"],
    good: ["const a = [1, 2, 3]; const i = given(); a[i] += given(); a[i + 1]++; a[given()] = 2; use(a[0]);"],
  },
  "lost-result": {
    bad: ["const a = [1]; a.concat([2]); use(a.length);", "const s = text(); s.trim(); use(s.length);"],
    good: [
      "let a = [1]; a = a.concat([2]); a.push(3); a.reverse(); use(a.length); use(text().trim().length);",
      "const trimmed = (s: string): string => s.trim(); use(trimmed(text()).length); use([1].map<string>((i) => text().repeat(i)).length);",
    ],
  },
  "lost-error": {
    top: `function fails(): Error | null { return given() > 3 ? new Error("no") : null; }`,
    bad: ["fails();", "go(fails());"],
    good: [
      "const error = fails(); if (error !== null) use(1); const group = new Group(); group.go(fails); group.go(() => fails()); use(group.wait() === null ? 1 : 0);",
    ],
  },
  identity: {
    top: 'class Point { constructor(public x: i32) {} @operator("==") static same(a: Point, b: Point): bool { return a.x == b.x; } } class Plain { x: i32 = 1; }',
    bad: [
      "const a = [1, 2]; if (a == [1, 2]) use(1);",
      "const a = [1]; const b = [1]; if (a == b) use(1);",
      "if (new Plain() == new Plain()) use(1);",
    ],
    good: [
      'const p = new Plain(); let q: Plain | null = p; if (p == q) use(1); if (q === null) use(2); if (text() == "a" + text()) use(3);',
    ],
  },
  "shared-write": {
    top: `
      let counter = 0;
      function counts(): void { counter++; } // here
      function fills(m: Map<i32, i32>, i: i32): void { m.set(i, i); } // here
      function careful(m: Map<i32, i32>, mu: Mutex, i: i32): void { mu.lock(); m.set(i, i); mu.unlock(); }`,
    elsewhere: [
      "for (let i = 0; i < 3; i++) go(counts());",
      "const m = new Map<i32, i32>(); for (let i = 0; i < 3; i++) go(fills(m, i));",
    ],
    bad: [
      "let total = 0; const wg = new WaitGroup(); for (let i = 0; i < 3; i++) wg.go(() => { total += i; }); wg.wait(); use(total);",
      "const m = new Map<i32, i32>(); for (let i = 0; i < 3; i++) { const own = i; go(() => { m.set(own, own); }); }",
      "const list = new Array<i32>(); for (const x of [1, 2]) go(() => { list.push(x); });",
      "let bits = 1; for (let i = 0; i < 3; i++) go(() => { bits <<= 1; });",
    ],
    good: [
      "let total = 0; const mu = new Mutex(); const wg = new WaitGroup(); for (let i = 0; i < 3; i++) wg.go(() => { mu.lock(); total += i; mu.unlock(); }); wg.wait(); use(total);",
      "const results = new Array<i32>(3); const wg = new WaitGroup(); for (let i = 0; i < 3; i++) wg.go(() => { let own = 0; own += i; results[i] = own; }); wg.wait(); use(results[0]);",
      "let done = false; const ch = new Chan<i32>(); go(() => { done = true; ch.send(1); }); ch.recv(); use(done ? 1 : 0);",
      "const m = new Map<i32, i32>(); const mu = new Mutex(); for (let i = 0; i < 3; i++) go(careful(m, mu, i));",
      "let n = 0; const token = new Chan<bool>(1); token.send(true); for (let i = 0; i < 3; i++) go(() => { token.recv(); n++; token.send(true); });",
      "let n = 0; const ch = new Chan<i32>(); for (let i = 0; i < 3; i++) { go(() => { n++; ch.send(i); }); ch.recv(); } use(n);",
    ],
  },
  "loop-variable": {
    bad: ["let i = 0; while (i < 3) { go(() => { use(i); }); i++; }"],
    good: [
      "for (let i = 0; i < 3; i++) go(() => { use(i); });",
      "let i = 0; while (i < 3) { const own = i; go(() => { use(own); }); i++; }",
    ],
  },
  "late-add": {
    bad: ["const wg = new WaitGroup(); go(() => { wg.add(1); use(1); wg.done(); }); wg.wait();"],
    good: ["const wg = new WaitGroup(); wg.add(1); go(() => { use(1); wg.done(); }); wg.wait();"],
  },
  "held-lock": {
    top: "class Guarded { mu: Mutex = new Mutex(); rw: RWMutex = new RWMutex(); n: i32 = 0; lock(): void { this.mu.lock(); } }\nconst guarded = new Guarded();",
    bad: [
      "guarded.mu.lock(); if (guarded.n > 3) return; guarded.mu.unlock();",
      "guarded.rw.rlock(); for (let i = 0; i < 3; i++) if (guarded.n == i) { return; } guarded.rw.runlock();",
      "guarded.mu.lock(); if (guarded.n > 3) { guarded.mu.unlock(); return; } guarded.n++;",
    ],
    good: [
      "guarded.mu.lock(); defer(guarded.mu.unlock()); if (guarded.n > 3) return; guarded.n++;",
      "guarded.mu.lock(); if (guarded.n > 3) { guarded.mu.unlock(); return; } guarded.mu.unlock();",
      "guarded.mu.lock(); try { if (guarded.n > 3) return; guarded.n++; } finally { guarded.mu.unlock(); }",
      "guarded.lock(); guarded.mu.unlock();",
    ],
  },
  "local-lock": {
    bad: ["const mu = new Mutex(); mu.lock(); use(1); mu.unlock();"],
    good: [
      "const mu = new Mutex(); go(() => { mu.lock(); use(1); mu.unlock(); }); mu.lock(); use(2); mu.unlock();",
      "const mu = new Mutex(); const cond = new Cond(mu); mu.lock(); cond.signal(); mu.unlock();",
    ],
  },
};

const HEAD = `
import { args, Chan, Cond, go, defer, Mutex, println, RWMutex, WaitGroup } from "skein";
import { Group } from "skein/errgroup";
import { parse } from "skein/strconv";
let used = 0;
function use(n: i32): void { if (args().length > n) println("used"); }
function given(): i32 { return args().length; }
function text(): string { return args()[0]; }
`;

/** A file with each of some bodies in a function of its own, and which rule is meant in which line. */
function fileOf(kind: "bad" | "good"): { readonly text: string; readonly expected: string[] } {
  const lines = HEAD.trim().split("\n");
  const calls: string[] = [];
  const expected: string[] = [];
  for (const [rule, one] of Object.entries(CASES)) {
    for (const line of (one.top ?? "").trim().split("\n")) {
      lines.push(line);
      if (kind === "bad" && line.endsWith("// here")) expected.push(`${rule} in line ${lines.length}`);
    }
    for (const body of [...one[kind], ...((kind === "bad" && one.elsewhere) || [])]) {
      const name = `f${calls.length}`;
      lines.push(`function ${name}(): void {`, ...body.split("\n"), "}");
      if (kind === "bad" && !one.elsewhere?.includes(body)) expected.push(`${rule} in line ${lines.length - 1}`);
      calls.push(`${name}();`);
    }
  }
  lines.push(`export function main(): void { ${calls.join(" ")} }`);
  return { text: lines.join("\n"), expected };
}

async function foundIn(kind: "bad" | "good"): Promise<string[]> {
  const folder = place({ "program.ts": fileOf(kind).text });
  return (await vet([path.join(folder, "program.ts")])).map((warning) => {
    const [, line, rule] = /^.*?:(\d+):\d+: warning: .* \[([\w-]+)\]\n/.exec(warning) ?? [];
    return `${rule} in line ${line}`;
  });
}

describe("the rules of vet", () => {
  let bad: string[] = [];
  let good: string[] = [];
  before(async () => {
    bad = await foundIn("bad");
    good = await foundIn("good");
  });

  it("all have cases here", async () => {
    assert.deepEqual(
      Object.keys(CASES),
      (await rulesOfVet()).map(({ name }) => name),
    );
  });
  for (const rule of Object.keys(CASES)) {
    const ofRule = (one: string): boolean => one.startsWith(`${rule} `);
    it(`${rule} warns where it should`, () => {
      assert.deepEqual(bad.filter(ofRule), fileOf("bad").expected.filter(ofRule));
    });
    it(`${rule} is silent where nothing is wrong`, () => assert.deepEqual(good.filter(ofRule), []));
  }
  it("none warns where another should", () => {
    assert.deepEqual([...bad].sort(), fileOf("bad").expected.sort());
  });
});

describe("skein vet", () => {
  const folder = place({
    "main.ts": `import { println } from "skein";
import { shifted } from "./lib";
export function main(): void {
  println(\`\${1 << 33}\`); // vet:ok shift-width
  // vet:ok shift-width: so it is in the file format
  println(\`\${1 << 34}\`);
  const x = 1 << 35; // vet:ok fallthrough
  println(\`\${x + shifted()}\`);
}`,
    "lib.ts": "export function shifted(): i32 {\n  return 1 << 36;\n}",
    "wrong.ts": "export function main(): void { nowhere(); }",
  });
  const main = path.join(folder, "main.ts");

  it("prints what it finds as the compiler does, also of what is imported, and exits with 1", async () => {
    const result = await runSkein(["vet", main]);
    assert.equal(result.code, 1, described(result));
    assert.equal(result.stderr, "");
    const [first, second, ...more] = result.stdout.trimEnd().split("\n\n");
    assert.deepEqual(more, []);
    assert.ok(
      first?.endsWith(`main.ts:7:13: warning: an i32 has 32 bits, so this shifts by 3: write <i64>1 [shift-width]
7 |   const x = 1 << 35; // vet:ok fallthrough
  |             ~~~~~~~`),
      first,
    );
    assert.match(second!, /lib\.ts:2:10: warning: .* \[shift-width\]\n2 \| {3}return 1 << 36;\n {2}\| {10}~~~~~~~$/);
  });

  it("says nothing, and exits with 0, where there is nothing to say", async () => {
    const result = await runSkein(["vet", "--without", "shift-width", main]);
    assert.deepEqual([result.code, result.stdout, result.stderr], [0, "", ""]);
  });

  it("lists its rules, and refuses others", async () => {
    const listed = await runSkein(["vet", "--rules"]);
    assert.equal(listed.code, 0);
    for (const rule of Object.keys(CASES)) assert.match(listed.stdout, new RegExp(`^${rule} +\\S`, "m"));
    const refused = await runSkein(["vet", "--without", "shiftwidth", main]);
    assert.equal(refused.code, 1);
    assert.equal(refused.stderr, "skein: there is no rule 'shiftwidth': skein vet --rules lists them\n");
  });

  it("says what does not compile", async () => {
    const result = await runSkein(["vet", path.join(folder, "wrong.ts")]);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /wrong\.ts:1:32: error: Cannot find name 'nowhere'/);
  });
});
