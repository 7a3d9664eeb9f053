/**
 * Sieve: a chain of goroutines, one for each prime, each passing on what its prime does not divide, over unbuffered
 * channels. Time for the first primes, 1000 of them, on all cores. The numbers end after the last prime wanted, so that
 * the chain ends too and the next repetition starts from nothing.
 */
import { Chan, go, ok } from "skein";
import { arg, check, total } from "./harness";

const n = arg(0, 1000);
const last = nthPrime(n);

function generate(out: Chan<i64>, last: i64): void {
  for (let i: i64 = 2; i <= last; i++) out.send(i);
  out.close();
}

function filter(numbers: Chan<i64>, out: Chan<i64>, prime: i64): void {
  for (let r = numbers.range(); r.next();) {
    const v = r.value;
    if (v % prime != 0) out.send(v);
  }
  out.close();
}

function work(): void {
  let ch = new Chan<i64>();
  go(generate(ch, last));
  let count = 0;
  let greatest: i64 = 0;
  for (;;) {
    const prime = ch.recv();
    if (!ok()) break;
    count++;
    greatest = prime;
    const next = new Chan<i64>();
    go(filter(ch, next, prime));
    ch = next;
  }
  check(count == n && greatest == last, "the primes");
}

/** By trial division: what the chain must find. */
function nthPrime(n: i32): i64 {
  let candidate: i64 = 1;
  while (n > 0) {
    candidate++;
    let prime = true;
    for (let d: i64 = 2; d * d <= candidate && prime; d++) prime = candidate % d != 0;
    if (prime) n--;
  }
  return candidate;
}

export function main(): void {
  total(arg(1, 3), work);
}
