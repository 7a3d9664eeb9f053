import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { implementations } from "../../host/bench/implementations/index.js";
import { figure, plusMinus } from "../../host/bench/report/format.js";
import { json } from "../../host/bench/report/json.js";
import { list } from "../../host/bench/report/list.js";
import { html } from "../../host/bench/report/markup.js";
import { page } from "../../host/bench/report/page.js";
import { table } from "../../host/bench/report/table.js";
import { suite } from "../../host/bench/suite.js";
import { benchmark, measured, measurement } from "./fixtures.js";

const spin = benchmark({ targets: [{ kind: "ratio", to: "go", atMost: 0.5 }] });
const noGo = measurement("go", { kind: "skipped", reason: "go is not on PATH" }, spin);

describe("the table", () => {
  it("puts the implementations side by side, with ratio and verdict", () => {
    const [heading, rule, row, ...rest] = table([measured("skein", [4], spin), measured("go", [10], spin)], 2).split(
      "\n",
    );
    assert.match(heading ?? "", /^benchmark +procs +unit +skein +go +skein\/go +target$/);
    assert.match(rule ?? "", /^[─ ]+$/);
    assert.match(row ?? "", /^spin +2 +ns\/op +4\.00 +±0\.0 % +10\.0 +±0\.0 % +0\.40x +<= 0\.50x go +✓ reached$/);
    assert.deepEqual(rest, [""]);
  });

  it("aligns its columns", () => {
    const other = benchmark({ name: "a-longer-name" });
    const text = table([measured("skein", [4]), measured("skein", [123456], other)], 2);
    const [, , short, long] = text.split("\n");
    assert.equal(short?.indexOf("4.00"), (long?.indexOf("123456") ?? 0) + 2);
  });

  it("has a part for each set of implementations compared", () => {
    const other = benchmark({ name: "other", implementations: ["skein", "old"] });
    const text = table(
      [measured("skein", [4]), measured("go", [8]), measured("skein", [4], other), measured("old", [5], other)],
      2,
    );
    const headings = text.split("\n").filter((line) => line.startsWith("benchmark "));
    assert.equal(headings.length, 2);
    assert.match(headings[0] ?? "", / skein +go +skein\/go/);
    assert.match(headings[1] ?? "", / skein +old +skein\/old/);
  });

  it("shows the range of percentages as it is", () => {
    const share = benchmark({ unit: "%" });
    assert.match(table([measured("skein", [-1, 0, 0, 1, 1], share)], 2), /^spin +2 +% +0 +±0\.500/m);
  });

  it("says what was missed", () => {
    assert.match(table([measured("skein", [9], spin), measured("go", [10], spin)], 2), /✗ missed$/m);
  });

  it("says once why something is missing, and of what", () => {
    const other = benchmark({ name: "other" });
    const failed = measurement("skein", { kind: "failed", reason: "exit code 2: panic: x" }, other);
    const text = table([measured("skein", [4], spin), noGo, failed, { ...noGo, benchmark: other }], 2);
    assert.match(text, /^go skipped: go is not on PATH \(spin, other\)$/m);
    assert.match(text, /^skein failed: exit code 2: panic: x \(other\)$/m);
    assert.match(text, /^spin .* skipped .* – /m);
  });
});

describe("the JSON", () => {
  it("has an object for each benchmark and implementation", () => {
    const [skein, go] = JSON.parse(json([measured("skein", [14.1, 13.9, 14]), noGo])) as unknown[];
    assert.deepEqual(skein, {
      bench: "spin",
      impl: "skein",
      runtime: "skein 1.0",
      unit: "ns/op",
      better: "lower",
      values: [14.1, 13.9, 14],
      median: 14,
      procs: 2,
    });
    const skipped = { unit: "ns/op", better: "lower", procs: 2, skipped: "go is not on PATH" };
    assert.deepEqual(go, { bench: "spin", impl: "go", ...skipped });
  });

  it("keeps a program that failed apart from one that is not installed", () => {
    const [entry] = JSON.parse(json([measurement("skein", { kind: "failed", reason: "no" })])) as [
      Record<string, unknown>,
    ];
    assert.equal(entry.failed, "no");
    assert(!("skipped" in entry) && !("values" in entry));
  });
});

describe("the page", () => {
  const machine = { processor: "<b>Fast & cheap</b>", system: "Linux", cores: 2 };

  it("is one document that loads nothing", () => {
    const text = page([measured("skein", [4, 5], spin), measured("go", [10], spin)], machine, new Date(0));
    assert.match(text, /^<!doctype html>/);
    assert(!/\b(src|href|url\()/.test(text));
    assert.match(text, /1970-01-01/);
    assert.equal(text.match(/<svg\s/g)?.length, 1);
    assert.equal(text.match(/<rect\s/g)?.length, 2);
    assert.equal(text.match(/<circle\s/g)?.length, 3);
    assert.equal(text.match(/class="target"/g)?.length, 1);
  });

  it("escapes what comes from outside", () => {
    const failed = measurement("skein", { kind: "failed", reason: "<script>alert('x')</script>" }, spin);
    const text = page([failed], machine, new Date(0));
    assert(!text.includes("<script>") && !text.includes("<b>"));
    assert(text.includes("&lt;script&gt;alert(&#39;x&#39;)") && text.includes("&lt;b&gt;Fast &amp; cheap"));
  });

  it("escapes text but not markup", () => {
    assert.equal(
      html`<p title="${'"'}">${html`<i>${"<"}</i>`}${[html`1`, html`2`]}</p>`.text,
      '<p title="&quot;"><i>&lt;</i>12</p>',
    );
  });
});

describe("the list", () => {
  it("has a line for each benchmark and each implementation", () => {
    const text = list(suite, implementations);
    for (const { name, description } of suite) {
      assert(text.split("\n").some((line) => line.startsWith(name + " ") && line.endsWith(description)));
    }
    for (const { name } of implementations) assert.match(text, new RegExp(`^${name} `, "m"));
  });
});

describe("figures", () => {
  it("show three digits that count", () => {
    const shown = [0, 0.01234, 0.351, 14.06, 612.4, 2686.1].map(figure);
    assert.deepEqual(shown, ["0", "0.0123", "0.351", "14.1", "612", "2686"]);
  });

  it("show small spreads with a digit more", () => {
    assert.deepEqual([0.004, 0.034, 0.25].map(plusMinus), ["±0.4 %", "±3 %", "±25 %"]);
  });
});
