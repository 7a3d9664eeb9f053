import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compare, judge, ratio, type Comparison, type Measurement } from "../../host/bench/measurement.js";
import { benchmark, measured, measurement } from "./fixtures.js";

function only(...measurements: Measurement[]): Comparison {
  const [comparison, ...others] = compare(measurements);
  assert(comparison && others.length === 0);
  return comparison;
}

const halfOfGo = benchmark({ targets: [{ kind: "ratio", to: "go", atMost: 0.5 }] });
const mostOfAllCores = benchmark({ better: "higher", targets: [{ kind: "perCore", atLeast: 0.9 }] });

describe("measurements", () => {
  it("are grouped by benchmark, in the order measured", () => {
    const other = benchmark({ name: "other" });
    const groups = compare([measured("skein", [1], other), measured("skein", [1]), measured("go", [2], other)]);
    assert.deepEqual(
      groups.map((group) => [group.benchmark.name, [...group.of.keys()]]),
      [
        ["other", ["skein", "go"]],
        ["spin", ["skein"]],
      ],
    );
  });

  it("on other numbers of Ps are of other groups", () => {
    const on = (procs: number) => ({ ...measured("skein", [procs]), procs });
    assert.deepEqual(
      compare([on(1), on(2)]).map((group) => group.procs),
      [1, 2],
    );
  });

  it("relate medians", () => {
    assert.equal(ratio(only(measured("skein", [1, 2, 9]), measured("go", [4])), "skein", "go"), 0.5);
  });

  it("are held against the fastest of the others that were measured", () => {
    const implementations = ["skein", "slow", "fast", "absent"];
    const half = benchmark({ implementations, targets: [{ kind: "fastest", atMost: 0.5 }] });
    const others = [measured("slow", [9], half), measured("fast", [4], half)];
    const verdict = (...measurements: Measurement[]) => judge(only(...measurements), 2);
    assert.deepEqual(verdict(measured("skein", [2], half), ...others), {
      wanted: "<= 0.50x the fastest",
      bound: 2,
      reached: true,
    });
    assert.equal(verdict(measured("skein", [3], half), ...others)?.reached, false);
    assert.deepEqual(verdict(measured("skein", [3], half)), { wanted: "<= 0.50x the fastest" });
  });

  it("have no ratio to what was not measured", () => {
    const skipped = measurement("go", { kind: "skipped", reason: "go is not on PATH" });
    assert.equal(ratio(only(measured("skein", [1]), skipped), "skein", "go"), undefined);
    assert.equal(ratio(only(measured("skein", [1])), "skein", "go"), undefined);
  });
});

describe("a target", () => {
  it("that is a share of Go's time is reached at that share, and not above", () => {
    const at = (mine: number) => judge(only(measured("skein", [mine], halfOfGo), measured("go", [10], halfOfGo)), 2);
    assert.deepEqual(at(5), { wanted: "<= 0.50x go", bound: 5, reached: true });
    assert.equal(at(5.1)?.reached, false);
  });

  it("that is a share of Go's time stays open without Go", () => {
    const verdict = judge(only(measured("skein", [1], halfOfGo)), 2);
    assert.deepEqual(verdict, { wanted: "<= 0.50x go" });
  });

  it("is held against the first of those compared, whichever way of Skein it is", () => {
    const c = benchmark({
      implementations: ["skein/c", "skein"],
      targets: [{ kind: "ratio", to: "skein", atMost: 1.5 }],
    });
    const at = (mine: number) => judge(only(measured("skein/c", [mine], c), measured("skein", [10], c)), 2);
    assert.equal(at(15)?.reached, true);
    assert.equal(at(16)?.reached, false);
  });

  it("for each core grows with the cores", () => {
    const comparison = only(measured("skein", [1.85], mostOfAllCores));
    assert.deepEqual(judge(comparison, 2), { wanted: ">= 1.80", bound: 1.8, reached: true });
    assert.equal(judge(comparison, 4)?.reached, false);
  });

  it("that is a figure holds on any machine", () => {
    const limited = benchmark({ targets: [{ kind: "absolute", atMost: 15 }] });
    assert.deepEqual(judge(only(measured("skein", [14], limited)), 2), { wanted: "<= 15", bound: 15, reached: true });
  });

  it("that is to be exceeded is reached from there on", () => {
    const share = benchmark({ better: "higher", targets: [{ kind: "least", atLeast: 0.65 }] });
    assert.deepEqual(judge(only(measured("skein", [0.65], share)), 2), {
      wanted: ">= 0.65",
      bound: 0.65,
      reached: true,
    });
    assert.equal(judge(only(measured("skein", [0.6], share)), 2)?.reached, false);
  });

  it("and another are reached when both are", () => {
    const both = benchmark({
      targets: [
        { kind: "absolute", atMost: 15 },
        { kind: "ratio", to: "go", atMost: 1.2 },
      ],
    });
    const beside = (go: number[], mine: number) => {
      const peers = go.length > 0 ? [measured("go", go, both)] : [];
      return judge(only(measured("skein", [mine], both), ...peers), 2);
    };
    assert.deepEqual(beside([10], 12), { wanted: "<= 15, <= 1.20x go", bound: 12, reached: true });
    assert.equal(beside([10], 13)?.reached, false);
    assert.equal(beside([20], 16)?.reached, false);
    assert.equal(beside([], 16)?.reached, false, "the one missed decides");
    assert.equal(beside([], 14)?.reached, undefined, "without Go the other stays open");
  });

  it("is not asked of every benchmark", () => {
    assert.equal(judge(only(measured("skein", [1])), 2), undefined);
  });
});
