import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { results } from "../../host/bench/results.js";

describe("a benchmark program's output", () => {
  it("gives a value for each RESULT line and ignores the rest", () => {
    assert.deepEqual(results("warm\nRESULT ns/op 14.1\r\nRESULT ns/op 1e2\n", "ns/op"), [14.1, 100]);
  });

  it("is refused when it holds no result", () => {
    assert.throws(() => results("done\n", "ms"), /printed no RESULT/);
  });

  it("is refused when a line has another unit, no number, or more than a number", () => {
    for (const line of ["RESULT ns/op 3", "RESULT ms", "RESULT ms fast", "RESULT ms NaN", "RESULT ms 3 4"]) {
      assert.throws(() => results(line, "ms"), /where RESULT ms and a number was expected/);
    }
  });
});
