/** The table on the terminal: a row for each benchmark, the implementations side by side. */
import { columns, type Align } from "../../base/columns.js";
import { compare, judge, medianOf, ratio, type Comparison, type Measurement } from "../measurement.js";
import { halfRange, spread } from "../statistics.js";
import { figure, plusMinus, times } from "./format.js";

/** The whole report: a table for those benchmarks that compare the same implementations, then why cells are empty. */
export function table(measurements: readonly Measurement[], cores: number): string {
  const measured = new Set(measurements.map((measurement) => measurement.implementation));
  const tables = new Map<string, { names: string[]; comparisons: Comparison[] }>();
  for (const comparison of compare(measurements)) {
    const names = comparison.benchmark.implementations.filter((name) => measured.has(name));
    const key = names.join();
    const known = tables.get(key);
    if (known) known.comparisons.push(comparison);
    else tables.set(key, { names, comparisons: [comparison] });
  }
  const texts = [...tables.values()].map(({ names, comparisons }) => sideBySide(names, comparisons, cores));
  return texts.join("\n") + footnotes(measurements);
}

/** Benchmarks that compare these implementations, the first with each of the others. */
function sideBySide(names: readonly string[], comparisons: readonly Comparison[], cores: number): string {
  const [first = "", ...peers] = names;
  const headings = ["benchmark", "procs", "unit"];
  const align: Align[] = ["left", "right", "left"];
  for (const name of names) {
    headings.push(name, "");
    align.push("right", "right");
  }
  for (const peer of peers) {
    headings.push(`${first}/${peer}`);
    align.push("right");
  }
  headings.push("target", "");
  align.push("left", "left");

  const rows = comparisons.map((comparison) => {
    const { benchmark } = comparison;
    const row = [benchmark.name, String(comparison.procs), benchmark.unit];
    for (const name of names) row.push(...cell(comparison.of.get(name)));
    for (const peer of peers) {
      const relative = ratio(comparison, first, peer);
      row.push(relative === undefined ? "–" : times(relative));
    }
    return [...row, ...target(comparison, cores)];
  });
  return columns(headings, rows, align);
}

function cell(measurement: Measurement | undefined): [median: string, spread: string] {
  const middle = medianOf(measurement);
  if (measurement?.outcome.kind !== "measured" || middle === undefined) {
    return [measurement?.outcome.kind ?? "–", ""];
  }
  const { values } = measurement.outcome;
  // A share in percent may be near nothing, and so have no share of its own.
  const range = measurement.benchmark.unit === "%" ? `±${figure(halfRange(values))}` : plusMinus(spread(values));
  return [figure(middle), range];
}

function target(comparison: Comparison, cores: number): [wanted: string, verdict: string] {
  const verdict = judge(comparison, cores);
  if (!verdict) return ["", ""];
  return [verdict.wanted, verdict.reached === undefined ? "" : verdict.reached ? "✓ reached" : "✗ missed"];
}

/** A line for each reason why something was not measured, with the benchmarks that it holds for. */
function footnotes(measurements: readonly Measurement[]): string {
  const reasons = new Map<string, Set<string>>();
  for (const { benchmark, implementation, outcome } of measurements) {
    if (outcome.kind === "measured") continue;
    const reason = `${implementation} ${outcome.kind}: ${outcome.reason}`;
    reasons.set(reason, (reasons.get(reason) ?? new Set()).add(benchmark.name));
  }
  if (reasons.size === 0) return "";
  return "\n" + [...reasons].map(([reason, names]) => `${reason} (${[...names].join(", ")})\n`).join("");
}
