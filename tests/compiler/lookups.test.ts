/**
 * A key that is looked up again is found as it is now, whatever has changed since: the map, the key, or what the variables hold. And texts are compared,
 * and found, by all of what is in them and nothing behind. Each export of the program is called.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { compile } from "../../host/compiler/index.js";
import { start, type Runtime } from "../../host/index.js";
import { exporting, place } from "./fixtures.js";

const DECLARATIONS = `
import { Chan, go, Mutex } from "skein";
let one: i32 = 1;
function map(): Map<string, i32> { const m = new Map<string, i32>(); m.set("a", 1); m.set("b", 2); return m; }
function key(s: string): string { return (s + "!").slice(0, s.length); }
function drop(m: Map<string, i32>, k: string): void { if (one) m.delete(k); }
class Counts { of: Map<string, i32> = map(); guard: Mutex = new Mutex();
  add(k: string): i32 { this.of.set(k, (this.of.has(k) ? this.of.get(k) : 0) + 1); return this.of.get(k); }
  renew(): void { this.of = new Map<string, i32>(); }
}
class Both { constructor(public a: i32, public b: i32) {}
  @operator("==") private static same(one: Both, other: Both): bool { comparisons++; return one.a == other.a; }
}
let comparisons: i32 = 0;
function dropWhenAsked(c: Counts, ask: Chan<string>, done: Chan<i32>): void {
  const k = ask.recv(); c.guard.lock(); c.of.delete(k); c.guard.unlock(); done.send(1);
}
/** As compareImpl was. */
function order(a: string, b: string): i32 {
  for (let i = 0; i < min(a.length, b.length); i++) { const d = a.charCodeAt(i) - b.charCodeAt(i); if (d) return d; }
  return a.length - b.length;
}
`;

/** Bodies of exported functions, each with the number that it returns. */
const BODIES: Readonly<Record<string, readonly [body: string, expected: number]>> = {
  counts: [
    `const c = new Counts(); for (let i = 0; i < 100; i++) c.add(key(["a", "x", "yy"][i % 3])); return c.of.get("a") * 10000 + c.of.get("x") * 100 + c.of.get("yy");`,
    353333,
  ],
  added: [`const m = map(), k = key("c"); if (!m.has(k)) m.set(k, 3); return m.get(k) + (m.has(k) ? 10 : 0);`, 13],
  deleted: [
    `const m = map(), k = key("a"); const had = m.has(k); m.delete(k); return (had ? 1 : 0) + (m.has(k) ? 2 : 0);`,
    1,
  ],
  deletedByCall: [
    `const m = map(), k = key("a"); const had = m.get(k); drop(m, k); return had + (m.has(k) ? 2 : 0);`,
    1,
  ],
  deletedByAnother: [
    `const c = new Counts(), k = key("b"), ask = new Chan<string>(), done = new Chan<i32>(); go(dropWhenAsked(c, ask, done));
     const m = c.of; const had = m.get(k); ask.send(k); done.recv(); return had + (m.has(k) ? 10 : 0);`,
    2,
  ],
  cleared: [
    `const m = map(), k = key("a"); const had = m.get(k); m.clear(); return had + (m.has(k) ? 2 : 0) + m.size;`,
    1,
  ],
  otherKey: [`const m = map(); let k = key("a"); const had = m.get(k); k = key("b"); return had + m.get(k) * 10;`, 21],
  otherKeyInBranch: [
    `const m = map(); let k = key("a"); const had = m.get(k); if (one) k = key("b"); return had + m.get(k) * 10;`,
    21,
  ],
  otherMap: [
    `let m = map(); const k = key("a"); m.set(k, 5); const had = m.get(k); m = map(); return had + m.get(k) * 10;`,
    15,
  ],
  otherOfTwo: [`const m = map(), n = map(), k = key("a"); n.set(k, 7); return m.get(k) + n.get(k) * 10;`, 71],
  otherInField: [
    `const c = new Counts(), k = key("a"); const had = c.of.has(k); c.renew(); return (had ? 1 : 0) + (c.of.has(k) ? 2 : 0);`,
    1,
  ],
  keysInTurn: [
    `const m = map(); let sum = 0; const ks = ["a", "b", "c", "a"]; for (let i = 0; i < 4; i++) { const k = ks[i]; if (m.has(k)) sum = sum * 10 + m.get(k); } return sum;`,
    121,
  ],
  deletedInTurn: [
    `const m = map(), k = key("a"); let n = 0; for (let i = 0; i < 3; i++) { if (m.has(k)) { n++; if (i == 1) m.delete(k); } } return n;`,
    2,
  ],
  grown: [
    `const m = map(), k = key("a"); m.get(k); for (let i = 0; i < 1000; i++) m.set(i.toString(), i); m.set(k, 9); return m.get(k) + m.get("999");`,
    1008,
  ],
  whole: [
    `const m = new Map<i32, i64>(); const k = 7 * one; m.set(k, (m.has(k) ? m.get(k) : 40) + 1); m.delete(k); m.set(k, (m.has(k) ? m.get(k) : 50) + 1); return <i32>m.get(k);`,
    51,
  ],
  set: [
    `const s = new Set<string>(), k = key("a"); if (!s.has(k)) s.add(k); const had = s.has(k); s.delete(k); return (had ? 1 : 0) + (s.has(k) ? 2 : 0) + s.size;`,
    1,
  ],
  compared: [
    `const m = new Map<Both, i32>(); const k = new Both(1, 2); m.set(k, 1); comparisons = 0; const sum = m.get(k) + m.get(k); return sum * 10 + comparisons;`,
    22,
  ],
  texts: [
    `let wrong = 0; const base = "abcdefghijklmnopqrstuvwxyz";
     for (let n = 0; n <= 20; n++) for (let from = 0; from < 5; from++) {
       const x = base.substring(from, from + n), y = ("--" + base.slice(from, from + n + 1)).substr(2, n);
       if (!(x == y) || x != y || order(x, y) != 0 || x < y || x > y) wrong++;
       const m = new Map<string, i32>(); m.set(x, n);
       if (!m.has(y) || m.get(y) != n || m.has(y + "a") || (n > 0 && m.has(y.slice(1)))) wrong++;
       for (let at = 0; at < n; at++) {
         const z = x.substring(0, at) + String.fromCharCode(at & 1 ? 0x10 : 0xd800) + x.substring(at + 1);
         if (x == z || m.has(z) || (x < z) != (order(x, z) < 0) || (x > z) != (order(x, z) > 0)) wrong++;
         if (z == x.substring(0, at) || (z < x.substring(0, at)) != (order(z, x.substring(0, at)) < 0)) wrong++;
       }
     }
     return wrong;`,
    0,
  ],
  zeros: [
    `const s = "a\\0", t = "a"; const m = new Map<string, i32>(); m.set(s, 1); m.set(t, 2); return (s == t ? 100 : 0) + m.get("a\\0") * 10 + m.get(key("a"));`,
    12,
  ],
  empty: [
    `const s = key(""), m = new Map<string, i32>(); m.set("", 5); return (s == "" ? 10 : 0) + m.get(s) + ("" < s ? 100 : 0);`,
    15,
  ],
};

const text = exporting(DECLARATIONS, BODIES);

describe("a key", () => {
  let rt: Runtime;
  before(async () => {
    const { wasm } = await compile(path.join(place({ "lookups.ts": text }), "lookups.ts"));
    rt = await start({ program: wasm });
  });
  after(() => rt.close());

  for (const [name, [, expected]] of Object.entries(BODIES)) {
    it(`is found as it is: ${name}`, async () => assert.equal(await rt.call(name), expected));
  }
});
