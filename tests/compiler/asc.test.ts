/** Skein replaces methods of AssemblyScript's compiler, and relies on its own instance of Binaryen: both are pinned. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, it } from "node:test";
import api from "../../host/compiler/asc.js";
import { patched } from "../../host/compiler/patches.js";
import { root } from "../programs/driver/process.js";

const require = createRequire(path.join(root, "package.json"));

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

function manifest(name: string): Manifest {
  return require(`${name}/package.json`) as Manifest;
}

describe("AssemblyScript", () => {
  it("is the version whose compiler is extended", () => {
    const own = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
    assert.equal(manifest("assemblyscript").version, "0.27.37");
    assert.equal(own.peerDependencies["assemblyscript"], "0.27.37");
    assert.equal(own.peerDependencies["binaryen"], manifest("assemblyscript").dependencies["binaryen"]);
    assert.equal(manifest("binaryen").version, own.peerDependencies["binaryen"]);
  });

  it("has every name that asc.ts states, and every value of its enumerations", () => {
    const source = readFileSync(path.join(root, "host", "compiler", "asc.ts"), "utf8");
    const stated = source.slice(source.indexOf("interface Api {"));
    const real = api as unknown as Record<string, unknown>;
    for (const [, name] of stated.matchAll(/^ {2}readonly (\w+):/gm)) assert.ok(real[name!] !== undefined, name);
    for (const [, name, members] of stated.matchAll(/^ {2}readonly (\w+): Enum<([^>]*)>/gm)) {
      for (const [, member] of members!.matchAll(/"(\w+)"/g)) {
        assert.equal(typeof (real[name!] as Record<string, unknown>)[member!], "number", `${name}.${member}`);
      }
    }
  });

  it("has the methods that elements.ts states", () => {
    const source = readFileSync(path.join(root, "host", "compiler", "elements.ts"), "utf8");
    for (const name of ["Compiler", "Module"] as const) {
      const text = new RegExp(`interface ${name}(?: extends \\w+)? \\{([^]*?)\\n\\}`).exec(source)![1]!;
      for (const [, method] of text.matchAll(/^ {2}(\w+)\(/gm)) {
        const prototype = api[name].prototype as unknown as Record<string, unknown>;
        assert.equal(typeof prototype[method!], "function", `${name}.${method}`);
      }
    }
  });

  it("has a library without static memory that is written to, but for what is patched", () => {
    const library = path.join(path.dirname(require.resolve("assemblyscript/package.json")), "std", "assembly");
    const number = patched("util/number", readFileSync(path.join(library, "util", "number.ts"), "utf8"));
    // Buffers are made by memory.data(size); memory.data<T>([…]) makes a table of constants.
    assert.equal(number.match(/\bdtoa_buf\b/g)?.length, 1, "only the declaration is left");
    assert.equal(number.match(/memory\.data\(/g)?.length, 1);
    for (const file of ["array", "string", "date", "math", "map", "set", "util/string", "util/uri", "util/math"]) {
      assert.doesNotMatch(readFileSync(path.join(library, `${file}.ts`), "utf8"), /memory\.data\(/, file);
    }
  });
});
