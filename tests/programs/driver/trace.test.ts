/** `skein run --trace` and `skein trace`: a program's goroutines in a file, however the program ends. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { onMs, readTrace, type Entry } from "../../go/traces.js";
import { described, runSkein, runtime } from "./process.js";

const program = path.join("tests", "programs", "cli", "traced.ts");
const directory = mkdtempSync(path.join(os.tmpdir(), "skein-trace-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function numberOfEnds(slices: readonly Entry[], name: string, end: string): number {
  return slices.filter((slice) => slice.name === name && slice.args?.["end"] === end).length;
}

describe(`traces [${runtime}]`, { concurrency: 2 }, () => {
  for (const procs of [1, 4]) {
    it(`hold every turn of every goroutine, on Ms and Ps one at a time [procs=${procs}]`, async () => {
      const file = path.join(directory, `whole-${procs}.json`);
      const result = await runSkein(["run", "--trace", file, "--procs", String(procs), program]);
      assert.equal(result.code, 3, described(result));
      assert.equal(result.stdout, "done\n");
      assert.equal(result.stderr, "", "nothing is missing");
      const entries = readTrace(file, described(result));
      const slices = onMs(entries);
      assert.equal(numberOfEnds(slices, "yielding", "yield"), 50 * 100, "a slice for each gosched");
      assert.equal(numberOfEnds(slices, "yielding", "end"), 50);
      const receives = numberOfEnds(slices, "receiving", "chan receive");
      assert.ok(receives > 0 && receives <= 10, `${receives} waits for 10 values`);
      assert.equal(numberOfEnds(slices, "main", "sleep"), 10);
      assert.ok(entries.some(({ name, ph, dur }) => name === "blocking call" && ph === "X" && dur >= 4000));
      const waits = slices.filter(({ args }) => args?.["waitedFor"] === "sleep");
      assert.equal(waits.length, 10);
      for (const { args } of waits) assert.ok((args?.["waited"] as number) > 0);
      for (const { args } of slices) assert.ok((args?.["p"] as number) < procs, "goroutines run on Ps");
      for (const track of [1, 2]) {
        const end = new Map<number, number>();
        const of = entries.filter(({ ph, pid, cat }) => ph === "X" && pid === track && cat === "goroutine");
        for (const { tid, ts, dur, name } of of.sort((a, b) => a.ts - b.ts)) {
          assert.ok(ts >= (end.get(tid) ?? 0) - 0.002, `${name} at ${ts} begins while another runs there`);
          end.set(tid, ts + dur);
        }
        assert.ok(end.size > 0);
      }
    });
  }

  for (const [end, code] of [
    ["exit", 7],
    ["panic", 2],
    ["deadlock", 2],
  ] as const) {
    it(`are whole when the program ends by ${end}`, async () => {
      const file = path.join(directory, `${end}.json`);
      const result = await runSkein(["run", `--trace=${file}`, program, "--", end]);
      assert.equal(result.code, code, described(result));
      assert.ok(numberOfEnds(onMs(readTrace(file, described(result))), "yielding", "end") === 50);
    });
  }

  const signals = process.platform === "win32" ? "there are none on Windows" : false;
  it("are whole when the program is interrupted", { skip: signals }, async () => {
    const file = path.join(directory, "interrupted.json");
    const result = await runSkein(["run", "--trace", file, program, "--", "forever"], {
      onStdout: (_text, child) => child.kill("SIGINT"),
    });
    assert.equal(result.code, 130, described(result));
    assert.ok(numberOfEnds(onMs(readTrace(file, described(result))), "yielding", "end") === 50);
  });

  it("are summed up, also without their ends", async () => {
    const file = path.join(directory, "summed.json");
    const run = await runSkein(["run", "--trace", file, "--procs", "2", program]);
    const result = await runSkein(["trace", file]);
    assert.equal(result.code, 0, described(result));
    assert.equal(result.stderr, "");
    assert.match(result.stdout, /^[\d.]+ m?s on 2 Ps, (node|deno) [\d.]+, \d+ events\n/, described(result));
    assert.match(result.stdout, /^P[01] +[\d.]+ % +\d+ /m);
    assert.match(result.stdout, /^M[1-9]\d* +[\d.]+ % +\d+ /m);
    assert.match(result.stdout, /^yielding +50 +50[5-9]\d /m);
    assert.match(result.stdout, /^main +1 .* sleep [\d.]+ m?s/m);

    const half = path.join(directory, "half.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(half, text.slice(0, text.length / 2));
    const broken = await runSkein(["trace", half]);
    assert.equal(broken.code, 0, described(broken));
    assert.match(broken.stdout, /lacks its end/, described(run));
  });

  it("are refused if they are none, or cannot be written", async () => {
    const none = path.join(directory, "none.json");
    for (const [contents, why] of [
      ["", /none\.json is no trace that Skein wrote/],
      ["[\n{}\n]\n", /none\.json is no trace that Skein wrote/],
      ["\0\0garbage\n", /none\.json is no trace that Skein wrote/],
      ['[\n{"ph":"M","name":"skein","pid":0,"tid":0,"args":{}},\ngarbage\n]\n]\n', /lacks its end/],
      [
        '[\n{"ph":"M","name":"skein","pid":0,"tid":0,"args":{}},\ngarbage,\n{"ph":"X","name":"x"}\n]\n',
        /none\.json:3: /,
      ],
    ] as const) {
      writeFileSync(none, contents);
      const result = await runSkein(["trace", none]);
      assert.match(result.stdout + result.stderr, why, described(result));
      assert.doesNotMatch(result.stderr, /\bat .*\.js:/, described(result));
    }
    const missing = await runSkein(["trace", path.join(directory, "missing.json")]);
    assert.equal(missing.code, 1, described(missing));
    assert.match(missing.stderr, /^skein: the trace cannot be read: ENOENT.*missing\.json/);
    const unwritable = path.join(directory, "no such folder", "x.json");
    const refused = await runSkein(["run", "--trace", unwritable, program]);
    assert.equal(refused.code, 1, described(refused));
    assert.equal(refused.stdout, "", "the program has not begun");
    assert.match(refused.stderr, /^skein: the trace .*x\.json cannot be written: ENOENT/);
  });
});
