import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { programs, run } from "./programs.js";

/**
 * Programs are to do the same with either: what piscina does is what is wanted. SKEIN_TEST_SHARE cuts that in two for those who run
 * both at different times: `quick` is Skein's, `rest` piscina's own.
 */
const libraries = { quick: ["skein/piscina"], rest: ["piscina"] }[process.env["SKEIN_TEST_SHARE"] ?? ""];

for (const library of libraries ?? ["piscina", "skein/piscina"]) {
  describe(`with ${library}`, () => {
    for (const { name, about, prints } of programs()) {
      it(`${name}: ${about}`, async () => {
        const { code, stdout, stderr } = await run(name, library);
        assert.equal(stdout, prints, stderr);
        assert.equal(code, 0, stderr);
      });
    }
  });
}
