/**
 * Safepoints change nothing but who runs: programs give the same results without them, with them, with a check on every
 * third turn, and when every check stops the goroutine.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { before, describe, it } from "node:test";
import { compile, symbolizer, type CompileOptions } from "../../host/compiler/index.js";
import { isUninterruptible } from "../../host/compiler/safepoints.js";
import { described, root, runSkein } from "../programs/driver/process.js";
import { place } from "./fixtures.js";
import { randomFunctions } from "./safepoints-random.js";

/** Bodies of `function name(a: i32, b: i32): i32`, in which `mem` is an array of 16 numbers that is shared. */
const CASES: Readonly<Record<string, string>> = {
  "a for loop": "for (let i = 0; i < a; i++) b += i * b; return b;",
  "a while loop": "while (a-- > 0) b = b * 3 + a; return b;",
  "a do-while loop": "do { b += a; a--; } while (a > 0); return b;",
  "a loop that is not entered": "while (a < -1000) b++; for (let i = a; i < -1000; i++) b++; return b;",
  "an endless loop with a break": "while (true) { if (a-- < 0) break; b ^= a << 3; } return b;",
  "an endless loop with a return": "for (;;) { b += a; if (b > 1000) return a; a++; } return 0;",
  "an endless loop within another":
    "while (true) { while (true) { b += 3; if (b > 400) return b; if (b % 7 == 0) break; } a++; }",
  "continue in each kind of loop": `
    for (let i = 0; i < a; i++) { if (i % 3 == 0) continue; b += i; }
    let n = a; while (n-- > 0) { if (n % 3 == 0) continue; b ^= n; }
    n = a; do { if (n % 3 == 0) continue; b -= n; } while (n-- > 0);
    return b;`,
  "a nest of three": `
    for (let i = 0; i < 5; i++) {
      b += i;
      for (let j = 0; j < i + 2; j++) {
        b ^= j << 2;
        for (let k = 0; k < j; k++) b = b * 5 + k;
        mem[j] += b;
      }
      if (b % 2 == 0) mem[i]++;
    }
    return b;`,
  "loops side by side within a loop": `
    for (let i = 0; i < 9; i++) {
      for (let j = 0; j < i; j++) b += j;
      a ^= b;
      if (i % 2 == 0) { let k = a & 15; while (k-- > 0) { if (k == 5) break; b += k; } a += 3; }
      else { for (let k = 0; k < 4; k++) { for (let l = 0; l < k; l++) b ^= l + i; a--; } }
      do { b -= i | 1; } while ((b & 3) != 0 && i > 3);
      mem[i] = a + b;
    }
    return a ^ b;`,
  "an inner loop in a condition's branch, with side effects before": `
    let calls = 0;
    for (let i = 0; i < 12; i++) {
      if (mem[i & 7]++ > 0 && ++calls > 2) { b += calls; for (let j = 0; j < 5; j++) b += j * i; } else b--;
    }
    return b + calls;`,
  "a switch in a loop": `
    for (let i = 0; i < 30; i++) {
      switch ((i + a) & 7) {
        case 0: continue;
        case 1: b += 1;
        case 2: b += 2; break;
        case 3: for (let j = 0; j < 3; j++) { if (j == a) continue; b ^= j; } break;
        case 4: while ((b & 3) != 1) b++; continue;
        case 5: return b;
        default: b *= 3;
      }
      a += 3;
    }
    return b;`,
  "a loop within an expression":
    "for (let i = 0; i < 6; i++) b = b * 7 + (a + upTo(i)) * upTo(b & 7) - mem[upTo(3) & 15]; return b;",
  "a loop as an argument": "for (let i = 0; i < 6; i++) b += mix(a, upTo(i), b, upTo(i + 1)); return b;",
  "a loop as a value that is set":
    "for (let i = 0; i < 9; i++) { const n = upTo(i & 3); mem[n & 15] = upTo(n & 7); b += n; } return b;",
  "a loop as a condition": "for (let i = 0; i < 9; i++) { if (upTo(i) > a) b++; else b += upTo(b & 7); } return b;",
  "calls in a loop": "for (let i = 0; i < 9; i++) { b += collatz(i + 1); if (b > 60) b -= mix(a, b, i, 3); } return b;",
  "floats and long integers": `
    let f = <f64>a; let g = <f32>b; let l: i64 = a;
    for (let i = 0; i < 50; i++) { f = f * 0.75 + <f64>i; g += <f32>f; for (let j = 0; j < 2; j++) l = l * 31 + <i64>f; }
    return <i32>l ^ <i32>f ^ <i32>g;`,
  recursion: "return fib(a & 15) + ackermann(2, b & 7);",
  "recursion from within a loop": "for (let i = 0; i < 5; i++) b += fib(i + (a & 3)); return b;",
  "sorting with a comparator": `
    const n = new Array<i32>(300);
    for (let i = 0; i < n.length; i++) n[i] = (i * 7919 + a) % 1009;
    n.sort((x, y) => x - y);
    for (let i = 1; i < n.length; i++) if (n[i - 1] > n[i]) return -1;
    return n[17] + n[200];`,
  "maps and sets": `
    const map = new Map<i32, i32>(); const set = new Set<string>();
    for (let i = 0; i < 60; i++) { map.set((i * a) % 37, i); set.add((i % 11).toString()); }
    const keys = map.keys();
    for (let i = 0; i < keys.length; i++) b += keys[i] * map.get(keys[i]);
    return b + set.size;`,
  strings: `
    let s = "";
    for (let i = 0; i < 40; i++) s += String.fromCharCode(97 + ((i * a) % 26));
    const parts = s.split("a");
    for (let i = 0; i < s.length; i++) b = b * 31 + s.charCodeAt(i);
    return b + parts.length + s.indexOf("m") + s.toUpperCase().lastIndexOf("C") + parts.join("-").length;`,
  "numbers and texts": `
    for (let i = 0; i < 20; i++) { const x = <f64>(a + i) / 7; if (parseFloat(x.toString()) != x) return -1; b += I32.parseInt((i * a).toString()); }
    return b + <i32>Math.round(Math.sin(<f64>a) * 1000 + Math.log(<f64>(b & 1023) + 2) * 100);`,
  "functions that take functions": `
    const n = new Array<i32>(20).fill(a).map<i32>((x, i) => x * i);
    b += n.filter((x) => x % 2 == 0).reduce((x, y) => x + y, 0);
    n.forEach((x) => { for (let i = 0; i < (x & 3); i++) mem[i] += x; });
    return b + (n.some((x) => x > 50) ? 1 : 0) + n.findIndex((x) => x > 20);`,
  "methods of many classes":
    "let shape: Shape = new Square(); for (let i = 0; i < 20; i++) { b += shape.area(i); shape = shape.next(); } return b;",
};

