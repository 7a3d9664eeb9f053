/** Mandelbrot: one goroutine counts the points of the set in a square grid. A hot loop on locals, without memory. */
import { arg, check, total } from "../harness";

const limit: i32 = 256;
const size = arg(0, 600);

function inside(size: i32): i32 {
  let count = 0;
  for (let y = 0; y < size; y++) {
    const ci = (2.0 * <f64>y) / <f64>size - 1.0;
    for (let x = 0; x < size; x++) {
      const cr = (2.0 * <f64>x) / <f64>size - 1.5;
      let zr = 0.0;
      let zi = 0.0;
      let i = 0;
      while (i < limit && zr * zr + zi * zi <= 4.0) {
        const next = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = next;
        i++;
      }
      if (i == limit) count++;
    }
  }
  return count;
}

function work(): void {
  // The set's area is 1.507 of the square's 4.
  const share = <f64>inside(size) / (<f64>size * <f64>size);
  check(share > 0.36 && share < 0.4, "the area of the set");
}

export function main(): void {
  total(arg(1, 5), work);
}
