import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { isShared } from "../../host/bench/benchmark.js";
import { implementations } from "../../host/bench/implementations/index.js";
import { packageRoot } from "../../host/bench/paths.js";
import { suite } from "../../host/bench/suite.js";

describe("the suite", () => {
  it("has a program for each benchmark, and the same in Go where it is compared with Go", () => {
    for (const { name, program = name, implementations, measure } of suite) {
      if (measure === "mean") continue;
      const files = isShared(program) ? [`tasks/${program}`] : [];
      if (!isShared(program) && implementations[0] !== "skein/c") files.push(`programs/${program}.ts`);
      if (implementations.includes("skein/c")) files.push(`programs/c/${program}.c`);
      for (const peer of ["go", "evio"])
        if (implementations.includes(peer)) files.push(`peers/${peer}/${program}/main.go`);
      if (implementations.includes("skein/serve")) files.push(`programs/${program}-serve.ts`);
      if (implementations.includes("serve")) files.push(`tasks/${program}-serve.mjs`);
      for (const file of files) assert(existsSync(path.join(packageRoot, "bench", file)), `bench/${file}`);
    }
  });

  it("compares what there is, Skein first", () => {
    for (const benchmark of suite) {
      const [first, ...others] = benchmark.implementations;
      assert.match(String(first), /^skein\b/, benchmark.name);
      for (const other of others)
        assert(
          implementations.some(({ name }) => name === other),
          other,
        );
    }
  });

  it("has parts to take each mean of, before it", () => {
    suite.forEach(({ name, measure }, i) => {
      if (measure !== "mean") return;
      assert(suite.slice(0, i).some((part) => part.name.startsWith(`${name}/`)));
      assert(!suite.slice(i).some((part) => part.name.startsWith(`${name}/`)));
    });
  });

  it("never asks for more under --quick", () => {
    for (const { name, args, quickArgs } of suite) {
      assert.equal(quickArgs.length, args.length, name);
      quickArgs.forEach((quick, i) => assert(quick <= (args[i] as number), name));
    }
  });

  it("has each name once for a number of Ps", () => {
    assert.equal(new Set(suite.map(({ name, procs }) => `${name} ${procs}`)).size, suite.length);
  });
});
