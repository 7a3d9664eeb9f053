/**
 * Parallel: a picture of the Mandelbrot set, a goroutine for each row. Time for the picture; run on one P and on all
 * cores, the two times make the speedup.
 */
import { go, WaitGroup } from "skein";
import { arg, check, total } from "./harness";

const limit: i32 = 256;
const size = arg(0, 1000);
const picture = new Uint8Array(size * size);
const wg = new WaitGroup();

function row(picture: Uint8Array, size: i32, y: i32, wg: WaitGroup): void {
  const ci = (2.0 * <f64>y) / <f64>size - 1.0;
  for (let x = 0; x < size; x++) {
    const cr = (2.0 * <f64>x) / <f64>size - 1.5;
    let zr = 0.0;
    let zi = 0.0;
    let i = 0;
    while (i < limit - 1 && zr * zr + zi * zi <= 4.0) {
      const next = zr * zr - zi * zi + cr;
      zi = 2.0 * zr * zi + ci;
      zr = next;
      i++;
    }
    picture[y * size + x] = <u8>i;
  }
  wg.done();
}

function work(): void {
  wg.add(size);
  for (let y = 0; y < size; y++) go(row(picture, size, y, wg));
  wg.wait();
  // The middle of the set never escapes, its far corner does at once.
  check(picture[(size / 2) * size + (size * 3) / 4] == limit - 1 && picture[0] < 4, "the picture");
}

export function main(): void {
  total(arg(1, 5), work);
}
