/**
 * What is null though its type says otherwise panics where it is used, and nothing else does. Each export of the program is called; those
 * with a marked place must panic there, in the function that the place is in.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import binaryen from "binaryen";
import { compile } from "../../host/compiler/index.js";
import { GoPanic, start, type Runtime } from "../../host/index.js";
import { place } from "./fixtures.js";

const AT = "/*@*/";

const DECLARATIONS = `
import { Chan, gosched, Select } from "skein";
class Point {
  x: i32 = 1;
  next: Point | null = null;
  get half(): i32 { return this.x / 2; }
  set half(to: i32) { this.x = 2 * to; }
  nothing(): void {}
  @inline twice(): i32 { return 2 * this.x; }
  kind(): i32 { return 1; }
  @operator("+") plus(other: Point): Point { return other; }
  two(other: Point): i32 { return this.x + ${AT}other.x; }
}
class Corner extends Point { kind(): i32 { return 2; } }
interface Named { name(): i32; }
class Name implements Named { name(): i32 { return 1; } }
let sink: i32 = 0;
let zero: i32 = 0;
let shared: Point = gone<Point>();
function made(): Point { return zero ? new Corner() : new Point(); }
function gone<T>(): T { const c = new Chan<T>(); c.close(); return c.recv(); }
function isNull(p: Point): bool { return changetype<usize>(p) == 0; }
`;

/** Bodies of exported functions. */
const BODIES: Readonly<Record<string, string>> = {
  // What is used.
  read: `sink = ${AT}gone<Point>().x;`,
  write: `${AT}gone<Point>().x = 1;`,
  writeReference: `${AT}gone<Point>().next = made();`,
  change: `const p = gone<Point>(); ${AT}p.x += 2;`,
  increment: `const p = gone<Point>(); ${AT}p.x++;`,
  getter: `sink = ${AT}gone<Point>().half;`,
  setter: `${AT}gone<Point>().half = 1;`,
  method: `${AT}gone<Point>().nothing();`,
  inlined: `sink = ${AT}gone<Point>().twice();`,
  overridden: `sink = ${AT}gone<Point>().kind();`,
  interfaces: `sink = ${AT}gone<Named>().name() + new Name().name();`,
  operator: `sink = (${AT}gone<Point>() + made()).x;`,
  argument: `sink = made().two(gone<Point>());`,
  length: `sink = ${AT}gone<i32[]>().length;`,
  element: `sink = ${AT}gone<i32[]>()[0];`,
  setElement: `${AT}gone<i32[]>()[0] = 1;`,
  push: `${AT}gone<i32[]>().push(1);`,
  map: `${AT}gone<Map<string, i32>>().set("a", 1);`,
  bytes: `${AT}gone<Uint8Array>()[1] = 3;`,
  text: `sink = ${AT}changetype<string>(0).length;`,
  hole: `sink = ${AT}unchecked(new Array<Point>(3)[1]).x;`,
  shifted: `sink = ${AT}new Array<Point>(3).shift().x;`,
  variable: `sink = ${AT}shared.x;`,
  afterPark: `const p = gone<Point>(); gosched(); sink = ${AT}p.x;`,
  // Of several places, which.
  second: `const p = made(), q = gone<Point>(); sink = p.x; sink += ${AT}q.x; sink += q.next!.x;`,
  other: `const p = gone<Point>(); if (zero) p.x = 1; else if (!zero) ${AT}p.x = 2; else p.x = 3;`,
  // What is known of a local does not outlast it.
  assigned: `let p = made(); sink = p.x; p = gone<Point>(); sink = ${AT}p.x;`,
  looped: `let p = made(); for (let i = 0; i < 3; i++) { sink = ${AT}p.x; p = gone<Point>(); }`,
  stepped: `for (let p = made(); ; p = gone<Point>()) sink = ${AT}p.x;`,
  leftLoop: `let p = made(); while (p.x) { if (!zero) { p = gone<Point>(); break; } } sink = ${AT}p.x;`,
  oneWay: `const p = gone<Point>(); if (zero) sink = p.x; sink = ${AT}p.x;`,
  notTaken: `const p = gone<Point>(); if (zero && p.x) return; sink = ${AT}p.x;`,
  both: `let p = made(); if (p && isNull((p = gone<Point>()))) sink = ${AT}p.x;`,
  either: `const p = made(), q = gone<Point>(); if (isNull(p) || isNull(q)) sink = ${AT}q.x;`,
  not: `const p = gone<Point>(); if (!p) sink = ${AT}p.x;`,
  chosen: `const p = zero ? made() : gone<Point>(); sink = ${AT}p.x;`,
  switched: `let p = made(); switch (zero) { case 0: p = gone<Point>(); case 1: sink = ${AT}p.x; break; default: sink = p.x; }`,
  labelled: `const p = gone<Point>(); for (;;) { if (!zero) break; sink = p.x; } sink = ${AT}p.x;`,
  done: `let p = made(); do { sink = ${AT}p.x; p = gone<Point>(); } while (!zero);`,
  // What is not null.
  fineTested: `let p: Point | null = made(); while (p) { sink = p.x; p = p.next; }`,
  fineThere: `const p = made(); sink = p.x + p.half; const q = p.next; if (q != null) sink = q.x;`,
  fineUnused: `const p = gone<Point>(); if (p) sink = p.x;`,
  fineStored: `const list = [gone<Point>()]; sink = list.length; new Chan<Point>(1).send(gone<Point>());`,
};

