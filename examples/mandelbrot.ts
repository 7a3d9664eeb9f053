// The Mandelbrot set, one goroutine a row, on every core. The picture is a PGM file in its plain form, on standard output:
//
//     npx skein run examples/mandelbrot.ts -- 600 > mandelbrot.pgm        600 by 600 pixels (300 unless told)

import { go, Chan, args, eprintln, gomaxprocs, now, println, Millisecond } from "skein";
import { parse } from "skein/strconv";

const ITERATIONS = 255;

class Row {
  constructor(
    public y: i32,
    public pixels: Uint8Array,
  ) {}
}

/** How many steps the point c takes to leave the circle of radius 2, at most ITERATIONS. */
function escape(cx: f64, cy: f64): i32 {
  let x: f64 = 0;
  let y: f64 = 0;
  let i = 0;
  for (; i < ITERATIONS; i++) {
    const xx = x * x;
    const yy = y * y;
    if (xx + yy > 4) break;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
  }
  return i;
}

function draw(y: i32, size: i32, out: Chan<Row>): void {
  const pixels = new Uint8Array(size);
  const cy = (<f64>y / size) * 2.5 - 1.25;
  for (let x = 0; x < size; x++) {
    const cx = (<f64>x / size) * 2.5 - 1.9;
    pixels[x] = <u8>(255 - escape(cx, cy));
  }
  out.send(new Row(y, pixels));
}

export function main(): void {
  const list = args();
  const size = list.length > 0 ? parse<i32>(list[0]).must() : 300;
  const start = now();
  const done = new Chan<Row>(16);
  for (let y = 0; y < size; y++) go(draw(y, size, done));

  // Rows come in any order; the picture has them from top to bottom.
  const rows = new Array<Uint8Array>(size);
  for (let i = 0; i < size; i++) {
    const row = done.recv();
    rows[row.y] = row.pixels;
  }
  const elapsed = (now() - start) / Millisecond;

  println("P2");
  println(`${size} ${size} 255`);
  for (let y = 0; y < size; y++) println(rows[y].join(" "));
  eprintln(`${size} rows on ${gomaxprocs(0)} Ps in ${elapsed} ms`);
}
