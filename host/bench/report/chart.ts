/**
 * A chart of one benchmark: a bar as long as the median for each implementation, a dot for each value on it, and a
 * dashed line at the target. Colours come from the page's style.
 */
import { judge, medianOf, type Comparison } from "../measurement.js";
import { figure } from "./format.js";
import { html, type Markup } from "./markup.js";

/** Of a letter, and of what stands beside a label. */
const LETTER_WIDTH = 7.5;
const MARGIN = 12;
const BAR_WIDTH = 420;
const FIGURE_WIDTH = 90;
const BAR_HEIGHT = 22;
const GAP = 10;

export function chart(comparison: Comparison, cores: number): Markup {
  const rows = [...comparison.of.values()];
  const bound = judge(comparison, cores)?.bound;
  const values = rows.flatMap((row) => (row.outcome.kind === "measured" ? row.outcome.values : []));
  const longest = Math.max(...values, bound ?? 0, Number.MIN_VALUE);
  const labelWidth = Math.max(...rows.map((row) => row.implementation.length)) * LETTER_WIDTH + MARGIN;
  const x = (value: number) => (labelWidth + (Math.max(value, 0) / longest) * BAR_WIDTH).toFixed(1);
  const height = rows.length * (BAR_HEIGHT + GAP) + GAP;

  const bars = rows.map((row, i) => {
    const top = GAP + i * (BAR_HEIGHT + GAP);
    const middle = top + BAR_HEIGHT / 2;
    const label = html`<text class="label" x="${labelWidth - 8}" y="${middle}">${row.implementation}</text>`;
    const median = medianOf(row);
    if (row.outcome.kind !== "measured" || median === undefined) {
      return html`${label}<text class="none" x="${labelWidth}" y="${middle}">${row.outcome.kind}</text>`;
    }
    const width = ((Math.max(median, 0) / longest) * BAR_WIDTH).toFixed(1);
    const colour = `bar ${i === 0 ? "own" : "peer"}`;
    const dots = row.outcome.values.map((value) => html`<circle cx="${x(value)}" cy="${middle}" r="2.5" />`);
    return html`${label}<rect
        class="${colour}"
        x="${labelWidth}"
        y="${top}"
        width="${width}"
        height="${BAR_HEIGHT}"
        rx="2"
      />
      ${dots}<text class="figure" x="${labelWidth + BAR_WIDTH + 10}" y="${middle}">${figure(median)}</text>`;
  });
  const mark =
    bound === undefined
      ? html``
      : html`<line class="target" x1="${x(bound)}" x2="${x(bound)}" y1="2" y2="${height - 2}" />`;
  const width = labelWidth + BAR_WIDTH + FIGURE_WIDTH;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${comparison.benchmark.name}">
    ${bars}${mark}
  </svg>`;
}
