/** Transforms: what of AssemblyScript's is run, in which order, and when a build in the cache is not that of a transform any more. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { compile } from "../../host/compiler/index.js";
import { described, runSkein } from "../programs/driver/process.js";
import { place } from "./fixtures.js";

const folder = place({
  "program.ts":
    'import { println } from "skein";\nexport function main(): void { println(`${answer()} ${unit()} ${LIMIT}`); }',
  "adds.mjs": `import { answer } from "./answer.mjs";
export default class Adds {
  afterParse(parser) {
    if (parser !== this.program.parser) throw new Error("another parser");
    parser.parseFile(\`export {}; @global function answer(): i32 { return \${answer}; }\`, "added.ts", false);
  }
  afterInitialize(program) {
    program.registerConstantInteger("LIMIT", program.options.usizeType, { low: 7, high: 0 });
  }
  afterCompile(module) {
    this.log(module.getNumFunctions() > 10 ? "class" : "no functions");
  }
}`,
  "answer.mjs": "export const answer = 42;",
  "node_modules/units/package.json": '{ "name": "units", "version": "1.0.0", "main": "main.cjs" }',
  "node_modules/units/main.cjs": `exports.afterParse = (parser) => {
  if (!parser.sources.some(({ normalizedPath }) => normalizedPath === "added.ts")) throw new Error("too soon");
  parser.parseFile('export {}; @global function unit(): string { return "m"; }', "unit.ts", false);
};
exports.afterCompile = () => console.error("object");`,
  "throws.mjs": 'export default class { afterInitialize() { throw new Error("not today"); } }',
  "waits.mjs": "export const afterParse = async () => {};",
  "broken.mjs": "export default class {",
  "empty.mjs": "export const x = 1;",
});
const at = (name: string): string => path.join(folder, name);
const program = at("program.ts");
const args = [at("adds.mjs"), "units"].flatMap((each) => ["--transform", each]);
const env = { SKEIN_QUICK: "1", SKEIN_CACHE: at("cache") };

describe("--transform", () => {
  it("runs transforms, of files and packages, in the order given, unless the cache has what they make", async () => {
    const first = await runSkein(["run", program, ...args], { env });
    assert.equal(first.stdout, "42 m 7\n", described(first));
    assert.equal(first.stderr, "class\nobject\n");

    const second = await runSkein(["run", program, ...args], { env });
    assert.equal(second.stdout, "42 m 7\n", described(second));
    assert.equal(second.stderr, "", "it is not compiled again");

    writeFileSync(at("answer.mjs"), "export const answer = 43;");
    writeFileSync(at("node_modules/units/package.json"), '{ "name": "units", "version": "1.0.1", "main": "main.cjs" }');
    const third = await runSkein(["build", program, "-o", at("out.wasm"), ...args], { env });
    assert.equal(third.stderr, "class\nobject\n", described(third));
    assert.equal((await runSkein(["run", at("out.wasm")])).stdout, "43 m 7\n");
    const late = await runSkein(["run", at("out.wasm"), ...args]);
    assert.match(late.stderr, /out\.wasm is compiled already: skein build takes the transforms$/m);
  });

  const wrong: Readonly<Record<string, RegExp>> = {
    "throws.mjs": /throws\.mjs: error: in afterInitialize: not today$/,
    "waits.mjs": /waits\.mjs: error: afterParse gives a promise: hooks do all their work before they return$/,
    "broken.mjs": /^cannot load the transform .*broken\.mjs: /,
    "empty.mjs": /empty\.mjs is no transform: it exports neither a class nor an object with afterParse, /,
    "missing.mjs": /^there is no transform .*missing\.mjs: neither a file nor a package has this name$/,
  };
  for (const [name, says] of Object.entries(wrong)) {
    it(`names its file when something is wrong: ${name}`, async () => {
      const plain = at("plain.ts");
      writeFileSync(plain, "export function main(): void {}");
      const compiled = compile(plain, { cache: false, quick: true, transforms: [at(name)] });
      await assert.rejects(compiled, (error: Error) => says.test(error.message) || assert.fail(error.message));
    });
  }
});
