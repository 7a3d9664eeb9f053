import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { output } from "../../host/bench/child.js";
import { implementations } from "../../host/bench/implementations/index.js";
import { results } from "../../host/bench/results.js";
import { tasks } from "../../host/bench/pools.js";

/** Arguments with which a program takes no time to speak of, in the order of the suite's. */
const tiny: Readonly<Record<string, readonly number[]>> = {
  tasks: [20, 8, 1],
  "roundtrip/idle": [3, 2, 1],
  "roundtrip/spinning": [10, 0, 1],
  "bytes/copied": [1000, 3, 0, 1],
  "bytes/shared": [1000, 3, 1, 1],
  object: [3, 1],
  channel: [500, 16, 500, 1],
  "thread-memory": [1, 1],
  computing: [3, 1000, 0, 1],
  "computing/memory": [3, 1000, 1, 1],
  "lifetimes/calls": [0, 2, 1],
  "lifetimes/waits": [1, 200, 1],
  "lifetimes/buffers": [2, 2, 1],
  "lifetimes/starts": [3, 2, 1],
  start: [1],
  import: [1],
  hello: [0, 1],
  "hello/memory": [1, 1],
};

describe("the benchmarks of goroutines in TypeScript", () => {
  for (const { name, program = name, unit, implementations: compared, args, procs } of tasks) {
    for (const implementation of implementations.filter((each) => compared.includes(each.name))) {
      it(`${name} runs with ${implementation.name}`, async () => {
        const never = new AbortController().signal;
        const few = tiny[name] ?? assert.fail("no arguments");
        assert.equal(few.length, args.length);
        assert.equal(procs, 2);
        const ready = await implementation.prepare(never);
        const text = await output(ready.command(program, procs, few.map(String)), never);
        const values = results(text, unit);
        assert.equal(values.length, 1);
        // Of so few threads or times the difference may be anything.
        if (name !== "thread-memory" && unit !== "%") assert((values[0] ?? 0) > 0, text);
      });
    }
  }
});

describe("a package that is not installed", () => {
  it("is left out, with what would install it", async () => {
    const { packaged } = await import("../../host/bench/implementations/packages.js");
    const none = packaged({ name: "no-such-package", description: "" });
    await assert.rejects(none.prepare(new AbortController().signal), {
      name: "ChildError",
      message: "no-such-package is not installed (npm install no-such-package)",
    });
  });
});
