/** The package as a project has it that installs no compiler. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";

const place = mkdtempSync(path.join(os.tmpdir(), "skein-packed-"));
after(() => rmSync(place, { recursive: true, force: true }));
// With the dependencies that npm installs for everybody.
for (const name of ["package.json", "dist", "node_modules/acorn", "node_modules/commander"])
  cpSync(path.join(packageRoot, name), path.join(place, name), {
    recursive: true,
    filter: (from) => !from.startsWith(path.join(packageRoot, "dist", "types")),
  });

/** What a module that imports the library writes. */
function written(text: string): string {
  const file = path.join(place, "user.mjs");
  writeFileSync(file, `import { start } from "./dist/library/index.js";\n${text}`);
  const onDeno = "deno" in process.versions;
  const { stdout, stderr } = spawnSync(process.execPath, [...(onDeno ? ["run", "--quiet", "-A"] : []), file], {
    encoding: "utf8",
    env: { ...process.env, SKEIN_CHECKED: "" },
  });
  return stdout + stderr;
}

describe("without a compiler", () => {
  it("tasks run", () => {
    const text = "const rt = await start({ procs: 2 }); console.log(await rt.go((a) => a + 1, 6)); await rt.close();";
    assert.equal(written(text), "7\n");
  });

  it("to compile fails with the command that helps", () => {
    writeFileSync(path.join(place, "program.ts"), "export function main(): void {}");
    const text = written(
      'await start({ program: new URL("./program.ts", import.meta.url) }).catch((e) => console.log(e.name, e.message));',
    );
    assert.match(
      text,
      /^CompileError compiling takes assemblyscript and binaryen, which .*: npm install --save-dev assemblyscript@\d/,
    );
  });
});
