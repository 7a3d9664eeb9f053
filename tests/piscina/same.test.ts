import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { programs, run } from "./programs.js";

/** Programs are to do the same with either: what piscina does is what is wanted. */
for (const library of ["piscina", "skein/piscina"]) {
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
