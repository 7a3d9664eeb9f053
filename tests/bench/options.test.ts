import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { implementations } from "../../host/bench/implementations/index.js";
import { benchParser, readOptions, type Options } from "../../host/bench/options.js";
import { suite } from "../../host/bench/suite.js";

function read(...argv: string[]): Options {
  return readOptions(argv, suite, implementations, benchParser({ out: () => {}, err: () => {} }));
}

function refusal(...argv: string[]): string {
  let error: unknown;
  try {
    read(...argv);
  } catch (thrown) {
    error = thrown;
  }
  assert(error instanceof Error && "exitCode" in error, "a command line that is wrong is refused");
  assert.notEqual(error.exitCode, 0);
  return error.message;
}

const names = (things: readonly { name: string }[]) => things.map((thing) => thing.name);

describe("the command line of skein bench", () => {
  it("runs everything on everything by default", () => {
    const options = read();
    assert.deepEqual(options.benchmarks, suite);
    assert.deepEqual(options.implementations, implementations);
    assert.equal(options.runs, 5);
    assert.equal(options.quick, false);
  });

  it("takes names of benchmarks, each once, in the suite's order", () => {
    assert.deepEqual(names(read("yield", "spawn", "yield").benchmarks), ["spawn", "yield"]);
  });

  it("takes the family of calls between processes by an option of its own", () => {
    assert.deepEqual(read("--remote").benchmarks, read("remote").benchmarks);
    assert.deepEqual(names(read("spawn", "--remote", "--quick").benchmarks).slice(0, 2), ["spawn", "remote/computing"]);
  });

  it("takes implementations separated by commas", () => {
    assert.deepEqual(names(read("--impl", "go").implementations), ["go"]);
    assert.deepEqual(names(read("--impl", "go, skein").implementations), ["skein", "go"]);
  });

  it("takes the name of a family for all of it", () => {
    const family = names(read("safepoints").benchmarks);
    assert.equal(family.at(-1), "safepoints");
    assert.equal(family.length, 7);
    assert.deepEqual(names(read("safepoints/matrix").benchmarks), ["safepoints/matrix"]);
    assert(read("gm-vs-gmp").benchmarks.length > 1);
  });

  it("refuses implementations that none of the benchmarks compares", () => {
    assert.match(refusal("gm-vs-gmp", "--impl", "go"), /compare skein, skein --sched gm$/);
  });

  it("runs less often under --quick, unless told how often", () => {
    assert.equal(read("--quick").runs, 2);
    assert.equal(read("--quick", "--runs", "7").runs, 7);
  });

  it("takes the files to write", () => {
    const { json, html } = read("--json", "-", "--html", "out.html");
    assert.deepEqual([json, html], ["-", "out.html"]);
  });

  it("answers a name it does not know with those it knows, in one line", () => {
    const message = refusal("spawn", "pingping");
    assert.match(message, /no benchmark is called 'pingping'; there are spawn, yield, pingpong, /);
    assert(!message.includes("\n"));
    assert.match(refusal("--impl", "skein,rust"), /no implementation is called 'rust'; there are skein, .*\bgo, /);
    assert.match(refusal("--impl", ""), /no implementation is called ''/);
  });

  it("refuses a number of runs that is none", () => {
    for (const runs of ["0", "-1", "2.5", "many", ""]) assert.match(refusal("--runs", runs), /--runs/);
  });

  it("refuses an option it does not know", () => {
    assert.match(refusal("--fast"), /unknown option '--fast'/);
  });
});
