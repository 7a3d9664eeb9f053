import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import { benchCommand } from "../../host/bench/index.js";

/** Runs `skein bench` and gives its exit code and what it printed. */
async function bench(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  const print = {
    out: (text: string) => void (printed.stdout += text),
    err: (text: string) => void (printed.stderr += text),
  };
  return { code: await benchCommand(argv, print), ...printed };
}

describe("skein bench", () => {
  it("lists what there is", async () => {
    const { code, stdout } = await bench("--list");
    assert.equal(code, 0);
    for (const name of ["spawn", "parked-memory", "parallel", "skein", "go"]) {
      assert.match(stdout, new RegExp(`^${name} `, "m"));
    }
  });

  it("refuses a name it does not know, on standard error alone", async () => {
    const { code, stdout, stderr } = await bench("nonesuch");
    assert.notEqual(code, 0);
    assert.equal(stdout, "");
    assert.match(stderr, /^skein: no benchmark is called 'nonesuch'; there are .*\n$/);
  });

  it("refuses a file it cannot write before it measures anything", async () => {
    const { code, stderr } = await bench("--json", path.join("no", "such", "directory", "out.json"));
    assert.equal(code, 1);
    assert.match(stderr, /^skein: cannot write .*out\.json: ENOENT/);
  });

  it("shows its help", async () => {
    const { code, stdout } = await bench("--help");
    assert.equal(code, 0);
    assert.match(stdout, /Usage: skein bench/);
  });
});