const text =
  DECLARATIONS +
  Object.entries(BODIES)
    .map(([name, body]) => `export function ${name}(): void { ${body} }\n`)
    .join("") +
  `function use(p: Point): void {
     const q = new Point();
     q.x = [1, 2].length + "a".length;
     p.next = q;
     while (p.x < 9) p.x += p.half;
     sink = p.kind() + q.kind();
   }
   export function main(): void { use(made()); use(made()); }`;

/** `line:column` of the marked place in a function, or of that in the function that it calls. */
function marked(name: string): string | undefined {
  const begin = text.indexOf(`function ${name}()`);
  const end = text.indexOf("\n", begin);
  const own = text.slice(begin, end).includes(AT) ? text.indexOf(AT, begin) : undefined;
  const index = own ?? (name === "argument" ? text.indexOf(AT) : undefined);
  if (index === undefined) return undefined;
  const until = text.slice(0, index + AT.length);
  return `${until.split("\n").length}:${until.length - until.lastIndexOf("\n")}`;
}

describe("null where a type has none", () => {
  let rt: Runtime;
  let wasm: Uint8Array<ArrayBuffer>;
  before(async () => {
    ({ wasm } = await compile(path.join(place({ "nulls.ts": text }), "nulls.ts")));
    rt = await start({ program: wasm });
  });
  after(() => rt.close());

  for (const name of Object.keys(BODIES)) {
    const at = marked(name);
    if (at === undefined) {
      it(`is not seen: ${name}`, async () => assert.equal(await rt.call(name), undefined));
      continue;
    }
    it(`panics: ${name}`, async () => {
      await assert.rejects(rt.call(name), (error) => {
        assert.ok(error instanceof GoPanic, String(error));
        assert.equal(error.message, "runtime error: invalid memory address or nil pointer dereference");
        const [frame] = error.frames;
        assert.equal(frame?.name, name === "argument" ? "Point.two" : name);
        assert.ok(
          frame.location?.endsWith(`:${at.split(":")[0]!}:${at.split(":")[1]!}`),
          `${frame.location} for ${at}`,
        );
        return true;
      });
    });
  }

  it("is looked for once on each way, and not where an object was just made", () => {
    const module = binaryen.readBinary(wasm);
    const [use] = /\(func \$nulls\/use [^]*?\n \)\n/.exec(module.emitText())!;
    module.dispose();
    assert.equal(use.split("/nil/nilPanic").length - 1, 1, use);
  });
});
