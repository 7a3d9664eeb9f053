/** How figures read, in every report the same. */

/** A figure with three digits that count: `14.1`, `0.35`, `612`, `2686`. */
export function figure(value: number): string {
  if (value === 0) return "0";
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(Math.max(3 - digits, 0), 4));
}

/** `0.42x`. */
export function times(value: number): string {
  return `${value.toFixed(2)}x`;
}

/** `±3 %`. */
export function plusMinus(share: number): string {
  return `±${(share * 100).toFixed(share < 0.00995 ? 1 : 0)} %`;
}
