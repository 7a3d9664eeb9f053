/** A report as one HTML page that needs nothing else: the table, then a chart for each benchmark. */
import { compare, judge, type Comparison, type Measurement } from "../measurement.js";
import { chart } from "./chart.js";
import { html, type Markup } from "./markup.js";
import { table } from "./table.js";

export interface Machine {
  readonly processor: string;
  readonly system: string;
  readonly cores: number;
}

const style = html`<style>
  :root {
    color-scheme: light dark;
    --own: #0f766e;
    --peer: #94a3b8;
    --ink: #1e293b;
    --faint: #64748b;
    --paper: #fff;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --own: #2dd4bf;
      --peer: #64748b;
      --ink: #e2e8f0;
      --faint: #94a3b8;
      --paper: #0f172a;
    }
  }
  body {
    margin: 2rem auto;
    max-width: 72rem;
    padding: 0 1rem;
    font:
      15px/1.5 system-ui,
      sans-serif;
    color: var(--ink);
    background: var(--paper);
  }
  pre {
    overflow-x: auto;
    padding: 1rem;
    border: 1px solid var(--peer);
    border-radius: 6px;
  }
  main {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr));
    gap: 1rem 2rem;
  }
  h2 {
    margin: 0;
    font-size: 1.1rem;
  }
  p {
    margin: 0 0 0.5rem;
    color: var(--faint);
  }
  svg {
    width: 100%;
    height: auto;
  }
  text {
    font-size: 13px;
    fill: var(--ink);
    dominant-baseline: central;
  }
  .label {
    text-anchor: end;
  }
  .none {
    fill: var(--faint);
  }
  .own {
    fill: var(--own);
  }
  .peer {
    fill: var(--peer);
  }
  circle {
    fill: var(--paper);
    stroke: var(--ink);
  }
  .target {
    stroke: #dc2626;
    stroke-width: 1.5;
    stroke-dasharray: 4 3;
  }
</style>`;

export function page(measurements: readonly Measurement[], machine: Machine, date: Date): string {
  const sections = compare(measurements).map((comparison) => section(comparison, machine.cores));
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>skein bench</title>
        ${style}
      </head>
      <body>
        <h1>skein bench</h1>
        <p>
          ${machine.processor}, ${machine.cores} cores, ${machine.system}; ${runtimes(measurements)};
          ${date.toISOString().slice(0, 10)}. Medians; a dot is one value, the dashed line the target.
        </p>
        <pre>${table(measurements, machine.cores)}</pre>
        <main>${sections}</main>
      </body>
    </html> `;
  return document.text;
}

function section(comparison: Comparison, cores: number): Markup {
  const { name, description, unit, better } = comparison.benchmark;
  const verdict = judge(comparison, cores);
  const target = verdict ? `; target ${verdict.wanted}` : "";
  return html`<section>
    <h2>${name}</h2>
    <p>${description}; ${unit}, ${better} is better${target}</p>
    ${chart(comparison, cores)}
  </section>`;
}

function runtimes(measurements: readonly Measurement[]): string {
  const found = measurements.map(({ implementation, outcome }) =>
    outcome.kind === "measured" ? `${implementation} on ${outcome.runtime}` : "",
  );
  return [...new Set(found)].filter((text) => text !== "").join(", ");
}
