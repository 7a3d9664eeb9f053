import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { geometricMean, median, quantile, spread } from "../../host/bench/statistics.js";

describe("statistics", () => {
  it("takes the middle value, whatever the order", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([10, 9, 1]), 9);
  });

  it("takes the mean of the two middle values", () => {
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(median([7]), 7);
  });

  it("leaves the values as they were", () => {
    const values = [3, 1, 2];
    median(values);
    assert.deepEqual(values, [3, 1, 2]);
  });

  it("interpolates quantiles", () => {
    assert.equal(quantile([0, 10], 0.25), 2.5);
    assert.equal(quantile([1, 2, 3, 4, 5], 0.75), 4);
  });

  it("does not let one slow run spoil the spread", () => {
    assert.equal(spread([100, 100, 100, 100, 900]), 0);
    assert.equal(spread([90, 90, 100, 110, 110]), 0.1);
  });

  it("takes the mean of ratios so that inverses cancel out", () => {
    assert.equal(geometricMean([4, 0.25]), 1);
    assert.throws(() => geometricMean([]), RangeError);
  });

  it("has no median of nothing", () => {
    assert.throws(() => median([]), RangeError);
  });
});
