/**
 * Every program of `tests/programs/<area>/<behaviour>.ts`, on 1 and 4 Ps under Node and on 2 under Deno, or on those
 * that its header names. What is expected of a run is in the comment that the program begins with (see header.ts).
 *
 * SKEIN_TEST_PROCS names others, as in `1,2,8`, for programs that name none.
 * SKEIN_TEST_SHARE cuts them in two for those who run both at different times: `quick` is the last number of Ps of each program,
 * `rest` the others.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { buildOf } from "./builds.js";
import { readHeader, type Case } from "./header.js";
import { described, root, runSkein, runtime, type Result } from "./process.js";

/** Between the two, which share the scheduler, each program runs on 1, 2 and 4 Ps; all on both would take half an hour. */
const PROCS = process.env["SKEIN_TEST_PROCS"]?.split(",").map(Number) ?? (runtime === "deno" ? [2] : [1, 4]);

/** Those of the numbers of Ps that are this run's share. */
function shareOf(procs: readonly number[]): readonly number[] {
  const share = process.env["SKEIN_TEST_SHARE"];
  if (share === undefined) return procs;
  assert.ok(share === "quick" || share === "rest", `SKEIN_TEST_SHARE is ${share}`);
  return share === "quick" ? procs.slice(-1) : procs.slice(0, -1);
}

/** Processes at a time. */
const CONCURRENCY = 2;

/** Programs that are compiled before their turn. */
const AHEAD = 4;

/** What $name stands for in a header. */
const VARIABLES: Record<string, string> = {
  $long: "0123456789".repeat(2000),
  $numbers: Array.from({ length: 10000 }, (_, i) => `${i + 1}\n`).join(""),
};

const programs = path.join(root, "tests", "programs");

function behaviours(): string[] {
  return readdirSync(programs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "driver" && entry.name !== "cli")
    .flatMap((area) =>
      readdirSync(path.join(programs, area.name))
        .filter((file) => file.endsWith(".ts"))
        .map((file) => `${area.name}/${file.slice(0, -".ts".length)}`),
    )
    .sort();
}

/** Checks of standard output that are more than a pattern, by the name that headers use. */
const checks: Record<string, (stdout: string, words: string[]) => void> = {
  /** Of program/output.ts: each line is whole, and the lines of one goroutine are in order. */
  lines(stdout) {
    const next = new Map<number, number>();
    for (const line of stdout.trimEnd().split("\n")) {
      const match = /^(\d+) (\d+) (x*)\.$/.exec(line);
      assert.ok(match, `the line ${JSON.stringify(line)} is not whole`);
      const [name, index, length] = [Number(match[1]), Number(match[2]), match[3]?.length];
      assert.equal(index, next.get(name) ?? 0, `the next line of goroutine ${name}`);
      assert.equal(length, (name * 7 + index) % 90, `the length of line ${index} of goroutine ${name}`);
      next.set(name, index + 1);
    }
    assert.deepEqual([...next.values()], Array<number>(16).fill(200), "lines per goroutine");
  },
  /** `numbers A B`: the lines are `line A` to `line B`. */
  numbers(stdout, [from, to]) {
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, Number(to) - Number(from) + 1, "lines");
    lines.forEach((line, i) => assert.equal(line, `line ${Number(from) + i}`));
  },
};

function check(result: Result, expected: Case): void {
  if (expected.stdout !== undefined) assert.equal(result.stdout, expected.stdout, "standard output");
  for (const pattern of expected.stdoutMatch) assert.match(result.stdout, pattern, "standard output");
  if (expected.stdoutCheck !== undefined) {
    const [name = "", ...words] = expected.stdoutCheck.split(" ");
    const checkOutput = checks[name];
    assert.ok(checkOutput, `there is no check ${name}`);
    checkOutput(result.stdout, words);
  }
  if (expected.stderrMatch.length === 0) assert.equal(result.stderr, "", "standard error");
  for (const pattern of expected.stderrMatch) assert.match(result.stderr, pattern, "standard error");
  assert.equal(result.code, expected.exit, "exit code");
}

describe("programs", { concurrency: CONCURRENCY }, () => {
  const files = behaviours().map((behaviour) => path.join("tests", "programs", `${behaviour}.ts`));
  for (const [i, behaviour] of behaviours().entries()) {
    const file = files[i]!;
    for (const expected of readHeader(readFileSync(path.join(root, file), "utf8"))) {
      const name = expected.name === "" ? behaviour : `${behaviour}: ${expected.name}`;
      for (const procs of shareOf(expected.procs ?? PROCS)) {
        it(`${name} [${runtime} procs=${procs}]`, async () => {
          const variables: Record<string, string> = {
            ...VARIABLES,
            $procs: String(procs),
            $program: path.join(root, file),
          };
          const fill = (text: string): string => variables[text.trimEnd()] ?? text;
          const args = expected.args.map(fill);
          const stdin = expected.stdin === undefined ? undefined : fill(expected.stdin);
          const build = buildOf(file);
          // The next ones are compiled while this one runs.
          for (const next of files.slice(i + 1, i + 1 + AHEAD)) void buildOf(next);
          const command = ["run", await build, "--procs", String(procs), ...expected.options, "--", ...args];
          const result = await runSkein(command, { env: expected.env, stdin, timeoutMs: expected.timeoutMs });
          try {
            check(result, expected);
          } catch (error) {
            throw new Error(`${(error as Error).message}\n${described(result)}`, { cause: error });
          }
        });
      }
    }
  }
});
