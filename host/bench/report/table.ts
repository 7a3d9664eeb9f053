/** The table on the terminal: a row for each benchmark, the implementations side by side. */
import { compare, judge, medianOf, ratio, type Comparison, type Measurement } from "../measurement.js";
import { spread } from "../statistics.js";
import { figure, plusMinus, times } from "./format.js";

type Align = "left" | "right";

/** Lines of text in columns as wide as their widest cell, under underlined headings. */
export function columns(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[],
): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, i) => (align[i] === "right" ? (cells[i] ?? "").padStart(width) : (cells[i] ?? "").padEnd(width)))
      .join("  ")
      .trimEnd();
  return [headings, widths.map((width) => "─".repeat(width)), ...rows].map((cells) => line(cells) + "\n").join("");
}

/** The whole report: the table, then why a cell of it is empty. */
export function table(measurements: readonly Measurement[], cores: number): string {
  const comparisons = compare(measurements);
  const [first, ...peers] = [...new Set(measurements.map((measurement) => measurement.implementation))];
  if (first === undefined) return "";
  const names = [first, ...peers];

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
  return columns(headings, rows, align) + footnotes(measurements);
}

function cell(measurement: Measurement | undefined): [median: string, spread: string] {
  const middle = medianOf(measurement);
  if (measurement?.outcome.kind !== "measured" || middle === undefined) {
    return [measurement?.outcome.kind ?? "–", ""];
  }
  return [figure(middle), plusMinus(spread(measurement.outcome.values))];
}

function target(comparison: Comparison, cores: number): [wanted: string, verdict: string] {
  const verdict = judge(comparison, cores);
  if (!verdict) return ["", ""];
  return [verdict.wanted, verdict.reached === undefined ? "" : verdict.reached ? "✓ reached" : "✗ missed"];
}

/** A line for each reason why something was not measured, with the benchmarks that it holds for. */
function footnotes(measurements: readonly Measurement[]): string {
  const reasons = new Map<string, string[]>();
  for (const { benchmark, implementation, outcome } of measurements) {
    if (outcome.kind === "measured") continue;
    const reason = `${implementation} ${outcome.kind}: ${outcome.reason}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), benchmark.name]);
  }
  if (reasons.size === 0) return "";
  return "\n" + [...reasons].map(([reason, names]) => `${reason} (${names.join(", ")})\n`).join("");
}