const HELPERS = `
const mem = new StaticArray<i32>(16);

// @ts-ignore: decorator
@inline
function upTo(n: i32): i32 { let sum = 0; for (let i = 0; i <= n; i++) { sum += i; if (sum > 90) break; } return sum; }
function mix(a: i32, b: i32, c: i32, d: i32): i32 { return a ^ (b << 1) ^ (c << 2) ^ (d << 3); }
function collatz(n: i32): i32 { let steps = 0; while (n != 1) { n = n % 2 == 0 ? n / 2 : 3 * n + 1; steps++; } return steps; }
function fib(n: i32): i32 { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
function ackermann(m: i32, n: i32): i32 { return m == 0 ? n + 1 : ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1)); }
class Shape { area(n: i32): i32 { return n; } next(): Shape { return new Square(); } }
class Square extends Shape {
  area(n: i32): i32 { let sum = 0; for (let i = 0; i < n; i++) sum += n; return sum; }
  next(): Shape { return new Shape(); }
}
`;

/** The seed is of no importance; the functions are the same every time. */
const RANDOM = randomFunctions(7919, 24);

const names = [...Object.keys(CASES), ...RANDOM.map((_, i) => `random control flow ${i + 1}`)];

const text = `
import { println } from "skein";
${HELPERS}
${[...Object.values(CASES), ...RANDOM].map((body, i) => `function case${i}(a: i32, b: i32): i32 {\n${body}\n}`).join("\n")}

function show(index: i32, result: i32): void {
  let hash = result;
  for (let i = 0; i < 16; i++) hash = hash * 16777619 ^ mem[i];
  println(\`\${index} \${hash}\`);
}

export function main(): void {
${names.map((_, i) => `  show(${i}, case${i}(13, 5)); show(${i}, case${i}(${i}, -77));`).join("\n")}
}
`;

const BUILDS: Readonly<Record<string, CompileOptions>> = {
  "as usual": {},
  "a check on every third turn": { safepoints: { stripMine: 3 } },
  "stopped on every third turn": { safepoints: { stripMine: 3, always: true } },
  "stopped on every turn": { safepoints: { stripMine: 1, always: true } },
};

const file = path.join(place({ "safepoints.ts": text }), "safepoints.ts");

interface Build {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly file: string;
}

const builds = new Map<string, Promise<Build>>();

/** The program with these options, compiled once. */
function build(options: CompileOptions): Promise<Build> {
  const key = JSON.stringify(options);
  let made = builds.get(key);
  if (made === undefined) {
    const output = path.join(path.dirname(file), `safepoints-${builds.size}.wasm`);
    made = compile(file, { cache: false, ...options }).then(({ wasm: bytes }) => {
      writeFileSync(output, bytes);
      return { bytes, file: output };
    });
    builds.set(key, made);
  }
  return made;
}

