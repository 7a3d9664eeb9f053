import { appendFileSync } from "node:fs";

/** Computes for so many milliseconds. */
export function compute(ms) {
  for (const end = performance.now() + ms; ms > 0 && performance.now() < end;);
  return ms;
}

/** The same, and writes down that it has. */
export function noted(file, value, ms) {
  compute(ms);
  appendFileSync(file, `${value}\n`);
  return value;
}
