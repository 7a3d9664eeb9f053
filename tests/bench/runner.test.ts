import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChildError, output } from "../../host/bench/child.js";
import type { Implementation } from "../../host/bench/implementations/implementation.js";
import { unmeasurable } from "../../host/bench/cputime.js";
import { runPlan, type Plan } from "../../host/bench/rounds.js";
import { benchmark, scripted } from "./fixtures.js";

const never = new AbortController().signal;
const quiet = () => {};

function plan(implementations: Implementation[], changes: Partial<Plan> = {}): Plan {
  return { benchmarks: [benchmark()], implementations, runs: 2, quick: false, cores: 4, ...changes };
}

describe("the runner", () => {
  it("lets the implementations take turns, in turned order", async () => {
    const order: string[] = [];
    const print = "console.log('RESULT ns/op 1')";
    const both = ["a", "b"].map((name) => scripted(name, print, () => order.push(name)));
    await runPlan(plan(both, { runs: 3 }), never, quiet);
    assert.deepEqual(order, ["a", "b", "b", "a", "a", "b"]);
  });

  it("collects every value of every process", async () => {
    const twice = scripted("a", "console.log('RESULT ns/op 1\\nRESULT ns/op 2')");
    const [only] = await runPlan(plan([twice]), never, quiet);
    assert.deepEqual(only?.outcome, { kind: "measured", runtime: "a 1.0", values: [1, 2, 1, 2] });
    assert.equal(only?.procs, 4);
  });

  it("gives programs their Ps and their arguments", async () => {
    const seen: unknown[] = [];
    const a = scripted("a", "console.log('RESULT ns/op 1')", (procs, args) => seen.push([procs, args]));
    await runPlan(plan([a], { runs: 1 }), never, quiet);
    await runPlan(plan([a], { runs: 1, quick: true, benchmarks: [benchmark({ procs: "one" })] }), never, quiet);
    assert.deepEqual(seen, [
      [4, ["1000", "5"]],
      [1, ["10", "2"]],
    ]);
  });

  it("makes a speedup of the times on one P and on all", async () => {
    const parallel = benchmark({ unit: "x", better: "higher", measure: "speedup" });
    const [only] = await runPlan(
      plan([scripted("a", "console.log('RESULT ms ' + (procs === 1 ? 30 : 10))")], { benchmarks: [parallel] }),
      never,
      quiet,
    );
    assert.deepEqual(only?.outcome, { kind: "measured", runtime: "a 1.0", values: [3, 3] });
  });

  it("gives a program the number of Ps that its benchmark names", async () => {
    const seen: number[] = [];
    const a = scripted("a", "console.log('RESULT ns/op 1')", (procs) => seen.push(procs));
    const [only] = await runPlan(plan([a], { runs: 1, benchmarks: [benchmark({ procs: 8 })] }), never, quiet);
    assert.deepEqual([seen, only?.procs], [[8], 8]);
  });

  it("leaves out what a benchmark does not compare, without preparing it", async () => {
    const prepare = () => Promise.reject(new Error("prepared"));
    const other = { name: "other", description: "", prepare };
    const measurements = await runPlan(plan([scripted("a", "console.log('RESULT ns/op 1')"), other]), never, quiet);
    assert.deepEqual(
      measurements.map(({ implementation }) => implementation),
      ["a"],
    );
  });

  it("takes the mean of what it measured, value by value", async () => {
    const implementations = ["a", "b"];
    const part = (name: string) => benchmark({ name, implementations });
    const mean = benchmark({ name: "mean", measure: "mean", implementations });
    const benchmarks = [part("mean/first"), part("mean/second"), mean];
    const a = scripted("a", "console.log('RESULT ns/op 8\\nRESULT ns/op 1')");
    const b = scripted("b", "console.log('RESULT ns/op 4\\nRESULT ns/op 2')");
    const both = await runPlan(plan([a, b], { runs: 1, benchmarks }), never, quiet);
    assert.equal(both.length, 5);
    assert.deepEqual(both.at(-1)?.outcome, { kind: "measured", runtime: "a 1.0", values: [2, 0.5] });
    const alone = await runPlan(plan([a], { runs: 1, benchmarks }), never, quiet);
    assert.deepEqual(alone.at(-1)?.outcome, { kind: "skipped", reason: "mean/first has not been measured with both" });
  });

  it("measures the processor time for each thing counted", { skip: unmeasurable() }, async () => {
    const spin = (ms: number) => `for (const end = Date.now() + ${ms}; Date.now() < end;);`;
    const a = scripted("a", `console.log('COUNT 0'); ${spin(200)} console.log('COUNT 10')`);
    const benchmarks = [benchmark({ measure: "cpu" })];
    const [only] = await runPlan(plan([a], { runs: 1, benchmarks }), never, quiet);
    assert(only?.outcome.kind === "measured", JSON.stringify(only?.outcome));
    const [value = 0, ...others] = only.outcome.values;
    assert.equal(others.length, 0);
    assert(value > 0 && value < 200e6, `${value} ns each`);
    const silent = scripted("a", "console.log('COUNT 0')");
    const [failed] = await runPlan(plan([silent], { runs: 1, benchmarks }), never, quiet);
    assert.deepEqual(failed?.outcome, { kind: "failed", reason: "printed no two lines with COUNT" });
  });

  it("goes on without what is not installed", async () => {
    const missing = { name: "m", description: "", prepare: () => Promise.reject(new ChildError("m is not on PATH")) };
    const [m, a] = await runPlan(plan([missing, scripted("a", "console.log('RESULT ns/op 1')")]), never, quiet);
    assert.deepEqual(m?.outcome, { kind: "skipped", reason: "m is not on PATH" });
    assert.equal(a?.outcome.kind, "measured");
  });

  it("goes on without a program that fails, and does not start it again", async () => {
    let starts = 0;
    const failing = scripted("f", "console.error('panic: no'); process.exit(2)", () => starts++);
    const [f, a] = await runPlan(plan([failing, scripted("a", "console.log('RESULT ns/op 1')")]), never, quiet);
    assert.deepEqual(f?.outcome, { kind: "failed", reason: "exit code 2: panic: no" });
    assert.equal(starts, 1);
    assert.equal(a?.outcome.kind, "measured");
  });

  it("ends the running child when stopped", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const endless = scripted("e", "setInterval(() => {}, 1000)", () => setTimeout(() => controller.abort(reason), 100));
    await assert.rejects(runPlan(plan([endless]), controller.signal, quiet), reason);
  });
});

describe("a child process", () => {
  it("that does not exist is told apart", async () => {
    const missing = output({ file: "no-such-program", args: [] }, never);
    await assert.rejects(missing, (error: unknown) => error instanceof ChildError && error.notFound);
  });
});
