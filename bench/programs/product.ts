/** Product: that of two square matrices of f64, as arrays of rows. Three nested loops, the innermost a dot product. */
import { arg, check, total } from "./harness";

const size = arg(0, 500);

/** Element (i, j) is `factor * (i - j)`. */
function filled(factor: i32): Array<Array<f64>> {
  const rows = new Array<Array<f64>>();
  for (let i = 0; i < size; i++) {
    const row = new Array<f64>(size);
    for (let j = 0; j < size; j++) row[j] = <f64>(factor * (i - j));
    rows.push(row);
  }
  return rows;
}

function multiply(a: Array<Array<f64>>, b: Array<Array<f64>>, n: i32): Array<Array<f64>> {
  const c = new Array<Array<f64>>();
  for (let i = 0; i < n; i++) {
    const row = new Array<f64>(n);
    for (let j = 0; j < n; j++) {
      let sum = 0.0;
      for (let k = 0; k < n; k++) sum += a[i][k] * b[k][j];
      row[j] = sum;
    }
    c.push(row);
  }
  return c;
}

const a = filled(1);
const b = filled(2);

function work(): void {
  const c = multiply(a, b, size);
  // Element (0, 0) is the sum of -k * 2k.
  const m = <f64>(size - 1);
  check(c[0][0] == (-m * (m + 1.0) * (2.0 * m + 1.0)) / 3.0, "the product");
}

export function main(): void {
  total(arg(1, 5), work);
}
