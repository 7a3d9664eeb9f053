/** Objects of 32 bytes, for the programs that allocate. */

class Cell {
  a: i64 = 0;
  b: i64 = 0;
  c: i64 = 0;
  constructor(public n: i64) {}
}

/** How many of the latest objects are kept. */
export const KEPT: i32 = 1024;

/** Makes `n` objects, and says how many of those that are kept in the end are the right ones. */
export function allocate(n: i32): i32 {
  const kept = new StaticArray<Cell | null>(KEPT);
  for (let i = 0; i < n; i++) kept[i % KEPT] = new Cell(i);
  let right = 0;
  for (let i = max(0, n - KEPT); i < n; i++) if (kept[i % KEPT]!.n == i) right++;
  return right;
}
