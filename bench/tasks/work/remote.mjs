/** Computes for so many milliseconds. */
export function compute(ms) {
  for (const end = performance.now() + ms; ms > 0 && performance.now() < end;);
  return ms;
}
