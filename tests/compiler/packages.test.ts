/** Packages of AssemblyScript's world, as npm has them; where npm cannot be reached, nothing is tested. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, it } from "node:test";
import { described, runSkein } from "../programs/driver/process.js";
import { place } from "./fixtures.js";

const PACKAGES = ["as-bignum@0.3.1", "assemblyscript-json@1.1.0", "as-string-sink@0.5.3"];

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
});
const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...PACKAGES];
const isThere = spawnSync("npm", install, { cwd: folder, timeout: 60_000 }).status === 0;

describe("packages of AssemblyScript's", { skip: isThere ? false : "npm cannot be reached" }, () => {
  it("run on goroutines as they are", async () => {
    const result = await runSkein(["run", path.join(folder, "main.ts")]);
    assert.equal(result.stdout, '36893488147419103232\nab\n{"a":5,"b":["x"]}\n', described(result));
  });
});
