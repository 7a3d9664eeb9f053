/** Packages of AssemblyScript's world, as npm has them; where npm cannot be reached, nothing is tested. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";
import { described, runSkein } from "../programs/driver/process.js";
import { place } from "./fixtures.js";

const PACKAGES = ["as-bignum@0.3.1", "assemblyscript-json@1.1.0", "as-string-sink@0.5.3", "json-as@1.6.0"];

const folder = place({
  "package.json": "{}",
  "main.ts": `import { println } from "skein";
import { u128 } from "as-bignum/assembly";
import { StringSink } from "as-string-sink/assembly";
import { JSON } from "assemblyscript-json/assembly";
export function main(): void {
  println((u128.from(<u64>1 << 63) * u128.from(4)).toString());
  const sink = new StringSink("a");
  sink.write("b");
  println(sink.toString());
  println((<JSON.Obj>JSON.parse('{"a": 5, "b": ["x"]}')).stringify());
}`,
  "json.ts": `import { Chan, go, Mutex, println } from "skein";
import { JSON } from "json-as";

@json
class Point {
  x: i32 = 0;
  y: f64 = 0;
  name: string = "";
  tags: string[] = [];
  next: Point | null = null;
}
// It keeps what it works on in variables of its own.
const json = new Mutex();

function encode(point: Point): string {
  json.lock();
  const text = JSON.stringify(point);
  json.unlock();
  return text;
}

function decode(text: string): Point {
  json.lock();
  const point = JSON.parse<Point>(text);
  json.unlock();
  return point;
}

function work(seed: i32, done: Chan<i32>): void {
  let wrong = 0;
  for (let i = 0; i < 500; i++) {
    const point = new Point();
    point.x = seed * 1000 + i;
    point.y = <f64>i / 2;
    point.name = "a \\"point\\"";
    point.tags = [i.toString(), "\\u20ac"];
    point.next = new Point();
    const read = decode(encode(point));
    const isSame = read.x == point.x && read.y == point.y && read.name == point.name && read.tags[0] == point.tags[0];
    if (!isSame || read.tags[1] != point.tags[1] || read.next === null) wrong++;
  }
  done.send(wrong);
}

export function main(): void {
  const done = new Chan<i32>();
  for (let i = 0; i < 6; i++) go(work(i, done));
  let wrong = 0;
  for (let i = 0; i < 6; i++) wrong += done.recv();
  println(encode(decode('{"y": 1.5, "tags": ["x"], "x": -3}')) + " " + wrong.toString());
}`,
});
const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...PACKAGES];
const isThere = spawnSync("npm", install, { cwd: folder, timeout: 60_000 }).status === 0;

describe("packages of AssemblyScript's", { skip: isThere ? false : "npm cannot be reached" }, () => {
  it("run on goroutines as they are", async () => {
    const result = await runSkein(["run", path.join(folder, "main.ts")]);
    assert.equal(result.stdout, '36893488147419103232\nab\n{"a":5,"b":["x"]}\n', described(result));
  });

  it("run with their transform", async () => {
    for (const name of ["assemblyscript", "binaryen"]) {
      symlinkSync(path.join(packageRoot, "node_modules", name), path.join(folder, "node_modules", name));
    }
    const args = ["--transform", "json-as/transform", "--procs", "2"];
    const result = await runSkein(["run", path.join(folder, "json.ts"), ...args], { env: { SKEIN_QUICK: "1" } });
    assert.equal(result.stdout, '{"x":-3,"y":1.5,"name":"","tags":["x"],"next":null} 0\n', described(result));
  });
});