/** What each function of the program gives, by its index. */
async function results(options: CompileOptions): Promise<string[][]> {
  const { file } = await build(options);
  const result = await runSkein(["run", file, "--procs", "1"], { timeoutMs: 120_000 });
  assert.equal(result.code, 0, described(result));
  const lines = result.stdout.trimEnd().split("\n");
  return names.map((_, i) => lines.filter((line) => line.startsWith(`${i} `)));
}

describe("safepoints", () => {
  let expected: string[][];
  before(async () => {
    expected = await results({ noPreempt: true });
    for (const lines of expected) assert.equal(lines.length, 2);
  });

  for (const [how, options] of Object.entries(BUILDS)) {
    describe(`change no result: ${how}`, () => {
      let actual: string[][];
      before(async () => {
        actual = await results(options);
      });
      for (const [i, name] of names.entries()) it(name, () => assert.deepEqual(actual[i], expected[i]));
    });
  }

  it("are left out with noPreempt", async () => {
    const { bytes } = await build({ noPreempt: true });
    assert.ok(!functionNames(bytes).some((name) => name.includes("preempt")));
  });

  it("are left out of functions that rely on variables of a thread", () => {
    for (const { file, functions } of scratchUsers()) {
      for (const name of functions) {
        assert.ok(isUninterruptible(`~lib/${file}/${name}`), `${name} of ${file}.ts uses a variable of the thread`);
      }
    }
  });

  it("keep names and positions in the source", async () => {
    const { bytes } = await build({});
    const symbolOf = symbolizer(bytes);
    const named = functionNames(bytes);
    for (const index of named.keys()) {
      const symbol = symbolOf(index, 0);
      if (symbol && !symbol.isLibrary) assert.doesNotMatch(symbol.name, /resumed|~/);
    }
    assert.ok(named.some((name) => name.endsWith("~resumed")));
  });
});

/** A program that is stopped at every check, and then panics. */
const panics = `import { go, sleep, Second } from "skein";
function inner(n: i32): i32 {
  for (let i = 0; i < 10; i++) n += i;
  if (n > 50) throw new Error("too many");
  return n;
}
function middle(n: i32): i32 {
  return 1 + inner(n);
}
function outer(): void {
  for (let i = 0; i < 100; i++) {
    middle(0);
    [3, 2, i].forEach((k) => {
      middle(k);
    });
  }
}
export function main(): void {
  go(outer());
  sleep(10 * Second);
}
`;

it("a stack names each function once, with its position, after the goroutine was stopped in the middle", async () => {
  const source = path.join(place({ "panics.ts": panics }), "panics.ts");
  const { wasm } = await compile(source, { cache: false, safepoints: { stripMine: 2, always: true } });
  const output = path.join(path.dirname(source), "panics.wasm");
  writeFileSync(output, wasm);
  const result = await runSkein(["run", output, "--procs", "1"]);
  assert.equal(result.code, 2, described(result));
  const frames = [...result.stderr.matchAll(/^(\S+)\(\.\.\.\)\n\t\S*panics\.ts:(\d+):(\d+)$/gm)].map((match) =>
    match.slice(1),
  );
  assert.deepEqual(
    frames.map(([name, line]) => `${name} ${line}`),
    ["inner 4", "middle 8", "outer.anonymous1 14", "outer 13"],
    described(result),
  );
});

/** The names of all functions that a module's `name` section has, in their order. */
function functionNames(wasm: Uint8Array<ArrayBuffer>): string[] {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(wasm), "name");
  const text = Buffer.from(section!).toString("latin1");
  return text.match(/[~\w./<>#,|@:]{3,}/g) ?? [];
}

/** Functions of AssemblyScript's library, by file, that mention a variable which is each thread's own. */
function scratchUsers(): { file: string; functions: string[] }[] {
  const require = createRequire(path.join(root, "package.json"));
  const library = path.join(path.dirname(require.resolve("assemblyscript/package.json")), "std", "assembly");
  return readdirSync(library, { recursive: true, encoding: "utf8" })
    .map((name) => name.split(path.sep).join("/"))
    .filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.startsWith("rt/") && name !== "symbol.ts",
    )
    .map((name) => {
      const source = readFileSync(path.join(library, name), "utf8");
      const variables = [...source.matchAll(/^(?:export )?(?:@lazy )?let ([^;]+);/gm)].flatMap(([, list]) =>
        [...list!.matchAll(/(\w+): \w+/g)].map(([, variable]) => variable!),
      );
      const functions = [...source.matchAll(/^(?: {2}export )?(?:export )?(?:@inline )?function (\w+)[^]*?^ {0,2}\}/gm)]
        .filter(([text]) => variables.some((variable) => new RegExp(`\\b${variable}\\b`).test(text)))
        .map(([, name]) => name!);
      return { file: name.slice(0, -".ts".length), functions };
    });
}
