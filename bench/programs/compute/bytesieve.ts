/** Byte sieve: Eratosthenes over an array of bytes. The innermost loop is a single store, the hardest case there is. */
import { arg, check, total } from "../harness";

const n = arg(0, 8_000_000);
const composite = new Uint8Array(n + 1);

function primes(composite: Uint8Array, n: i32): i32 {
  composite.fill(0);
  let count = 0;
  for (let i = 2; i <= n; i++) {
    if (composite[i]) continue;
    count++;
    for (let j = <i64>i * i; j <= n; j += i) composite[<i32>j] = 1;
  }
  return count;
}

function work(): void {
  const count = primes(composite, n);
  // Known counts; other sizes are checked against Rosser's lower bound.
  const known = n == 8_000_000 ? 539777 : n == 4_000_000 ? 283146 : n == 1_000_000 ? 78498 : 0;
  check(known != 0 ? count == known : count >= <i32>(<f64>n / Math.log(<f64>n)), "the number of primes");
}

export function main(): void {
  total(arg(1, 5), work);
}
