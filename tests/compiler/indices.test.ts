/**
 * An index panics where it is out of range, with itself and the length, and nowhere else, however often the array, its length and its data are
 * read before a loop instead of in it, and whether the function with it is inlined. Each export of the program is called.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { compile } from "../../host/compiler/index.js";
import { GoPanic, start, type Runtime } from "../../host/index.js";
import { exporting, place } from "./fixtures.js";

const DECLARATIONS = `
import { Atomic, Chan, go } from "skein";
let one: i32 = 1;
function list(n: i32): i32[] { const made: i32[] = []; for (let i = 0; i < n; i++) made.push(i * one); return made; }
function cut(a: i32[], to: i32): void { if (one) a.length = to; }
function cutWhenAsked(a: i32[], ask: Chan<i32>, done: Chan<i32>): void { cut(a, ask.recv()); done.send(1); }
class Published { at: i32 = 0; list: i32[] = list(1); readonly ready: Atomic<i32> = new Atomic<i32>(); }
function publish(to: Published): void { to.at = 7; to.list = list(8); to.ready.store(1); }
function wait(p: Published): i32 {
  const before = p.at + p.list.length;
  while (true) { if (p.ready.load() == 1) return before < 16 ? p.at + p.list[p.at] : 0; }
}
class Table {
  cells: i32[] = list(5);
  at: i32 = 0;
  other: Table | null = null;
  @inline replace(n: i32): void { this.cells = list(n); }
  append(x: i32): void { this.cells[this.cells.length] = x; }
  sum(upTo: i32): i32 { let sum = 0; for (this.at = 0; this.at < upTo; this.at++) sum += this.cells[this.at]; return sum; }
}
class Grid {
  cells: i32[];
  constructor(private side: i32) { this.cells = list(side * side); }
  // Small enough to go into who calls them.
  cell(x: i32, y: i32): i32 { x = (x + this.side) % this.side; return this.cells[y * this.side + x]; }
  put(x: i32, y: i32, value: i32): void { this.cells[y * this.side + x] = value; }
  larger(i: i32, than: i32): i32 { if (i > than) return this.cells[i]; return this.cells[than]; }
  share(all: i64, among: i64): i64 { if (all < 0) return 0; return all / among; }
  // Of these, the ways on which they do little.
  climb(i: i32): i32 { if (i == this.side && one) return i; return this.cells[i] + this.climb(i + 1); }
  find(value: i32, from: i32): i32 {
    if (from < 0 || (value > 3 && this.cells[from] == value)) return from;
    for (let i = from; i < this.cells.length; i++) if (this.cells[i] == value) return i;
    return this.cells[value];
  }
  count(i: i32): void { if (i > this.side) { if (i > 7) return; i--; } this.cells[i]++; this.climb(i); }
  half(i: i32): f64 { if (i < this.side) { const x = f64(i); if (i != 1) return x / 2; } return f64(this.climb(0)); }
}
function expect(ok: bool): void { if (!ok) throw new Error("not as expected"); }
// The whole body is a call that goes in, as is one of its operands.
function hasGrid(g: Grid): void { expect(g.cell(1, 1) == 4); }
function table(): Table { return new Table(); }
`;

/** Bodies of exported functions, each with the number that it returns, or what its panic says, and the function that panics if it is another. */
const BODIES: Readonly<Record<string, readonly [body: string, expected: number | string, by?: string]>> = {
  past: [`return list(3)[3 * one];`, "[3] with length 3"],
  negative: [`return list(3)[-5 * one];`, "[-5]"],
  none: [`const a: i32[] = []; return a[0];`, "[0] with length 0"],
  bytes: [`return new Uint8Array(4)[4 * one];`, "[4] with length 4"],
  wide: [`return i32(new Float64Array(4)[4 * one]);`, "[4] with length 4"],
  fixed: [`const a = new StaticArray<i32>(2); a[2 * one] = 1; return 0;`, "[2] with length 2"],
  written: [`const a = list(3); a[3 * one] = 1; return 0;`, "[3] with length 3"],
  added: [`const a = list(3); a[7 * one] += 1; return 0;`, "[7] with length 3"],
  appends: [
    `const a = list(3); a[a.length] = 7; const t = table(); t.append(8); return a[3] + t.cells[5] + a.length;`,
    19,
  ],
  upwards: [
    `const a = list(3); let sum = 0; for (let i = 0; i <= 3 * one; i++) sum += a[i]; return sum;`,
    "[3] with length 3",
  ],
  downwards: [`const a = list(3); let sum = 0; for (let i = 2 * one; i >= -1; i--) sum += a[i]; return sum;`, "[-1]"],
  overflow: [`const a = list(3); let i = i32.MAX_VALUE * one; i++; return a[i];`, "[-2147483648]"],
  stepped: [`const a = list(3); let i = 2 * one, sum = a[i]; i++; sum += a[i]; return sum;`, "[3] with length 3"],
  oneWay: [
    `const a = list(3); let i = 5 * one, sum = 0; if (i < 3) sum = a[i]; sum += a[i]; return sum;`,
    "[5] with length 3",
  ],
  shortened: [
    `const a = list(5); let sum = 0; for (let i = 0; i < 5; i++) { sum += a[i]; if (i == 2) cut(a, 2); } return sum;`,
    "[3] with length 2",
  ],
  cutAlias: [
    `const a = list(5), b = one ? a : list(1); let sum = 0; for (let i = 0; i < 5; i++) { sum += a[i]; b.length = 3; } return sum;`,
    "[3] with length 3",
  ],
  popped: [
    `const a = list(5); let sum = 0; for (let i = 0; i < 5; i++) { sum += a[i]; a.pop(); } return sum;`,
    "[3] with length 2",
  ],
  cutByAnother: [
    `const a = list(5), ask = new Chan<i32>(), done = new Chan<i32>(); go(cutWhenAsked(a, ask, done)); let sum = 0;
     for (let i = 0; i < 5; i++) { sum += a[i]; if (i == 1) { ask.send(2); done.recv(); } } return sum;`,
    "[2] with length 2",
  ],
  replaced: [
    `const t = table(); let sum = 0; for (let i = 0; i < 5; i++) { sum += t.cells[i]; if (i == 1) t.replace(2); } return sum;`,
    "[2] with length 2",
  ],
  replacedAlias: [
    `const t = table(), u = one ? t : table(); let sum = 0; for (let i = 0; i < 5; i++) { sum += t.cells[i]; u.cells = list(3); } return sum;`,
    "[3] with length 3",
  ],
  assigned: [
    `let a = list(5), sum = 0; for (let i = 0; i < 5; i++) { sum += a[i]; if (i == 2) a = list(1); } return sum;`,
    "[3] with length 1",
  ],
  fieldIndex: [`return table().sum(6 * one);`, "[5] with length 5", "Table.sum"],
  fieldIndexFine: [`return table().sum(5 * one);`, 10],
  grown: [
    `const a = list(1); let sum = 0; for (let i = 0; i < 100; i++) { a.push(i); sum += a[i + 1]; a[i] = 1; } return sum + a.length;`,
    5051,
  ],
  sameElements: [
    `const a = list(3), b = one ? a : list(3); let sum = 0; for (let i = 0; i < 3; i++) { b[i] = 5; sum += a[i]; } return sum;`,
    15,
  ],
  sameFields: [
    `const t = table(), u = one ? t : table(); let sum = 0; for (let i = 0; i < 4; i++) { u.at = i; sum += t.at; } return sum;`,
    6,
  ],
  chained: [
    `let t: Table | null = null; for (let i = 1; i < 5; i++) { const next = table(); next.at = i; next.other = t; t = next; }
     let sum = 0; while (t) { sum += t.at * t.cells[t.at]; t = t.other; } return sum;`,
    30,
  ],
  // The loop's load sees the other's store, and all that came before it.
  published: [`const p = new Published(); go(publish(p)); return wait(p);`, 14],
  rows: [
    `const rows = [list(2), list(3), list(4)]; let sum = 0; for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) sum += rows[i][j]; return sum;`,
    "[2] with length 2",
  ],
  leaf: [
    `const g = new Grid(3); let sum = 0; for (let i = 0; i < 9; i++) sum += g.cell(i % 3 - 3, i / 3); return sum;`,
    36,
  ],
  leafWrites: [
    `const g = new Grid(3); for (let i = 0; i < 9; i++) g.put(i % 3, i / 3, i + 1); return g.cell(2, 2) + g.cell(g.cell(1, 0), 0) * 10;`,
    39,
  ],
  leafBranches: [`const g = new Grid(3); return g.larger(2, one) * 10 + g.larger(0, 5 * one);`, 25],
  leafPast: [`const g = new Grid(3); return g.cell(1, 1) + g.cell(2, 3 * one);`, "[11] with length 9", "Grid.cell"],
  leafPastPut: [
    `const g = new Grid(3); g.put(0, 0, 1); if (one) g.put(1, 4 * one, 2); return 0;`,
    "[13] with length 9",
    "Grid.put",
  ],
  leafZero: [`const g = new Grid(0); return g.cell(one, 0);`, "integer divide by zero", "Grid.cell"],
  leafDivides: [`const g = new Grid(1); return i32(g.share(10, -one) + g.share(-1, 0));`, -10],
  leafDivideZero: [`const g = new Grid(1); return i32(g.share(10, one - 1));`, "integer divide by zero", "Grid.share"],
  leafOverflows: [`const g = new Grid(1); return i32(g.share(i64.MAX_VALUE, -one) % 100);`, -7],
  leafIsAll: [`const g = new Grid(3); hasGrid(g); return 3 * one;`, 3],
  head: [`const g = new Grid(3); return g.climb(3) * 10 + g.climb(0) + g.climb(2);`, 41],
  headPast: [`const g = new Grid(3); return g.climb(3) + g.climb(9 * one);`, "[9] with length 9", "Grid.climb"],
  headRepeats: [
    `const g = new Grid(3); let sum = 0; for (let i = -2; i < 5; i++) sum = sum * 10 + g.find(i + 2, i) + 2; return sum;`,
    145678,
  ],
  headRepeatsPast: [
    `const g = new Grid(3); return g.find(one, -1) + g.find(11 * one, 2);`,
    "[11] with length 9",
    "Grid.find",
  ],
  headWrites: [
    `const g = new Grid(3); for (let i = 0; i < 10; i++) if (i < 3 || i > 7) g.count(i); return g.cells[0] * 100 + g.cells[1] * 10 + g.cells[2];`,
    123,
  ],
  headOfFloat: [
    `const g = new Grid(3); let sum: f64 = 0; for (let i = 0; i < 4; i++) sum = sum * 100 + g.half(i); return i32(sum);`,
    60106,
  ],
  notEntered: [
    `let t: Table | null = null; if (!one) t = table(); let sum = 0; for (let i = 0; i < one - 1; i++) sum += t!.cells[i]; return sum;`,
    0,
  ],
};

const text = exporting(DECLARATIONS, BODIES);

describe("an index", () => {
  let rt: Runtime;
  before(async () => {
    const { wasm } = await compile(path.join(place({ "indices.ts": text }), "indices.ts"));
    rt = await start({ program: wasm });
  });
  after(() => rt.close());

  for (const [name, [, expected, by]] of Object.entries(BODIES)) {
    it(`${typeof expected === "number" ? "is in range" : "panics"}: ${name}`, async () => {
      if (typeof expected === "number") assert.equal(await rt.call(name), expected);
      else {
        await assert.rejects(rt.call(name), (error) => {
          assert.ok(error instanceof GoPanic, String(error));
          const what = expected.startsWith("[") ? `index out of range ${expected}` : expected;
          assert.equal(error.message, `runtime error: ${what}`);
          assert.deepEqual(
            error.frames.slice(0, by ? 2 : 1).map((frame) => frame.name),
            by ? [by, name] : [name],
          );
          for (const { location } of error.frames.slice(0, 2)) assert.match(location ?? "", /:\d+:\d+$/);
          return true;
        });
      }
    });
  }
});
