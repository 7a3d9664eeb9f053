import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { packageRoot } from "../../host/bench/paths.js";
import { suite } from "../../host/bench/suite.js";

describe("the suite", () => {
  it("has a program for each benchmark, and the same in Go", () => {
    for (const { name } of suite) {
      for (const file of [`programs/${name}.ts`, `peers/go/${name}/main.go`]) {
        assert(existsSync(path.join(packageRoot, "bench", file)), `bench/${file}`);
      }
    }
  });

  it("never asks for more under --quick", () => {
    for (const { name, args, quickArgs } of suite) {
      assert.equal(quickArgs.length, args.length, name);
      quickArgs.forEach((quick, i) => assert(quick <= (args[i] as number), name));
    }
  });

  it("has each name once", () => {
    assert.equal(new Set(suite.map(({ name }) => name)).size, suite.length);
  });
});
