/** Matrix: the product of two square matrices of f64, row by column. Three nested loops, the innermost a dot product. */
import { arg, check, total } from "../harness";

const n = arg(0, 300);
const a = filled(1);
const b = filled(2);
const c = new StaticArray<f64>(n * n);

/** Element (i, j) is `factor * (i - j)`. */
function filled(factor: i32): StaticArray<f64> {
  const m = new StaticArray<f64>(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) m[i * n + j] = <f64>(factor * (i - j));
  }
  return m;
}

function multiply(a: StaticArray<f64>, b: StaticArray<f64>, c: StaticArray<f64>, n: i32): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0.0;
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
}

function work(): void {
  multiply(a, b, c, n);
  // Element (0, 0) is the sum of -k * 2k.
  const m = <f64>(n - 1);
  check(c[0] == (-m * (m + 1.0) * (2.0 * m + 1.0)) / 3.0, "the product");
}

export function main(): void {
  total(arg(1, 5), work);
}
